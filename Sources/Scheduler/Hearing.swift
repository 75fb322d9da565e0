import Experiments
import Messages

extension Scheduler {
    /// Answers a worker. A worker unknown to this life of the coordinator is asked to say hello; what it reports about
    /// an attempt that is its own counts all the same.
    mutating func hear(_ message: FromWorker, at now: Timestamp) {
        let worker = message.worker
        guard departed[worker] == nil else { return }
        if case .hello(let version, let node) = message.body { return greet(worker, version, node, at: now) }
        if workers[worker] == nil {
            if isFinished || isStopping { send(.dismissed, to: worker) } else { send(.unknownWorker, to: worker) }
        }
        workers[worker]?.heardAt = now
        switch message.body {
        case .hello, .list, .fetch, .upload: break
        case .ready:
            if workers[worker] != nil { answerReady(worker, at: now) }
        case .heartbeat(let claim, let progress):
            answerHeartbeat(claim.stage, claim.attempt, of: worker, progress, at: now)
        case .log(let claim, _, _), .offer(let claim, _):
            if isCurrent(claim.stage, claim.attempt, of: worker) { renew(worker, at: now) }
        case .evaluated(let claim, let evaluation):
            hear(.evaluated(claim.stage, claim.attempt, evaluation), of: claim, from: worker, at: now)
        case .curve(let claim, let curve):
            hear(.drawn(claim.stage, claim.attempt, curve), of: claim, from: worker, at: now)
        case .finished(let claim, let result):
            hearResult(claim.stage, claim.attempt, of: worker, result, at: now)
        case .failed(let claim, let failure):
            hearFailure(claim.stage, claim.attempt, of: worker, failure, at: now)
        case .goodbye: bidFarewell(worker, at: now)
        }
    }

    private mutating func greet(_ worker: WorkerID, _ version: String, _ node: NodeSettings, at now: Timestamp) {
        guard version == protocolVersion else {
            let reason = "it speaks \(version), the coordinator \(protocolVersion); install the same version on both"
            return send(.turnedAway(reason: reason), to: worker)
        }
        workers[worker] = KnownWorker(node: node, heardAt: now)
        send(.welcome(heartbeatMilliseconds: settings.heartbeatMilliseconds), to: worker)
    }

    private mutating func bidFarewell(_ worker: WorkerID, at now: Timestamp) {
        if let lease = leases[worker] {
            endAttempt(lease.stage, StageFailure(.stopped, "worker \(worker) left"), at: now)
        }
        workers[worker] = nil
        departed[worker] = now
    }

    private mutating func answerHeartbeat(
        _ key: StageKey, _ attempt: Attempt, of worker: WorkerID, _ progress: StageProgress?, at now: Timestamp
    ) {
        guard isCurrent(key, attempt, of: worker) else {
            return send(.stop(claim: Claim(key, attempt), reason: refusal(of: key, attempt)), to: worker)
        }
        renew(worker, progress, at: now)
        send(.renewed(claim: Claim(key, attempt)), to: worker)
    }

    /// What is told of an attempt on its way may overtake, or be overtaken by, its result.
    private mutating func hear(_ change: Change, of claim: Claim, from worker: WorkerID, at now: Timestamp) {
        if isCurrent(claim.stage, claim.attempt, of: worker) {
            renew(worker, at: now)
        } else if !isAccepted(claim.stage, claim.attempt, of: worker) {
            return
        }
        record(change)
    }

    /// Settles a result once all its artifacts are in the store; until then asks for those that are not.
    private mutating func hearResult(
        _ key: StageKey, _ attempt: Attempt, of worker: WorkerID, _ result: StageResult, at now: Timestamp
    ) {
        guard isCurrent(key, attempt, of: worker) else {
            let refusal = isAccepted(key, attempt, of: worker) ? nil : refusal(of: key, attempt)
            return send(.settled(claim: Claim(key, attempt), refusal: refusal), to: worker)
        }
        renew(worker, at: now)
        let superfluous = dispensable(result, of: stages[key])
        let absent = result.artifacts.filter { !stored.contains($0.id) && !superfluous.contains($0) }
        guard absent.isEmpty else {
            for artifact in absent { perform(.request(artifact, of: Claim(key, attempt), from: worker)) }
            return
        }
        let stage = stages[key]
        if isWhole(result, for: stage) {
            accept(result, of: key, from: worker, at: now)
        } else if leases[worker]?.assigned != stage.planned {
            takeFailure(StageFailure(.stopped, "more is asked of the stage since"), of: key, from: worker, at: now)
        } else {
            let kinds = stage.planned.outputs.map(\.rawValue).sorted().joined(separator: ", ")
            let failure = StageFailure(.node, "worker \(worker) did not deliver all of: \(kinds)")
            takeFailure(failure, of: key, from: worker, at: now)
        }
        send(.settled(claim: Claim(key, attempt), refusal: nil), to: worker)
    }

    private mutating func accept(
        _ result: StageResult, of key: StageKey, from worker: WorkerID, at now: Timestamp
    ) {
        if let host = host(of: stages[key]) { hosts[host] = nil }
        closeAttempt(key, nil, at: now) { $0.standing = .finished(result) }
        stages[key].madeBy = worker
        letGone.subtract(result.artifacts.map(\.id))
        letGo(after: key, at: now)
        publish(result.artifacts, of: key)
    }

    /// Sends what a finished stage made to everyone, ahead of the stages that start from it, where several workers will
    /// need it; a single one fetches it.
    private mutating func publish(_ artifacts: [ArtifactReference], of key: StageKey) {
        guard workers.count > 1 else { return }
        let open = stages[key].followers.map { stages[$0] }.filter { !$0.state.isFinal }
        for artifact in artifacts where artifact.byteCount <= broadcastByteLimit {
            let takers = open.count { $0.inputs.contains { $0.from == key && $0.kind == artifact.kind } }
            if takers > 1 { perform(.broadcast(.published(artifact))) }
        }
    }

    /// A failure of an attempt that is over already changes nothing, so it is settled without a refusal. Of a stage that
    /// is in no plan nothing can be said.
    private mutating func hearFailure(
        _ key: StageKey, _ attempt: Attempt, of worker: WorkerID, _ failure: StageFailure, at now: Timestamp
    ) {
        if isCurrent(key, attempt, of: worker) { takeFailure(failure, of: key, from: worker, at: now) }
        let refusal = stages.named(key) == nil ? refusal(of: key, attempt) : nil
        send(.settled(claim: Claim(key, attempt), refusal: refusal), to: worker)
    }

    private mutating func takeFailure(
        _ failure: StageFailure, of key: StageKey, from worker: WorkerID, at now: Timestamp
    ) {
        if failure.cause.fault == .stage, let host = host(of: stages[key]) { hosts[host] = nil }
        endAttempt(key, failure, at: now)
        settleGraph(at: now)
    }

    private func isAccepted(_ key: StageKey, _ attempt: Attempt, of worker: WorkerID) -> Bool {
        // Who made it is not known where an earlier life of the coordinator accepted it.
        guard let stage = stages.named(key), stage.madeBy ?? worker == worker else { return false }
        return stage.state == .finished && stage.record.attempt == attempt
    }

    private func refusal(of key: StageKey, _ attempt: Attempt) -> String {
        guard let stage = stages.named(key) else { return "the stage is in none of this coordinator's sweeps" }
        guard stage.state != .cancelled else { return "the stage was cancelled" }
        return "attempt \(attempt) is not the current one"
    }
}
