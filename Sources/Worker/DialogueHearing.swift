import Experiments
import Files
import Messages

/// What the coordinator says, and the disk.
extension Dialogue {
    mutating func hear(_ message: ToWorker, _ bytes: [UInt8], at now: Duration) {
        heardAt = now
        switch message {
        case .welcome(let milliseconds): beWelcomed(heartbeat: .milliseconds(max(100, milliseconds)), at: now)
        case .unknownWorker: if isWelcome { (isWelcome, askAt) = (false, now) }
        case .turnedAway(let reason): end(.failed(.turnedAway(settings.coordinator, reason: reason)))
        case .assign(let assignment): accept(assignment, at: now)
        case .idle(let milliseconds):
            switch state {
            // One that rests already is woken so, when something has come up.
            case .asking, .resting: enter(.resting(until: now + .milliseconds(max(10, milliseconds))), at: now)
            case .holding, .ended: break
            }
        case .dismissed: beDismissed(at: now)
        case .renewed(let claim): if assignment?.claim == claim { change { $0.newsAreOnTheWay = false } }
        case .stop(let claim, let reason): abandon(claim, reason, at: now)
        case .manifest(let content, let manifest): hear(content, manifest, at: now)
        case .unlisted(let content, let reason): lack(content, reason, at: now)
        case .chunk(let artifact, let offset, _): receive(bytes, of: artifact, from: offset, at: now)
        case .missing(let artifact):
            miss(artifact, at: now)
            uploaded(artifact, upTo: nil, at: now)
        case .received(let artifact, let upTo): uploaded(artifact, upTo: upTo, at: now)
        case .settled(let claim, let refusal): settle(claim, refusal, at: now)
        }
    }

    private mutating func beWelcomed(heartbeat: Duration, at now: Duration) {
        if !isWelcome { log(.debug, "welcomed by the coordinator", [:]) }
        (isWelcome, self.heartbeat, askAt) = (true, heartbeat, now)
        change {
            $0.beatAt = now
            $0.news.tellAgain()
        }
        // A new life of the coordinator may hold less of an upload than the last one said.
        if case .delivering(let parcel) = phase { enter(.delivering(packed(parcel.result)), at: now) }
    }

    /// What is to be delivered of a result.
    func packed(_ result: StageResult) -> Parcel {
        Parcel(result, dispensable: assignment?.planned.dispensable ?? [])
    }

    // MARK: Assignments

    private mutating func accept(_ assignment: Assignment, at now: Duration) {
        guard !settled.contains(assignment.claim) else { return giveBack(assignment.claim) }
        guard farewell == nil else { return }
        switch state {
        case .asking, .resting: break
        case .holding, .ended: return
        }
        log(
            .info, "a stage was assigned",
            ["stage.id": assignment.stage.short, "attempt": "\(assignment.attempt)"])
        let held = Held(assignment: assignment, curveAt: now + heartbeat, beatAt: now + heartbeat)
        let specification = assignment.planned.specification
        guard specification.semantics == specification.recipe.precision.semanticsVersion else {
            let sentence = "the coordinator's training code is of another version; install the same one on both"
            return enter(.holding(held, .reporting(StageFailure(.node, sentence))), at: now)
        }
        let download = Download(for: assignment, settings)
        enter(.holding(held, .fetching(download)), at: now)
        look(for: download, at: now)
    }

    /// The attempt is over here. Most often the message is an old one; but a coordinator that did not know the stage when
    /// the attempt ended may have learned of it since, and wait for the worker.
    private mutating func giveBack(_ claim: Claim) {
        send(.failed(claim: claim, failure: StageFailure(.stopped, "the worker has ended the attempt before")))
    }

    mutating func hear(diskFailure failure: StageFailure, at now: Duration) {
        switch phase {
        case .fetching: giveBack(failure, at: now)
        case .delivering:
            let sentence = "the result cannot be delivered: \(failure.message)"
            enter(.reporting(StageFailure(failure.cause, sentence)), at: now)
        case .training, .reporting, nil: break
        }
    }

    // MARK: Ends

    private mutating func uploaded(_ artifact: ArtifactID, upTo: Int?, at now: Duration) {
        guard case .delivering(var parcel) = phase, parcel.holds(artifact, upTo: upTo) else { return }
        enter(.delivering(parcel), at: now)
    }

    private mutating func settle(_ claim: Claim, _ refusal: String?, at now: Duration) {
        switch phase {
        case .delivering, .reporting: guard assignment?.claim == claim else { return }
        case .fetching, .training, nil: return
        }
        if let refusal { log(.info, "the result was refused", ["reason": refusal]) }
        if refusal == nil, case .delivering = phase { effects.append(.forget(claim.stage)) }
        settled.insert(claim)
        goOn(at: now)
    }

    /// The attempt is no longer the current one: whatever is done for it is in vain.
    private mutating func abandon(_ claim: Claim, _ reason: String, at now: Duration) {
        guard assignment?.claim == claim else { return }
        log(.info, "the attempt is to stop", ["stage.id": claim.stage.short, "reason": reason])
        settled.insert(claim)
        guard !isTraining else { return interrupt(.abandoned) }
        tellLast()
        goOn(at: now)
    }

    /// Asks for other work, or leaves.
    mutating func goOn(at now: Duration) {
        idleSince = now
        enter(.asking, at: now)
        if let farewell { end(farewell.ending) }
    }

    private mutating func beDismissed(at now: Duration) {
        guard isTraining else { return end(.dismissed) }
        farewell = (.dismissed, now + patience.lostCoordinator)
        interrupt(.abandoned)
    }

    mutating func interrupt(_ interruption: Interruption) {
        guard case .holding(let held, .training(var training)) = state else { return }
        if training.interruption != .abandoned { training.interruption = interruption }
        state = .holding(held, .training(training))
        effects.append(.stopTraining)
    }
}
