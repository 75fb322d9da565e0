package import Experiments
import Foundation
import Synchronization
import Messages
package import Transport

/// What one worker group is told when it is started.
package struct WorkerSettings: Sendable {
    package var coordinator: Endpoint
    /// For a coordinator that admits only listed keys.
    package var credentials: Credentials?
    /// Where what was fetched, checkpoints and results on their way are kept. Groups of a host may share it, and fetch each
    /// file once then.
    package var workDirectory: String
    /// Where the pretrained model lies on this host; nil takes the path the sweep was planned with. A host
    /// that does not have it fetches it.
    package var modelDirectory: String?
    /// Where the datasets lie on this host; nil takes the path the sweep was planned with. A host
    /// that does not have them fetches them.
    package var dataDirectory: String?
    package var node: NodeSettings
    /// The memory that each rank may take; nil for no limit.
    package var memoryBytes: Int?
    /// How long after its start the host ends the worker, as batch systems do; nil where nobody knows of an end.
    package var lifetime: Duration?
    package var patience = Patience()
    /// The most that the work directory keeps of artifacts, features and checkpoints.
    package var cacheByteLimit = 32 << 30

    package init(coordinator: Endpoint, workDirectory: String, node: NodeSettings) {
        self.coordinator = coordinator
        self.workDirectory = workDirectory
        self.node = node
    }

    /// - Parameter now: since its start.
    func limits(at now: Duration) -> WorkerLimits? {
        guard memoryBytes != nil || lifetime != nil else { return nil }
        return WorkerLimits(
            secondsLeft: lifetime.map { max(0, ($0 - now) / .seconds(1)) }, memoryBytes: memoryBytes)
    }

    /// Where a person said that the source lies; nil where nobody did.
    func directory(of source: InputSource) -> String? {
        switch source {
        case .model: modelDirectory
        case .data: dataDirectory
        }
    }
}

/// How long a worker waits for whom.
package struct Patience: Sendable {
    /// For the first word of a coordinator.
    package var firstAnswer: Duration = .seconds(30)
    /// For a coordinator that was there and fell silent, by a worker that holds an attempt; training goes on meanwhile.
    package var lostCoordinator: Duration = .seconds(6 * 3600)
    /// For the same by a worker without work: the sweep may have come to its end while it was cut off.
    package var idle: Duration = .seconds(15 * 60)
    /// For work, by a worker for whom the coordinator has none; nil waits as long as there may be some.
    package var work: Duration?
    /// For an answer, before the question is repeated.
    package var answer: Duration = .seconds(2)
    /// The same for an upload, which may take a while to leave and is not to be sent twice for that.
    package var upload: Duration = .seconds(20)
    /// Before it is looked again whether another group of this host has fetched a file.
    package var neighbour: Duration = .seconds(1)
    /// Before a message is tried again that could not be sent.
    package var retry: Duration = .milliseconds(200)
    /// For the delivery of a finished stage, by a worker that was asked to leave.
    package var farewell: Duration = .seconds(10)
    /// For the end of a step, once the group is asked to leave or to stop; it is killed then. Longer than a
    /// supervisor's grace.
    package var leaving: Duration = .seconds(90)
    /// For the first step of a stage: models are read before it, texts tokenized and features computed.
    package var beginning: Duration = .seconds(3600)
    /// For the next sign of a group, whatever its pace: a checkpoint is written between two steps.
    package var standstill: Duration = .seconds(600)
    /// How many times the longest pause so far a group may take for its next sign.
    package var slowdown = 20

    package init() {}

    func answer(to question: FromWorker.Body) -> Duration { if case .upload = question { upload } else { answer } }
}

/// Why a worker group ends before its coordinator dismisses it.
package enum WorkerError: Error, Equatable, Sendable, CustomStringConvertible {
    case nobodyAnswers(Endpoint, seconds: Int64)
    case lostCoordinator(Endpoint, seconds: Int64)
    case turnedAway(Endpoint, reason: String)
    case keyRefused(Endpoint)
    case keysDoNotFit(Endpoint)
    /// The group made no progress any more.
    case stalled(String)
    /// One stage after another failed by this host's fault; the last failure's sentence.
    case unfit(String)
    /// The connection or this worker's thread for it failed.
    case network(String)

    /// Whether the same worker would end the same way if it were started again.
    package var isFinal: Bool {
        switch self {
        case .nobodyAnswers, .turnedAway, .keyRefused, .keysDoNotFit: true
        case .lostCoordinator, .stalled, .unfit, .network: false
        }
    }

    package var description: String {
        switch self {
        case .nobodyAnswers(let endpoint, let seconds):
            "nobody answers at \(endpoint) (waited \(seconds) s); is the coordinator running, and is the address right?"
        case .lostCoordinator(let endpoint, let seconds):
            "the coordinator at \(endpoint) has been silent for \(seconds) s; giving up"
        case .turnedAway(let endpoint, let reason):
            "the coordinator at \(endpoint) turned this worker away: \(reason)"
        case .keyRefused(let endpoint):
            "the coordinator at \(endpoint) does not admit this worker's key; add its .pub to the list of admitted keys"
        case .keysDoNotFit(let endpoint):
            "\(endpoint) does not accept this connection: one side has no key, or the coordinator's key is another one"
        case .unfit(let reason):
            "this host cannot train: \(reason)"
        case .stalled(let reason), .network(let reason):
            reason
        }
    }
}

/// Of the workers of this process.
private let lastStart = Mutex<Int64>(0)

extension WorkerID {
    static var host: String { String(ProcessInfo.processInfo.hostName.prefix(100)) }

    /// A new life of a worker on this host: no two have the same process number and start to the millisecond.
    /// - Parameter key: by which it is known to the coordinator; the identifier is bound to it.
    package static func new(key: CurvePublicKey? = nil) -> WorkerID {
        let start = lastStart.withLock { last in
            last = max(last + 1, Timestamp.now.rawValue)
            return last
        }
        let name = "\(host)-\(getpid())-\(String(start, radix: 36))"
        return WorkerID(rawValue: key?.owned(name) ?? name)
    }
}
