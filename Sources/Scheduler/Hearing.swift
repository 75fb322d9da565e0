import Experiments
import Messages

extension Scheduler {
    /// Answers a worker. A worker unknown to this life of the coordinator is asked to say hello; what it reports about
    /// an attempt that is its own counts all the same.
    mutating func hear(_ message: FromWorker, at now: Timestamp) {
        let worker = message.worker
        guard departed[worker] == nil else { return }
        if case .hello(let version, let node, let limits) = message.body {
            return greet(worker, version, node, limits, at: now)
        }
        if workers[worker] == nil {
            if isFinished || isStopping { send(.dismissed, to: worker) } else { send(.unknownWorker, to: worker) }
        }
        workers[worker]?.heardAt = now
        switch message.body {
        case .hello, .list, .fetch, .upload: break
        case .ready:
            if workers[worker] != nil { answerReady(worker, at: now) }
        case .heartbeat(let claim, let progress): answerHeartbeat(claim, of: worker, progress, at: now)
        case .log(let claim, _, _), .offer(let claim, _):
            if current(claim, of: worker) != nil { renew(worker, at: now) }
        case .evaluated(let claim, let evaluation):
            hear(.evaluated(claim.stage, claim.attempt, evaluation), of: claim, from: worker, at: now)
        case .curve(let claim, let curve):
            hear(.drawn(claim.stage, claim.attempt, curve), of: claim, from: worker, at: now)
        case .finished(let claim, let result): hearResult(claim, of: worker, result, at: now)
        case .failed(let claim, let failure): hearFailure(claim, of: worker, failure, at: now)
        case .goodbye: bidFarewell(worker, at: now)
        }
    }

    private mutating func greet(
        _ worker: WorkerID, _ version: String, _ node: NodeSettings, _ limits: WorkerLimits?, at now: Timestamp
    ) {
        guard version == protocolVersion else {
            let reason = "it speaks \(version), the coordinator \(protocolVersion); install the same version on both"
            return send(.turnedAway(reason: reason), to: worker)
        }
        let recent = workers[worker]?.recent ?? []
        forget(worker)
        meet(worker, KnownWorker(node, limits, recent: recent, at: now))
        send(.welcome(heartbeatMilliseconds: settings.heartbeatMilliseconds), to: worker)
    }

    private mutating func bidFarewell(_ worker: WorkerID, at now: Timestamp) {
        if let lease = leases[worker] {
            endAttempt(lease.stage, StageFailure(.stopped, "worker \(worker) left"), at: now)
        }
        forget(worker)
        departed[worker] = now
        departures.set(worker, at: now.advanced(byMilliseconds: settings.leaseMilliseconds))
    }

    private mutating func answerHeartbeat(
        _ claim: Claim, of worker: WorkerID, _ progress: StageProgress?, at now: Timestamp
    ) {
        guard current(claim, of: worker) != nil else {
            return send(.stop(claim: claim, reason: refusal(of: claim)), to: worker)
        }
        renew(worker, progress, at: now)
        send(.renewed(claim: claim), to: worker)
    }

    /// What is told of an attempt on its way may overtake, or be overtaken by, its result.
    private mutating func hear(_ change: Change, of claim: Claim, from worker: WorkerID, at now: Timestamp) {
        if current(claim, of: worker) != nil {
            renew(worker, at: now)
        } else if !isAccepted(claim, of: worker) {
            return
        }
        record(change)
    }

    /// Settles a result once all its artifacts are in the store; until then asks for those that are not.
    private mutating func hearResult(_ claim: Claim, of worker: WorkerID, _ result: StageResult, at now: Timestamp) {
        guard let index = current(claim, of: worker) else {
            let refusal = isAccepted(claim, of: worker) ? nil : refusal(of: claim)
            return send(.settled(claim: claim, refusal: refusal), to: worker)
        }
        renew(worker, at: now)
        let stage = stages[index]
        let superfluous = dispensable(result, of: stage)
        let absent = result.artifacts.filter { !stored.contains($0.id) && !superfluous.contains($0) }
        guard absent.isEmpty else {
            for artifact in absent { perform(.request(artifact, of: claim, from: worker)) }
            return
        }
        if isWhole(result, for: stage) {
            accept(result, of: index, from: worker, at: now)
        } else if leases[worker]?.assigned != stage.planned {
            takeFailure(StageFailure(.stopped, "more is asked of the stage since"), of: index, at: now)
        } else {
            let kinds = stage.planned.outputs.map(\.rawValue).sorted().joined(separator: ", ")
            takeFailure(StageFailure(.node, "worker \(worker) did not deliver all of: \(kinds)"), of: index, at: now)
        }
        send(.settled(claim: claim, refusal: nil), to: worker)
    }

    private mutating func accept(
        _ result: StageResult, of index: StageIndex, from worker: WorkerID, at now: Timestamp
    ) {
        if let node = workers[worker]?.node {
            let foretold = kind(of: stages[index]).needs.seconds(onRanks: node.ranks)
            hosts[node.host]?.rest = nil
            hosts[node.host]?.pace.note(result.seconds, foretold: foretold)
        }
        closeAttempt(index, nil, at: now) { $0.standing = .finished(result) }
        stages[index].trials.madeBy = worker
        if !stages[index].followers.isEmpty { workers[worker]?.holds([index]) }
        letGone.subtract(result.artifacts.map(\.id))
        letGo(after: index, at: now)
        publish(result.artifacts, of: index)
        settleGraph(at: now)
    }

    /// Sends what a finished stage made to everyone, ahead of the stages that start from it, where several workers will
    /// need it; a single one fetches it.
    private mutating func publish(_ artifacts: [ArtifactReference], of index: StageIndex) {
        guard workers.count > 1 else { return }
        let key = stages[index].key
        let open = stages[index].followers.map { stages[$0] }.filter { !$0.state.isFinal }
        for artifact in artifacts where artifact.byteCount <= broadcastByteLimit {
            let takers = open.count { $0.inputs.contains { $0.from == key && $0.kind == artifact.kind } }
            if takers > 1 { perform(.broadcast(.published(artifact))) }
        }
    }

    /// A failure of an attempt that is over already changes nothing, so it is settled without a refusal. Of a stage that
    /// is in no plan nothing can be said.
    private mutating func hearFailure(_ claim: Claim, of worker: WorkerID, _ failure: StageFailure, at now: Timestamp) {
        if let index = current(claim, of: worker) { takeFailure(failure, of: index, at: now) }
        let refusal = stages.index(of: claim.stage) == nil ? refusal(of: claim) : nil
        send(.settled(claim: claim, refusal: refusal), to: worker)
    }

    private mutating func takeFailure(_ failure: StageFailure, of index: StageIndex, at now: Timestamp) {
        if failure.cause.fault == .stage, let host = host(of: stages[index]) { hosts[host]?.rest = nil }
        endAttempt(index, failure, at: now)
        settleGraph(at: now)
    }

    private func isAccepted(_ claim: Claim, of worker: WorkerID) -> Bool {
        // Who made it is not known where an earlier life of the coordinator accepted it.
        guard let stage = stages.named(claim.stage), stage.trials.madeBy ?? worker == worker else { return false }
        return stage.state == .finished && stage.record.attempt == claim.attempt
    }

    private func refusal(of claim: Claim) -> String {
        guard let stage = stages.named(claim.stage) else { return "the stage is in none of this coordinator's sweeps" }
        guard stage.state != .cancelled else { return "the stage was cancelled" }
        return "attempt \(claim.attempt) is not the current one"
    }
}
