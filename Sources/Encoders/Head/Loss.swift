import CKernels
package import Numerics

/// What training minimizes, as a sum over labels times a scale: with one over the size of the whole batch, the parts
/// of a batch add up to its mean.
package enum Loss {
    /// Cross-entropy of softmax(logits), logits [B, C].
    ///
    /// - Parameters:
    ///   - classes: how much each counts, and how labels are spread over them.
    ///   - gradients: [B, C], set to the loss's gradient; nil where only the loss is wanted.
    ///   - compute: shares the rows over its threads, which changes no bit; worth it for a vocabulary of classes.
    package static func crossEntropy(
        logits: UnsafeBufferPointer<Float>, labels: [Int32], classes: ClassTargets = ClassTargets(), scale: Double,
        gradients: UnsafeMutableBufferPointer<Float>? = nil, compute: Compute? = nil
    ) -> Double {
        let width = logits.count / labels.count
        precondition(logits.count == labels.count * width && labels.allSatisfy { 0 <= $0 && $0 < Int32(width) })
        precondition(classes.weights.map { $0.count == width } ?? true)
        guard let compute, let logits = logits.baseAddress else {
            return classes.loss(labels.count, width, logits.baseAddress, labels, scale, gradients?.baseAddress)
        }
        let gradients = gradients?.baseAddress
        let losses = [Double](unsafeUninitializedCapacity: labels.count) { losses, count in
            let start = losses.baseAddress!
            compute.forEach(labels.count, grain: max(1, Grain.entries / width)) { range in
                for row in range {
                    let entry = row * width
                    (start + row).initialize(
                        to: classes.loss(1, width, logits + entry, [labels[row]], scale, gradients.map { $0 + entry }))
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

/// What labels stand for in a loss over classes.
package struct ClassTargets: Hashable, Sendable {
    /// How much a label of each class counts; nil where all count 1.
    package let weights: [Double]?
    /// The share of each label that is spread evenly over all classes.
    package let smoothing: Double

    package init(weights: [Double]? = nil, smoothing: Double = 0) {
        self.weights = weights
        self.smoothing = smoothing
    }

    fileprivate func loss(
        _ count: Int, _ width: Int, _ logits: UnsafePointer<Float>?, _ labels: [Int32], _ scale: Double,
        _ gradients: UnsafeMutablePointer<Float>?
    ) -> Double {
        if weights == nil, smoothing == 0 { return cross_entropy(count, width, logits, labels, scale, gradients) }
        guard let weights else {
            return weighted_cross_entropy(count, width, logits, labels, nil, smoothing, scale, gradients)
        }
        return weighted_cross_entropy(count, width, logits, labels, weights, smoothing, scale, gradients)
    }
}
