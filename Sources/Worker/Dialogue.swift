import Experiments
import Files
import Logging
import Messages
import Training

/// A worker's side of the dialogue with the coordinator, without sockets or a clock: messages, reports and the time
/// come in, messages and orders go out.
///
///     asking ◀──▶ resting
///       │ assign
///     fetching ──▶ training ──▶ delivering ──settled──▶ asking
///       │              └──────▶ reporting ───settled──▶ asking
///       └─ stop: the attempt is nobody's any more, so the worker goes back to asking without a word
///
/// In every state there is at most one question to the coordinator (`question`). It is put when the state is entered
/// and again and again until an answer changes the state; therefore no message is needed to arrive, and a coordinator
/// that starts again only needs to be greeted. Heartbeats go out beside it for as long as an attempt is held.
final class Dialogue {
    enum Work {
        case asking
        case resting(until: ContinuousClock.Instant)
        case fetching(Assignment, Download)
        case training(Assignment)
        case delivering(Assignment, Parcel)
        case reporting(Assignment, StageFailure)
        case ended
    }

    enum Interruption {
        /// The attempt is nobody's any more.
        case abandoned
        case leaving
    }

    let worker: WorkerID
    let settings: WorkerSettings
    let cache: ArtifactCache
    let logger: Logger
    let outlet: any DialogueOutlet

    var work = Work.asking
    /// Whether this life of the coordinator knows the worker.
    var isWelcome = false
    /// When the question is put (again).
    var askAt: ContinuousClock.Instant
    var heartbeat: Duration = .seconds(5)
    var beatAt: ContinuousClock.Instant
    var heardAt: ContinuousClock.Instant
    var hasHeard = false
    var news = News()
    var progress: StageProgress?
    /// Why the training that goes on is to end.
    var interruption: Interruption?
    /// Set once the worker is to leave: how it will have ended, and when it goes at the latest.
    var farewell: (ending: Ending, at: ContinuousClock.Instant)?
    /// The last attempt that was settled; an assignment of it is an old message.
    var settled: Claim?
    var nodeFailuresInARow = 0
    /// What the connection says about a coordinator that has never answered.
    var silence: WorkerError?

    init(
        _ worker: WorkerID, settings: WorkerSettings, cache: ArtifactCache, logger: Logger,
        outlet: any DialogueOutlet, now: ContinuousClock.Instant
    ) {
        self.worker = worker
        self.settings = settings
        self.cache = cache
        self.logger = logger
        self.outlet = outlet
        (askAt, beatAt, heardAt) = (now, now, now)
    }

    var patience: Patience { settings.patience }

    /// The attempt that the worker holds.
    var assignment: Assignment? {
        switch work {
        case .fetching(let assignment, _), .training(let assignment), .delivering(let assignment, _),
            .reporting(let assignment, _):
            assignment
        case .asking, .resting, .ended: nil
        }
    }

    var hasEnded: Bool {
        if case .ended = work { return true }
        return false
    }

    /// Says what is due.
    func tick(at now: ContinuousClock.Instant) {
        if case .resting(let until) = work, until <= now { enter(.asking, at: now) }
        beat(at: now)
        tellNews()
        if now >= askAt, let (message, bytes) = question() {
            askAt = now + (outlet.say(message, bytes) ? patience.answer : patience.retry)
        }
        endWhenDue(at: now)
    }

    func enter(_ next: Work, at now: ContinuousClock.Instant) {
        work = next
        askAt = now
    }

    /// What the coordinator must answer before the worker gets any further.
    private func question() -> (FromWorker.Body, [UInt8]?)? {
        guard isWelcome else {
            return (.hello(version: protocolVersion, node: settings.node), nil)
        }
        switch work {
        case .asking: return (.ready, nil)
        case .fetching(_, let download):
            return download.next.map { (.fetch(artifact: $0.id, offset: download.offset), nil) }
        case .delivering(let assignment, let parcel): return delivery(of: parcel, from: assignment)
        case .reporting(let assignment, let failure):
            return (.failed(claim: assignment.claim, failure: failure), nil)
        case .resting, .training, .ended: return nil
        }
    }

    private func delivery(of parcel: Parcel, from assignment: Assignment) -> (FromWorker.Body, [UInt8]?) {
        let claim = assignment.claim
        guard let item = parcel.next else {
            return (.finished(claim: claim, result: parcel.result), nil)
        }
        guard let upTo = item.upTo else {
            return (.offer(claim: claim, artifact: item.artifact), nil)
        }
        do throws(FileError) {
            let bytes = try cache.read(item.artifact.id, offset: upTo, count: chunkByteLimit)
            return (.upload(artifact: item.artifact.id, offset: upTo), bytes)
        } catch {
            let failure = StageFailure(.node, "the result cannot be delivered: \(error)")
            work = .reporting(assignment, failure)
            return (.failed(claim: claim, failure: failure), nil)
        }
    }

    private func beat(at now: ContinuousClock.Instant) {
        guard let assignment, now >= beatAt else { return }
        let isSent = outlet.say(.heartbeat(claim: assignment.claim, progress: progress), nil)
        beatAt = now + (isSent ? heartbeat : patience.retry)
    }

    /// Evaluations and the log have no answer. They are told at once, and all of them again to a coordinator that was
    /// greeted again and before the end of the attempt is announced; whoever hears them twice knows them already.
    private func tellNews() {
        guard isWelcome, let assignment else { return }
        while let message = news.next(assignment.claim), outlet.say(message, nil) {
            news.wasTold()
        }
    }
}

/// Where a dialogue's words go.
protocol DialogueOutlet: AnyObject {
    /// Sends a message with its bytes, if it has any.
    /// - Returns: whether it could be sent.
    func say(_ message: FromWorker.Body, _ bytes: [UInt8]?) -> Bool
    /// Hands the main thread something to do.
    func give(_ order: Order)
    /// Lets the training that goes on end after its next step.
    func stopTraining()
}
