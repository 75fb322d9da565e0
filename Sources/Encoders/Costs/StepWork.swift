package import Numerics

/// How much there is to do in the phases of some computation, as a `PhaseClock` counts it.
package struct Work: Equatable, Sendable {
    package struct Amount: Equatable, Sendable {
        /// Multiplications and additions of products, in 10^9.
        package var gigaflop = 0.0
        /// Read and written by loops over memory, in 10^9.
        package var gigabytes = 0.0
        /// How often a layer, or the whole network where no layer has a part of its own, comes to the phase.
        package var rounds = 0.0

        package init(gigaflop: Double = 0, gigabytes: Double = 0, rounds: Double = 0) {
            self.gigaflop = gigaflop
            self.gigabytes = gigabytes
            self.rounds = rounds
        }
    }

    package private(set) var amounts: [Phase: Amount] = [:]

    package init() {}

    package subscript(phase: Phase) -> Amount { amounts[phase] ?? Amount() }

    package mutating func add(_ phase: Phase, gigaflop: Double = 0, bytes: Double = 0, rounds: Double = 0) {
        amounts[phase, default: Amount()].gigaflop += gigaflop
        amounts[phase, default: Amount()].gigabytes += bytes / 1e9
        amounts[phase, default: Amount()].rounds += rounds
    }

    package static func += (sum: inout Work, other: Work) {
        for (phase, amount) in other.amounts {
            sum.add(phase, gigaflop: amount.gigaflop, bytes: amount.gigabytes * 1e9, rounds: amount.rounds)
        }
    }

    package static func * (factor: Double, work: Work) -> Work {
        var product = Work()
        for (phase, amount) in work.amounts {
            product.add(
                phase, gigaflop: factor * amount.gigaflop, bytes: factor * amount.gigabytes * 1e9,
                rounds: factor * amount.rounds)
        }
        return product
    }
}

/// The sizes of a batch by which its work grows, or the mean of many batches'.
package struct BatchSizes: Equatable, Sendable {
    package var sequences: Double
    package var tokens: Double
    /// Σ n² over its sequences of n tokens.
    package var squares: Double
    /// Rows that the head sees.
    package var headRows: Double

    package init(sequences: Double, tokens: Double, squares: Double, headRows: Double) {
        self.sequences = sequences
        self.tokens = tokens
        self.squares = squares
        self.headRows = headRows
    }

    /// - Parameter lengths: of the sequences, in tokens.
    package init(lengths: [Int], headRows: Int) {
        self.init(
            sequences: Double(lengths.count), tokens: Double(lengths.reduce(0, +)),
            squares: Double(lengths.reduce(0) { $0 + $1 * $1 }), headRows: Double(headRows))
    }

    /// So many times as much, of sequences as long as these.
    package static func * (sizes: BatchSizes, factor: Double) -> BatchSizes {
        BatchSizes(
            sequences: factor * sizes.sequences, tokens: factor * sizes.tokens, squares: factor * sizes.squares,
            headRows: factor * sizes.headRows)
    }
}

extension NetworkCosts {
    /// A pass through the network: forward, and backward to the lowest parameter that moves.
    /// - Parameters:
    ///   - isTrained: whether there is a backward pass.
    ///   - isVisited: whether what frozen layers make of the batch is kept from an earlier pass.
    package func pass(_ batch: BatchSizes, isTrained: Bool, isVisited: Bool = false) -> Work {
        var work = Work()
        let hidden = Double(configuration.hidden)
        if !isVisited || frozenLayers == 0 {
            work.add(.embedding, bytes: batch.tokens * hidden * 16, rounds: 1)
            work.add(.normalization, bytes: batch.tokens * hidden * 12)
        }
        addPrefixes(to: &work, isTrained: isTrained && prefixMoves)
        for layer in (isVisited ? frozenLayers : 0)..<layers.count {
            addForward(layer, batch, keepsSlope: isTrained, to: &work)
        }
        addHead(rows: batch.headRows, to: &work, isTrained: isTrained, reachesEncoder: encoderMoves)
        guard isTrained, let lowest = lowestLayer else { return work }
        for layer in (lowest..<layers.count).reversed() {
            if recomputes, layer < layers.count - 1 { addForward(layer, batch, keepsSlope: true, to: &work) }
            addBackward(layer, batch, to: &work)
        }
        guard embeddingsMove else { return work }
        work.add(.embedding, bytes: batch.tokens * hidden * 12 * Double(movingTables))
        work.add(.normalization, bytes: batch.tokens * hidden * (embeddingNormMoves ? 24 : 16))
        return work
    }

    /// The head alone, over rows of features.
    package func headPass(rows: Double, isTrained: Bool) -> Work {
        var work = Work()
        addHead(rows: rows, to: &work, isTrained: isTrained, reachesEncoder: false)
        return work
    }

    /// What a step does once, however many passes it has: packing weights that have changed, and the optimizer.
    /// - Parameters:
    ///   - touchedRows: rows of the word embedding that have a gradient, where it moves.
    ///   - activeRows: those that have moments; the others but decay.
    package func update(touchedRows: Double = 0, activeRows: Double = 0) -> Work {
        var work = packing { $0.weightMoves }
        work.add(.optimizer, bytes: Double(movingCount - wordCount) * 36, rounds: 1)
        if wordCount > 0 {
            let (width, rows) = (Double(configuration.hidden), Double(configuration.vocabulary))
            work.add(.optimizer, bytes: width * (touchedRows * 4 + activeRows * 32 + (rows - activeRows) * 8))
        }
        work.add(.other, bytes: Double(partialCount) * 4, rounds: 1)
        return work
    }

    /// What a stage does once: packing weights that do not move.
    package var beginning: Work { packing { !$0.weightMoves } }

    private func packing(where isPacked: (LinearCosts) -> Bool) -> Work {
        var work = Work()
        guard packs else { return work }
        for layer in layers.indices {
            let weights = weights(of: layer).filter { isPacked($0.linear) }
            let numbers = weights.reduce(0) { $0 + $1.linear.count * ($1.isPassedBack ? 2 : 1) }
            work.add(.packing, bytes: Double(numbers * (4 + format.bytes)))
        }
        return work
    }

    /// The layer's linear layers, and whether the gradients of their inputs are computed.
    func weights(of number: Int) -> [(linear: LinearCosts, isPassedBack: Bool)] {
        let (layer, below) = (layers[number], isNeeded(below: number))
        let isReached = lowestLayer.map { number >= $0 } ?? false
        let middle = layer.attentionMoves || below
        return layer.linears.enumerated().map { place, linear in
            let isPassedBack =
                switch place {
                case layer.linears.count - 1: layer.inner.moves || middle
                case layer.linears.count - 2: middle
                case layer.linears.count - 3: layer.scoresMove || below
                default: below
                }
            return (linear, isReached && isPassedBack)
        }
    }
}

extension NetworkCosts {
    private func rows(_ layer: Int, _ batch: BatchSizes) -> Double {
        layer == layers.count - 1 && table.readout == .first ? batch.sequences : batch.tokens
    }

    private func addAttention(_ layer: Int, _ batch: BatchSizes, times: Double = 1, to work: inout Work) {
        let (prefix, hidden) = (Double(prefixLength), Double(configuration.hidden))
        let keys = batch.tokens + prefix * batch.sequences
        let isFirst = layer == layers.count - 1 && table.readout == .first
        let pairs = isFirst ? keys : batch.squares + prefix * batch.tokens
        work.add(
            .attention, gigaflop: times * 4 * pairs * hidden / 1e9,
            bytes: times * 8 * (rows(layer, batch) + keys) * hidden, rounds: 1)
    }

    private func addForward(_ number: Int, _ batch: BatchSizes, keepsSlope: Bool, to work: inout Work) {
        let (layer, rows) = (layers[number], rows(number, batch))
        for phase in [Phase.forwardProducts, .normalization, .activation] { work.add(phase, rounds: 1) }
        addForward(layer.query, rows, to: &work)
        for linear in layer.keyValue { addForward(linear, batch.tokens, to: &work) }
        addAttention(number, batch, to: &work)
        addForward(layer.attentionEnd, rows, to: &work)
        addForward(layer.inner, rows, to: &work)
        let activation = (keepsSlope ? 8.0 : 4) + (takesRounded(layer.end) ? 2 : 4)
        work.add(.activation, bytes: rows * Double(layer.inner.outputs) * activation)
        addForward(layer.end, rows, readsRounded: takesRounded(layer.end), to: &work)
    }

    private func addForward(_ end: LayerCosts.End, _ rows: Double, readsRounded: Bool = false, to work: inout Work) {
        addForward(end.dense, rows, readsRounded: readsRounded, to: &work)
        if let (down, up) = end.bottleneck {
            work.add(.adapters, gigaflop: product(rows, down) + product(rows, up))
            work.add(.activation, bytes: rows * Double(down.outputs) * 12)
        }
        work.add(.normalization, bytes: rows * Double(end.dense.outputs) * 16)
    }

    private func addForward(_ linear: LinearCosts, _ rows: Double, readsRounded: Bool = false, to work: inout Work) {
        work.add(.forwardProducts, gigaflop: product(rows, linear))
        if format == .bf16, !readsRounded { work.add(.packing, bytes: rows * Double(linear.inputs) * 6, rounds: 1) }
        for added in linear.lowRanks {
            work.add(.adapters, gigaflop: product(rows, added.inputs + added.outputs, added.rank), rounds: 1)
        }
    }

    /// As `FeedForward` writes it.
    func takesRounded(_ end: LayerCosts.End) -> Bool { format == .bf16 && end.dense.lowRanks.isEmpty }

    /// As `EncoderLayer.backward`.
    private func addBackward(_ number: Int, _ batch: BatchSizes, to work: inout Work) {
        let (layer, rows) = (layers[number], rows(number, batch))
        let below = isNeeded(below: number)
        let middle = layer.attentionMoves || below
        let inside = layer.inner.moves || middle
        addBackward(layer.end, rows, readsRounded: takesRounded(layer.end), toInput: inside, to: &work)
        guard inside else { return }
        work.add(.activation, bytes: rows * Double(layer.inner.outputs) * 12, rounds: 1)
        addBackward(layer.inner, rows, toInput: middle, to: &work)
        guard middle else { return }
        let scores = layer.scoresMove || below
        addBackward(layer.attentionEnd, rows, toInput: scores, to: &work)
        guard scores else { return }
        addAttention(number, batch, times: 2, to: &work)
        addBackward(layer.query, rows, toInput: below, to: &work)
        for linear in layer.keyValue { addBackward(linear, batch.tokens, toInput: below, to: &work) }
    }

    private func addBackward(
        _ end: LayerCosts.End, _ rows: Double, readsRounded: Bool = false, toInput: Bool, to work: inout Work
    ) {
        work.add(.normalization, bytes: rows * Double(end.dense.outputs) * (end.normMoves ? 24 : 16), rounds: 1)
        let below = end.dense.moves || toInput
        if let (down, up) = end.bottleneck {
            let inside = down.moves || below
            work.add(.adapters, gigaflop: product(rows, up) * ((up.weightMoves ? 1 : 0) + (inside ? 1 : 0)), rounds: 1)
            if inside {
                work.add(.activation, bytes: rows * Double(down.outputs) * 12)
                work.add(.adapters, gigaflop: product(rows, down) * ((down.weightMoves ? 1 : 0) + (below ? 1 : 0)))
            }
        }
        if below { addBackward(end.dense, rows, readsRounded: readsRounded, toInput: toInput, to: &work) }
    }

    private func addBackward(
        _ linear: LinearCosts, _ rows: Double, readsRounded: Bool = false, toInput: Bool, to work: inout Work
    ) {
        let (inputs, outputs) = (rows * Double(linear.inputs), rows * Double(linear.outputs))
        if linear.biasMoves { work.add(.biasGradients, bytes: outputs * 4, rounds: 1) }
        if linear.weightMoves {
            work.add(.weightGradients, gigaflop: product(rows, linear), rounds: 1)
            if packs { work.add(.packing, bytes: inputs * Double((readsRounded ? 2 : 4) + format.bytes), rounds: 1) }
            if format == .bf16 { work.add(.packing, bytes: outputs * 6, rounds: 1) }
        }
        if toInput {
            work.add(.inputGradients, gigaflop: product(rows, linear), rounds: 1)
            if format == .bf16 { work.add(.packing, bytes: outputs * 6, rounds: 1) }
        }
        for added in linear.lowRanks {
            let inner = added.downMoves || toInput
            let ups = (added.upMoves ? 1 : 0) + (inner ? 1 : 0)
            let downs = (added.downMoves ? 1 : 0) + (toInput ? 1 : 0)
            work.add(
                .adapters, gigaflop: product(rows, added.outputs * ups + added.inputs * downs, added.rank), rounds: 1)
        }
    }

    /// The network that computes a prefix, where there is one.
    private func addPrefixes(to work: inout Work, isTrained: Bool) {
        guard case .prefix(let length, let width, _) = table.adapter, width > 0 else { return }
        let inner = product(Double(length), configuration.hidden, width)
        let outer = product(Double(length), width, 2 * configuration.layers * configuration.hidden)
        work.add(.adapters, gigaflop: (inner + outer) * (isTrained ? 3 : 1), rounds: isTrained ? 2 : 1)
    }

    private func addHead(rows: Double, to work: inout Work, isTrained: Bool, reachesEncoder: Bool) {
        work.add(.head, rounds: isTrained ? 2 : 1)
        for (place, linear) in head.linears.enumerated() {
            let gradients = (linear.weightMoves ? 1.0 : 0) + (place > 0 || reachesEncoder ? 1 : 0)
            work.add(.head, gigaflop: product(rows, linear) * (isTrained ? 1 + gradients : 1))
        }
        guard let width = head.normWidth else { return }
        let states = rows * Double(width)
        work.add(.activation, bytes: states * (isTrained ? 24 : 12))
        work.add(.normalization, bytes: states * (isTrained ? head.normMoves ? 36 : 28 : 12))
    }

    private func product(_ rows: Double, _ linear: LinearCosts) -> Double {
        product(rows, linear.inputs, linear.outputs)
    }

    private func product(_ rows: Double, _ inner: Int, _ columns: Int) -> Double {
        2 * rows * Double(inner) * Double(columns) / 1e9
    }
}
