import Numerics

/// The backbone: embeddings and layers.
final class Encoder {
    private let embeddings: Embeddings
    private let layers: [EncoderLayer]
    private let prefixes: Prefixes?
    private let configuration: EncoderConfiguration
    private let layout = BatchLayout()
    private let workspace = Workspace()
    private var pass: Pass?
    private var selection = TokenSelection.all

    init(in store: ParameterStore) {
        configuration = store.table.configuration
        embeddings = Embeddings(in: store)
        let prefixes = Prefixes(in: store)
        layers = (0..<configuration.layers).map { EncoderLayer($0, prefix: prefixes?[$0], in: store) }
        self.prefixes = prefixes
    }

    var moves: Bool { embeddings.moves || layers.contains(where: \.moves) }

    /// - Returns: the final states of all tokens [T, H] or of first tokens [B, H], valid until the next forward pass.
    func forward(
        _ batch: PackedBatch, _ selection: TokenSelection, dropout: DropoutContext?, _ compute: Compute
    ) -> Matrix {
        layout.set(batch, configuration, prefixLength: prefixes?.length ?? 0)
        workspace.reserve(configuration, layout)
        let pass = Pass(compute: compute, layout: layout, dropout: dropout)
        self.pass = pass
        self.selection = selection
        prefixes?.forward(compute)
        var states = embeddings.forward(pass).readable
        for (number, layer) in layers.enumerated() {
            let isLast = number == layers.count - 1
            states = layer.forward(states, isLast ? selection : .all, pass, workspace).readable
        }
        return states
    }

    /// Where the gradient of the selected tokens' final states is to be written, [T or B, H].
    var finalGradient: MutableMatrix {
        let buffer = selection == .all ? workspace.gradient : workspace.firstGradient
        return MutableMatrix(buffer.start, rows: layout.rows(selection).count, columns: configuration.hidden)
    }

    /// Goes down to the lowest layer that moves. `finalGradient` is overwritten.
    func backward() {
        guard let pass else { preconditionFailure("backward before forward") }
        backward(pass)
        prefixes?.backward(pass.compute)
    }

    private func backward(_ pass: Pass) {
        var gradient = finalGradient
        for number in layers.indices.reversed() {
            let isNeededBelow = embeddings.moves || layers[..<number].contains(where: \.moves)
            guard isNeededBelow || layers[number].moves else { return }
            guard let next = layers[number].backward(gradient, isNeededBelow: isNeededBelow, pass, workspace) else {
                return
            }
            gradient = next
        }
        if embeddings.moves { embeddings.backward(gradient, pass) }
    }
}
