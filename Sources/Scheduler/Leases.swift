import Experiments
import Messages

extension Scheduler {
    func isCurrent(_ key: StageKey, _ attempt: Attempt, of worker: WorkerID) -> Bool {
        stages[key]?.lease?.worker == worker && stages[key]?.attempt == attempt
    }

    mutating func renew(_ key: StageKey, at now: Timestamp) {
        stages[key]?.lease?.expires = now.advanced(byMilliseconds: settings.leaseMilliseconds)
        stages[key]?.lease?.isConfirmed = true
    }

    /// Takes stages back from workers that fell silent, and forgets idle workers that did.
    mutating func expireLeases(at now: Timestamp) {
        for (worker, key) in holders.sorted(by: { $0.key < $1.key }) {
            guard let stage = stages[key], let lease = stage.lease, lease.expires <= now else { continue }
            let lost = StageFailure(.lost, "worker \(worker) fell silent")
            sendStop(key, to: worker, reason: "the lease ran out")
            endAttempt(key, lost, isCounted: lease.isConfirmed, at: now)
            settleGraph(at: now)
        }
        let silentSince = now.advanced(byMilliseconds: -settings.leaseMilliseconds)
        workers = workers.filter { $0.value.heardAt > silentSince || holders[$0.key] != nil }
    }

    /// Ends the running attempt without a result.
    ///
    /// - Parameter isCounted: whether a lost worker speaks against the stage.
    mutating func endAttempt(_ key: StageKey, _ failure: StageFailure, isCounted: Bool = true, at now: Timestamp) {
        guard let attempt = stages[key]?.attempt else { return }
        release(key)
        record(.ended(key, attempt, failure: failure, at: now))
        let settings = settings
        move(key) { standing in
            switch failure.cause {
            case .diverged, .badInput: standing.state = .failed
            case .node:
                standing.nodeFailures += 1
                standing.state = standing.nodeFailures < settings.nodeFailureLimit ? .waiting : .setAside
            case .lost:
                standing.losses += isCounted ? 1 : 0
                standing.state = standing.losses < settings.lossLimit ? .waiting : .setAside
            case .stopped: standing.state = .waiting
            }
            standing.reason = standing.state == .waiting ? nil : failure.message
        }
    }

    /// The stage's lease ends.
    mutating func release(_ key: StageKey) {
        guard let lease = stages[key]?.lease else { return }
        stages[key]?.lease = nil
        holders[lease.worker] = nil
    }

    mutating func sendStop(_ key: StageKey, to worker: WorkerID, reason: String) {
        guard let attempt = stages[key]?.attempt else { return }
        send(.stop(claim: Claim(key, attempt), reason: reason), to: worker)
    }
}
