import Numerics

/// A head with one score for two classes: that of the second less that of the first. Outside it has two, the first of
/// which is 0, and the softmax of the two is the logistic function of the one.
final class LogisticHead: Head {
    private let head: any Head
    private let scores = FloatBuffer()
    private let gradients = FloatBuffer()

    /// - Parameter head: has one output.
    init(_ head: any Head) { self.head = head }

    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix {
        let score = head.forward(features, rows, dropout: dropout, compute)
        scores.reserve(2 * score.rows)
        for row in 0..<score.rows {
            scores.values[2 * row] = 0
            scores.values[2 * row + 1] = score.start[row]
        }
        return Matrix(scores.start, rows: score.rows, columns: 2)
    }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute) {
        gradients.reserve(gradient.rows)
        for row in 0..<gradient.rows { gradients.values[row] = gradient.start[2 * row + 1] }
        head.backward(Matrix(gradients.start, rows: gradient.rows, columns: 1), into: featureGradient, compute)
    }

    var hidden: Matrix? { head.hidden }
}
