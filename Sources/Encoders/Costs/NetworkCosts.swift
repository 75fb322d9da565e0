package import Experiments
import Numerics

/// What a network does in a step and what memory it takes, known without running it: for plans.
///
/// It follows `Encoder`, its layers and the heads in what they compute where parameters move or do not; tests hold it
/// against what they count themselves.
package struct NetworkCosts: Sendable {
    package let table: ParameterTable
    /// Entries that move, and with them the arena's.
    package let movingCount: Int
    let format: NumberFormat
    package var recomputes: Bool
    /// Whether weights are laid out for products.
    let packs: Bool
    let layers: [LayerCosts]
    let head: HeadCosts
    let embeddingsMove: Bool
    let embeddingNormMoves: Bool
    /// Tables of embeddings that move.
    let movingTables: Int
    /// Entries of parameters of which only some move, whole.
    package let partialCount: Int
    /// The word embedding's entries, if it moves as a whole; else 0.
    package let wordCount: Int
    /// Entries that move in the lowest place where any does, the word embedding aside; all where single entries move, whose
    /// gradients are taken out of whole ones after the backward pass.
    package let lastCount: Int
    package let prefixLength: Int
    let prefixMoves: Bool

    /// - Parameters:
    ///   - counts: how many entries of each parameter of the table move.
    ///   - packs: whether products in single precision are packed.
    package init(
        _ table: ParameterTable, moving counts: [Int], precision: Precision = .fp32, recomputes: Bool = false,
        packs: Bool = Compute.packsFloats
    ) {
        self.table = table
        self.recomputes = recomputes
        format = precision.format
        self.packs = packs || precision == .bf16
        let moving = Moving(table, counts)
        layers = (0..<table.configuration.layers).map { LayerCosts($0, moving) }
        head = HeadCosts(moving)
        embeddingNormMoves = moving.norm("embeddings.LayerNorm")
        movingTables = ["word", "position", "token_type"].count { moving("embeddings.\($0)_embeddings.weight") }
        embeddingsMove = embeddingNormMoves || movingTables > 0
        if case .prefix(let length, _, _) = table.adapter { prefixLength = length } else { prefixLength = 0 }
        let addsPrefix = prefixLength > 0
        prefixMoves = addsPrefix && table.parameters.contains { $0.isAdapter && moving($0.name) }
        let sizes = zip(table.parameters, counts)
        movingCount = counts.reduce(0, +)
        partialCount = sizes.reduce(0) { $0 + (0 < $1.1 && $1.1 < $1.0.count ? $1.0.count : 0) }
        let words = sizes.first { $0.0.name == ParameterTable.wordEmbeddings && $0.1 == $0.0.count }?.1 ?? 0
        wordCount = words
        let ofLayers = sizes.filter { if case .layer = $0.0.place { $0.1 > 0 } else { false } }
        // A backward pass that reaches the embeddings is over soon after the lowest layer.
        let lowest = ofLayers.map(\.0.place).min() ?? .embeddings
        lastCount =
            (partialCount > 0 ? movingCount : sizes.reduce(0) { $1.0.place <= lowest ? $0 + $1.1 : $0 }) - words
    }

    var configuration: EncoderConfiguration { table.configuration }

    /// Whether anything below the head moves.
    package var encoderMoves: Bool { embeddingsMove || layers.contains(where: \.moves) }

    /// The lowest layer that the backward pass computes; nil where it computes none.
    var lowestLayer: Int? {
        guard encoderMoves else { return nil }
        return embeddingsMove ? 0 : layers.firstIndex(where: \.moves)
    }

    /// The layers below the lowest that moves, but never the last: without dropout they make the same of an example in
    /// every pass.
    package var frozenLayers: Int { min(lowestLayer ?? layers.count, layers.count - 1) }

    /// Whether the gradient of a layer's input is wanted.
    func isNeeded(below layer: Int) -> Bool { embeddingsMove || layers[..<layer].contains(where: \.moves) }
}

/// Which parameters of a table move.
struct Moving {
    let table: ParameterTable
    private let counts: [Int]

    init(_ table: ParameterTable, _ counts: [Int]) {
        self.table = table
        self.counts = counts
    }

    func callAsFunction(_ name: String) -> Bool { table.index(of: name).map { counts[$0] > 0 } ?? false }

    func norm(_ name: String) -> Bool { self("\(name).weight") || self("\(name).bias") }

    func linear(_ name: String) -> LinearCosts {
        guard let index = table.index(of: "\(name).weight") else {
            preconditionFailure("the table has no layer '\(name)'")
        }
        let shape = table.parameters[index].shape
        return LinearCosts(
            inputs: shape[1], outputs: shape[0], weightMoves: self("\(name).weight"), biasMoves: self("\(name).bias"))
    }

    /// Whether layers that stand side by side in the table are one, as `Linear.joined` has it: parameters that do not move
    /// stand as the model's file has them, which is mostly by name.
    func joins(_ names: [String]) -> Bool {
        names.flatMap { ["\($0).weight", "\($0).bias"] }.compactMap(table.index).allSatisfy {
            counts[$0] == table.parameters[$0].count
        }
    }
}

/// A linear layer, with what LoRA adds to it.
struct LinearCosts: Sendable {
    let inputs: Int
    var outputs: Int
    let weightMoves: Bool
    let biasMoves: Bool
    var lowRanks: [LowRankCosts] = []

    var moves: Bool { weightMoves || biasMoves || lowRanks.contains(where: \.moves) }
    var count: Int { inputs * outputs }
}

struct LowRankCosts: Sendable {
    let inputs: Int
    let outputs: Int
    let rank: Int
    let downMoves: Bool
    let upMoves: Bool

    var moves: Bool { downMoves || upMoves }
}

/// One layer of the encoder.
struct LayerCosts: Sendable {
    /// A linear layer, the adapter after it and the LayerNorm over the residual sum.
    struct End: Sendable {
        let dense: LinearCosts
        let bottleneck: (down: LinearCosts, up: LinearCosts)?
        let normMoves: Bool

        var moves: Bool { dense.moves || normMoves || bottleneck.map { $0.down.moves || $0.up.moves } ?? false }
    }

    let query: LinearCosts
    /// One or two.
    let keyValue: [LinearCosts]
    let attentionEnd: End
    let inner: LinearCosts
    let end: End
    let scoresMove: Bool

    init(_ number: Int, _ moving: Moving) {
        let prefix = ParameterTable.layerPrefix(number)
        func linear(_ name: String) -> LinearCosts {
            var linear = moving.linear(prefix + name)
            let down = prefix + name + ParameterTable.lowRankDown
            if let index = moving.table.index(of: down) {
                linear.lowRanks = [
                    LowRankCosts(
                        inputs: linear.inputs, outputs: linear.outputs, rank: moving.table.parameters[index].shape[0],
                        downMoves: moving(down), upMoves: moving(prefix + name + ParameterTable.lowRankUp))
                ]
            }
            return linear
        }
        func end(_ name: String, _ bottleneck: String) -> End {
            let hasBottleneck = moving.table.index(of: "\(prefix)\(bottleneck).down.weight") != nil
            return End(
                dense: linear("\(name).dense"),
                bottleneck: hasBottleneck
                    ? (moving.linear("\(prefix)\(bottleneck).down"), moving.linear("\(prefix)\(bottleneck).up")) : nil,
                normMoves: moving.norm("\(prefix)\(name).LayerNorm"))
        }
        query = linear("attention.self.query")
        var (key, value) = (linear("attention.self.key"), linear("attention.self.value"))
        if moving.joins([prefix + "attention.self.key", prefix + "attention.self.value"]) {
            key.outputs += value.outputs
            key.lowRanks += value.lowRanks
            keyValue = [key]
        } else {
            keyValue = [key, value]
        }
        attentionEnd = end("attention.output", ParameterTable.attentionBottleneck)
        inner = linear("intermediate.dense")
        self.end = end("output", ParameterTable.feedForwardBottleneck)
        let prefixMoves = [ParameterTable.prefixKey, ParameterTable.prefixValue].contains { moving(prefix + $0) }
        let networkMoves = [ParameterTable.prefixEmbedding, "\(ParameterTable.prefixInner).weight"].contains {
            moving($0)
        }
        scoresMove = query.moves || keyValue.contains(where: \.moves) || prefixMoves || networkMoves
    }

    var attentionMoves: Bool { scoresMove || attentionEnd.moves }
    var feedForwardMoves: Bool { inner.moves || end.moves }
    var moves: Bool { attentionMoves || feedForwardMoves }
    var linears: [LinearCosts] { [query] + keyValue + [attentionEnd.dense, inner, end.dense] }
}

/// The linear layers of a head in the order in which rows go through them.
struct HeadCosts: Sendable {
    let linears: [LinearCosts]
    /// The width of the LayerNorm and the GELU between them; nil where there is none.
    let normWidth: Int?
    let normMoves: Bool

    init(_ moving: Moving) {
        let layers = moving.table.headLayers
        linears = layers.filter { $0.layer != .norm }.map { moving.linear($0.name) }
        let norm = layers.first { $0.layer == .norm }
        normWidth = norm == nil ? nil : linears.first?.outputs
        normMoves = norm.map { moving.norm($0.name) } ?? false
    }
}
