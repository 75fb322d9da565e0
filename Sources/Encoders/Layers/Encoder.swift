import Numerics

/// The backbone: embeddings and layers.
final class Encoder {
    private let embeddings: Embeddings
    private let layers: [EncoderLayer]
    private let prefixes: Prefixes?
    private let configuration: EncoderConfiguration
    private let layout = BatchLayout()
    private let workspace: Workspace
    /// The inputs of layers [T, H] from which their forward passes are computed again; nil where each layer keeps what its
    /// backward pass needs. The first layer's are the embeddings' own.
    private let inputs: [FloatBuffer]?
    /// The last forward pass.
    private var pass: Pass?

    /// - Parameters:
    ///   - format: what the layers' linear layers multiply in.
    ///   - recomputes: whether a layer keeps its input alone, and computes the rest again before its backward pass (Chen et
    ///     al. 2016): a forward pass more, and the memory of one layer in place of that of all. Not a bit differs.
    init(in store: ParameterStore, _ format: NumberFormat, recomputes: Bool = false) {
        configuration = store.table.configuration
        inputs = recomputes ? (0..<configuration.layers).map { _ in FloatBuffer() } : nil
        workspace = Workspace(format)
        embeddings = Embeddings(in: store)
        let prefixes = Prefixes(in: store)
        let shared = recomputes ? LayerMemory() : nil
        layers = (0..<configuration.layers).map {
            EncoderLayer($0, prefix: prefixes?[$0], in: store, format, shared ?? LayerMemory())
        }
        self.prefixes = prefixes
    }

    var moves: Bool { embeddings.moves || layers.contains(where: \.moves) }

    /// - Parameter selection: the tokens whose final states are wanted; only the last layer leaves the others out.
    /// - Returns: the final states of all tokens [T, H] or of first tokens [B, H], valid until the next forward pass.
    func forward(
        _ batch: PackedBatch, _ selection: TokenSelection, dropout: DropoutContext?, _ compute: Compute
    ) -> Matrix {
        layout.set(batch, configuration, prefixLength: prefixes?.length ?? 0)
        workspace.reserve(configuration, layout)
        let pass = Pass(
            compute: compute, layout: layout, dropout: dropout, workspace: workspace, selection: selection)
        self.pass = pass
        compute.phase(.adapters) { prefixes?.forward(compute) }
        var states = embeddings.forward(pass.selecting(.all)).readable
        for (number, layer) in layers.enumerated() {
            states = layer.forward(kept(states, for: number, compute), self.pass(pass, through: number)).readable
        }
        return states
    }

    /// A layer's input where it stays until its backward pass.
    private func kept(_ states: Matrix, for number: Int, _ compute: Compute) -> Matrix {
        guard let inputs, number > 0 else { return states }
        let count = states.rows * states.columns
        inputs[number].reserve(count)
        let place = inputs[number].start
        compute.forEach(count, grain: Grain.movedEntries) { range in
            (place + range.lowerBound).update(from: states.start + range.lowerBound, count: range.count)
        }
        return Matrix(place, rows: states.rows, columns: states.columns)
    }

    /// Where the gradient of the selected tokens' final states is to be written, [T or B, H].
    var finalGradient: MutableMatrix { finalGradient(of: lastPass) }

    /// Goes down to the lowest layer that moves. `finalGradient` is overwritten.
    /// - Parameter onLayer: called after each layer but the first, whose place has what all layers share.
    func backward(onLayer: (Int) -> Void) {
        let pass = lastPass
        backward(pass, onLayer)
        pass.compute.phase(.adapters) { prefixes?.backward(pass.compute) }
    }

    private func backward(_ pass: Pass, _ onLayer: (Int) -> Void) {
        var gradient = finalGradient(of: pass)
        for number in layers.indices.reversed() {
            let isNeededBelow = embeddings.moves || layers[..<number].contains(where: \.moves)
            guard isNeededBelow || layers[number].moves else { return }
            if inputs != nil, number < layers.count - 1 { layers[number].recompute(pass.selecting(.all)) }
            let next = layers[number].backward(
                gradient, isNeededBelow: isNeededBelow, self.pass(pass, through: number))
            if number > 0 { onLayer(number) }
            guard let next else { return }
            gradient = next
        }
        if embeddings.moves { embeddings.backward(gradient, pass.selecting(.all)) }
    }

    private func pass(_ pass: Pass, through number: Int) -> Pass {
        number == layers.count - 1 ? pass : pass.selecting(.all)
    }

    private var lastPass: Pass {
        guard let pass else { preconditionFailure("backward before forward") }
        return pass
    }

    private func finalGradient(of pass: Pass) -> MutableMatrix {
        let buffer = pass.selection == .all ? workspace.gradient : workspace.firstGradient
        return MutableMatrix(buffer.start, rows: pass.rows.count, columns: configuration.hidden)
    }
}
