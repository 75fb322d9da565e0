package import Experiments
package import Ledger
package import Messages
package import Scheduler

/// What the coordinator's loop decides, as a value around the scheduler: which messages count, what is committed
/// together, what may be said only after that, and how it lives with a store that refuses. The loop itself waits, reads,
/// commits and sends.
package struct CoordinatorCore: Sendable {
    package private(set) var scheduler: Scheduler
    package private(set) var trouble: StoreTrouble?
    private let settings: CoordinatorSettings
    /// What has come in this turn.
    private var turn = Turn()
    /// What was decided and is not in the ledger yet, so that nobody was told.
    private var unkept = Turn()
    /// When the scheduler wants to judge by the time.
    private var deadline: Timestamp?
    /// When what is to be committed was last handed on.
    private var triedAt: Timestamp?

    /// - Parameters:
    ///   - draining: the hosts that were told to drain in an earlier life.
    ///   - weights: of sweeps by their names, as they were given in an earlier life.
    ///   - spared: stages of sweeps that are not worked on here, of which the store lets nothing go.
    ///   - given: what stages of any sweep were given as files, of which nothing is let go either.
    package init(
        _ settings: CoordinatorSettings, draining: Set<String>, weights: [String: Double] = [:],
        spared: Set<StageKey> = [], given: Set<ArtifactID> = []
    ) {
        self.settings = settings
        scheduler = Scheduler(
            settings: settings.scheduler, draining: draining, weights: weights, spared: spared, given: given)
    }

    // MARK: A turn

    /// When the loop is to begin a turn though nothing has come. While the store refuses nothing falls due.
    package var wakesAt: Timestamp? { trouble.map(\.retryAt) ?? deadline }

    /// Whoever was frozen, or waited for a disk, heard nobody in that time, and nobody is to blame.
    ///
    /// - Parameter gap: since the loop last began to wait, beyond the longest that it waits.
    /// - Returns: whether it stood still.
    package mutating func beginTurn(afterGap gap: Int64, at now: Timestamp) -> Bool {
        guard gap > settings.standstillMilliseconds else { return false }
        decide(.resumed(afterMilliseconds: gap), at: now)
        return true
    }

    /// What becomes of a message.
    package enum Admission: Equatable, Sendable {
        /// The store and the scheduler are to hear it.
        case heard
        /// It is answered already, or comes again.
        case putOff
        case refused(reason: String)
    }

    /// Decides what becomes of a message. What cannot be kept is put off; workers say all of it again, but for their
    /// goodbye.
    ///
    /// - Parameter expectsMore: whether stages may come of what is being planned, so that nobody is sent home.
    package mutating func admit(_ message: FromWorker, expectsMore: Bool = false) -> Admission {
        let (worker, isInTrouble) = (message.worker, trouble != nil)
        switch message.body {
        case .hello, .heartbeat, .list, .fetch: return .heard
        case .ready:
            guard isInTrouble || (expectsMore && scheduler.isFinished) else { return .heard }
            say(.idle(askAgainMilliseconds: settings.scheduler.idleMilliseconds), to: worker)
            return .putOff
        case .goodbye where isInTrouble:
            trouble?.departed.insert(worker)
            return .putOff
        case .log(let claim, _, _) where !scheduler.hasGiven(claim, to: worker):
            return .refused(reason: "a log of an attempt that the worker was not given was refused")
        case .offer(let claim, _) where scheduler.explain(claim.stage) != .runs(on: worker, claim.attempt):
            // Nobody would finish what is offered late; the next heartbeat tells the worker to stop.
            return .putOff
        case .goodbye, .log, .offer, .evaluated, .curve, .upload, .finished, .failed:
            return isInTrouble ? .putOff : .heard
        }
    }

    /// Has the scheduler decide. What it wants is done at the turn's end, once its changes are kept.
    ///
    /// - Returns: the scheduler's effects, for those whom its changes concern; none is left to the caller to do.
    @discardableResult
    package mutating func decide(_ event: Event, at now: Timestamp) -> [Effect] {
        let effects = scheduler.handle(event, at: now)
        for effect in effects {
            switch effect {
            case .record(let change): turn.changes.append(change)
            case .send(let message, let worker): say(message, to: worker)
            case .broadcast(let broadcast): turn.outgoing.append(.publish(broadcast))
            case .request(let artifact, let claim, let worker):
                turn.outgoing.append(.request(artifact, of: claim, from: worker))
            case .wakeAt(let time): deadline = time
            }
        }
        return effects
    }

    /// Has a change that is not the scheduler's kept with those of this turn.
    package mutating func note(_ change: Change) { turn.changes.append(change) }

    package mutating func say(_ message: ToWorker, bytes: [UInt8]? = nil, to worker: WorkerID) {
        turn.outgoing.append(.send(message, bytes: bytes, to: worker))
    }

    /// Judges by the time, but only once what has come is heard; a flood of messages may put that off for a lease.
    /// - Returns: the scheduler's effects; nil while nothing is due.
    package mutating func tickIfDue(hasHeardAll: Bool, at now: Timestamp) -> [Effect]? {
        guard trouble == nil, let due = deadline, due <= now else { return nil }
        guard hasHeardAll || now.milliseconds(since: due) > settings.scheduler.leaseMilliseconds else { return nil }
        deadline = nil
        return decide(.tick, at: now)
    }

    /// Ends the turn.
    ///
    /// - Returns: what is said at once, since it follows from what is kept; and what is to be committed now, nil while the
    ///   store is left alone. Where it is not nil, `committed` or `refused` comes before the next turn ends; this one may
    ///   have begun by then.
    package mutating func endTurn(at now: Timestamp) -> (said: [Turn.Outgoing], changes: [Change]?) {
        var said: [Turn.Outgoing] = []
        if trouble != nil, turn.changes.isEmpty { said = turn.outgoing } else { unkept.append(turn) }
        turn = Turn()
        guard trouble.map({ $0.retryAt <= now }) ?? true else { return (said, nil) }
        triedAt = now
        return (said, unkept.changes)
    }

    /// The changes are on the disk.
    ///
    /// - Returns: them with what may be said now; what workers said in vain while the store refused and do not say again,
    ///   which is to be heard now; and the trouble that is over with it, which one that came up meanwhile is not.
    package mutating func committed() -> (kept: Turn, late: [FromWorker], end: StoreTrouble?) {
        let kept = unkept
        unkept = Turn()
        guard let end = trouble, let triedAt, end.retryAt <= triedAt else { return (kept, [], nil) }
        trouble = nil
        return (kept, end.departed.sorted().map { FromWorker(.goodbye, from: $0) }, end)
    }

    /// The store refuses to be read or written, and is left alone for a while.
    package mutating func refused(_ error: LedgerError, at now: Timestamp) {
        if trouble == nil {
            // What was heard while the disk was at it may follow from what it did not take.
            unkept.append(turn)
            turn = Turn()
        }
        let retryAt = trouble.map(\.retryAt) ?? now
        let later = retryAt > now ? retryAt : now.advanced(byMilliseconds: settings.storeRetryMilliseconds)
        trouble = StoreTrouble(
            error: error, since: trouble?.since ?? now, retryAt: later, departed: trouble?.departed ?? [])
    }

    /// What is said though nothing of it can be kept, since all stop: attempts that the ledger takes for running are
    /// the next coordinator's to end.
    var lastWords: [Turn.Outgoing] {
        unkept.outgoing.filter { outgoing in
            switch outgoing {
            case .send(.stop, _, _), .send(.dismissed, _, _): true
            case .send, .publish, .request: false
            }
        }
    }
}

/// What the messages of one turn have come to: changes to commit, and after that things to do.
package struct Turn: Sendable {
    package fileprivate(set) var changes: [Change] = []
    package fileprivate(set) var outgoing: [Outgoing] = []

    package enum Outgoing: Sendable {
        case send(ToWorker, bytes: [UInt8]?, to: WorkerID)
        case publish(Broadcast)
        /// Tell the worker from which byte on the store needs the artifact.
        case request(ArtifactReference, of: Claim, from: WorkerID)
    }

    fileprivate mutating func append(_ next: Turn) {
        changes += next.changes
        outgoing += next.outgoing
    }
}

/// What the store refuses. Until it is over, nothing is handed out and nothing accepted, and the workers keep what they
/// hold.
package struct StoreTrouble: Sendable {
    let error: LedgerError
    let since: Timestamp
    /// When the store is tried again.
    let retryAt: Timestamp
    /// Workers that said goodbye meanwhile, which they do not say again.
    fileprivate var departed: Set<WorkerID> = []
}
