import CKernels
package import Numerics

/// What training minimizes, as a sum over labels times a scale: with one over the size of the whole batch, the parts
/// of a batch add up to its mean.
package enum Loss {
    /// Cross-entropy of softmax(logits), logits [B, C].
    ///
    /// - Parameters:
    ///   - gradients: [B, C], set to the loss's gradient; nil where only the loss is wanted.
    ///   - compute: shares the rows over its threads, which changes no bit; worth it for a vocabulary of classes.
    package static func crossEntropy(
        logits: UnsafeBufferPointer<Float>, labels: [Int32], scale: Double,
        gradients: UnsafeMutableBufferPointer<Float>? = nil, compute: Compute? = nil
    ) -> Double {
        let classes = logits.count / labels.count
        precondition(logits.count == labels.count * classes && labels.allSatisfy { 0 <= $0 && $0 < Int32(classes) })
        guard let compute, let logits = logits.baseAddress else {
            return cross_entropy(labels.count, classes, logits.baseAddress, labels, scale, gradients?.baseAddress)
        }
        let gradients = gradients?.baseAddress
        let losses = [Double](unsafeUninitializedCapacity: labels.count) { losses, count in
            let start = losses.baseAddress!
            compute.forEach(labels.count, grain: max(1, Grain.entries / classes)) { range in
                for row in range {
                    let entry = row * classes
                    (start + row).initialize(
                        to: cross_entropy(
                            1, classes, logits + entry, [labels[row]], scale, gradients.map { $0 + entry }))
                }
            }
            count = labels.count
        }
        return losses.reduce(0, +)
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
