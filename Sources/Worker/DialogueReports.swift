import Experiments
import Files
import Messages
import Training

/// What the main thread and the outside say.
extension Dialogue {
    func hear(_ report: Report, at now: ContinuousClock.Instant) {
        switch report {
        case .evaluated(let evaluation): news.add(evaluation)
        case .noted(let sentence): news.add(sentence)
        case .trained(let outcome): conclude(outcome, at: now)
        case .failed(let failure): conclude(failure, at: now)
        }
    }

    private func conclude(_ outcome: StageOutcome, at now: ContinuousClock.Instant) {
        guard case .training(let assignment) = work else { return }
        guard interruption != .abandoned else { return endAbandonedAttempt(at: now) }
        nodeFailuresInARow = 0
        do throws(FileError) {
            for artifact in outcome.result.artifacts {
                guard let file = outcome.files[artifact.kind] else { continue }
                try cache.adopt(file, as: artifact)
            }
            hurry(at: now)
            enter(.delivering(assignment, Parcel(outcome.result)), at: now)
        } catch {
            fail(assignment, StageFailure(.node, "\(error)"), at: now)
        }
    }

    private func conclude(_ failure: StageFailure, at now: ContinuousClock.Instant) {
        guard case .training(let assignment) = work else { return }
        if interruption == .abandoned { return endAbandonedAttempt(at: now) }
        // Goodbye gives the stage back; it needs no report of its own.
        if interruption == .leaving, failure.cause == .stopped, let farewell { return end(farewell.ending) }
        fail(assignment, failure, at: now)
    }

    private func fail(_ assignment: Assignment, _ failure: StageFailure, at now: ContinuousClock.Instant) {
        logger.warning(
            "the stage failed", metadata: ["stage.id": "\(assignment.stage.short)", "reason": "\(failure)"])
        nodeFailuresInARow = failure.cause == .node ? nodeFailuresInARow + 1 : 0
        if nodeFailuresInARow == nodeFailureLimit, farewell == nil {
            farewell = (.failed(.unfit(failure.message)), now + patience.farewell)
        }
        news.add("failed: \(failure)")
        hurry(at: now)
        enter(.reporting(assignment, failure), at: now)
    }

    /// The attempt's end is to be announced: all that was said about it is said again before, and a worker that
    /// leaves waits no longer than it takes to deliver.
    private func hurry(at now: ContinuousClock.Instant) {
        news.tellAgain()
        if let ending = farewell?.ending { farewell = (ending, now + patience.farewell) }
    }

    private func endAbandonedAttempt(at now: ContinuousClock.Instant) {
        interruption = nil
        enter(.asking, at: now)
        if let farewell { end(farewell.ending) }
    }

    // MARK: Leaving

    /// Ends the worker's life as soon as what it holds allows: after the step that it trains, with a checkpoint, or
    /// once a finished stage is delivered.
    func leave(at now: ContinuousClock.Instant) {
        guard farewell == nil, !hasEnded else { return }
        switch work {
        case .training:
            farewell = (.stopped, now + patience.lostCoordinator)
            interrupt(.leaving)
        case .delivering, .reporting: farewell = (.stopped, now + patience.farewell)
        case .asking, .resting, .fetching, .ended: end(.stopped)
        }
    }

    func interrupt(_ interruption: Interruption) {
        if self.interruption != .abandoned { self.interruption = interruption }
        outlet.stopTraining()
    }

    func endWhenDue(at now: ContinuousClock.Instant) {
        if let farewell, now >= farewell.at { return end(farewell.ending) }
        let limit = hasHeard ? patience.lostCoordinator : patience.firstAnswer
        guard now - heardAt >= limit else { return }
        end(.failed(silence(of: limit.components.seconds)))
    }

    private func silence(of seconds: Int64) -> WorkerError {
        if hasHeard { return .lostCoordinator(settings.coordinator, seconds: seconds) }
        return silence ?? .nobodyAnswers(settings.coordinator, seconds: seconds)
    }

    func end(_ ending: Ending) {
        guard !hasEnded else { return }
        if ending != .dismissed { _ = outlet.say(.goodbye, nil) }
        if case .training = work { outlet.stopTraining() }
        work = .ended
        outlet.give(.end(ending))
    }
}

/// Stages that may fail in a row by this host's fault before its worker ends.
private let nodeFailureLimit = 3
