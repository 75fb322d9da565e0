import Experiments
import Ledger
import TestKit

/// What survives a crash of the simulated coordinator.
protocol Memory: AnyObject {
    func commit(_ changes: [Change]) throws
    func known(of plan: SweepPlan) throws -> [StageKey: KnownStage]
}

/// The real ledger, in a folder that is removed afterwards.
final class LedgerMemory: Memory {
    private let folder: TemporaryFolder
    private let ledger: Ledger

    init() throws {
        folder = try TemporaryFolder()
        ledger = try Ledger(store: folder.path)
    }

    func commit(_ changes: [Change]) throws { try ledger.commit(changes) }
    func known(of plan: SweepPlan) throws -> [StageKey: KnownStage] { try ledger.reader.known(of: plan) }
}

/// The ledger as a dictionary. It applies changes as the real one does, and objects to changes that no order of faults
/// may bring about.
final class ModelMemory: Memory {
    private(set) var stages: [StageKey: KnownStage] = [:]
    /// Attempts that have begun and not ended.
    private(set) var running: [StageKey: (attempt: Attempt, worker: WorkerID)] = [:]
    /// How each attempt ended; a value without a failure is a result.
    private(set) var endings: [StageKey: [Attempt: StageFailure?]] = [:]
    private(set) var objections: [String] = []

    func known(of plan: SweepPlan) -> [StageKey: KnownStage] { stages }

    func commit(_ changes: [Change]) {
        for change in changes { apply(change) }
    }

    private func apply(_ change: Change) {
        switch change {
        case .planned(let plan, _):
            for stage in plan.stages where stages[stage.key] == nil { stages[stage.key] = KnownStage() }
        case .started(let key, let attempt, let worker, _, _): start(key, attempt, worker)
        case .evaluated: break
        case .ended(let key, let attempt, let failure, _): end(key, attempt, failure)
        case .stands(let key, let standing): move(key, to: standing)
        }
    }

    private func start(_ key: StageKey, _ attempt: Attempt, _ worker: WorkerID) {
        let last = stages[key]?.attempt?.rawValue ?? 0
        object(attempt.rawValue != last + 1, "\(key.short): attempt \(attempt) follows attempt \(last)")
        object(running[key] != nil, "\(key.short): two attempts run at once")
        object(stages[key]?.standing.state == .finished, "\(key.short): started again after its result was recorded")
        running[key] = (attempt, worker)
        stages[key]?.attempt = attempt
        stages[key]?.worker = worker
    }

    private func end(_ key: StageKey, _ attempt: Attempt, _ failure: StageFailure?) {
        object(running[key]?.attempt != attempt, "\(key.short): attempt \(attempt) ended without running")
        running[key] = nil
        stages[key]?.worker = nil
        endings[key, default: [:]][attempt] = .some(failure)
    }

    private func move(_ key: StageKey, to standing: StageStanding) {
        object(stages[key]?.standing.state == .finished, "\(key.short): changed after its result was recorded")
        object((standing.state == .running) != (running[key] != nil), "\(key.short): runs without an attempt")
        stages[key]?.standing = standing
    }

    private func object(_ isWrong: Bool, _ objection: String) {
        if isWrong { objections.append(objection) }
    }
}
