import CKernels
import Numerics

/// Linear, GELU, linear, and the LayerNorm over the residual sum: the second half of a layer.
final class FeedForward {
    private let layer: Int
    private let inner: Linear
    private let outer: Linear
    private let norm: ResidualNorm
    /// [T, intermediate], GELU's slope where the forward pass computed its input.
    private let slope = FloatBuffer()
    private let activation = FloatBuffer()

    init(layer: Int, in store: ParameterStore) {
        let prefix = ParameterTable.layerPrefix(layer)
        self.layer = layer
        inner = Linear(prefix + "intermediate.dense", in: store)
        outer = Linear(prefix + "output.dense", in: store)
        norm = ResidualNorm(prefix + "output.LayerNorm", in: store)
    }

    var moves: Bool { inner.moves || outer.moves || norm.moves }

    /// - Parameter input: [rows, H]
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(_ input: Matrix, _ selection: TokenSelection, _ pass: Pass, _ workspace: Workspace) -> MutableMatrix {
        let rows = input.rows
        slope.reserve(rows * inner.outputs)
        activation.reserve(rows * inner.outputs)
        inner.forward(input, into: MutableMatrix(slope.start, rows: rows, columns: inner.outputs), pass.compute)
        pass.compute.forEach(rows * inner.outputs, grain: 4096) { range in
            gelu_forward(range.count, slope.start + range.lowerBound, activation.start + range.lowerBound, 1)
        }
        let projected = MutableMatrix(workspace.branch.start, rows: rows, columns: outer.outputs)
        outer.forward(activationMatrix(rows), into: projected, pass.compute)
        return norm.forward(
            branch: projected.start, residual: input.start, site: outputSite(selection, pass), rows: rows, pass.compute)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; becomes that of the input.
    ///   - isNeededBelow: whether the input's gradient is wanted.
    func backward(
        _ gradient: MutableMatrix, input: Matrix, _ selection: TokenSelection, isNeededBelow: Bool, _ pass: Pass,
        _ workspace: Workspace
    ) {
        let rows = input.rows
        let branch = MutableMatrix(workspace.branch.start, rows: rows, columns: outer.outputs)
        norm.backward(gradient, branchGradient: branch.start, site: outputSite(selection, pass), pass.compute)
        let wide = MutableMatrix(workspace.wide.start, rows: rows, columns: inner.outputs)
        let isNeededInside = inner.moves || isNeededBelow
        outer.backward(
            input: activationMatrix(rows), gradient: branch.readable, into: isNeededInside ? wide : nil, pass.compute)
        guard isNeededInside else { return }
        pass.compute.forEach(rows * inner.outputs, grain: 4096) { range in
            multiply_by(range.count, slope.start + range.lowerBound, wide.start + range.lowerBound)
        }
        inner.backward(
            input: input, gradient: wide.readable, into: isNeededBelow ? gradient : nil, from: .current, pass.compute)
    }

    private func activationMatrix(_ rows: Int) -> Matrix {
        Matrix(activation.start, rows: rows, columns: inner.outputs)
    }

    private func outputSite(_ selection: TokenSelection, _ pass: Pass) -> dropout_site {
        pass.site(.feedForwardOutput(layer: layer), pass.layout.rows(selection), probability: \.hidden)
    }
}
