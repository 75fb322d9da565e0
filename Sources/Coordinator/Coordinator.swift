package import Experiments
import Files
import Ledger
package import Logging
import Messages
import Scheduler
package import Transport

/// The process that hands out a store's stages: one loop on one thread around `CoordinatorCore`. It waits, hears what
/// came, lets the core decide, has the turn's changes committed in one transaction, and only then speaks of them. While
/// they are on their way to the disk it hears on: what follows is the next transaction's.
///
/// It may be killed at any instant: the next coordinator on the same store goes on where the ledger stands. A store that
/// refuses to be written, as a full disk does, ends nothing: see `StoreTrouble`.
package final class Coordinator {
    /// Where workers connect; broadcasts are at its companion.
    package let endpoint: Endpoint
    let settings: CoordinatorSettings
    let ledger: Ledger
    private let commits: Commits
    private let router: Router
    private let publisher: Publisher
    private let gatekeeper: Gatekeeper?
    let logger: Logger
    let clock = Clock()
    var core: CoordinatorCore
    let transfers: Transfers
    /// Where each worker's last message came from.
    private var peers: [WorkerID: Peer] = [:]
    /// When the last turn began.
    private var turnedAt: Timestamp
    /// Whether artifacts could be written when that was last tried, in a store that refuses.
    private var isWritable = false
    /// Whether a stage has failed that is to be the end.
    private var hasFailed = false
    var sweeps: [Sweep] = []
    /// Where people ask, and the sweeps that they hand in.
    let control: ControlSockets
    let submissions: Submissions

    /// Opens the store and starts to listen. Sweeps that were handed in to an earlier life of the coordinator go on.
    ///
    /// - Parameter prepare: makes a sweep of the words of `headstart run` that people hand in; called on other threads, too.
    package init(
        plans: [any GrowingPlan], store: String, settings: CoordinatorSettings, logger: Logger,
        prepare: @escaping @Sendable ([String]) throws -> any GrowingPlan = { _ in throw CannotPrepare() }
    ) throws(CoordinatorError) {
        self.settings = settings
        self.logger = logger
        turnedAt = clock.now
        let transfers = try talking { () throws(TransportError) in try Transfers(store: store) }
        self.transfers = transfers
        let ledger = try storing { () throws(LedgerError) in try Ledger(store: store) }
        self.ledger = ledger
        commits = try talking { () throws(TransportError) in try Commits(to: ledger) }
        let draining = try storing { () throws(LedgerError) in try ledger.reader.drained() }
        let weights = try storing { () throws(LedgerError) in try ledger.reader.weights() }
        let spared = try storing { () throws(LedgerError) in
            try ledger.reader.keptStages(besides: Set(plans.map { $0.name }))
        }
        let given = try storing { () throws(LedgerError) in try ledger.reader.given() }
        core = CoordinatorCore(settings, draining: draining, weights: weights, spared: spared, given: given)
        let discarded = try storing { () throws(LedgerError) in try ledger.reader.discarded() }
        transfers.removeDiscarded(discarded.subtracting(given))
        (router, publisher, gatekeeper, endpoint, control) = try talking { () throws(TransportError) in
            try settings.makeSockets(store: store)
        }
        submissions = try talking { () throws(TransportError) in try Submissions(prepare) }
        for plan in plans { try begin(plan, askedAt: clock.now) }
        try resumeSubmitted(prepare)
        transfers.removeAbandonedUploads()
    }

    /// Works until every stage has ended or a stop is requested.
    ///
    /// - Parameter onChange: is told how things stand, a few times a second at most, and less often where it takes long; nil
    ///   where nobody looks, which saves the look at all stages.
    /// - Returns: whether every stage has ended.
    @discardableResult
    package func run(
        until stop: StopRequest, onChange: ((CoordinatorStatus) -> Void)? = nil
    ) throws(CoordinatorError) -> Bool {
        logger.info("the coordinator listens", metadata: ["endpoint": "\(endpoint)"])
        var farewell = Farewell(patienceMilliseconds: settings.farewellMilliseconds)
        var reportAt = clock.now
        while !stop.isRequested, !hasFailed,
            core.trouble != nil || expectsMore || !farewell.isOver(core.scheduler, at: clock.now)
        {
            try turn(waitingFor: stop)
            guard let onChange, reportAt <= clock.now else { continue }
            let began = clock.now
            onChange(status)
            // Most of the time is the workers'.
            let pause = max(settings.reportMilliseconds, 20 * clock.now.milliseconds(since: began))
            reportAt = clock.now.advanced(byMilliseconds: pause)
        }
        if stop.isRequested || hasFailed { try decide(.command(.stop)) }
        try complete(isWaiting: true)
        if core.trouble != nil { try perform(core.lastWords) }
        try linger(stop)
        transfers.drain()
        onChange?(status)
        if let trouble = core.trouble { throw .ledger(trouble.error) }
        return core.scheduler.isFinished
    }

    /// Keeps the sockets open a little longer, and still answers: a dealer whose router closes drops what it has not
    /// read yet, and the last words are those that send the workers home.
    private func linger(_ stop: StopRequest) throws(CoordinatorError) {
        stop.bell.silence()
        let end = clock.now.advanced(byMilliseconds: settings.lingerMilliseconds)
        while clock.now < end { try turn(waitingFor: stop) }
        try complete(isWaiting: true)
    }

    /// Whether stages may be to be done that do not look so yet.
    private var expectsMore: Bool { submissions.isPlanning || transfers.isLooking }

    /// The sweeps, as far as they are planned.
    package var plans: [SweepPlan] { sweeps.compactMap(\.plan) }

    /// Whether nothing more will happen unless a person asks for it, once it is known what of it the store holds.
    package func isFinished(waitingFor stop: StopRequest) throws(CoordinatorError) -> Bool {
        while transfers.isLooking, !stop.isRequested { try turn(waitingFor: stop) }
        return core.scheduler.isFinished
    }

    private var status: CoordinatorStatus {
        CoordinatorStatus(
            plans: plans, stages: core.scheduler.records, workerCount: core.scheduler.workerCount,
            trouble: core.trouble?.error.description)
    }

    // MARK: The steps of a turn

    /// Waits until something happens, a little at most, and handles all of it.
    package func turn(waitingFor stop: StopRequest) throws(CoordinatorError) {
        try wait(for: stop)
        noticeStandstill()
        try complete()
        let hasHeardAll = try hear()
        try hearTransfers()
        try hearPeople()
        if let effects = core.tickIfDue(hasHeardAll: hasHeardAll, at: clock.now) { try follow(effects) }
        try complete()
    }

    private func wait(for stop: StopRequest) throws(CoordinatorError) {
        if let failure = gatekeeper?.failure { throw .transport(failure) }
        for refusal in gatekeeper?.takeRefusals() ?? [] {
            logger.warning("a connection was refused", metadata: ["reason": "\(refusal)"])
        }
        let untilDue = core.wakesAt.map { $0.milliseconds(since: clock.now) } ?? settings.longestWaitMilliseconds
        let timeout = Int(min(max(0, untilDue), settings.longestWaitMilliseconds))
        _ = try talking { () throws(TransportError) in
            try poll(
                [router, stop.bell, commits.bell, transfers.bell, submissions.bell] + control.sources,
                timeoutMilliseconds: timeout)
        }
        // The others are silenced by whoever takes what they ring for.
        commits.bell.silence()
    }

    private func noticeStandstill() {
        let now = clock.now
        let gap = now.milliseconds(since: turnedAt) - settings.longestWaitMilliseconds
        turnedAt = now
        guard core.beginTurn(afterGap: gap, at: now) else { return }
        logger.warning("the coordinator stood still; leases live on by as much", metadata: ["ms": "\(gap)"])
    }

    /// Takes what has come, up to a number that keeps turns short. Of many messages the first are on their way to the disk
    /// while the others are heard.
    ///
    /// - Returns: whether that was all.
    private func hear() throws(CoordinatorError) -> Bool {
        for count in 1...settings.messagesPerTurn {
            if count % settings.messagesPerCommit == 0 { try complete() }
            let message: (peer: Peer, frames: [[UInt8]])?
            do throws(TransportError) {
                message = try router.receive()
            } catch .tooManyFrames {
                logger.warning("a message of too many frames was dropped")
                continue
            } catch {
                throw .transport(error)
            }
            guard let message else { return true }
            try hear(message.frames, from: message.peer)
        }
        return false
    }

    private func hear(_ frames: [[UInt8]], from peer: Peer) throws(CoordinatorError) {
        let message: FromWorker
        do {
            message = try FromWorker.decode(frames)
        } catch {
            let name = String(decoding: peer.identity, as: UTF8.self)
            logger.warning(
                "a message that cannot be understood was dropped", metadata: ["peer": "\(name)", "error": "\(error)"])
            return
        }
        guard peer.owns(message.worker.rawValue) else {
            let key = peer.key.map { "\($0)" } ?? "none"
            logger.warning(
                "a message in another worker's name was refused",
                metadata: ["worker.id": "\(message.worker)", "key": "\(key)"])
            return
        }
        peers[message.worker] = peer
        switch core.admit(message, expectsMore: expectsMore) {
        case .heard: break
        case .putOff: return logger.debug("a message was put off", metadata: ["worker.id": "\(message.worker)"])
        case .refused(let reason):
            return logger.warning("\(reason)", metadata: ["worker.id": "\(message.worker)"])
        }
        transfers.handle(message, bytes: frames.dropFirst().first ?? [], from: peer, at: clock.now)
        try decide(.message(message))
        if case .goodbye = message.body { peers[message.worker] = nil }
    }

    private func hearTransfers() throws(CoordinatorError) {
        for outcome in transfers.takeOutcomes() {
            switch outcome {
            case .answer(let answer, let worker):
                if let artifact = answer.stored { try decide(.stored(artifact)) }
                if let artifact = answer.gone { try decide(.gone(artifact)) }
                core.say(answer.message, bytes: answer.bytes, to: worker)
            case .publication(let artifact, let bytes): try publish(.published(artifact), bytes)
            case .removed(let artifacts), .absent(let artifacts):
                for artifact in artifacts { try decide(.gone(artifact)) }
            case .damaged(let artifact):
                logger.warning(
                    "an artifact was damaged in the store and is set aside; what made it runs again",
                    metadata: ["artifact.id": "\(artifact)"])
                try decide(.gone(artifact))
            case .refused(let error, _) where error.operation == .read:
                logger.warning(
                    "an artifact cannot be read; whoever needs it asks again", metadata: ["error": "\(error)"])
            case .refused(let error, _): try meet(LedgerError(error))
            case .logRefused(let error):
                logger.warning("lines of a stage's log were lost", metadata: ["error": "\(error)"])
            case .probed(nil): isWritable = true
            case .probed(let error?): try meet(LedgerError(error))
            }
        }
    }

    @discardableResult
    func decide(_ event: Event) throws(CoordinatorError) -> [Effect] {
        let effects = core.decide(event, at: clock.now)
        try follow(effects)
        return effects
    }

    /// What sweeps make of the scheduler's decisions.
    private func follow(_ effects: [Effect]) throws(CoordinatorError) {
        for case .record(let change) in effects {
            for index in sweeps.indices { sweeps[index].hear(change) }
            if case .stands(let stage) = change, settings.failsFast, [.failed, .setAside].contains(stage.state) {
                hasFailed = true
            }
        }
        // Before anyone who asks for work is told that there is none left.
        try growDue()
    }

    /// Ends the turn, unless what the one before decided is still on its way to the disk: then it goes on. What was decided
    /// is on the disk before anyone hears of it.
    ///
    /// - Parameter isWaiting: stays until all that was decided is on the disk, or the store has refused it.
    func complete(isWaiting: Bool = false) throws(CoordinatorError) {
        let kept = try takeCommit(isWaiting: isWaiting)
        // The disk works while workers are told.
        let next = commits.isUnderWay ? nil : try beginCommit()
        if let kept { try tell(kept) }
        if let next { try tell(next) }
        if isWaiting, let last = try takeCommit(isWaiting: true) { try tell(last) }
    }

    /// - Returns: what needs no commit, and may be said after what was committed before.
    private func beginCommit() throws(CoordinatorError) -> Turn? {
        let (said, changes) = core.endTurn(at: clock.now)
        try perform(said)
        guard let changes else { return nil }
        if let trouble = core.trouble, !isWritable {
            transfers.probe()
            core.refused(trouble.error, at: clock.now)
            return nil
        }
        isWritable = false
        guard !changes.isEmpty else { return try conclude() }
        commits.begin(changes)
        return nil
    }

    /// - Returns: what was committed, for those whom it concerns; nil where that is still under way, or was refused.
    private func takeCommit(isWaiting: Bool) throws(CoordinatorError) -> Turn? {
        switch commits.takeOutcome(isWaiting: isWaiting) {
        case nil: return nil
        case .success: return try conclude()
        case .failure(let error):
            try meet(error)
            return nil
        }
    }

    private func conclude() throws(CoordinatorError) -> Turn {
        let (kept, late, end) = core.committed()
        if let end { noteEnd(of: end) }
        for message in late { try decide(.message(message)) }
        try growDue()
        return kept
    }

    private func tell(_ turn: Turn) throws(CoordinatorError) {
        for change in turn.changes {
            logger.note(change)
            switch change {
            case .ended(let stage, let attempt, _, _): transfers.forgetUploads(of: Claim(stage, attempt))
            // Whoever finished it at the first attempt knows, and nobody else has had it.
            case .stands(let stage) where stage.state.isFinal && (stage.state != .finished || stage.attempts > 1):
                try publish(.ended(stage: stage.key))
            case .discarded(let artifacts, _): transfers.remove(artifacts)
            case .planned, .started, .evaluated, .drawn, .stands, .drained, .weighed, .submitted: break
            }
        }
        try perform(turn.outgoing)
    }

    private func perform(_ outgoing: [Turn.Outgoing]) throws(CoordinatorError) {
        for outgoing in outgoing {
            switch outgoing {
            case .send(let message, let bytes, let worker): try send(message, bytes, to: worker)
            case .publish(.published(let artifact)): transfers.publish(artifact)
            case .publish(let broadcast): try publish(broadcast)
            case .request(let artifact, let claim, let worker): transfers.resume(artifact, for: worker, claim)
            }
        }
    }

    // MARK: A store that refuses

    /// Waits for the store to be written again, unless it never will be.
    func meet(_ error: LedgerError) throws(CoordinatorError) {
        guard error.mayPass else { throw .ledger(error) }
        if core.trouble == nil {
            logger.error(
                "the store cannot be written; nothing is handed out until it can", metadata: ["error": "\(error)"])
        }
        tell(error)
        core.refused(error, at: clock.now)
    }

    /// For `status`, which reads the store.
    private func tell(_ trouble: LedgerError?) {
        do throws(LedgerError) {
            try ledger.tell(trouble: trouble)
        } catch {
            logger.warning("nobody who reads the store can be told", metadata: ["error": "\(error)"])
        }
    }

    private func noteEnd(of trouble: StoreTrouble) {
        tell(nil)
        let milliseconds = clock.now.milliseconds(since: trouble.since)
        logger.info("the store can be written again", metadata: ["after_ms": "\(milliseconds)"])
    }

    // MARK: Speaking

    private func send(_ message: ToWorker, _ bytes: [UInt8]?, to worker: WorkerID) throws(CoordinatorError) {
        guard let peer = peers[worker], let frame = encode(message) else { return }
        let delivery = try talking { () throws(TransportError) in
            try router.send([frame] + (bytes.map { [$0] } ?? []), to: peer)
        }
        if delivery != .queued {
            if bytes != nil { transfers.unsent(to: worker) }
            // Whoever misses an answer asks again, and whoever is gone loses its lease.
            logger.debug("a worker cannot be reached", metadata: ["worker.id": "\(worker)"])
        }
    }

    private func publish(_ broadcast: Broadcast, _ bytes: [UInt8]? = nil) throws(CoordinatorError) {
        guard let frame = encode(broadcast) else { return }
        try talking { () throws(TransportError) in try publisher.send([frame] + (bytes.map { [$0] } ?? [])) }
    }

    private func encode(_ message: some WireMessage) -> [UInt8]? {
        do {
            return Array(try message.encoded())
        } catch {
            logger.error("a message cannot be sent", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
