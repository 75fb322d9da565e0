package import Experiments
package import Numerics

/// An encoder with its head, forward and backward over packed tokens.
///
/// Memory is planned for the largest batch so far and used again: a pass over a batch that is not larger allocates
/// nothing. What a call returns is valid until the next call.
package final class Model {
    package let store: ParameterStore
    package let compute: Compute
    private let precision: Precision
    private let encoder: Encoder
    private let readout: ReadoutLayer
    private let head: any Head
    private let exampleBuffer = AlignedBuffer<UInt32>()
    private let placeBuffer = AlignedBuffer<UInt32>()
    private let onPass: () -> Void
    /// The head's last forward pass.
    private var headPass: HeadPass?

    /// - Parameters:
    ///   - precision: what the backbone's matrix products compute in; sums, and everything else, are in single precision.
    ///   - recomputes: whether layers compute again what their backward passes need rather than keep it: less memory, and a
    ///     forward pass more.
    ///   - onPass: called before each forward pass, so that one sees from outside that something goes on.
    package init(
        store: ParameterStore, compute: Compute, precision: Precision = .fp32, recomputes: Bool = false,
        onPass: @escaping () -> Void = {}
    ) {
        self.store = store
        self.compute = compute
        self.precision = precision
        self.onPass = onPass
        encoder = Encoder(in: store, precision.format, recomputes: recomputes)
        readout = ReadoutLayer(in: store)
        head = makeHead(in: store)
    }

    /// Whether layers below the lowest that moves make the same of an example in every pass without dropout.
    package var hasFrozenLayers: Bool { encoder.frozenLayers > 0 }

    /// Whether they do so to the bit, whatever other examples are in the batch.
    package var isExactInAnyBatch: Bool { store.table.adapter == nil && compute.rowsAreIndependent(precision.format) }

    package var outputs: Int { store.table.outputs }
    /// Numbers in a row that the head sees.
    package var featureWidth: Int { store.table.readout.vectors * store.table.configuration.hidden }

    /// - Parameters:
    ///   - dropout: nil for none.
    ///   - visit: where the states of frozen layers are kept, which nothing may drop out of.
    /// - Returns: the head's outputs [R, outputs] for the R rows that it sees, one for each sequence of a text task.
    package func forward(
        _ batch: PackedBatch, dropout: DropoutContext? = nil, _ visit: FrozenStates.Visit? = nil
    ) -> UnsafeBufferPointer<Float> {
        onPass()
        let states = encoder.forward(batch, readout.selection, dropout: dropout, isKept: true, visit, compute)
        return outputs(readout.forward(states, batch, compute), batch.headRows, dropout: dropout)
    }

    /// As `forward`, without dropout and where no backward pass follows.
    package func outputs(
        of batch: PackedBatch, _ visit: FrozenStates.Visit? = nil
    ) -> UnsafeBufferPointer<Float> {
        onPass()
        let states = encoder.forward(batch, readout.selection, dropout: nil, isKept: false, visit, compute)
        return outputs(readout.forward(states, batch, compute), batch.headRows, dropout: nil)
    }

    /// After `forward`: adds to the gradients of all parameters that move, down to the lowest of them.
    ///
    /// - Parameters:
    ///   - outputGradients: [R, outputs]
    ///   - onPlace: called, as the pass goes on, with places from which on in the table this pass adds to no gradient any
    ///     more: `pooler`, then layers from the last down. Those of the places that are left are so when it returns.
    package func backward(
        _ outputGradients: UnsafeBufferPointer<Float>, onPlace: (Parameter.Place) -> Void = { _ in }
    ) {
        guard encoder.moves else { return backwardHead(outputGradients) }
        let finalGradient = encoder.finalGradient
        backwardHead(outputGradients, into: readout.rowGradient(finalGradient))
        onPlace(.pooler)
        readout.backward(into: finalGradient)
        encoder.backward { onPlace(.layer($0)) }
    }

    /// For tests: what is read out is less.
    /// - Returns: the final layer's states of all tokens, [T, H].
    package func finalStates(_ batch: PackedBatch) -> UnsafeBufferPointer<Float> {
        onPass()
        let states = encoder.forward(batch, .all, dropout: nil, isKept: false, nil, compute)
        return UnsafeBufferPointer(start: states.start, count: states.rows * states.columns)
    }

    /// - Returns: what the head sees, [R, featureWidth].
    package func features(_ batch: PackedBatch) -> UnsafeBufferPointer<Float> {
        onPass()
        let states = encoder.forward(batch, readout.selection, dropout: nil, isKept: false, nil, compute)
        let features = readout.forward(states, batch, compute)
        return UnsafeBufferPointer(start: features.start, count: features.rows * features.columns)
    }

    /// The head alone, over features that were computed before.
    ///
    /// - Parameters:
    ///   - features: [R, featureWidth], must stay until `backwardHead`.
    ///   - rows: [R], as of a packed batch.
    /// - Returns: [R, outputs]
    package func forwardHead(
        features: UnsafeBufferPointer<Float>, rows: HeadRows, dropout: DropoutContext? = nil
    ) -> UnsafeBufferPointer<Float> {
        precondition(features.count == rows.count * featureWidth && rows.count > 0)
        onPass()
        return outputs(
            Matrix(features.baseAddress!, rows: rows.count, columns: featureWidth), rows, dropout: dropout)
    }

    /// After `forward` or `forwardHead`: the states of the head's hidden layer [R, width]; nil for a head without one.
    package var headHidden: UnsafeBufferPointer<Float>? {
        head.hidden.map { UnsafeBufferPointer(start: $0.start, count: $0.rows * $0.columns) }
    }

    /// After `forwardHead`: adds to the gradients of the head.
    package func backwardHead(_ outputGradients: UnsafeBufferPointer<Float>) {
        backwardHead(outputGradients, into: nil)
    }

    private func backwardHead(_ outputGradients: UnsafeBufferPointer<Float>, into featureGradient: MutableMatrix?) {
        guard let headPass else { preconditionFailure("backward before forward") }
        let gradient = gradientMatrix(outputGradients)
        compute.phase(.head) { head.backward(gradient, into: featureGradient, headPass) }
    }

    private func outputs(
        _ features: Matrix, _ headRows: HeadRows, dropout: DropoutContext?
    ) -> UnsafeBufferPointer<Float> {
        exampleBuffer.reserve(headRows.count)
        placeBuffer.reserve(headRows.count)
        _ = exampleBuffer.values.update(from: headRows.examples)
        _ = placeBuffer.values.update(from: headRows.places)
        let rows = RowSet(count: headRows.count, examples: exampleBuffer.start, places: placeBuffer.start)
        let pass = HeadPass(compute: compute, rows: rows, dropout: dropout)
        headPass = pass
        let result = compute.phase(.head) { head.forward(features, pass) }
        return UnsafeBufferPointer(start: result.start, count: result.rows * result.columns)
    }

    private func gradientMatrix(_ gradients: UnsafeBufferPointer<Float>) -> Matrix {
        precondition(gradients.count > 0 && gradients.count.isMultiple(of: outputs))
        return Matrix(gradients.baseAddress!, rows: gradients.count / outputs, columns: outputs)
    }
}

extension Precision {
    package var format: NumberFormat {
        switch self {
        case .fp32: .fp32
        case .bf16: .bf16
        }
    }
}
