import Numerics

/// The backbone: embeddings and layers.
final class Encoder {
    private let embeddings: Embeddings
    private let layers: [EncoderLayer]
    private let prefixes: Prefixes?
    private let configuration: EncoderConfiguration
    private let layout = BatchLayout()
    private let workspace: Workspace
    /// The last forward pass.
    private var pass: Pass?

    /// - Parameter format: what the layers' linear layers multiply in.
    init(in store: ParameterStore, _ format: NumberFormat) {
        configuration = store.table.configuration
        workspace = Workspace(format)
        embeddings = Embeddings(in: store)
        let prefixes = Prefixes(in: store)
        layers = (0..<configuration.layers).map { EncoderLayer($0, prefix: prefixes?[$0], in: store, format) }
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
            states = layer.forward(states, self.pass(pass, through: number)).readable
        }
        return states
    }

    /// Where the gradient of the selected tokens' final states is to be written, [T or B, H].
    var finalGradient: MutableMatrix { finalGradient(of: lastPass) }

    /// Goes down to the lowest layer that moves. `finalGradient` is overwritten.
    func backward() {
        let pass = lastPass
        backward(pass)
        pass.compute.phase(.adapters) { prefixes?.backward(pass.compute) }
    }

    private func backward(_ pass: Pass) {
        var gradient = finalGradient(of: pass)
        for number in layers.indices.reversed() {
            let isNeededBelow = embeddings.moves || layers[..<number].contains(where: \.moves)
            guard isNeededBelow || layers[number].moves else { return }
            let next = layers[number].backward(
                gradient, isNeededBelow: isNeededBelow, self.pass(pass, through: number))
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
