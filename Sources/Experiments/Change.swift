/// One change of what is known. The scheduler decides the changes of a turn, the ledger commits them together, and only
/// then does anyone hear of them.
package enum Change: Hashable, Sendable {
    /// The sweep is wanted. Stages that are known already keep what is known of them.
    case planned(SweepPlan, at: Timestamp)
    case started(StageKey, Attempt, on: WorkerID, node: NodeSettings, at: Timestamp)
    case evaluated(StageKey, Attempt, Evaluation)
    /// The attempt's training went so as far as it has come; a shorter curve of the same attempt is older.
    case drawn(StageKey, Attempt, TrainingCurve)
    /// The attempt is over; without a failure its result is the stage's.
    case ended(StageKey, Attempt, failure: StageFailure?, at: Timestamp)
    /// What is known of a stage from now on.
    case stands(StageRecord)
    /// The store lets these artifacts go; the results that name them count as before.
    case discarded([ArtifactID], at: Timestamp)
    /// The host's workers are to leave, or are welcome again.
    case drained(host: String, isOver: Bool)
    /// The sweep of this name has such a share of the hosts beside others.
    case weighed(sweep: String, Double)
    /// The sweep, planned before, was handed in with these words: a coordinator that starts again goes on with it.
    case submitted(SweepPlan, arguments: [String])
}
