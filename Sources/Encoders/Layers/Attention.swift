import CKernels
import Experiments
import Numerics

/// Multi-head self-attention (Vaswani et al. 2017) with its output projection and LayerNorm: the first half of a layer.
/// Attention runs for each sequence and head on its own, over real tokens alone.
final class Attention {
    private let layer: Int
    private let heads: Int
    private let hidden: Int
    private let format: NumberFormat
    private let query: Projection
    /// Key and value: one layer of 2H outputs where their parameters lie side by side, else two of H.
    private let keyValue: [Projection]
    /// What is attended to before a sequence's own keys.
    private let prefix: Prefix?
    private let end: BranchEnd

    private let queries: FloatBuffer
    /// [keys, 2H], the prefix before each sequence.
    private let keysValues: FloatBuffer
    private let probabilities: FloatBuffer
    private let dropped: FloatBuffer
    private let context: FloatBuffer

    init(layer: Int, prefix: Prefix?, in store: ParameterStore, _ packs: PackedLinears, _ memory: LayerMemory) {
        queries = memory.buffer()
        keysValues = memory.buffer()
        probabilities = memory.buffer()
        dropped = memory.buffer()
        context = memory.buffer()
        self.layer = layer
        heads = store.table.configuration.heads
        hidden = store.table.configuration.hidden
        format = packs.format
        self.prefix = prefix
        query = Projection("attention.self.query", layer: layer, in: store, packs, memory)
        let key = Projection("attention.self.key", layer: layer, in: store, packs, memory)
        let value = Projection("attention.self.value", layer: layer, in: store, packs, memory)
        keyValue = key.joined(with: value).map { [$0] } ?? [key, value]
        end = BranchEnd(
            "attention.output", bottleneck: ParameterTable.attentionBottleneck, layer: layer,
            site: .attentionOutput(layer: layer), in: store, packs, memory)
    }

    var moves: Bool { scoresMove || end.moves }
    private var scoresMove: Bool { query.moves || keyValue.contains(where: \.moves) || prefix?.moves == true }

    /// - Parameters:
    ///   - input: [T, H]
    ///   - selected: the input's rows that the pass selects, [rows, H].
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(_ input: Matrix, selected: Matrix, _ pass: Pass) -> MutableMatrix {
        let (tokens, rows) = (input.rows, selected.rows)
        queries.reserve(rows * hidden)
        keysValues.reserve(pass.layout.keyCount * 2 * hidden)
        context.reserve(rows * hidden)
        query.forward(.exact(selected), into: queryMatrix(queries, rows), pass)
        let own = keyValueMatrix(prefix == nil ? keysValues : pass.workspace.keysValues, tokens)
        let everyToken = pass.selecting(.all)
        forEachKeyValue(own) { projection, part in projection.forward(.exact(input), into: part, everyToken) }
        pass.compute.phase(.adapters) { prefix?.join(own.readable, into: keysValues.start, pass) }
        pass.compute.phase(.attention, bytes: bytes(pass), gigaflop: gigaflop(pass)) { attend(pass) }
        return end.forward(.exact(Matrix(context.start, rows: rows, columns: hidden)), residual: selected, pass)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; overwritten by that of `selected` as the residual and the query see it.
    ///   - inputGradient: [T, H], that of `input` as keys and values see it, or nil where nothing below moves. Where all
    ///     rows are selected it is `gradient` itself, and the two are added up.
    func backward(
        _ gradient: MutableMatrix, input: Matrix, selected: Matrix, inputGradient: MutableMatrix?, _ pass: Pass
    ) {
        let (tokens, rows, workspace) = (input.rows, selected.rows, pass.workspace)
        let isNeededBelow = scoresMove || inputGradient != nil
        let contextGradient = MutableMatrix(workspace.context.start, rows: rows, columns: hidden)
        end.backward(
            gradient, input: .exact(Matrix(context.start, rows: rows, columns: hidden)),
            into: isNeededBelow ? contextGradient : nil, pass)
        guard isNeededBelow else { return }

        let queryGradient = queryMatrix(workspace.queries, rows)
        let keyValueGradient = keyValueMatrix(workspace.keysValues, tokens)
        pass.compute.phase(.attention, bytes: 2 * bytes(pass), gigaflop: 2 * gigaflop(pass)) { attendBackward(pass) }
        pass.compute.phase(.adapters) {
            prefix?.split(workspace.prefixedKeysValues.start, into: keyValueGradient, pass)
        }
        let isAddedUp = inputGradient?.start == gradient.start
        query.backward(
            input: .exact(selected), gradient: queryGradient.readable, into: inputGradient == nil ? nil : gradient,
            from: .current, pass)
        let everyToken = pass.selecting(.all)
        var start = isAddedUp ? ProductStart.current : .zero
        forEachKeyValue(keyValueGradient) { projection, part in
            projection.backward(
                input: .exact(input), gradient: part.readable, into: inputGradient, from: start, everyToken)
            start = .current
        }
    }

    /// Of the scores and of what they weigh.
    private func gigaflop(_ pass: Pass) -> Double { 4 * Double(pass.layout.pairCount(pass.selection) * hidden) / 1e9 }

    /// Of queries, keys, values and context.
    private func bytes(_ pass: Pass) -> Int { 8 * (pass.rows.count + pass.layout.keyCount) * hidden }

    private func queryMatrix(_ buffer: FloatBuffer, _ rows: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: rows, columns: hidden)
    }

    private func keyValueMatrix(_ buffer: FloatBuffer, _ tokens: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: tokens, columns: 2 * hidden)
    }

    private func forEachKeyValue(_ matrix: MutableMatrix, _ body: (Projection, MutableMatrix) -> Void) {
        var column = 0
        for projection in keyValue {
            body(projection, matrix.columns(column..<(column + projection.outputs)))
            column += projection.outputs
        }
    }
}

/// Each sequence and head on its own.
extension Attention {
    /// Where one head of one sequence finds its numbers.
    private struct HeadPlace {
        let shape: attention_shape
        let firstGroup: Int
        let example: UInt32
        let query: Int
        let key: Int
        let value: Int
        let probabilities: Int
        let isKept: Bool
    }

    private func place(_ item: Int, _ pass: Pass) -> HeadPlace {
        let (layout, selection) = (pass.layout, pass.selection)
        let (sequence, head) = item.quotientAndRemainder(dividingBy: heads)
        let first = layout.offsets[sequence]
        let count = layout.offsets[sequence + 1] - first
        let keys = layout.keys(of: sequence)
        let queryCount = selection == .all ? count : 1
        let size = hidden / heads
        let shape = attention_shape(
            queries: queryCount, n: keys.count, d: size, q_stride: hidden, kv_stride: 2 * hidden,
            context_stride: hidden,
            scale: 1 / Float(size).squareRoot(),
            in_bfloat: format == .bf16 && keys.count >= Self.keysWorthRounding)
        let key = keys.lowerBound * 2 * hidden + head * size
        return HeadPlace(
            shape: shape, firstGroup: head * ((count * keys.count + 63) / 64),
            example: layout.rows(.first).examples[sequence],
            query: (selection == .all ? first : sequence) * hidden + head * size, key: key, value: key + hidden,
            probabilities: layout.probabilityOffsets[sequence] + head * attention_kept(queryCount, keys.count),
            isKept: attention_kept(queryCount, keys.count) > 0)
    }

    /// Of fewer keys, rounding what is multiplied takes longer than it saves.
    private static let keysWorthRounding = 32

    /// Dropout of this layer's probabilities, where there is any.
    private struct Dropping {
        let threshold: UInt32
        let scale: Float
        private let seed: UInt64
        private let step: UInt32
        private let purpose: UInt32

        init(layer: Int, _ context: DropoutContext?) {
            let probability = context?.attention ?? 0
            threshold = DropoutContext.threshold(probability)
            scale = DropoutContext.scale(probability)
            seed = context?.seed ?? 0
            step = UInt32(truncatingIfNeeded: context?.step ?? 0)
            purpose = RandomPurpose.dropout(.attentionProbabilities(layer: layer)).rawValue
        }

        func stream(_ place: HeadPlace) -> random_stream {
            random_stream(seed: seed, example: place.example, step: step, purpose: purpose)
        }
    }

    private func attend(_ pass: Pass) {
        let dropping = Dropping(layer: layer, pass.dropout)
        probabilities.reserve(pass.layout.probabilityCount)
        if dropping.threshold != 0 { dropped.reserve(pass.layout.probabilityCount) }
        let kept = dropping.threshold == 0 ? probabilities.start : dropped.start
        pass.compute.forEach(pass.layout.exampleCount * heads, grain: Grain.blocks) { items in
            for item in items {
                let place = place(item, pass)
                var (shape, stream) = (place.shape, dropping.stream(place))
                let (q, k, v) = (
                    queries.start + place.query, keysValues.start + place.key, keysValues.start + place.value
                )
                let hasMemory =
                    place.isKept
                    ? attention_forward(
                        &shape, q, k, v, &stream, place.firstGroup, dropping.threshold, dropping.scale,
                        probabilities.start + place.probabilities, kept + place.probabilities,
                        context.start + place.query)
                    : attention_forward_blocks(
                        &shape, q, k, v, &stream, place.firstGroup, dropping.threshold, dropping.scale,
                        context.start + place.query)
                guard hasMemory else { fatalError("out of memory: attention of \(shape.n) tokens") }
            }
        }
    }

    private func attendBackward(_ pass: Pass) {
        let workspace = pass.workspace
        let dropping = Dropping(layer: layer, pass.dropout)
        let kept = dropping.threshold == 0 ? probabilities.start : dropped.start
        let keyValueGradient = prefix == nil ? workspace.keysValues.start : workspace.prefixedKeysValues.start
        pass.compute.forEach(pass.layout.exampleCount * heads, grain: Grain.blocks) { items in
            for item in items {
                let place = place(item, pass)
                var (shape, stream) = (place.shape, dropping.stream(place))
                let (q, k, v) = (
                    queries.start + place.query, keysValues.start + place.key, keysValues.start + place.value
                )
                let (dq, dk, dv) = (
                    workspace.queries.start + place.query, keyValueGradient + place.key,
                    keyValueGradient + place.value
                )
                let hasMemory =
                    place.isKept
                    ? attention_backward(
                        &shape, q, k, v, probabilities.start + place.probabilities, kept + place.probabilities,
                        workspace.context.start + place.query, dq, dk, dv)
                    : attention_backward_blocks(
                        &shape, q, k, v, &stream, place.firstGroup, dropping.threshold, dropping.scale,
                        workspace.context.start + place.query, dq, dk, dv)
                guard hasMemory else { fatalError("out of memory: attention of \(shape.n) tokens") }
            }
        }
    }
}
