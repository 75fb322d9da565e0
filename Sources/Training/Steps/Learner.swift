import Encoders
import Experiments
import Tasks

/// What the training loop needs of a model: the gradients of some examples and the outputs for others. Examples are
/// named by their place in their file.
protocol Learner: AnyObject {
    /// Adds the gradient of `scale` · Σ loss over the examples' labels to the arena.
    /// - Parameter onPlace: called with places from which on nothing is added any more, as `Model.backward` has it.
    /// - Returns: Σ loss, and the tokens that went through the network.
    func learn(
        _ examples: ArraySlice<Int>, step: Int, scale: Double, onPlace: (Parameter.Place) -> Void
    ) -> (loss: Double, tokens: Int)

    /// Adds the gradient of one training example's loss, had it this class.
    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int)

    /// The head's outputs for a training example, row-major, with dropout off.
    func outputs(of example: Int) -> [Float]

    /// What `read` makes of the head's outputs for some examples with dropout off, and of their labels, as one list; it is
    /// called for some of the examples at a time.
    func reading<Value>(
        _ examples: [Int], in file: DataFile, _ read: (UnsafeBufferPointer<Float>, [Label]) -> [Value]
    ) -> [Value]

    /// What training minimizes.
    var objective: Objective { get }
}

extension Learner {
    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int) {
        learn(examples, step: step, scale: scale) { _ in }
    }

    /// Σ loss over the examples' labels with dropout off.
    func loss(of examples: [Int], in file: DataFile) -> Double {
        reading(examples, in: file) { [objective.loss($0, labels: $1)] }.reduce(0, +)
    }

    /// For each label of the examples what the model says with dropout off: the number of a class, choice or token, all
    /// of which are exact as a `Float`, or a value.
    func predictions(of examples: [Int], in file: DataFile) -> [Float] {
        reading(examples, in: file, Training.predictions)
    }

    /// For each label of the examples the head's outputs with dropout off, one for each class.
    func outputs(of examples: [Int], in file: DataFile) -> [Float] {
        reading(examples, in: file) { outputs, _ in Array(outputs) }
    }
}
