package import Experiments

/// When a stage evaluates, which epoch a step belongs to, and what the learning rate is: all that follows from the recipe
/// and the number of training examples alone.
package struct Schedule: Sendable {
    private let examples: Int
    package let steps: Int
    package let stepsPerEpoch: Int
    private let recipe: Recipe
    private let warmupSteps: Int

    /// - Parameter examples: training examples, at least one.
    package init(_ recipe: Recipe, examples: Int) {
        self.recipe = recipe
        self.examples = examples
        stepsPerEpoch = recipe.stepsPerEpoch(examples: examples)
        steps = recipe.steps(examples: examples)
        warmupSteps = Int((recipe.warmup * Double(steps)).rounded(.up))
    }

    package func epoch(ofStep step: Int) -> Int { step / stepsPerEpoch }

    /// The places in the epoch's order that a step trains on; the last batch of an epoch may be smaller.
    package func batch(ofStep step: Int) -> Range<Int> {
        let start = step % stepsPerEpoch * recipe.batch
        return start..<min(start + recipe.batch, examples)
    }

    /// Whether the model is evaluated once `step` steps are done: `evaluations` times an epoch, and after the last step.
    package func evaluates(after step: Int) -> Bool {
        if step == steps { return true }
        let inEpoch = (step - 1) % stepsPerEpoch + 1
        let due = { (steps: Int) in steps * recipe.evaluations / stepsPerEpoch }
        return due(inEpoch) > due(inEpoch - 1)
    }

    /// The learning rate of a step, counted from 0: a linear rise from 0, then the recipe's decay. It is that of
    /// `get_linear_schedule_with_warmup` in transformers, whose first step has rate 0 when there is a warm-up; with a floor
    /// it ends at that share of the highest rate, and a slow start bounds or replaces the first steps'.
    package func learningRate(ofStep step: Int) -> Double {
        let rate = scheduledRate(ofStep: step)
        guard step < recipe.slowStart else { return rate }
        let slow = recipe.learningRate / 20
        return recipe.slowRate == .exactly ? slow : min(rate, slow)
    }

    /// Whether anything drops out in a step.
    package func dropsOut(inStep step: Int) -> Bool {
        Double(step % stepsPerEpoch) < recipe.dropoutShare * Double(stepsPerEpoch)
    }

    private func scheduledRate(ofStep step: Int) -> Double {
        if step < warmupSteps { return recipe.learningRate * Double(step) / Double(warmupSteps) }
        return switch recipe.decay {
        case .constant: recipe.learningRate
        case .linear: recipe.learningRate * withFloor(Double(steps - step) / Double(max(1, steps - warmupSteps)))
        }
    }

    private func withFloor(_ share: Double) -> Double {
        recipe.floor + (1 - recipe.floor) * share
    }
}
