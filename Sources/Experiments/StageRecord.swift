/// What is known about a stage at one moment: the ledger keeps it, the scheduler decides on it, and reports show it.
package struct StageRecord: Hashable, Sendable {
    package let key: StageKey
    package var standing: StageStanding
    /// Attempts that have begun.
    package var attempts: Int
    /// Workers lost over the stage since a person last asked for it.
    package var losses: Int
    /// Attempts that ended by the fault of their node since a person last asked for the stage.
    package var nodeFailures: Int
    /// Held back by a person: no new attempt begins.
    package var isPaused: Bool
    /// Stages of a higher one come first; 0 unless a person wished otherwise.
    package var priority: Int
    /// How the last attempt ended that yielded no result.
    package var setback: Setback?
    /// How far the running attempt has come, where a coordinator told; the ledger does not keep it.
    package var progress: StageProgress?

    package struct Setback: Hashable, Sendable {
        package let failure: StageFailure
        package let at: Timestamp

        package init(_ failure: StageFailure, at: Timestamp) {
            self.failure = failure
            self.at = at
        }
    }

    package init(
        key: StageKey, standing: StageStanding = .waiting, attempts: Int = 0, losses: Int = 0, nodeFailures: Int = 0,
        isPaused: Bool = false, priority: Int = 0, setback: Setback? = nil, progress: StageProgress? = nil
    ) {
        self.key = key
        self.standing = standing
        self.attempts = attempts
        self.losses = losses
        self.nodeFailures = nodeFailures
        self.isPaused = isPaused
        self.priority = priority
        self.setback = setback
        self.progress = progress
    }

    package var state: StageState { standing.state }
    package var result: StageResult? { standing.result }
    /// The last attempt that began; 0 before the first.
    package var attempt: Attempt { Attempt(rawValue: attempts) }
    /// Who trains it; nil unless it runs.
    package var worker: WorkerID? { if case .running(let worker) = standing { worker } else { nil } }
}

/// Where a stage stands, with what only a stage that stands there has. `Scheduler` shows how stages come from one to
/// the other.
package enum StageStanding: Hashable, Sendable {
    case waiting
    case running(on: WorkerID)
    indirect case finished(StageResult)
    /// It failed by its own fault, which another attempt would repeat: it diverged, or its input is bad.
    case failed(StageFailure)
    /// It killed its worker, or failed on its node, too often.
    case setAside(reason: String)
    /// A stage it starts from has ended without a result.
    case blocked(reason: String)
    /// A person cancelled it.
    case cancelled

    package var state: StageState {
        switch self {
        case .waiting: .waiting
        case .running: .running
        case .finished: .finished
        case .failed: .failed
        case .setAside: .setAside
        case .blocked: .blocked
        case .cancelled: .cancelled
        }
    }

    package var result: StageResult? { if case .finished(let result) = self { result } else { nil } }

    /// Why nothing more will happen to the stage, for people; nil for one that is finished.
    package var reason: String? {
        switch self {
        case .waiting, .running, .finished: nil
        case .failed(let failure): failure.message
        case .setAside(let reason), .blocked(let reason): reason
        case .cancelled: "cancelled"
        }
    }
}

/// The name of where a stage stands, as people and the ledger have it.
package enum StageState: String, Codable, CaseIterable, Sendable {
    case waiting, running, finished, failed, setAside = "set-aside", blocked, cancelled

    /// Whether nothing more will happen to the stage unless a person asks for it.
    package var isFinal: Bool { self != .waiting && self != .running }
}

/// How far an attempt has come.
package struct StageProgress: Codable, Hashable, Sendable {
    package let step: Int
    package let steps: Int
    package let loss: Double
    package let tokensPerSecond: Double

    package init(step: Int, steps: Int, loss: Double, tokensPerSecond: Double) {
        self.step = step
        self.steps = steps
        self.loss = loss
        self.tokensPerSecond = tokensPerSecond
    }
}
