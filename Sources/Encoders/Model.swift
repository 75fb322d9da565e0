import Experiments
package import Numerics

/// An encoder with its head, forward and backward over packed tokens.
///
/// Memory is planned for the largest batch so far and used again: a pass over a batch that is not larger allocates
/// nothing. What a call returns is valid until the next call.
package final class Model {
    package let store: ParameterStore
    private let compute: Compute
    private let encoder: Encoder
    private let head: any Head
    private let exampleBuffer = AlignedBuffer<UInt32>()
    private let placeBuffer = AlignedBuffer<UInt32>()

    package init(store: ParameterStore, compute: Compute) {
        self.store = store
        self.compute = compute
        encoder = Encoder(in: store)
        head = makeHead(in: store)
    }

    package var outputs: Int { store.table.outputs }
    private var hidden: Int { store.table.configuration.hidden }

    /// See `ParameterStore.initializeHead`.
    package func initializeHead(seed: UInt64) { store.initializeHead(seed: seed) }

    /// - Parameter dropout: nil for none.
    /// - Returns: logits [B, outputs]
    package func forward(_ batch: PackedBatch, dropout: DropoutContext? = nil) -> UnsafeBufferPointer<Float> {
        let features = encoder.forward(batch, .first, dropout: dropout, compute)
        return logits(features, examples: batch.examples, dropout: dropout)
    }

    /// After `forward`: adds to the gradients of all parameters that move, down to the lowest of them.
    ///
    /// - Parameter logitGradients: [B, outputs]
    package func backward(_ logitGradients: UnsafeBufferPointer<Float>) {
        guard encoder.moves else { return backwardHead(logitGradients) }
        head.backward(gradientMatrix(logitGradients), into: encoder.finalGradient, compute)
        encoder.backward()
    }

    /// - Returns: the final layer's states of all tokens, [T, H].
    package func finalStates(_ batch: PackedBatch) -> UnsafeBufferPointer<Float> {
        let states = encoder.forward(batch, .all, dropout: nil, compute)
        return UnsafeBufferPointer(start: states.start, count: states.rows * states.columns)
    }

    /// - Returns: the final layer's states of first tokens, [B, H].
    package func features(_ batch: PackedBatch) -> UnsafeBufferPointer<Float> {
        let states = encoder.forward(batch, .first, dropout: nil, compute)
        return UnsafeBufferPointer(start: states.start, count: states.rows * states.columns)
    }

    /// The head alone, over features that were computed before.
    ///
    /// - Parameters:
    ///   - features: [B, H], must stay until `backwardHead`.
    ///   - examples: [B], as in a packed batch.
    /// - Returns: logits [B, outputs]
    package func forwardHead(
        features: UnsafeBufferPointer<Float>, examples: [UInt32], dropout: DropoutContext? = nil
    ) -> UnsafeBufferPointer<Float> {
        precondition(features.count == examples.count * hidden && !examples.isEmpty)
        return logits(
            Matrix(features.baseAddress!, rows: examples.count, columns: hidden), examples: examples, dropout: dropout)
    }

    /// After `forward` or `forwardHead`: the states of the head's hidden layer [B, width]; nil for a head without one.
    package var headHidden: UnsafeBufferPointer<Float>? {
        head.hidden.map { UnsafeBufferPointer(start: $0.start, count: $0.rows * $0.columns) }
    }

    /// After `forwardHead`: adds to the gradients of the head.
    package func backwardHead(_ logitGradients: UnsafeBufferPointer<Float>) {
        head.backward(gradientMatrix(logitGradients), into: nil, compute)
    }

    private func logits(
        _ features: Matrix, examples: [UInt32], dropout: DropoutContext?
    ) -> UnsafeBufferPointer<Float> {
        exampleBuffer.reserve(examples.count)
        placeBuffer.reserve(examples.count)
        _ = exampleBuffer.values.update(from: examples)
        let rows = RowSet(count: examples.count, examples: exampleBuffer.start, places: placeBuffer.start)
        let result = head.forward(features, rows, dropout: dropout, compute)
        return UnsafeBufferPointer(start: result.start, count: result.rows * result.columns)
    }

    private func gradientMatrix(_ gradients: UnsafeBufferPointer<Float>) -> Matrix {
        precondition(gradients.count > 0 && gradients.count.isMultiple(of: outputs))
        return Matrix(gradients.baseAddress!, rows: gradients.count / outputs, columns: outputs)
    }
}
