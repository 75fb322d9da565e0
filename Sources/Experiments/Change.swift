/// One change of what is known. The scheduler decides the changes of a turn, the ledger commits them together, and only
/// then does anyone hear of them.
package enum Change: Codable, Hashable, Sendable {
    /// The sweep is wanted. Stages that are known already keep what is known of them.
    case planned(SweepPlan, at: Timestamp)
    case started(StageKey, Attempt, on: WorkerID, node: NodeSettings, at: Timestamp)
    case evaluated(StageKey, Attempt, Evaluation)
    /// The attempt is over; without a failure its result is the stage's.
    case ended(StageKey, Attempt, failure: StageFailure?, at: Timestamp)
    /// Where the stage stands from now on.
    case stands(StageKey, StageStanding)
}

/// Where a stage stands, and what brought it there.
package struct StageStanding: Codable, Hashable, Sendable {
    package var state: StageState
    /// Workers lost over the stage since a person last asked for it.
    package var losses: Int
    /// Attempts that ended by the fault of their node since a person last asked for the stage.
    package var nodeFailures: Int
    /// Held back by a person: no new attempt begins.
    package var isPaused: Bool
    /// Why it failed, was set aside, is blocked or was cancelled, for people.
    package var reason: String?
    /// There when the stage is finished.
    package var result: StageResult?

    package init(
        state: StageState = .waiting, losses: Int = 0, nodeFailures: Int = 0, isPaused: Bool = false,
        reason: String? = nil, result: StageResult? = nil
    ) {
        self.state = state
        self.losses = losses
        self.nodeFailures = nodeFailures
        self.isPaused = isPaused
        self.reason = reason
        self.result = result
    }
}

/// What outlives the coordinator of one stage.
package struct KnownStage: Codable, Hashable, Sendable {
    package var standing: StageStanding
    /// The last attempt that began.
    package var attempt: Attempt?
    /// Who has the last attempt, while it runs.
    package var worker: WorkerID?

    package init(standing: StageStanding = StageStanding(), attempt: Attempt? = nil, worker: WorkerID? = nil) {
        self.standing = standing
        self.attempt = attempt
        self.worker = worker
    }
}
