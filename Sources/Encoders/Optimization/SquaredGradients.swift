import CKernels
package import Numerics

extension Arena {
    /// Adds the squares of the gradients, weighted, to the round's sums, and sets the gradients to 0.
    /// - Parameter clip: the norm to which each parameter's gradient is cut first; nil leaves it.
    package func addSquaresToRound(weight: Double, clip: Double? = nil, _ compute: Compute) {
        for segment in segments {
            let parts = parts(of: segment)
            let scale = clip.map { min(1, $0 / (norm(of: parts) + 1e-6)) } ?? 1
            compute.forEach(parts.count, grain: Grain.blocks) { numbers in
                for number in numbers { move(parts[number], Float(weight * scale * scale)) }
            }
        }
        rows?.touched.update(repeating: 0)
    }

    /// Adds the round's sums to those of all rounds, and sets them to 0.
    package func endRound(_ compute: Compute) {
        compute.forEach(count, grain: Grain.movedEntries) { range in
            let round = roundSums.baseAddress! + range.lowerBound
            add_to(range.count, round, squareSums.baseAddress! + range.lowerBound)
            round.update(repeating: 0, count: range.count)
        }
    }

    /// The entries of a parameter that may have a gradient: of the word embedding the rows that were touched, of others
    /// all, in blocks.
    private func parts(of segment: Segment) -> [Range<Int>] {
        if let rows, rows.range == segment.range {
            return (0..<rows.count).filter { rows.touched[$0] != 0 }.map(rows.entries)
        }
        return stride(from: segment.range.lowerBound, to: segment.range.upperBound, by: Self.blockCount).map {
            $0..<min($0 + Self.blockCount, segment.range.upperBound)
        }
    }

    private func norm(of parts: [Range<Int>]) -> Double {
        parts.reduce(0) { $0 + sum_of_squares($1.count, gradients.baseAddress! + $1.lowerBound) }.squareRoot()
    }

    private func move(_ part: Range<Int>, _ weight: Float) {
        let gradients = gradients.baseAddress! + part.lowerBound
        add_squares(part.count, weight, gradients, roundSums.baseAddress! + part.lowerBound)
        gradients.update(repeating: 0, count: part.count)
    }
}
