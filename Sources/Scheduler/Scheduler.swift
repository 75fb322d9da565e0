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
///      ├──────retry───────── failed, setAside, cancelled
///      ├──────begin───────── setAside, failed by bad input: a new life of the coordinator tries again
///      └──────begin───────── finished              its artifacts are gone, or more of them are asked for
///     waiting, blocked, running, setAside, failed by bad input ──cancel──▶ cancelled
///
/// Invariants, restated by `checkInvariants`:
///
/// 1. A stage runs on a worker exactly while that worker has the lease on it.
/// 2. A worker has no lease after its goodbye.
/// 3. The result of a finished stage has every artifact asked for, in the store.
/// 4. All stages that a running stage starts from are finished.
/// 5. A waiting stage starts from no stage that has ended without a result; a blocked one starts from at least one.
/// 6. A stage that was lost, or failed on its node, as often as the settings allow does not run or wait.
/// 7. A stage comes later in the order than those it starts from.
/// 8. Counters count what they say: open stages, those of a sweep by state, those of a lane that wait, and of a stage what
///    it starts from and is not finished.
/// 9. A stage is in the lanes of its sweeps exactly while it is ready and its pause is over; until then it has an alarm.
/// 10. A lane has its stages in the order of their ranks.
/// 11. Whoever has a lease or is connected has an alarm, no later than its deadline.
/// 12. Whoever rests is connected and has no lease.
package struct Scheduler: Sendable {
    package let settings: SchedulerSettings
    var stages = StageList()
    var sweeps: [SweepShare] = []
    var lanes: [Lane] = []
    var laneNumbers: [Lane.Kind: Int] = [:]
    var sources: [Source] = []
    /// How far the sweep had come that was last served.
    var lastPass = 0.0
    /// Stages that may have to follow what has become of those that they start from.
    var unsettled = Heap<StageIndex>()
    /// Ready stages that pause after a failure.
    var pausing = Alarms<StageIndex>()
    /// The lease of each worker that has one.
    var leases: [WorkerID: Lease] = [:]
    /// Workers that said hello in this life of the coordinator.
    var workers: [WorkerID: KnownWorker] = [:]
    /// Leases that run out, and workers to be forgotten.
    var silences = Alarms<WorkerID>()
    /// Workers that were told that there is nothing for them, those that were told first ahead.
    var resting: [WorkerID] = []
    /// When the last of the connected workers is ended by its host.
    var lastEnd = Timestamp(rawValue: 0)
    /// When workers said goodbye, for as long as something late may come from them.
    var departed: [WorkerID: Timestamp] = [:]
    var departures = Alarms<WorkerID>()
    var hosts: [String: Host] = [:]
    /// How many connected workers have as many ranks.
    var rankCounts: [Int: Int] = [:]
    /// Whether anything is known beforehand of what stages take.
    var isForetold = false
    /// Which stages are left to wide groups.
    var division = Division()
    /// Stages an attempt at which has ended by the fault of a host, and perhaps some that have none of that left.
    var blamed: Set<StageIndex> = []
    /// Artifacts that lie whole in the store.
    var stored: Set<ArtifactID> = []
    /// Those that were let go, in this life of the coordinator.
    var letGone: Set<ArtifactID> = []
    /// Decides of which seeds the store takes what only the best yields to it.
    var bestSeeds = BestSeeds()
    /// Stages of sweeps that are not worked on here, of which the store lets nothing go.
    let spared: Set<StageKey>
    /// Artifacts that stages were given as files.
    var given: Set<ArtifactID>
    /// The stages that have made an artifact; some may have been asked to run again since.
    var makers: [ArtifactID: [StageIndex]] = [:]
    /// Stages that have not ended.
    var openCount = 0
    /// Stages in lanes, each once however many sweeps want it.
    var queuedCount = 0
    /// How often a stage has been looked at to hand one out or to settle what follows from an end: it must not grow with
    /// the number of stages that are known.
    package internal(set) var visits = 0
    /// Hosts whose workers are to leave.
    package internal(set) var draining: Set<String>
    /// Of sweeps by their names; 1 where none is said.
    var weights: [String: Double]
    /// No new attempts; whoever asks is dismissed.
    var isStopping = false

    /// The effects of the turn that is being handled.
    private var changes: [Effect] = []
    private var messages: [Effect] = []
    /// Whether a tick has been asked for that has not come yet.
    private var isWakeDue = false

    /// - Parameters:
    ///   - draining: the hosts that an earlier life of the coordinator let drain.
    ///   - weights: of sweeps by their names, as an earlier life of the coordinator was told.
    ///   - spared: stages of sweeps that are not worked on here, of which the store lets nothing go.
    ///   - given: artifacts that stages of any sweep were given as files, which nobody would make again.
    package init(
        settings: SchedulerSettings = SchedulerSettings(), draining: Set<String> = [], weights: [String: Double] = [:],
        spared: Set<StageKey> = [], given: Set<ArtifactID> = []
    ) {
        self.settings = settings
        self.draining = draining
        self.weights = weights
        self.spared = spared
        self.given = given
    }

    /// - Returns: all records first; they must be committed before any of the others is performed.
    package mutating func handle(_ event: Event, at now: Timestamp) -> [Effect] {
        let queuedBefore = queuedCount
        switch event {
        case .message(let message): hear(message, at: now)
        case .tick:
            isWakeDue = false
            expireLeases(at: now)
        case .stored(let artifact): stored.insert(artifact)
        case .gone(let artifact): lose(artifact, at: now)
        case .resumed(let milliseconds): extendLeases(byMilliseconds: milliseconds)
        case .planned(let plan, let askedAt, let known, let artifacts, let needs):
            isWakeDue = false
            stored.formUnion(artifacts)
            record(.planned(plan, at: askedAt))
            begin(plan, known: known, needs: needs, at: now)
        case .recalled(let plan, let known): add(plan, known: known)
        case .command(let command): obey(command, at: now)
        }
        settleGraph(at: now)
        wakeResting(for: queuedCount - queuedBefore)
        announceDeadline()
        defer { (changes, messages) = ([], []) }
        return changes + messages
    }

    /// Whether nothing more will happen unless a person asks for it.
    package var isFinished: Bool { openCount == 0 }

    /// Workers that have said hello and neither goodbye nor been dismissed.
    package var workerCount: Int { workers.count }

    mutating func record(_ change: Change) { changes.append(.record(change)) }

    mutating func send(_ message: ToWorker, to worker: WorkerID) { messages.append(.send(message, to: worker)) }

    mutating func perform(_ effect: Effect) { messages.append(effect) }

    /// Asks to be woken at the first deadline. Words from workers only put that off, so the next tick is soon enough to
    /// look again.
    private mutating func announceDeadline() {
        guard !isWakeDue, let deadline = nextDeadline()?.time else { return }
        isWakeDue = true
        messages.append(.wakeAt(deadline))
    }
}
