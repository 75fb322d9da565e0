import CKernels
import Numerics

/// tanh of a linear layer, and dropout of the result: what both families' own heads have in common.
final class TanhLayer {
    private let dense: Linear
    private let site: DropoutSite
    private let states = FloatBuffer()
    private let dropped = FloatBuffer()
    private let gradient = FloatBuffer()

    init(_ name: String, site: DropoutSite, in store: ParameterStore) {
        dense = Linear(name, in: store)
        self.site = site
    }

    /// - Returns: [B, outputs], valid until the next forward pass.
    func forward(_ input: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> MutableMatrix {
        let count = input.rows * dense.outputs
        for buffer in [states, dropped, gradient] { buffer.reserve(count) }
        let result = MutableMatrix(dropped.start, rows: input.rows, columns: dense.outputs)
        dense.forward(input, into: MutableMatrix(states.start, rows: input.rows, columns: dense.outputs), compute)
        tanh_forward(count, states.start, states.start)
        dropped.start.update(from: states.start, count: count)
        HeadDropout(site, rows, dropout, compute).apply(result)
        return result
    }

    /// Where the gradient of the result is to be written before `backward`.
    func resultGradient(rows: Int) -> MutableMatrix {
        MutableMatrix(gradient.start, rows: rows, columns: dense.outputs)
    }

    func backward(
        input: Matrix, _ rows: RowSet, dropout: DropoutContext?, into inputGradient: MutableMatrix?, _ compute: Compute
    ) {
        let gradient = resultGradient(rows: input.rows)
        HeadDropout(site, rows, dropout, compute).apply(gradient)
        tanh_backward(input.rows * dense.outputs, states.start, gradient.start, gradient.start)
        dense.backward(input: input, gradient: gradient.readable, into: inputGradient, compute)
    }
}
