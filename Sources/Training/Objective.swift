import Encoders
import Numerics
import Tasks

/// What a task's training minimizes: cross-entropy over classes, squared error for regression.
final class Objective {
    private let gradients = FloatBuffer()

    /// - Parameter outputs: [B, outputs] of the head.
    /// - Returns: Σ loss over the examples, and `scale` · its gradient [B, outputs], valid until the next call.
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
                logits: outputs, labels: labels.map(\.category), scale: scale, gradients: gradients)
        }
        return (loss / scale, UnsafeBufferPointer(gradients))
    }
}

extension Label {
    fileprivate var category: Int32 {
        guard case .category(let category) = self else { preconditionFailure("a task's labels are of one kind") }
        return Int32(category)
    }

    fileprivate var value: Float {
        guard case .value(let value) = self else { preconditionFailure("a task's labels are of one kind") }
        return value
    }
}
