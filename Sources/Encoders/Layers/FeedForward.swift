import CKernels
import Numerics

/// Linear, GELU, linear, and the LayerNorm over the residual sum: the second half of a layer.
final class FeedForward {
    private let inner: Projection
    private let end: BranchEnd
    /// [T, intermediate], GELU's slope where the forward pass computed its input.
    private let slope = FloatBuffer()
    private let activation = FloatBuffer()

    init(layer: Int, in store: ParameterStore) {
        inner = Projection("intermediate.dense", layer: layer, in: store)
        end = BranchEnd(
            "output", bottleneck: ParameterTable.feedForwardBottleneck, layer: layer,
            site: .feedForwardOutput(layer: layer), in: store)
    }

    var moves: Bool { inner.moves || end.moves }

    /// - Parameter input: [rows, H]
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(_ input: Matrix, _ selection: TokenSelection, _ pass: Pass, _ workspace: Workspace) -> MutableMatrix {
        let rows = input.rows
        slope.reserve(rows * inner.outputs)
        activation.reserve(rows * inner.outputs)
        inner.forward(
            input, into: MutableMatrix(slope.start, rows: rows, columns: inner.outputs), selection, pass)
        pass.compute.forEach(rows * inner.outputs, grain: 4096) { range in
            gelu_forward(range.count, slope.start + range.lowerBound, activation.start + range.lowerBound, 1)
        }
        return end.forward(activationMatrix(rows), residual: input, selection, pass, workspace)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; becomes that of the input.
    ///   - isNeededBelow: whether the input's gradient is wanted.
    func backward(
        _ gradient: MutableMatrix, input: Matrix, _ selection: TokenSelection, isNeededBelow: Bool, _ pass: Pass,
        _ workspace: Workspace
    ) {
        let rows = input.rows
        let wide = MutableMatrix(workspace.wide.start, rows: rows, columns: inner.outputs)
        let isNeededInside = inner.moves || isNeededBelow
        end.backward(
            gradient, input: activationMatrix(rows), into: isNeededInside ? wide : nil, selection, pass, workspace)
        guard isNeededInside else { return }
        pass.compute.forEach(rows * inner.outputs, grain: 4096) { range in
            multiply_by(range.count, slope.start + range.lowerBound, wide.start + range.lowerBound)
        }
        inner.backward(
            input: input, gradient: wide.readable, into: isNeededBelow ? gradient : nil, from: .current, selection,
            pass)
    }

    private func activationMatrix(_ rows: Int) -> Matrix {
        Matrix(activation.start, rows: rows, columns: inner.outputs)
    }
}
