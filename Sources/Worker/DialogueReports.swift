import Experiments
import Messages

/// What the group and the outside say.
extension Dialogue {
    mutating func hear(_ report: Report, at now: Duration) {
        sign(at: now)
        switch report {
        case .evaluated(let evaluation): change { $0.news.add(evaluation) }
        case .noted(let sentence): change { $0.news.add(sentence) }
        case .trained(let result): conclude(result, at: now)
        case .failed(let failure):
            let sentence = String(decoding: failure.message.utf8.prefix(sentenceLimit), as: UTF8.self)
            conclude(StageFailure(failure.cause, sentence), at: now)
        }
    }

    mutating func hear(_ progress: StageProgress?, at now: Duration) {
        sign(at: now)
        if let progress { change { $0.progress = progress } }
    }

    private mutating func sign(at now: Duration) {
        guard case .holding(let held, .training(var training)) = state else { return }
        training.sign(at: now)
        state = .holding(held, .training(training))
    }

    /// Ends the worker's life, which is all that helps against a group that is stuck, once the attempt is given back.
    mutating func giveUp(_ training: Training, at now: Duration) {
        let silent = (now - training.signAt).components.seconds
        let pace =
            training.hasBegun ? "\(training.slowest.components.seconds) s was the longest before" : "it never began"
        let sentence = "the group made no progress for \(silent) s; \(pace)"
        log(.warning, "the group is stuck and given up", ["reason": sentence])
        guard training.interruption != .abandoned else { return end(.failed(.stalled(sentence))) }
        farewell = (.failed(.stalled(sentence)), now + patience.farewell)
        change { $0.tellAll() }
        enter(.reporting(StageFailure(.stalled, sentence)), at: now)
    }

    private mutating func conclude(_ result: StageResult, at now: Duration) {
        guard case .training(let training) = phase else { return }
        guard training.interruption != .abandoned else { return goOn(at: now) }
        nodeFailuresInARow = 0
        hurry(at: now)
        enter(.delivering(packed(result)), at: now)
    }

    private mutating func conclude(_ failure: StageFailure, at now: Duration) {
        guard case .training(let training) = phase, let assignment else { return }
        guard training.interruption != .abandoned else { return goOn(at: now) }
        // Goodbye gives the stage back; it needs no report of its own.
        if training.interruption == .leaving, failure.cause == .stopped, let farewell { return end(farewell.ending) }
        log(.warning, "the stage failed", ["stage.id": assignment.stage.short, "reason": "\(failure)"])
        nodeFailuresInARow = failure.cause.fault == .host ? nodeFailuresInARow + 1 : 0
        if nodeFailuresInARow == nodeFailureLimit, farewell == nil {
            farewell = (.failed(.unfit(failure.message)), now + patience.farewell)
        }
        change { $0.news.add("failed: \(failure)") }
        hurry(at: now)
        enter(.reporting(failure), at: now)
    }

    /// The attempt's end is to be announced: all that was said about it is said again before, and a worker that
    /// leaves waits no longer than it takes to deliver.
    private mutating func hurry(at now: Duration) {
        change { $0.tellAll() }
        if let ending = farewell?.ending { farewell = (ending, now + patience.farewell) }
    }

    /// Ends the worker's life as soon as what it holds allows: after the step that it trains, with a checkpoint, or
    /// once a finished stage is delivered.
    mutating func leave(at now: Duration) {
        guard farewell == nil else { return }
        switch phase {
        case .training:
            farewell = (.stopped, now + patience.lostCoordinator)
            interrupt(.leaving)
        case .delivering, .reporting: farewell = (.stopped, now + patience.farewell)
        case .fetching:
            tellLast()
            end(.stopped)
        case nil: end(.stopped)
        }
    }
}

/// The bytes of a failure's sentence that are told; no more of it would help anyone.
private let sentenceLimit = 10_000
/// Stages that may fail in a row by this host's fault before its worker ends.
private let nodeFailureLimit = 3
