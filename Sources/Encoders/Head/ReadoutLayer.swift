import CKernels
import Experiments
import Numerics

/// Makes the head's rows of the final states: the states themselves, some of them, or means over spans beside them.
final class ReadoutLayer {
    private let form: ReadoutForm
    private let hidden: Int
    private let features = FloatBuffer()
    private let gradient = FloatBuffer()
    private var batch = PackedBatch()

    init(in store: ParameterStore) {
        form = store.table.readout
        hidden = store.table.configuration.hidden
    }

    /// The tokens whose final states are wanted.
    var selection: TokenSelection { form == .first ? .first : .all }

    private var width: Int { form.vectors * hidden }

    /// - Parameter states: of the selected tokens.
    /// - Returns: [R, width], valid until the next forward pass.
    func forward(_ states: Matrix, _ batch: PackedBatch, _ compute: Compute) -> Matrix {
        guard form != .first else { return states }
        self.batch = batch
        let rows = batch.headRows.count
        features.reserve(rows * width)
        gradient.reserve(rows * width)
        if form == .tokens {
            gather_rows(rows, hidden, batch.leadingTokens, states.start, features.start)
        } else {
            precondition(batch.spans.count == rows, "the task's readout has spans, a sequence of the batch has none")
            compute.forEach(rows, grain: Grain.rows) { range in
                for row in range { self.join(row, states) }
            }
        }
        return Matrix(features.start, rows: rows, columns: width)
    }

    /// Where the gradient of the rows is to be written before `backward`.
    /// - Parameter finalGradient: that of the selected final states.
    func rowGradient(_ finalGradient: MutableMatrix) -> MutableMatrix {
        guard form != .first else { return finalGradient }
        return MutableMatrix(gradient.start, rows: batch.headRows.count, columns: width)
    }

    /// Sets the gradient of the final states [T, H] from that of the rows.
    func backward(into finalGradient: MutableMatrix) {
        guard form != .first else { return }
        finalGradient.start.update(repeating: 0, count: finalGradient.rows * hidden)
        if form == .tokens {
            add_to_rows(batch.headRows.count, hidden, batch.leadingTokens, gradient.start, finalGradient.start)
        } else {
            for row in 0..<batch.headRows.count { separate(row, finalGradient) }
        }
    }

    /// The first token's state, the two means, and what compares them.
    private func join(_ row: Int, _ states: Matrix) {
        let target = features.start + row * width
        let (first, second) = batch.spans[row]
        target.update(from: states.start + batch.leadingTokens[row] * hidden, count: hidden)
        mean_of_rows(first.lowerBound, first.upperBound, hidden, states.start, target + hidden)
        mean_of_rows(second.lowerBound, second.upperBound, hidden, states.start, target + 2 * hidden)
        guard form.vectors > 3 else { return }
        compare_vectors(hidden, target + hidden, target + 2 * hidden, target + 3 * hidden)
    }

    private func separate(_ row: Int, _ finalGradient: MutableMatrix) {
        let values = features.start + row * width
        let source = gradient.start + row * width
        let (first, second) = batch.spans[row]
        if form.vectors > 3 {
            compare_vectors_backward(
                hidden, values + hidden, values + 2 * hidden, source + 3 * hidden, source + hidden, source + 2 * hidden)
        }
        add_to_rows(1, hidden, [batch.leadingTokens[row]], source, finalGradient.start)
        mean_of_rows_backward(first.lowerBound, first.upperBound, hidden, source + hidden, finalGradient.start)
        mean_of_rows_backward(second.lowerBound, second.upperBound, hidden, source + 2 * hidden, finalGradient.start)
    }
}
