/// What a running coordinator tells of itself.
package struct CoordinatorReport: Codable, Hashable, Sendable {
    package let sweeps: [SweepStanding]
    /// In the order of the plans.
    package let running: [RunningStage]
    /// In the order of their hosts.
    package let workers: [WorkerStanding]
    /// The hosts that drain, also where none of their workers is connected.
    package let draining: [String]
    /// The hosts that are given nothing for a while, since their last attempts ended by their fault.
    package let resting: [RestingHost]
    /// Why it cannot write its store; nil where it can.
    package let trouble: String?
    /// Stages that a worker could begin now; nil from a coordinator of before it told.
    package let ready: Int?

    package init(
        sweeps: [SweepStanding], running: [RunningStage], workers: [WorkerStanding], draining: [String] = [],
        resting: [RestingHost] = [], trouble: String? = nil, ready: Int? = nil
    ) {
        self.sweeps = sweeps
        self.running = running
        self.workers = workers
        self.draining = draining
        self.resting = resting
        self.trouble = trouble
        self.ready = ready
    }
}

/// How many of a sweep's stages stand where.
package struct SweepStanding: Codable, Hashable, Sendable {
    package let name: String
    /// By the names of states; states that no stage is in are left out.
    package let states: [String: Int]
    /// Its share of the hosts beside others; nil for 1.
    package let weight: Double?

    package init(name: String, states: [String: Int], weight: Double? = nil) {
        self.name = name
        self.states = states
        self.weight = weight
    }
}

/// A stage that a worker trains now.
package struct RunningStage: Codable, Hashable, Sendable {
    package let key: StageKey
    package let task: String
    package let stage: String
    package let seed: UInt64
    package let worker: WorkerID?
    package let attempt: Int
    package let progress: StageProgress?

    package init(_ stage: PlannedStage, _ record: StageRecord) {
        key = stage.key
        task = stage.task
        self.stage = stage.label
        seed = stage.specification.seed
        worker = record.worker
        attempt = record.attempts
        progress = record.progress
    }
}

/// A host on which attempts end by its own fault.
package struct RestingHost: Codable, Hashable, Sendable {
    package let host: String
    /// Until it is given a stage again.
    package let seconds: Double
    /// Attempts in a row that ended so.
    package let faults: Int
    /// What the last of them said.
    package let reason: String

    package init(host: String, seconds: Double, faults: Int, reason: String) {
        self.host = host
        self.seconds = seconds
        self.faults = faults
        self.reason = reason
    }
}

/// A worker group that is connected.
package struct WorkerStanding: Codable, Hashable, Sendable {
    package let worker: WorkerID
    package let node: NodeSettings
    /// The stage that it has.
    package let stage: StageKey?
    package let secondsSinceHeard: Double
    /// Whether it leaves after what it does now.
    package let isDraining: Bool

    package init(worker: WorkerID, node: NodeSettings, stage: StageKey?, secondsSinceHeard: Double, isDraining: Bool) {
        self.worker = worker
        self.node = node
        self.stage = stage
        self.secondsSinceHeard = secondsSinceHeard
        self.isDraining = isDraining
    }
}

/// Why a stage stands where it does, for people.
package struct StageExplanation: Codable, Hashable, Sendable {
    package let key: StageKey
    package let task: String
    package let stage: String
    package let seed: UInt64
    package let state: StageState
    package let reason: String
    /// What a person could do about it; nil where time will do.
    package let remedy: String?

    package init(_ stage: PlannedStage, state: StageState, reason: String, remedy: String?) {
        key = stage.key
        task = stage.task
        self.stage = stage.label
        seed = stage.specification.seed
        self.state = state
        self.reason = reason
        self.remedy = remedy
    }
}
