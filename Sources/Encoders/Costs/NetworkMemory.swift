import CKernels
import Experiments
import Numerics

/// The largest of everything that passes through a network, for which its memory is planned.
package struct LargestPass: Equatable, Sendable {
    package private(set) var sequences = 0
    package private(set) var tokens = 0
    package private(set) var headRows = 0
    /// Attention probabilities of a head that are kept.
    private(set) var probabilities = 0

    package init() {}

    /// - Parameters:
    ///   - lengths: of the pass's sequences.
    ///   - prefix: keys in front of each sequence's own.
    package mutating func include(lengths: some Sequence<Int>, headRows: Int, prefix: Int = 0) {
        var (sequences, tokens, kept) = (0, 0, 0)
        for length in lengths {
            sequences += 1
            tokens += length
            kept += attention_kept(length, prefix + length)
        }
        self.sequences = max(self.sequences, sequences)
        self.tokens = max(self.tokens, tokens)
        self.headRows = max(self.headRows, headRows)
        probabilities = max(probabilities, kept)
    }

    package func union(_ other: LargestPass) -> LargestPass {
        var union = self
        union.sequences = max(sequences, other.sequences)
        union.tokens = max(tokens, other.tokens)
        union.headRows = max(headRows, other.headRows)
        union.probabilities = max(probabilities, other.probabilities)
        return union
    }
}

/// The memory of a network and of what moves in it, in bytes.
package struct NetworkMemory: Equatable, Sendable {
    /// Values, gradients and moments of what moves.
    package var arena = 0
    /// Weights as products read them.
    package var packedWeights = 0
    /// What layers keep for their backward passes, and what they share.
    package var activations = 0

    package var total: Int { arena + packedWeights + activations }
}

private let pageBytes = 4096

extension NetworkCosts {
    /// - Parameters:
    ///   - trained: the largest pass that is followed by a backward pass.
    ///   - read: the largest that is not.
    ///   - activeRows: rows of the word embedding that have moments, where it moves.
    ///   - dropsAttention: whether attention probabilities drop out in training.
    ///   - dropsAdapter: whether what an adapter reads does.
    package func memory(
        trained: LargestPass, read: LargestPass, activeRows: Int, dropsAttention: Bool, dropsAdapter: Bool
    ) -> NetworkMemory {
        let all = trained.union(read)
        let states = all.tokens * configuration.hidden
        let ofLayers: Int
        if recomputes {
            let largest = layers.indices.map { keptCount($0, all, dropsAttention, dropsAdapter) }.max() ?? 0
            ofLayers = largest + (layers.count - 1) * trained.tokens * configuration.hidden
        } else {
            let kept = layers.indices.map { keptCount($0, trained, dropsAttention, dropsAdapter) }
            // Passes that no backward pass follows take turns with one layer's memory.
            ofLayers = kept.reduce(0, +) + (layers.indices.map { keptCount($0, read, false, false) }.max() ?? 0)
        }
        // Pages of gradients and moments that nobody writes take none.
        let passive = max(0, 1 - Double(activeRows) / Double(configuration.vocabulary))
        let rowsOfPage = 1 + pageBytes / (4 * configuration.hidden)
        let unwritten = Int(Double(wordCount) * (0..<rowsOfPage).reduce(1) { share, _ in share * passive })
        let floats = 3 * states + all.tokens + ofLayers + sharedCount(all) + headCount(all)
        return NetworkMemory(
            arena: 16 * movingCount - 12 * unwritten + 8 * partialCount + 4 * (partialCount == 0 ? 0 : movingCount),
            packedWeights: packs ? layers.indices.reduce(0) { $0 + packedWeightBytes($1) } : 0,
            activations: 4 * floats + roundedBytes(all, trained))
    }

    /// Numbers that a layer keeps of its largest pass, as its classes reserve them.
    private func keptCount(
        _ number: Int, _ largest: LargestPass, _ dropsAttention: Bool, _ dropsAdapter: Bool
    ) -> Int {
        let (layer, hidden, heads) = (layers[number], configuration.hidden, configuration.heads)
        let isFirst = number == layers.count - 1 && table.readout == .first
        let rows = isFirst ? largest.sequences : largest.tokens
        let keys = largest.tokens + largest.sequences * prefixLength
        var count = 6 * rows * hidden + 2 * keys * hidden + 2 * rows
        // GELU's slopes, and what it makes, where that is rounded in half the room.
        count += rows * layer.inner.outputs * (takesRounded(layer.end) ? 3 : 4) / 2
        count += heads * largest.probabilities * (dropsAttention ? 2 : 1)
        if isFirst { count += largest.sequences * hidden }
        for linear in layer.linears {
            let rows = isFirst && !layer.keyValue.contains { $0.outputs == linear.outputs } ? rows : largest.tokens
            for added in linear.lowRanks { count += rows * (added.rank + (dropsAdapter ? added.inputs : 0)) }
        }
        for end in [layer.attentionEnd, layer.end] {
            if let (down, _) = end.bottleneck { count += rows * (hidden + 3 * down.outputs) }
        }
        return count
    }

    /// What all layers use in turn; see `Workspace`.
    private func sharedCount(_ all: LargestPass) -> Int {
        let hidden = configuration.hidden
        let prefixed = prefixLength > 0 ? 2 * (all.tokens + all.sequences * prefixLength) * hidden : 0
        return all.tokens * (6 * hidden + configuration.intermediate) + all.sequences * hidden + prefixed
    }

    /// Operands of products in another order or format.
    private func roundedBytes(_ all: LargestPass, _ trained: LargestPass) -> Int {
        let rounded = format == .bf16 ? all.tokens * configuration.intermediate * 2 : 0
        let moving = layers.flatMap(\.linears).filter(\.weightMoves)
        guard packs, !moving.isEmpty else { return rounded }
        let input = moving.map { packedBytes(rows: trained.tokens, columns: $0.inputs) }.max() ?? 0
        let gradient = moving.map { packedBytes(rows: trained.tokens, columns: $0.outputs) }.max() ?? 0
        return rounded + input + (format == .bf16 ? gradient : 0)
    }

    private func packedWeightBytes(_ number: Int) -> Int {
        weights(of: number).reduce(0) { sum, weight in
            let (inputs, outputs) = (weight.linear.inputs, weight.linear.outputs)
            return sum + packedBytes(rows: inputs, columns: outputs)
                + (weight.isPassedBack ? packedBytes(rows: outputs, columns: inputs) : 0)
        }
    }

    private func packedBytes(rows: Int, columns: Int) -> Int {
        packed_panels(columns) * packed_depth(rows) * PANEL_COLUMNS * format.bytes
    }

    /// Of the head, what it reads and the loss.
    private func headCount(_ all: LargestPass) -> Int {
        let rows = all.headRows
        let features = table.readout == .first ? 0 : 2 * rows * table.readout.vectors * configuration.hidden
        let inner = head.linears.dropLast().reduce(0) { $0 + $1.outputs }
        let buffers =
            switch table.head {
            case .linear: 0
            case .mlp: 2
            case .hf where table.readout == .tokens: 5
            case .hf, .pooled: configuration.family == .roberta ? 4 : 3
            }
        return features + rows * (buffers * inner + 2 * table.outputs)
    }
}
