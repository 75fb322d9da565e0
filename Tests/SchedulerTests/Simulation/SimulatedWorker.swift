import Experiments
import Messages

/// What training a stage comes to in a simulated world.
enum Nature: Hashable {
    case good(milliseconds: Int64)
    /// Kills every worker that trains it.
    case poison
    /// Diverges, whoever trains it.
    case faulty
}

/// A worker group that follows the protocol: it repeats what is not answered, and keeps no more than the protocol asks.
struct SimulatedWorker {
    let id: WorkerID
    let node: NodeSettings
    private(set) var job: Job?
    private var isWelcome = false
    /// Until when nothing it sends or is sent arrives.
    var isCutOffUntil = Timestamp(rawValue: 0)
    /// Says that it has finished before it has offered the artifacts.
    let isHasty: Bool

    struct Job {
        let assignment: Assignment
        /// Bytes of each input that have arrived.
        var fetched: [ArtifactID: Int] = [:]
        var endsAt: Timestamp?
        /// What it reports, again and again, until that is settled.
        var outcome: Outcome?
        /// Bytes of each artifact that the coordinator has confirmed.
        var confirmed: [ArtifactID: Int] = [:]
    }

    enum Outcome {
        case finished(StageResult)
        case failed(StageFailure)
    }

    enum Reaction: Equatable {
        case goesOn
        case leaves
    }

    init(id: WorkerID, node: NodeSettings, isHasty: Bool) {
        self.isHasty = isHasty
        self.id = id
        self.node = node
    }

    /// What it says when nothing has happened for a while.
    func repetitions() -> [FromWorker] { words().map { FromWorker($0, from: id) } }

    private func words() -> [FromWorker.Body] {
        guard isWelcome else { return [.hello(version: protocolVersion, node: node)] }
        guard let job else { return [.ready] }
        let progress = StageProgress(step: 1, steps: 10, loss: 0.7, tokensPerSecond: 100)
        return [.heartbeat(claim: job.assignment.claim, progress: progress)] + nextSteps(of: job)
    }

    /// Begins to train when all inputs are here.
    mutating func beginIfReady(_ nature: Nature, at now: Timestamp) {
        guard var job, job.endsAt == nil, job.outcome == nil else { return }
        guard job.assignment.inputs.allSatisfy({ job.fetched[$0.id, default: 0] >= $0.byteCount }) else { return }
        switch nature {
        case .good(let milliseconds): job.endsAt = now.advanced(byMilliseconds: milliseconds)
        case .poison, .faulty: job.endsAt = now.advanced(byMilliseconds: 3_000)
        }
        self.job = job
    }

    /// - Returns: whether the training has come to its end just now.
    mutating func endIfDue(_ outcome: Outcome, at now: Timestamp) -> Bool {
        guard let endsAt = job?.endsAt, endsAt <= now, job?.outcome == nil else { return false }
        job?.outcome = outcome
        return true
    }

    mutating func fail(_ failure: StageFailure) {
        if job != nil, job?.outcome == nil { job?.outcome = .failed(failure) }
    }

    /// Takes a message in; returns what it says at once.
    mutating func hear(_ message: ToWorker) -> (Reaction, [FromWorker]) {
        switch message {
        case .welcome: isWelcome = true
        case .turnedAway, .dismissed: return (.leaves, [])
        case .assign(let assignment):
            guard job == nil else { return (.goesOn, []) }
            job = Job(assignment: assignment)
        case .idle, .renewed: return (.goesOn, [])
        case .stop(let claim, let reason):
            guard job?.assignment.claim == claim else { return (.goesOn, []) }
            fail(StageFailure(.stopped, reason))
        case .chunk(let artifact, let offset, let byteCount):
            guard job?.fetched[artifact, default: 0] == offset else { return (.goesOn, []) }
            job?.fetched[artifact] = offset + byteCount
        case .missing(let artifact): job?.confirmed[artifact] = nil
        case .received(let artifact, let upTo): job?.confirmed[artifact] = upTo
        case .settled(let claim, _):
            guard job?.assignment.claim == claim else { return (.goesOn, []) }
            job = nil
        case .unknownWorker: isWelcome = false
        }
        return (.goesOn, repetitions())
    }

    private func nextSteps(of job: Job) -> [FromWorker.Body] {
        let claim = job.assignment.claim
        switch job.outcome {
        case .failed(let failure): return [.failed(claim: claim, failure: failure)]
        case .finished(let result):
            for artifact in result.artifacts {
                guard let upTo = job.confirmed[artifact.id] else {
                    if isHasty { continue }
                    return [.offer(claim: claim, artifact: artifact)]
                }
                if upTo < artifact.byteCount { return [.upload(artifact: artifact.id, offset: upTo)] }
            }
            return [.finished(claim: claim, result: result)]
        case nil:
            let missing = job.assignment.inputs.first { job.fetched[$0.id, default: 0] < $0.byteCount }
            guard let missing else { return [] }
            return [.fetch(artifact: missing.id, offset: job.fetched[missing.id, default: 0])]
        }
    }
}
