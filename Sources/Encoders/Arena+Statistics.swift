import CKernels
package import Numerics

extension Arena {
    /// Adds the squares of the gradients, weighted, to the second moments, and sets the gradients to 0.
    package func moveSquaresToSecondMoments(weight: Double, _ compute: Compute) {
        let dense = (rows?.range.upperBound ?? 0)..<count
        compute.forEach(dense.count, grain: 16_384) { part in
            move(dense.lowerBound + part.lowerBound, part.count, Float(weight))
        }
        guard let rows else { return }
        compute.forEach(rows.count, grain: 256) { part in
            for row in part where rows.touched[row] != 0 {
                move(rows.entries(row).lowerBound, rows.width, Float(weight))
                rows.touched[row] = 0
            }
        }
    }

    private func move(_ start: Int, _ count: Int, _ weight: Float) {
        add_squares(count, weight, gradients.baseAddress! + start, secondMoments.baseAddress! + start)
        (gradients.baseAddress! + start).update(repeating: 0, count: count)
    }
}
