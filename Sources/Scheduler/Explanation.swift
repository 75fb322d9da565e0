package import Experiments

/// Why a stage stands where it does.
package enum Explanation: Hashable, Sendable {
    case runs(on: WorkerID, Attempt)
    /// It starts from stages that are not finished.
    case startsFrom([StageKey])
    case isPaused
    /// Everything is there; no worker has asked since, or others come first.
    case waitsForWorker
    case ended(StageState, reason: String?)
}

extension Scheduler {
    /// - Returns: nil for a stage in none of the plans.
    package func explain(_ key: StageKey) -> Explanation? {
        guard let stage = stages[key] else { return nil }
        if let lease = stage.lease, let attempt = stage.attempt { return .runs(on: lease.worker, attempt) }
        guard stage.standing.state == .waiting else {
            return .ended(stage.standing.state, reason: stage.standing.reason)
        }
        let open = stage.inputs.map(\.from).filter { stages[$0]?.standing.state != .finished }
        if !open.isEmpty { return .startsFrom(open) }
        return stage.standing.isPaused ? .isPaused : .waitsForWorker
    }
}
