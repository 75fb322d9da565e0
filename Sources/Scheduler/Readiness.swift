import Experiments
import Messages

extension Scheduler {
    /// Answers a worker that asks for work. One that has a lease has missed its assignment and is told again.
    mutating func answerReady(_ worker: WorkerID, at now: Timestamp) {
        if let lease = leases[worker] {
            renew(worker, at: now)
            sendAssignment(lease.stage, to: worker)
        } else if isStopping || isFinished || isDraining(worker) {
            workers[worker] = nil
            send(.dismissed, to: worker)
        } else if let key = nextStage(for: worker, at: now) {
            assign(key, to: worker, at: now)
        } else {
            send(.idle(askAgainMilliseconds: settings.idleMilliseconds), to: worker)
        }
    }

    private func isDraining(_ worker: WorkerID) -> Bool {
        workers[worker].map { draining.contains($0.node.host) } ?? false
    }

    func isReady(_ stage: Stage) -> Bool {
        stage.state == .waiting && !stage.record.isPaused && hasInputs(stage)
    }

    /// The ready stage of the highest priority; among equals the one for the first seeds of their cells, so that methods can
    /// be compared early; among those the one that the longest chain hangs on, one whose inputs this worker has made, and
    /// the one planned first.
    private mutating func nextStage(for worker: WorkerID, at now: Timestamp) -> StageKey? {
        guard let host = workers[worker]?.node.host, !knowsNothingIsReady, !rests(host, at: now) else { return nil }
        knowsNothingIsReady = true
        var best: (key: StageKey, rank: (Int, Int, Int, Int))?
        for key in stages.keys {
            let stage = stages[key]
            guard isReady(stage) else { continue }
            knowsNothingIsReady = false
            guard stage.notBefore <= now, !isBetterElsewhere(stage, than: host, at: now) else { continue }
            let rank = (stage.record.priority, -(stage.round ?? 0), stage.chain, isLocal(stage, to: worker) ? 1 : 0)
            if let best, best.rank >= rank { continue }
            best = (key, rank)
        }
        return best?.key
    }

    private func isLocal(_ stage: Stage, to worker: WorkerID) -> Bool {
        stage.inputs.contains { stages[$0.from].madeBy == worker }
    }

    /// Whether the stage failed by the fault of this host, and another host is there.
    private func isBetterElsewhere(_ stage: Stage, than host: String, at now: Timestamp) -> Bool {
        hasFailed(stage, on: host, at: now) && hasOtherHost(stage, at: now)
    }

    private mutating func assign(_ key: StageKey, to worker: WorkerID, at now: Timestamp) {
        guard let node = workers[worker]?.node else { preconditionFailure("\(worker) has not said hello") }
        let attempt = stages[key].record.attempt.next
        leases[worker] = Lease(
            stage: key, expires: now.advanced(byMilliseconds: settings.leaseMilliseconds), isConfirmed: true,
            assigned: stages[key].planned)
        record(.started(key, attempt, on: worker, node: node, at: now))
        move(key) { ($0.standing, $0.attempts) = (.running(on: worker), attempt.rawValue) }
        sendAssignment(key, to: worker)
    }

    private mutating func sendAssignment(_ key: StageKey, to worker: WorkerID) {
        let stage = stages[key]
        let inputs = stage.inputs.map { input in
            guard let artifact = stages[input.from].record.result?.artifact(input.kind) else {
                preconditionFailure("stage \(key.short) runs without its \(input.kind)")
            }
            return artifact
        }
        let assignment = Assignment(
            planned: stage.planned, attempt: stage.record.attempt, model: stage.model, task: stage.task,
            dataDirectory: stage.dataDirectory, inputs: inputs + stage.planned.specification.given,
            batchParts: stage.batchParts)
        send(.assign(assignment), to: worker)
    }
}
