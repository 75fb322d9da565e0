import Experiments
import Tasks

/// What the training loop needs of a model: the gradients of some examples and the outputs for others. Examples are
/// named by their place in their file.
protocol Learner: AnyObject {
    /// Adds the gradient of `scale` · Σ loss over the examples' labels to the arena.
    /// - Returns: Σ loss, and the tokens that went through the network.
    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int)

    /// Adds the gradient of one training example's loss, had it this class.
    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int)

    /// The head's outputs for a training example, row-major, with dropout off.
    func outputs(of example: Int) -> [Float]

    /// Σ loss over the examples' labels with dropout off.
    func loss(of examples: [Int], in file: DataFile) -> Double

    /// For each label of the examples what the model says with dropout off: the number of a class, choice or token, all
    /// of which are exact as a `Float`, or a value.
    func predictions(of examples: [Int], in file: DataFile) -> [Float]
}
