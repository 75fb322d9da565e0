package import Experiments

/// A stage as it stands now, for those who watch.
package struct StageStatus: Hashable, Sendable {
    package let key: StageKey
    package let task: String
    package let label: String
    package let seed: UInt64
    package let standing: StageStanding
    /// The last attempt that began.
    package let attempt: Attempt?
    /// Who has the stage, while it runs.
    package let worker: WorkerID?
    /// How far the running attempt has come, as last heard.
    package let progress: StageProgress?
}

extension Scheduler {
    /// - Returns: nil for a stage in none of the plans.
    package func standing(of key: StageKey) -> StageStanding? { stages[key]?.standing }

    /// Every stage in the order of the plans.
    package var statuses: [StageStatus] {
        order.compactMap { stages[$0] }.map { stage in
            StageStatus(
                key: stage.planned.key, task: stage.planned.task, label: stage.planned.label,
                seed: stage.planned.specification.seed, standing: stage.standing, attempt: stage.attempt,
                worker: stage.lease?.worker, progress: stage.lease?.progress)
        }
    }
}
