import CKernels
import Numerics

/// x + up(GELU(down(x))) with a narrow inner layer (Houlsby et al. 2019, figure 2).
final class Bottleneck {
    private let down: Linear
    private let up: Linear
    /// [rows, H]
    private let input: FloatBuffer
    /// [rows, width] each; GELU's slope stands where the forward pass computed its input.
    private let slope: FloatBuffer
    private let activation: FloatBuffer
    private let gradient: FloatBuffer

    /// nil where the model has no such adapter.
    ///
    /// - Parameter name: within the encoder layer.
    init?(_ name: String, layer: Int, in store: ParameterStore, _ memory: LayerMemory) {
        guard case .bottleneck = store.table.adapter else { return nil }
        input = memory.buffer()
        slope = memory.buffer()
        activation = memory.buffer()
        gradient = memory.buffer()
        let name = ParameterTable.layerPrefix(layer) + name
        down = Linear("\(name).down", in: store)
        up = Linear("\(name).up", in: store)
    }

    var moves: Bool { down.moves || up.moves }

    /// - Parameters:
    ///   - states: [rows, H], overwritten by the result.
    ///   - site: dropout of the states on their way in.
    func forward(_ states: MutableMatrix, _ site: dropout_site, _ compute: Compute) {
        let rows = states.rows
        input.reserve(rows * states.columns)
        for buffer in [slope, activation, gradient] { buffer.reserve(rows * down.outputs) }
        compute.forEach(rows, grain: Grain.rows) { range in
            site.apply(to: states, rows: range)
            let entries = range.lowerBound * states.columns
            (input.start + entries).update(from: states.start + entries, count: range.count * states.columns)
        }
        down.forward(inputMatrix(rows), into: innerMatrix(slope, rows), compute)
        compute.gelu(rows * down.outputs, slope, into: activation)
        up.forward(innerMatrix(activation, rows).readable, into: states, compute)
        compute.forEach(rows * states.columns, grain: Grain.entries) { range in
            add_to(range.count, input.start + range.lowerBound, states.start + range.lowerBound)
        }
    }

    /// - Parameters:
    ///   - states: the gradient of the result, [rows, H]; becomes that of the states on their way in, where it is
    ///     needed.
    ///   - site: as in the forward pass.
    func backward(_ states: MutableMatrix, _ site: dropout_site, isNeededBelow: Bool, _ compute: Compute) {
        let rows = states.rows
        let inner = innerMatrix(gradient, rows)
        let isNeededInside = down.moves || isNeededBelow
        up.backward(
            input: innerMatrix(activation, rows).readable, gradient: states.readable,
            into: isNeededInside ? inner : nil, compute)
        guard isNeededInside else { return }
        compute.multiply(rows * inner.columns, slope, onto: inner)
        down.backward(
            input: inputMatrix(rows), gradient: inner.readable, into: isNeededBelow ? states : nil, from: .current,
            compute)
        if isNeededBelow { site.apply(to: states, compute) }
    }

    private func inputMatrix(_ rows: Int) -> Matrix { Matrix(input.start, rows: rows, columns: down.inputs) }

    private func innerMatrix(_ buffer: FloatBuffer, _ rows: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: rows, columns: down.outputs)
    }
}
