package import Experiments
import Messages

/// Decides who trains what: a value that hears of events and answers with effects. It performs nothing, reads no clock
/// and draws no random numbers, so that equal events have equal effects.
///
/// The life of a stage, with the function behind each arrow:
///
///     waiting ──assign──▶ running ──accept──▶ finished
///      ▲ ▲ │                 ├─────endAttempt──▶ failed      diverged, bad input: another attempt would end alike
///      │ │ │                 ├─────endAttempt──▶ setAside    killed its worker, or failed on its node, too often
///      │ │ │                 └─────endAttempt──▶ waiting     worker lost, stopped, node failed
///      │ │ └──settleGraph──▶ blocked               a stage it starts from has ended without a result
///      │ └────settleGraph─── blocked               that stage was asked for again
///      └──────retry───────── failed, setAside, cancelled
///      └──────add─────────── finished              its artifacts are gone, or more of them are asked for
///     waiting, blocked, running ──cancel──▶ cancelled
///
/// Invariants, restated by `checkInvariants`:
///
/// 1. A stage runs exactly while it has a lease, and its lease is listed under its worker.
/// 2. A worker holds at most one lease, and none after its goodbye.
/// 3. A stage is finished exactly while it has a result, and the result has every artifact asked for, in the store.
/// 4. All stages that a running stage starts from are finished.
/// 5. A waiting stage starts from no stage that has ended without a result; a blocked one starts from at least one.
/// 6. A stage that runs or is finished has begun an attempt.
/// 7. A stage that was lost, or failed on its node, as often as the settings allow does not run or wait.
/// 8. A stage comes later in the order than those it starts from.
/// 9. `openCount` counts the stages that have not ended, and nothing is ready while `knowsNothingIsReady`.
package struct Scheduler: Sendable {
    package let settings: SchedulerSettings
    /// Every stage of every plan.
    var stages: [StageKey: Stage] = [:]
    /// The stages' keys as they were planned.
    var order: [StageKey] = []
    /// The stage that each worker has a lease on.
    var holders: [WorkerID: StageKey] = [:]
    /// Workers that said hello in this life of the coordinator.
    var workers: [WorkerID: KnownWorker] = [:]
    /// Workers that said goodbye; what still comes from them is late.
    var departed: Set<WorkerID> = []
    /// Artifacts that lie whole in the store.
    var stored: Set<ArtifactID> = []
    /// Stages that have not ended.
    var openCount = 0
    /// Saves workers without work a search through all stages each time they ask.
    var knowsNothingIsReady = false
    /// No new attempts; whoever asks is dismissed.
    var isStopping = false

    /// The effects of the turn that is being handled.
    private var changes: [Effect] = []
    private var messages: [Effect] = []
    /// Whether a tick has been asked for that has not come yet.
    private var isWakeDue = false

    package init(settings: SchedulerSettings = SchedulerSettings()) {
        self.settings = settings
    }

    /// - Returns: all records first; they must be committed before any of the others is performed.
    package mutating func handle(_ event: Event, at now: Timestamp) -> [Effect] {
        switch event {
        case .message(let message): hear(message, at: now)
        case .tick:
            isWakeDue = false
            expireLeases(at: now)
        case .stored(let artifact): stored.insert(artifact)
        case .planned(let plan, let known, let artifacts):
            isWakeDue = false
            add(plan, known: known, stored: artifacts, at: now)
        case .command(let command): obey(command, at: now)
        }
        announceDeadline()
        defer { (changes, messages) = ([], []) }
        return changes + messages
    }

    /// Whether nothing more will happen unless a person asks for it.
    package var isFinished: Bool { openCount == 0 }

    /// Workers that have said hello and neither goodbye nor been dismissed.
    package var workerCount: Int { workers.count }

    private var nextDeadline: Timestamp? { holders.values.compactMap { stages[$0]?.lease?.expires }.min() }

    mutating func record(_ change: Change) { changes.append(.record(change)) }

    mutating func send(_ message: ToWorker, to worker: WorkerID) { messages.append(.send(message, to: worker)) }

    mutating func perform(_ effect: Effect) { messages.append(effect) }

    /// Asks to be woken when the first lease runs out. Renewals only put that off, so the next tick is soon enough to
    /// look again.
    private mutating func announceDeadline() {
        guard !isWakeDue, let deadline = nextDeadline else { return }
        isWakeDue = true
        messages.append(.wakeAt(deadline))
    }

    /// Changes where a stage stands, and has it recorded.
    mutating func move(_ key: StageKey, _ change: (inout StageStanding) -> Void) {
        guard var standing = stages[key]?.standing else { return }
        openCount -= standing.state.isFinal ? 0 : 1
        change(&standing)
        openCount += standing.state.isFinal ? 0 : 1
        knowsNothingIsReady = false
        stages[key]?.standing = standing
        record(.stands(key, standing))
    }
}

/// A stage and all that is known about it.
struct Stage: Sendable {
    var planned: PlannedStage
    let task: TaskDefinition
    let model: ModelLocation
    let dataDirectory: String
    var standing: StageStanding
    /// The last attempt that began.
    var attempt: Attempt?
    /// There while the stage runs.
    var lease: Lease?
    /// Hosts whose fault ended an attempt; others are preferred.
    var failedOn: Set<String> = []
    /// Who finished it, in this life of the coordinator.
    var madeBy: WorkerID?
    /// Stages that start from this one.
    var followers: [StageKey] = []
    /// Stages on the longest chain that begins with this one.
    var chain = 1

    var inputs: [StageInput] { planned.specification.inputs }
}

/// A worker's right to the current attempt at a stage.
struct Lease: Sendable {
    let worker: WorkerID
    let startedAt: Timestamp?
    var expires: Timestamp
    /// Whether the worker was heard from in this life of the coordinator. Where it was not, its silence says nothing
    /// about the stage.
    var isConfirmed: Bool
    var progress: StageProgress?
}

struct KnownWorker: Sendable {
    var node: NodeSettings
    var heardAt: Timestamp
}
