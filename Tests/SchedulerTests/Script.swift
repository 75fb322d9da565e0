import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// A scheduler to which a test tells one event after the other. Invariants are checked after each, the model of the
/// ledger applies what is recorded, and everything is written to the trace.
final class Script {
    private(set) var scheduler: Scheduler
    let memory = ModelMemory()
    let plan: SweepPlan
    private(set) var trace: Trace
    private(set) var now = Timestamp(rawValue: 0)
    private let settings: SchedulerSettings

    init(_ plan: SweepPlan, settings: SchedulerSettings = SchedulerSettings()) {
        self.plan = plan
        self.settings = settings
        trace = Trace(of: plan)
        scheduler = Scheduler(settings: settings)
    }

    /// Starts the coordinator, or starts it again from what the ledger holds.
    @discardableResult
    func start(
        _ plan: SweepPlan? = nil, stored: Set<ArtifactID>? = nil, needs: [StageKey: StageNeeds] = [:]
    ) -> [Effect] {
        trace.note("coordinator starts", at: now)
        scheduler = Scheduler(settings: settings, draining: memory.drained, weights: memory.weights)
        let known = memory.stages
        let artifacts = known.values.flatMap { $0.result?.artifacts ?? [] }.map(\.id)
        return handle(
            .planned(
                plan ?? self.plan, askedAt: now, known: known, stored: stored ?? Set(artifacts), needs: needs))
    }

    /// Hands in another sweep, none of whose stages ran before.
    func plan(_ plan: SweepPlan) { _ = handle(.planned(plan, askedAt: now, known: [:], stored: [])) }

    @discardableResult
    func hear(_ message: FromWorker) -> [Effect] {
        trace.note(message, at: now)
        return handle(.message(message))
    }

    func wait(seconds: Int64) { now = now.advanced(byMilliseconds: seconds * 1000) }

    @discardableResult
    func tick() -> [Effect] {
        trace.note("tick", at: now)
        return handle(.tick)
    }

    func resume(afterMilliseconds milliseconds: Int64) {
        trace.note("the coordinator goes on after \(milliseconds) ms", at: now)
        _ = handle(.resumed(afterMilliseconds: milliseconds))
    }

    @discardableResult
    func obey(_ command: Command) -> [Effect] {
        trace.note("people say \(name(of: command))", at: now)
        return handle(.command(command))
    }

    @discardableResult
    func store(_ artifacts: [ArtifactReference]) -> [Effect] {
        artifacts.flatMap { handle(.stored($0.id)) }
    }

    @discardableResult
    func lose(_ artifact: ArtifactID) -> [Effect] {
        memory.lose(artifact)
        return handle(.gone(artifact))
    }

    @discardableResult
    func resume(afterSeconds seconds: Int64) -> [Effect] { handle(.resumed(afterMilliseconds: seconds * 1000)) }

    func lose(_ artifacts: [ArtifactReference]) {
        for artifact in artifacts { lose(artifact.id) }
    }

    func state(_ key: StageKey) -> StageState? { memory.stages[key]?.state }

    // MARK: Steps of the protocol

    /// - Returns: the assignment that the worker is given, if any.
    @discardableResult
    func greetAndAsk(_ worker: String, on host: String = "host") -> Assignment? {
        greet(worker, on: host)
        return ask(worker)
    }

    func greet(_ worker: String, on host: String = "host", ranks: Int = 1, _ limits: WorkerLimits? = nil) {
        var node = NodeSettings.test
        (node.host, node.ranks) = (host, ranks)
        hear(FromWorker(.hello(version: protocolVersion, node: node, limits: limits), from: WorkerID(rawValue: worker)))
    }

    @discardableResult
    func ask(_ worker: String) -> Assignment? {
        hear(FromWorker(.ready, from: WorkerID(rawValue: worker))).assignment
    }

    @discardableResult
    func finish(_ assignment: Assignment, by worker: String, storing: Bool = true) -> [Effect] {
        let result = makeResult(
            of: assignment.stage, outputs: assignment.planned.outputs, attempt: assignment.attempt,
            measured: assignment.planned.measures)
        if storing { store(result.artifacts) }
        let id = WorkerID(rawValue: worker)
        return hear(FromWorker(.finished(claim: assignment.claim, result: result), from: id))
    }

    @discardableResult
    func fail(_ assignment: Assignment, by worker: String, _ failure: StageFailure) -> [Effect] {
        let id = WorkerID(rawValue: worker)
        return hear(FromWorker(.failed(claim: assignment.claim, failure: failure), from: id))
    }

    @discardableResult
    func beat(_ assignment: Assignment, by worker: String) -> [Effect] {
        let id = WorkerID(rawValue: worker)
        return hear(FromWorker(.heartbeat(claim: assignment.claim, progress: nil), from: id))
    }

    private func handle(_ event: Event) -> [Effect] {
        let effects = scheduler.handle(event, at: now)
        for effect in effects { trace.note(effect) }
        memory.commit(effects.compactMap { if case .record(let change) = $0 { change } else { nil } })
        #expect(scheduler.checkInvariants().isEmpty)
        #expect(memory.objections.isEmpty)
        return effects
    }

    private func name(of command: Command) -> String {
        switch command {
        case .pause: "pause"
        case .resume: "resume"
        case .cancel: "cancel"
        case .retry: "retry"
        case .setPriority: "set priority"
        case .setWeight: "set weight"
        case .drain: "drain"
        case .welcome: "welcome"
        case .stop: "stop"
        }
    }
}

extension [Effect] {
    var assignment: Assignment? {
        for case .send(.assign(let assignment), _) in self { return assignment }
        return nil
    }

    /// What is said to workers.
    var told: [ToWorker] { compactMap { if case .send(let message, _) = $0 { message } else { nil } } }

    /// The reason why a result is refused; nil where it is settled.
    var refusal: String? {
        for case .send(.settled(_, let refusal), _) in self { return refusal }
        return "not settled at all"
    }
}
