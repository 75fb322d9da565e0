package import Experiments
package import Ledger
package import Scheduler

/// What is known about a stage at one moment, from the ledger or from a running coordinator.
package struct StageRecord: Hashable, Sendable {
    package var key: StageKey
    package var standing: StageStanding
    /// Assignments so far.
    package var attempts: Int
    /// Who trains it; nil unless it runs.
    package var worker: WorkerID?
    /// How far the running attempt has come, where a coordinator told.
    package var progress: StageProgress?
    /// Why the last attempt that ended without a result did so, where the ledger tells.
    package var setback: Setback?

    package struct Setback: Hashable, Sendable {
        package let failure: StageFailure
        package let at: Timestamp

        package init(_ failure: StageFailure, at: Timestamp) {
            self.failure = failure
            self.at = at
        }
    }

    package init(
        key: StageKey, standing: StageStanding = StageStanding(), attempts: Int = 0, worker: WorkerID? = nil,
        progress: StageProgress? = nil, setback: Setback? = nil
    ) {
        self.key = key
        self.standing = standing
        self.attempts = attempts
        self.worker = worker
        self.progress = progress
        self.setback = setback
    }

    package var state: StageState { standing.state }
    package var result: StageResult? { standing.result }
}

extension StageRecord {
    package init(_ entry: StageEntry) {
        let running = entry.attempts.last.flatMap { $0.outcome == .running ? $0.worker : nil }
        self.init(
            key: entry.key, standing: entry.standing, attempts: entry.attempts.count,
            worker: entry.standing.state == .running ? running : nil)
        for attempt in entry.attempts {
            if case .ended(let failure, let at) = attempt.outcome { setback = Setback(failure, at: at) }
        }
    }

    package init(_ status: StageStatus) {
        self.init(
            key: status.key, standing: status.standing, attempts: status.attempt?.rawValue ?? 0,
            worker: status.worker, progress: status.progress)
    }
}
