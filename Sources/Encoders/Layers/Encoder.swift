import Numerics

/// The backbone: embeddings and layers.
final class Encoder {
    private let embeddings: Embeddings
    private let layers: [EncoderLayer]
    /// The same for passes that no backward pass follows: they take turns with one memory.
    private let passing: [EncoderLayer]
    private let prefixes: Prefixes?
    private let configuration: EncoderConfiguration
    private let layout = BatchLayout()
    private let workspace: Workspace
    /// The inputs of layers [T, H] from which their forward passes are computed again; nil where each layer keeps what its
    /// backward pass needs. The first layer's are the embeddings' own.
    private let inputs: [FloatBuffer]?
    /// The layers below the lowest that moves, but never the last.
    let frozenLayers: Int
    /// What they have made of a batch before, [T, H].
    private let frozen = FloatBuffer()
    /// The last forward pass, if a backward pass may follow.
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
        let packs = PackedLinears(format, in: store)
        let shared = LayerMemory()
        let makeLayer = { (number: Int, memory: LayerMemory) in
            EncoderLayer(number, prefix: prefixes?[number], in: store, packs, memory)
        }
        let numbers = 0..<configuration.layers
        passing = numbers.map { makeLayer($0, shared) }
        layers = recomputes ? passing : numbers.map { makeLayer($0, LayerMemory()) }
        self.prefixes = prefixes
        let lowest = embeddings.moves ? 0 : layers.firstIndex(where: \.moves)
        frozenLayers = min(lowest ?? layers.count, layers.count - 1)
    }

    var moves: Bool { embeddings.moves || layers.contains(where: \.moves) }

    /// - Parameters:
    ///   - selection: the tokens whose final states are wanted; only the last layer leaves the others out.
    ///   - isKept: whether a backward pass may follow.
    ///   - visit: where the states of frozen layers are kept, which nothing may drop out of.
    /// - Returns: the final states of all tokens [T, H] or of first tokens [B, H], valid until the next forward pass.
    func forward(
        _ batch: PackedBatch, _ selection: TokenSelection, dropout: DropoutContext?, isKept: Bool,
        _ visit: FrozenStates.Visit?, _ compute: Compute
    ) -> Matrix {
        layout.set(batch, configuration, prefixLength: prefixes?.length ?? 0)
        workspace.reserve(configuration, layout)
        let pass = Pass(
            compute: compute, layout: layout, dropout: dropout, workspace: workspace, isKept: isKept,
            selection: selection)
        self.pass = isKept ? pass : nil
        compute.phase(.adapters) { prefixes?.forward(compute) }
        guard let visit, frozenLayers > 0 else {
            return forward(embeddings.forward(pass.selecting(.all)).readable, layers.indices, pass)
        }
        frozen.reserve(batch.tokenCount * configuration.hidden)
        let kept = MutableMatrix(frozen.start, rows: batch.tokenCount, columns: configuration.hidden)
        let isKept = compute.phase(.embedding) { visit.read(into: kept, compute) }
        if isKept { return forward(kept.readable, frozenLayers..<layers.count, pass) }
        let states = forward(embeddings.forward(pass.selecting(.all)).readable, 0..<frozenLayers, pass)
        compute.phase(.embedding) { visit.keep(states, compute) }
        return forward(states, frozenLayers..<layers.count, pass)
    }

    /// Through some of the layers.
    private func forward(_ input: Matrix, _ numbers: Range<Int>, _ pass: Pass) -> Matrix {
        numbers.reduce(input) { states, number in
            let states = pass.isKept ? kept(states, for: number, pass.compute) : states
            let layer = pass.isKept ? layers[number] : passing[number]
            return layer.forward(states, self.pass(pass, through: number)).readable
        }
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
