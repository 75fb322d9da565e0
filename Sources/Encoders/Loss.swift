import CKernels

/// What training minimizes, as a sum over examples times a scale: with one over the size of the whole batch, the parts
/// of a batch add up to its mean.
package enum Loss {
    /// Cross-entropy of softmax(logits), logits [B, C].
    ///
    /// - Parameter gradients: [B, C], set to the loss's gradient; nil where only the loss is wanted.
    package static func crossEntropy(
        logits: UnsafeBufferPointer<Float>, labels: [Int32], scale: Double,
        gradients: UnsafeMutableBufferPointer<Float>? = nil
    ) -> Double {
        let classes = logits.count / labels.count
        precondition(logits.count == labels.count * classes && labels.allSatisfy { 0 <= $0 && $0 < Int32(classes) })
        return cross_entropy(labels.count, classes, logits.baseAddress, labels, scale, gradients?.baseAddress)
    }

    /// Squared error of outputs [B].
    ///
    /// - Parameter gradients: [B], set to the loss's gradient; nil where only the loss is wanted.
    package static func squaredError(
        outputs: UnsafeBufferPointer<Float>, targets: [Float], scale: Double,
        gradients: UnsafeMutableBufferPointer<Float>? = nil
    ) -> Double {
        precondition(outputs.count == targets.count)
        return squared_error(targets.count, outputs.baseAddress, targets, scale, gradients?.baseAddress)
    }
}
