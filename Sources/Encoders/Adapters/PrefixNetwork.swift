import CKernels
import Numerics

/// Computes the prefixes of all layers from one embedding: linear, tanh, linear (Li and Liang 2021, section 4.3, with the
/// layers of P-tuning v2 and peft). Its result has for each place of the prefix the layers' keys and values in turn.
final class PrefixNetwork {
    private let embedding: Matrix
    private let embeddingGradient: MutableMatrix?
    private let inner: Linear
    private let outer: Linear
    /// [length, width]
    private let activation: FloatBuffer
    private let activationGradient: FloatBuffer
    /// [length, 2 layers H]; the gradient is 0 between two backward passes.
    private let result: FloatBuffer
    private let gradient: FloatBuffer

    init(in store: ParameterStore) {
        let index = store.requiredIndex(of: ParameterTable.prefixEmbedding)
        embedding = store.matrix(index)
        embeddingGradient = store.gradientMatrix(index)
        inner = Linear(ParameterTable.prefixInner, in: store)
        outer = Linear(ParameterTable.prefixOuter, in: store)
        activation = FloatBuffer(count: embedding.rows * inner.outputs)
        activationGradient = FloatBuffer(count: embedding.rows * inner.outputs)
        result = FloatBuffer(count: embedding.rows * outer.outputs)
        gradient = FloatBuffer(count: embedding.rows * outer.outputs)
    }

    private var moves: Bool { embeddingGradient != nil || inner.moves || outer.moves }

    /// Where a layer finds its keys and values after `forward`, and adds their gradients to before `backward`.
    func rows(_ layer: Int) -> Prefix.Rows {
        let hidden = embedding.columns
        let keys = 2 * layer * hidden..<(2 * layer + 1) * hidden
        let values = keys.upperBound..<keys.upperBound + hidden
        return Prefix.Rows(
            keys: resultMatrix(result).columns(keys).readable, values: resultMatrix(result).columns(values).readable,
            keyGradient: moves ? resultMatrix(gradient).columns(keys) : nil,
            valueGradient: moves ? resultMatrix(gradient).columns(values) : nil)
    }

    func forward(_ compute: Compute) {
        inner.forward(embedding, into: innerMatrix(activation), compute)
        tanh_forward(activation.count, activation.start, activation.start)
        outer.forward(innerMatrix(activation).readable, into: resultMatrix(result), compute)
    }

    /// Adds to the gradients of the parameters that move, and clears those of the result.
    func backward(_ compute: Compute) {
        guard moves else { return }
        let isNeededInside = inner.moves || embeddingGradient != nil
        outer.backward(
            input: innerMatrix(activation).readable, gradient: resultMatrix(gradient).readable,
            into: isNeededInside ? innerMatrix(activationGradient) : nil, compute)
        gradient.values.update(repeating: 0)
        guard isNeededInside else { return }
        tanh_backward(activation.count, activation.start, activationGradient.start, activationGradient.start)
        inner.backward(
            input: embedding, gradient: innerMatrix(activationGradient).readable, into: embeddingGradient,
            from: .current, compute)
    }

    private func innerMatrix(_ buffer: FloatBuffer) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: embedding.rows, columns: inner.outputs)
    }

    private func resultMatrix(_ buffer: FloatBuffer) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: embedding.rows, columns: outer.outputs)
    }
}
