import Encoders
import Foundation
import Numerics
import Tasks

/// What a task's training minimizes: cross-entropy over classes, choices or tokens, squared error for regression. The
/// head's outputs are read as so many scores for each label as there are to each.
final class Objective {
    private let compute: Compute
    private let classes: ClassTargets
    private let gradients = FloatBuffer()

    init(_ compute: Compute, _ classes: ClassTargets = ClassTargets()) {
        self.compute = compute
        self.classes = classes
    }

    /// What labels count in a mean: 1 each, unless their classes have weights.
    func weight(of labels: some Sequence<Label>) -> Double {
        guard let weights = classes.weights else { return Double(labels.reduce(0) { count, _ in count + 1 }) }
        return labels.reduce(0) { $0 + weights[$1.category] }
    }

    /// - Parameter outputs: of the head for some examples, row-major.
    /// - Returns: Σ loss over the labels, and `scale` · its gradient, as large as `outputs`, valid until the next call.
    func evaluate(
        _ outputs: UnsafeBufferPointer<Float>, labels: [Label], scale: Double
    ) -> (loss: Double, gradients: UnsafeBufferPointer<Float>) {
        gradients.reserve(outputs.count)
        let gradients = UnsafeMutableBufferPointer(rebasing: gradients.values[..<outputs.count])
        let loss: Double
        switch labels.first {
        case .value:
            loss = Loss.squaredError(
                outputs: outputs, targets: labels.map(\.value), scale: scale, gradients: gradients)
        default:
            loss = Loss.crossEntropy(
                logits: outputs, labels: labels.map { Int32($0.category) }, classes: classes, scale: scale,
                gradients: gradients, compute: compute)
        }
        return (loss / scale, UnsafeBufferPointer(gradients))
    }

    /// Σ loss over the labels.
    func loss(_ outputs: UnsafeBufferPointer<Float>, labels: [Label]) -> Double {
        evaluate(outputs, labels: labels, scale: 1).loss
    }
}

/// What the head's outputs say for each label: the class, choice or token with the highest score, the first of equal
/// ones, or the value itself; NaN where an output is no number.
func predictions(_ outputs: UnsafeBufferPointer<Float>, labels: [Label]) -> [Float] {
    if case .value = labels.first { return Array(outputs) }
    let width = outputs.count / labels.count
    return stride(from: 0, to: outputs.count, by: width).map { start in
        let scores = outputs[start..<start + width]
        return scores.allSatisfy(\.isFinite) ? Float(likeliest(scores)) : .nan
    }
}

/// The place of the highest score, the first of equal ones.
func likeliest(_ scores: some RandomAccessCollection<Float>) -> Int {
    var (best, highest) = (0, scores.first ?? 0)
    for (place, score) in scores.enumerated() where score > highest { (best, highest) = (place, score) }
    return best
}

/// The probabilities that scores stand for.
func softmax(_ scores: some Collection<Float>) -> [Double] {
    let (values, sum) = exponentials(of: scores)
    return values.map { $0 / sum }
}

/// The parts of softmax: e to each score, less the highest of them, in double precision, and their sum.
func exponentials(of scores: some Collection<Float>) -> (values: [Double], sum: Double) {
    let highest = scores.max() ?? 0
    let values = scores.map { exp(Double($0 - highest)) }
    return (values, values.reduce(0, +))
}
