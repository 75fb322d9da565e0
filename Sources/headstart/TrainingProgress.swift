import Experiments
import Foundation
import Training
import Worker

/// Tells on standard output how a local run goes on, for people or as a line of JSON a step.
final class TrainingProgress: StageObserver {
    private let writesJSON: Bool
    private var lastLine = ContinuousClock.now
    /// Taken so far, by all stages.
    private(set) var steps = 0

    private struct Step: Encodable {
        let step: Int
        let steps: Int
        let loss: Double
        let tokensPerSecond: Double
    }

    init(json: Bool) {
        writesJSON = json
        StopSignal.watch()
    }

    var shouldStop: Bool { StopSignal.isRaised }

    func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double) {
        self.steps += 1
        if writesJSON {
            return say { Step(step: step, steps: steps, loss: loss, tokensPerSecond: tokensPerSecond) }
        }
        guard lastLine.duration(to: .now) > .seconds(5) else { return }
        lastLine = .now
        say("step \(step) of \(steps)  loss \(fixed(loss, 4))  \(Int(tokensPerSecond)) tokens/s")
    }

    func evaluated(_ evaluation: Evaluation) {
        if writesJSON { return say { evaluation } }
        say("\(evaluation)")
    }

    func noted(_ sentence: String) {
        if !writesJSON { say(sentence) }
    }

    private func say(_ text: String) {
        // What cannot be shown must not end the training.
        do { try Screen.line(text) } catch { Screen.complain("\(error)") }
    }

    private func say(_ value: () -> some Encodable) {
        do { try Screen.json(value()) } catch { Screen.complain("\(error)") }
    }
}

func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
