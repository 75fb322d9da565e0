package import Experiments
import Ledger
import TestKit

/// What survives a crash of the simulated coordinator.
protocol Memory: AnyObject {
    func commit(_ changes: [Change]) throws
    func known(of plan: SweepPlan) throws -> [StageKey: StageRecord]
    /// Hosts whose workers are to leave.
    var drained: Set<String> { get throws }
    /// The names of the sweeps that were handed in.
    var submitted: Set<String> { get throws }
    /// Of sweeps by their names; those of 1 are left out.
    var weights: [String: Double] { get throws }
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
    func known(of plan: SweepPlan) throws -> [StageKey: StageRecord] { try ledger.reader.known(of: plan) }
    var drained: Set<String> { get throws { try ledger.reader.drained() } }
    var weights: [String: Double] { get throws { try ledger.reader.weights() } }
    var submitted: Set<String> {
        get throws { try Set(ledger.reader.sweeps().filter { $0.arguments != nil }.map(\.plan.name)) }
    }
}

/// The ledger as a dictionary. It applies changes as the real one does, and objects to changes that no order of faults
/// may bring about.
package final class ModelMemory: Memory {
    package private(set) var stages: [StageKey: StageRecord] = [:]
    /// Attempts that have begun and not ended.
    package private(set) var running: [StageKey: (attempt: Attempt, worker: WorkerID)] = [:]
    /// How each attempt ended; a value without a failure is a result.
    package private(set) var endings: [StageKey: [Attempt: StageFailure?]] = [:]
    package private(set) var objections: [String] = []
    /// How often a finished stage had to go back, since the store had lost what it made.
    package private(set) var reopenings: [StageKey: Int] = [:]
    package private(set) var drained: Set<String> = []
    package private(set) var submitted: Set<String> = []
    package private(set) var weights: [String: Double] = [:]
    private var planned: Set<String> = []
    /// Artifacts that the store let go.
    package private(set) var discarded: Set<ArtifactID> = []
    private var lost: Set<ArtifactID> = []
    /// What the sweeps want of each stage.
    private var asked: [StageKey: Set<ArtifactKind>] = [:]

    /// The store has lost the artifact, so that what made it may run again.
    package func lose(_ artifact: ArtifactID) { lost.insert(artifact) }

    package func known(of plan: SweepPlan) -> [StageKey: StageRecord] { stages }

    package init() {}

    package func commit(_ changes: [Change]) {
        for change in changes { apply(change) }
    }

    private func apply(_ change: Change) {
        switch change {
        case .planned(let plan, _):
            planned.insert(plan.name)
            for stage in plan.stages {
                asked[stage.key, default: []].formUnion(stage.outputs)
                if stages[stage.key] == nil { stages[stage.key] = StageRecord(key: stage.key) }
            }
        case .started(let key, let attempt, let worker, _, _): start(key, attempt, worker)
        case .evaluated, .drawn: break
        case .ended(let key, let attempt, let failure, _): end(key, attempt, failure)
        case .stands(let stage): move(to: stage)
        case .discarded(let artifacts, _): discarded.formUnion(artifacts)
        case .drained(let host, let isOver):
            object(drained.contains(host) != isOver, "\(host) drains, or is welcome, for the second time")
            if isOver { drained.remove(host) } else { drained.insert(host) }
        case .weighed(let sweep, let weight):
            object(!planned.contains(sweep), "a sweep that was never planned has a weight")
            weights[sweep] = weight == 1 ? nil : weight
        case .submitted(let plan, _): submitted.insert(plan.name)
        }
    }

    private func start(_ key: StageKey, _ attempt: Attempt, _ worker: WorkerID) {
        let last = stages[key]?.attempts ?? 0
        object(attempt.rawValue != last + 1, "\(key.short): attempt \(attempt) follows attempt \(last)")
        object(running[key] != nil, "\(key.short): two attempts run at once")
        object(stages[key]?.state == .finished, "\(key.short): started again after its result was recorded")
        running[key] = (attempt, worker)
    }

    private func end(_ key: StageKey, _ attempt: Attempt, _ failure: StageFailure?) {
        object(running[key]?.attempt != attempt, "\(key.short): attempt \(attempt) ended without running")
        running[key] = nil
        endings[key, default: [:]][attempt] = .some(failure)
    }

    private func move(to stage: StageRecord) {
        let key = stage.key
        if let result = stage.result, stages[key]?.result == nil {
            let isOther = result.seconds != Double(stage.attempts)
            object(isOther, "\(key.short): the result of another attempt was taken")
        }
        if let result = stages[key]?.result, stage.state == .waiting {
            let isLost = result.artifacts.contains { lost.contains($0.id) }
            let lacks = !asked[key, default: []].isSubset(of: result.artifacts.map(\.kind))
            object(!isLost && !lacks, "\(key.short): runs again though all that it made is there")
            reopenings[key, default: 0] += 1
        } else {
            let isOther = stage.standing != stages[key]?.standing
            object(stages[key]?.result != nil && isOther, "\(key.short): changed after its result was recorded")
        }
        object(stage.worker != running[key]?.worker, "\(key.short): runs without an attempt, or on another worker")
        object(running[key].map { stage.attempt != $0.attempt } ?? false, "\(key.short): runs another attempt")
        stages[key] = stage
    }

    private func object(_ isWrong: Bool, _ objection: String) {
        if isWrong { objections.append(objection) }
    }
}
