import Experiments
import Files
import Messages

/// A worker's side of the dialogue with the coordinator, as a value: events and the time come in, effects go out.
///
///     asking ◀──▶ resting
///       │ assign                                                  accept, find, list
///     fetching ──▶ training ──▶ delivering ──settled──▶ asking    look, conclude, settle
///       │              └──────▶ reporting ───settled──▶ asking    fail, settle
///       │              └─ no progress ──▶ reporting, ended           give up the group
///       └─ stop: the attempt is nobody's any more, so the worker goes back to asking without a word    abandon
///     any ──▶ ended                                               end
///
/// In every state there is at most one question to the coordinator (`question`). It is put when the state is entered
/// and again and again until an answer changes the state; therefore no message is needed to arrive, and a coordinator
/// that starts again only needs to be greeted. Heartbeats go out beside it for as long as an attempt is held.
package struct Dialogue: Sendable {
    enum State: Sendable {
        case asking
        case resting(until: Duration)
        case holding(Held, Phase)
        case ended
    }

    /// How far the attempt is that the worker holds.
    enum Phase: Sendable {
        case fetching(Download)
        case training(Training)
        case delivering(Parcel)
        case reporting(StageFailure)
    }

    /// What the group does, as far as one can see from outside.
    struct Training: Sendable {
        /// What it is trained with, of which some may lie in this host's cache.
        var files: [ArtifactID] = []
        /// Why it is to end.
        var interruption: Interruption?
        /// When it last made a step, or anything else that takes time.
        var signAt: Duration
        /// The longest time between two signs.
        var slowest = Duration.zero
        var hasBegun = false

        mutating func sign(at now: Duration) {
            if hasBegun { slowest = max(slowest, now - signAt) }
            (signAt, hasBegun) = (now, true)
        }

        /// When it is given up, unless there is a sign of it before.
        func givenUpAt(_ patience: Patience) -> Duration {
            signAt + (hasBegun ? max(patience.standstill, slowest * patience.slowdown) : patience.beginning)
        }
    }

    /// Why the training that goes on is to end.
    enum Interruption: Sendable {
        /// The attempt is nobody's any more.
        case abandoned
        case leaving
    }

    let settings: WorkerSettings
    var state = State.asking
    /// Whether this life of the coordinator knows the worker.
    var isWelcome = false
    /// When the question is put (again).
    var askAt = Duration.zero
    /// Whether it was put in this state.
    var hasAsked = false
    var heartbeat = Duration.seconds(5)
    /// When the coordinator last spoke; nil before its first word.
    var heardAt: Duration?
    /// Set once the worker is to leave: how it will have ended, and when it goes at the latest.
    var farewell: (ending: Ending, at: Duration)?
    /// Attempts that are over for this worker.
    var settled: Set<Claim> = []
    var nodeFailuresInARow = 0
    /// What the coordinator has listed, by the digest that it was asked for.
    var manifests: [Digest: FileManifest] = [:]
    /// Bytes that came over the network and that no stage's log tells of yet.
    var fetched = 0
    /// When the worker was last done with an attempt.
    var idleSince = Duration.zero
    /// What the connection says about a coordinator that has never answered.
    var silence: WorkerError?
    /// The time of the last event.
    var handledAt = Duration.zero
    /// What the event at hand has come to so far.
    var effects: [DialogueEffect] = []

    package init(settings: WorkerSettings) { self.settings = settings }

    /// - Parameter now: since the worker's life began.
    package mutating func handle(_ event: DialogueEvent, at now: Duration) -> [DialogueEffect] {
        guard !hasEnded else { return [] }
        effects = []
        forgiveFreeze(at: now)
        switch event {
        case .tick: break
        case .message(let message, let bytes): hear(message, bytes, at: now)
        case .unsent(let message): putOff(message, at: now)
        case .unencodable(let message, let reason): giveUp(message, reason, at: now)
        case .report(let report): hear(report, at: now)
        case .said(let line): change { $0.news.add(line) }
        case .drew(let curve): change { $0.curve = curve }
        case .worked(let progress): hear(progress, at: now)
        case .found(let content, let finding): hear(content, finding, at: now)
        case .stands(let artifact, let reception): hear(artifact, reception, at: now)
        case .diskFailed(let failure): hear(diskFailure: failure, at: now)
        case .leave: leave(at: now)
        case .refused(let error): end(.failed(error))
        case .doubted(let error): silence = error
        }
        speak(at: now)
        return effects
    }

    package var hasHeard: Bool { heardAt != nil }

    package var hasEnded: Bool {
        if case .ended = state { return true }
        return false
    }

    var patience: Patience { settings.patience }

    /// The attempt that the worker holds.
    var assignment: Assignment? {
        if case .holding(let held, _) = state { held.assignment } else { nil }
    }

    var phase: Phase? {
        if case .holding(_, let phase) = state { phase } else { nil }
    }

    var isTraining: Bool {
        if case .training = phase { true } else { false }
    }

    // MARK: Changes of the state

    mutating func enter(_ next: State, at now: Duration) { (state, askAt, hasAsked) = (next, now, false) }

    mutating func enter(_ next: Phase, at now: Duration) {
        guard case .holding(let held, _) = state else { return }
        enter(.holding(held, next), at: now)
    }

    /// Changes what is held, without a copy of its log.
    mutating func change(_ body: (inout Held) -> Void) {
        guard case .holding(var held, let phase) = state else { return }
        state = .asking
        body(&held)
        state = .holding(held, phase)
    }

    /// Where the whole worker was frozen, its group was too, and it heard nobody.
    private mutating func forgiveFreeze(at now: Duration) {
        let gap = now - handledAt
        handledAt = now
        guard gap > heartbeat * 2 else { return }
        heardAt = heardAt.map { $0 + gap }
        guard case .holding(let held, .training(var training)) = state else { return }
        training.signAt += gap
        state = .holding(held, .training(training))
    }

    mutating func end(_ ending: Ending) {
        if ending != .dismissed { send(.goodbye) }
        if isTraining { effects.append(.stopTraining) }
        state = .ended
        effects.append(.end(ending))
    }

    mutating func send(_ message: FromWorker.Body) { effects.append(.send(message)) }

    mutating func log(_ level: DialogueEffect.Level, _ sentence: String, _ metadata: [String: String]) {
        effects.append(.log(level, sentence, metadata))
    }
}

/// An attempt that a worker holds, and what is to be told about it.
struct Held: Sendable {
    let assignment: Assignment
    var news = News()
    var progress: StageProgress?
    /// As the group has drawn it; what of it is told is among the news.
    var curve = TrainingCurve()
    /// When it may be told again.
    var curveAt: Duration
    var beatAt: Duration
    /// Whether the coordinator may not have heard the last news yet.
    var newsAreOnTheWay = false

    /// Before the attempt's end is announced.
    mutating func tellAll() {
        news.add(curve)
        news.tellAgain()
    }
}
