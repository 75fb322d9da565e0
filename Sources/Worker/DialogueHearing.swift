import Experiments
import Files
import Messages
import Training

/// What the coordinator says.
extension Dialogue {
    /// - Parameter bytes: the frame of raw bytes that came with the message.
    func hear(_ message: ToWorker, bytes: [UInt8]?, at now: ContinuousClock.Instant) {
        (heardAt, hasHeard) = (now, true)
        guard !hasEnded else { return }
        switch message {
        case .welcome(let milliseconds): beWelcomed(heartbeat: .milliseconds(max(100, milliseconds)), at: now)
        case .unknownWorker: if isWelcome { (isWelcome, askAt) = (false, now) }
        case .turnedAway(let reason): end(.failed(.turnedAway(settings.coordinator, reason: reason)))
        case .assign(let assignment): accept(assignment, at: now)
        case .idle(let milliseconds):
            if case .asking = work { enter(.resting(until: now + .milliseconds(max(10, milliseconds))), at: now) }
        case .dismissed: beDismissed(at: now)
        case .renewed: break
        case .stop(let claim, let reason): abandon(claim, reason, at: now)
        case .chunk(let artifact, let offset, _): receive(bytes ?? [], of: artifact, from: offset, at: now)
        case .missing(let artifact): miss(artifact, at: now)
        case .received(let artifact, let upTo): uploaded(artifact, upTo: upTo, at: now)
        case .settled(let claim, let refusal): settle(claim, refusal, at: now)
        }
    }

    /// Broadcasts save a question, no more: whoever misses them loses nothing.
    func hear(_ broadcast: Broadcast, bytes: [UInt8]?, at now: ContinuousClock.Instant) {
        guard !hasEnded else { return }
        switch broadcast {
        case .published(let artifact):
            do throws(FileError) {
                guard try cache.add(bytes ?? [], as: artifact) else {
                    logger.warning("a published artifact was damaged", metadata: ["artifact.id": "\(artifact.id)"])
                    return
                }
                logger.debug("an artifact was published", metadata: ["artifact.id": "\(artifact.id)"])
                if case .fetching(let assignment, _) = work { fetch(for: assignment, at: now) }
            } catch {
                logger.warning("a published artifact cannot be kept", metadata: ["error": "\(error)"])
            }
        }
    }

    private func beWelcomed(heartbeat: Duration, at now: ContinuousClock.Instant) {
        if !isWelcome { logger.debug("welcomed by the coordinator", metadata: ["worker.id": "\(worker)"]) }
        (isWelcome, self.heartbeat, askAt, beatAt) = (true, heartbeat, now, now)
        news.tellAgain()
        // A new life of the coordinator may hold less of an upload than the last one said.
        if case .delivering(let assignment, let parcel) = work { work = .delivering(assignment, Parcel(parcel.result)) }
    }

    // MARK: Assignments

    private func accept(_ assignment: Assignment, at now: ContinuousClock.Instant) {
        guard settled != assignment.claim else { return }
        switch work {
        case .asking, .resting: break
        case .fetching, .training, .delivering, .reporting, .ended: return
        }
        guard farewell == nil else { return }
        logger.info(
            "a stage was assigned",
            metadata: ["stage.id": "\(assignment.stage.short)", "attempt": "\(assignment.attempt)"])
        (news, progress, beatAt, interruption) = (News(), nil, now + heartbeat, nil)
        guard assignment.planned.specification.semantics == semanticsVersion else {
            let sentence = "the coordinator's training code is of another version; install the same one on both"
            return enter(.reporting(assignment, StageFailure(.node, sentence)), at: now)
        }
        fetch(for: assignment, at: now)
    }

    /// Asks for what is missing, or begins to train.
    private func fetch(for assignment: Assignment, at now: ContinuousClock.Instant) {
        let missing = assignment.inputs.filter { !cache.contains($0) }
        guard let next = missing.first else {
            enter(.training(assignment), at: now)
            return outlet.give(.train(assignment, inputs: assignment.inputs))
        }
        var download = Download(missing: missing, offset: cache.received(of: next))
        if case .fetching(_, let earlier) = work { download.damages = earlier.damages }
        enter(.fetching(assignment, download), at: now)
    }

    private func receive(
        _ bytes: [UInt8], of artifact: ArtifactID, from offset: Int, at now: ContinuousClock.Instant
    ) {
        guard case .fetching(let assignment, var download) = work, let next = download.next, next.id == artifact,
            offset == download.offset, offset + bytes.count <= next.byteCount,
            !bytes.isEmpty || next.byteCount == offset
        else { return }
        do throws(FileError) {
            try cache.append(bytes, to: next)
            download.offset += bytes.count
            enter(.fetching(assignment, download), at: now)
            guard download.offset == next.byteCount else { return }
            if try !cache.complete(next) {
                download.damages += 1
                download.offset = 0
                guard download.damages < damageLimit else {
                    let sentence = "artifact \(artifact) arrived damaged \(damageLimit) times"
                    return enter(.reporting(assignment, StageFailure(.node, sentence)), at: now)
                }
                return enter(.fetching(assignment, download), at: now)
            }
            fetch(for: assignment, at: now)
        } catch {
            enter(.reporting(assignment, StageFailure(.node, "\(error)")), at: now)
        }
    }

    /// The coordinator does not hold an artifact: one that this worker needs, or one that it uploads.
    private func miss(_ artifact: ArtifactID, at now: ContinuousClock.Instant) {
        switch work {
        case .fetching(let assignment, let download) where download.next?.id == artifact:
            let sentence = "the coordinator does not hold artifact \(artifact), from which the stage starts"
            enter(.reporting(assignment, StageFailure(.node, sentence)), at: now)
        case .delivering: uploaded(artifact, upTo: nil, at: now)
        default: break
        }
    }

    // MARK: Ends

    private func uploaded(_ artifact: ArtifactID, upTo: Int?, at now: ContinuousClock.Instant) {
        guard case .delivering(let assignment, var parcel) = work, parcel.holds(artifact, upTo: upTo) else { return }
        enter(.delivering(assignment, parcel), at: now)
    }

    private func settle(_ claim: Claim, _ refusal: String?, at now: ContinuousClock.Instant) {
        switch work {
        case .delivering(let assignment, _), .reporting(let assignment, _):
            guard assignment.claim == claim else { return }
        default: return
        }
        if let refusal { logger.info("the result was refused", metadata: ["reason": "\(refusal)"]) }
        settled = claim
        enter(.asking, at: now)
        if let farewell { end(farewell.ending) }
    }

    /// The attempt is no longer the current one: whatever is done for it is in vain.
    private func abandon(_ claim: Claim, _ reason: String, at now: ContinuousClock.Instant) {
        guard let assignment, assignment.claim == claim else { return }
        logger.info("the attempt is to stop", metadata: ["stage.id": "\(claim.stage.short)", "reason": "\(reason)"])
        settled = claim
        if case .training = work {
            interrupt(.abandoned)
        } else {
            enter(.asking, at: now)
            if let farewell { end(farewell.ending) }
        }
    }

    private func beDismissed(at now: ContinuousClock.Instant) {
        if case .training = work {
            farewell = (.dismissed, now + patience.lostCoordinator)
            interrupt(.abandoned)
        } else {
            end(.dismissed)
        }
    }
}

/// Downloads of one artifact that may turn out damaged before the stage goes back.
private let damageLimit = 3
