import CKernels
package import Numerics

/// AdamW (Loshchilov and Hutter 2019) with bias correction and decoupled decay, as torch.optim.AdamW computes it; or
/// Adam (Kingma and Ba 2015), whose decay is part of the gradient, as torch.optim.Adam does.
package struct AdamW: Sendable {
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
    package var weightDecay: Double
    /// AdamW rather than Adam.
    package var isDecoupled: Bool

    package init(
        beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
        isDecoupled: Bool = true
    ) {
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.isDecoupled = isDecoupled
    }

    /// - Parameter number: of the step, from 1.
    func coefficients(number: Int, rate: Double, gradientScale: Double, decays: Bool) -> adamw_step {
        let firstCorrection = 1 - power(beta1, number)
        let secondCorrection = 1 - power(beta2, number)
        return adamw_step(
            keep: Float(1 - (decays && isDecoupled ? rate * weightDecay : 0)), one_minus_beta1: Float(1 - beta1),
            beta2: Float(beta2), one_minus_beta2: Float(1 - beta2), step: Float(rate / firstCorrection),
            inverse_root: Float(1 / secondCorrection.squareRoot()), epsilon: Float(epsilon),
            gradient_scale: Float(gradientScale), l2: Float(decays && !isDecoupled ? weightDecay : 0))
    }

    /// By squaring: the same bits on every machine, which a library's pow does not promise.
    private func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}

/// Passes over the arena, by its blocks.
extension Arena {
    /// The sum of the squares of all gradients.
    package func squaredGradientNorm(_ compute: Compute) -> Double {
        compute.phase(.optimizer, bytes: (count - denseStart + (rows?.touchedCount ?? 0)) * 4) {
            sumOfSquares(compute)
        }
    }

    private func sumOfSquares(_ compute: Compute) -> Double {
        let dense = denseStart
        let blocks = (count - dense + Self.blockCount - 1) / Self.blockCount
        let rowCount = rows?.count ?? 0
        blockSums.reserve(blocks + rowCount)
        let sums = UnsafeMutableBufferPointer(rebasing: blockSums.values[..<(blocks + rowCount)])
        sums.update(repeating: 0)
        compute.forEach(blocks) { range in
            for block in range {
                let start = dense + block * Self.blockCount
                sums[block] = sum_of_squares(min(Self.blockCount, count - start), gradients.baseAddress! + start)
            }
        }
        if let rows {
            compute.forEach(rowCount, grain: Grain.sparseRows) { range in
                for row in range where rows.touched[row] != 0 {
                    sums[blocks + row] = sum_of_squares(
                        rows.width, gradients.baseAddress! + rows.entries(row).lowerBound)
                }
            }
        }
        return sums.reduce(0, +)
    }

    /// Takes one step with the gradients times `gradientScale`, and sets them to 0 in the same pass over memory.
    ///
    /// - Parameters:
    ///   - number: of the step, from 1.
    ///   - shares: of the rate, for each segment; empty where all have the whole.
    package func update(
        _ optimizer: AdamW, number: Int, rate: Double, shares: [Double] = [], gradientScale: Double = 1,
        _ compute: Compute
    ) {
        precondition(shares.isEmpty || shares.count == segments.count)
        compute.phase(.optimizer, bytes: (count - denseStart) * 32 + (rows?.updateBytes ?? 0)) {
            for (place, segment) in segments.enumerated() {
                let step = optimizer.coefficients(
                    number: number, rate: shares.isEmpty ? rate : rate * shares[place], gradientScale: gradientScale,
                    decays: segment.decays)
                if let rows, segment.range == rows.range {
                    update(rows, step, compute)
                } else {
                    update(segment.range, step, compute)
                }
            }
        }
    }

    private func update(_ range: Range<Int>, _ step: adamw_step, _ compute: Compute) {
        compute.forEach(range.count, grain: Self.blockCount) { part in
            updateEntries(range.lowerBound + part.lowerBound, part.count, step)
        }
    }

    /// Where a row has neither gradient nor moments, only the decay is left of the step.
    private func update(_ rows: SparseRows, _ step: adamw_step, _ compute: Compute) {
        compute.forEach(rows.count, grain: Grain.sparseRows) { part in
            for row in part {
                let start = rows.entries(row).lowerBound
                if rows.touched[row] | rows.active[row] != 0 || step.l2 != 0 {
                    updateEntries(start, rows.width, step)
                    rows.active[row] = 1
                    rows.touched[row] = 0
                } else if step.keep != 1 {
                    scale_by(rows.width, step.keep, values.baseAddress! + start)
                }
            }
        }
    }

    private func updateEntries(_ start: Int, _ count: Int, _ step: adamw_step) {
        withUnsafePointer(to: step) {
            adamw_update(
                count, $0, values.baseAddress! + start, gradients.baseAddress! + start,
                firstMoments.baseAddress! + start, secondMoments.baseAddress! + start)
        }
    }

    /// To be called after moments were read from a checkpoint: finds the rows that have some.
    package func momentsWereRestored() {
        guard let rows else { return }
        for row in 0..<rows.count {
            let entries = rows.entries(row)
            let hasMoments = firstMoments[entries].contains { $0 != 0 } || secondMoments[entries].contains { $0 != 0 }
            rows.active[row] = hasMoments ? 1 : 0
        }
    }

    /// Where the entries begin that have a gradient in every step; the word embedding comes first in the table.
    package var denseStart: Int { rows?.range.upperBound ?? 0 }
}
