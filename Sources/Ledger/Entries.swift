package import Experiments

/// A sweep as the ledger knows it.
package struct SweepEntry: Hashable, Sendable {
    package let plan: SweepPlan
    /// When it was last asked for.
    package let plannedAt: Timestamp

    package init(plan: SweepPlan, plannedAt: Timestamp) {
        self.plan = plan
        self.plannedAt = plannedAt
    }
}

/// A stage as the ledger knows it.
package struct StageEntry: Hashable, Sendable {
    package let key: StageKey
    package let task: String
    package let label: String
    package let seed: UInt64
    package let standing: StageStanding
    /// In order, from 1.
    package let attempts: [AttemptEntry]

    package init(
        key: StageKey, task: String, label: String, seed: UInt64, standing: StageStanding, attempts: [AttemptEntry]
    ) {
        self.key = key
        self.task = task
        self.label = label
        self.seed = seed
        self.standing = standing
        self.attempts = attempts
    }
}

package struct AttemptEntry: Hashable, Sendable {
    package let number: Attempt
    package let worker: WorkerID
    package let node: NodeSettings
    package let startedAt: Timestamp
    package let outcome: Outcome

    package enum Outcome: Hashable, Sendable {
        case running
        case finished(at: Timestamp)
        case ended(StageFailure, at: Timestamp)
    }

    package init(number: Attempt, worker: WorkerID, node: NodeSettings, startedAt: Timestamp, outcome: Outcome) {
        self.number = number
        self.worker = worker
        self.node = node
        self.startedAt = startedAt
        self.outcome = outcome
    }
}
