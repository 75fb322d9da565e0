import CKernels
import Numerics

/// Multi-head self-attention (Vaswani et al. 2017) with its output projection and LayerNorm: the first half of a layer.
/// Attention runs for each sequence and head on its own, over real tokens alone.
final class Attention {
    private let layer: Int
    private let heads: Int
    private let hidden: Int
    private let query: Linear
    /// Key and value: one layer of 2H outputs where their parameters lie side by side, else two of H.
    private let keyValue: [Linear]
    private let output: Linear
    private let norm: ResidualNorm

    private let queries = FloatBuffer()
    private let keysValues = FloatBuffer()
    private let probabilities = FloatBuffer()
    private let dropped = FloatBuffer()
    private let context = FloatBuffer()

    init(layer: Int, in store: ParameterStore) {
        let prefix = ParameterTable.layerPrefix(layer) + "attention."
        self.layer = layer
        heads = store.table.configuration.heads
        hidden = store.table.configuration.hidden
        query = Linear(prefix + "self.query", in: store)
        let key = Linear(prefix + "self.key", in: store)
        let value = Linear(prefix + "self.value", in: store)
        keyValue = key.joined(with: value).map { [$0] } ?? [key, value]
        output = Linear(prefix + "output.dense", in: store)
        norm = ResidualNorm(prefix + "output.LayerNorm", in: store)
    }

    var moves: Bool { query.moves || keyValue.contains(where: \.moves) || output.moves || norm.moves }
    private var projectionsMove: Bool { query.moves || keyValue.contains(where: \.moves) }

    /// - Parameters:
    ///   - input: [T, H]
    ///   - selected: the rows of the input whose outputs are wanted, [rows, H].
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(
        _ input: Matrix, selected: Matrix, _ selection: TokenSelection, _ pass: Pass, _ workspace: Workspace
    ) -> MutableMatrix {
        let (tokens, rows) = (input.rows, selected.rows)
        queries.reserve(rows * hidden)
        keysValues.reserve(tokens * 2 * hidden)
        context.reserve(rows * hidden)
        query.forward(selected, into: queryMatrix(queries, rows), pass.compute)
        forEachKeyValue(keyValueMatrix(keysValues, tokens)) { linear, part in
            linear.forward(input, into: part, pass.compute)
        }
        attend(selection, pass)
        let projected = MutableMatrix(workspace.branch.start, rows: rows, columns: hidden)
        output.forward(Matrix(context.start, rows: rows, columns: hidden), into: projected, pass.compute)
        return norm.forward(
            branch: projected.start, residual: selected.start, site: outputSite(selection, pass), rows: rows,
            pass.compute)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; overwritten by that of `selected` as the residual and the query see it.
    ///   - inputGradient: [T, H], that of `input` as keys and values see it, or nil where nothing below moves. Where all
    ///     rows are selected it is `gradient` itself, and the two are added up.
    func backward(
        _ gradient: MutableMatrix, input: Matrix, selected: Matrix, _ selection: TokenSelection,
        inputGradient: MutableMatrix?, _ pass: Pass, _ workspace: Workspace
    ) {
        let (tokens, rows) = (input.rows, selected.rows)
        let branch = MutableMatrix(workspace.branch.start, rows: rows, columns: hidden)
        norm.backward(gradient, branchGradient: branch.start, site: outputSite(selection, pass), pass.compute)
        let isNeededBelow = projectionsMove || inputGradient != nil
        let contextGradient = MutableMatrix(workspace.context.start, rows: rows, columns: hidden)
        output.backward(
            input: Matrix(context.start, rows: rows, columns: hidden), gradient: branch.readable,
            into: isNeededBelow ? contextGradient : nil, pass.compute)
        guard isNeededBelow else { return }

        let queryGradient = queryMatrix(workspace.queries, rows)
        let keyValueGradient = keyValueMatrix(workspace.keysValues, tokens)
        attendBackward(selection, pass, workspace)
        let isAddedUp = inputGradient?.start == gradient.start
        query.backward(
            input: selected, gradient: queryGradient.readable, into: inputGradient == nil ? nil : gradient,
            from: .current, pass.compute)
        var start = isAddedUp ? ProductStart.current : .zero
        forEachKeyValue(keyValueGradient) { linear, part in
            linear.backward(input: input, gradient: part.readable, into: inputGradient, from: start, pass.compute)
            start = .current
        }
    }

    private func queryMatrix(_ buffer: FloatBuffer, _ rows: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: rows, columns: hidden)
    }

    private func keyValueMatrix(_ buffer: FloatBuffer, _ tokens: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: tokens, columns: 2 * hidden)
    }

    private func forEachKeyValue(_ matrix: MutableMatrix, _ body: (Linear, MutableMatrix) -> Void) {
        var column = 0
        for linear in keyValue {
            body(linear, matrix.columns(column..<(column + linear.outputs)))
            column += linear.outputs
        }
    }

    private func outputSite(_ selection: TokenSelection, _ pass: Pass) -> dropout_site {
        pass.site(.attentionOutput(layer: layer), pass.layout.rows(selection), probability: \.hidden)
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
    }

    private func place(_ item: Int, _ selection: TokenSelection, _ layout: BatchLayout) -> HeadPlace {
        let (sequence, head) = item.quotientAndRemainder(dividingBy: heads)
        let first = layout.offsets[sequence]
        let count = layout.offsets[sequence + 1] - first
        let queryCount = selection == .all ? count : 1
        let size = hidden / heads
        let shape = attention_shape(
            queries: queryCount, n: count, d: size, q_stride: hidden, kv_stride: 2 * hidden, context_stride: hidden,
            scale: 1 / Float(size).squareRoot())
        let key = first * 2 * hidden + head * size
        return HeadPlace(
            shape: shape, firstGroup: head * ((count * count + 63) / 64),
            example: layout.rows(.first).examples[sequence],
            query: (selection == .all ? first : sequence) * hidden + head * size, key: key, value: key + hidden,
            probabilities: layout.probabilityOffsets[sequence] + head * queryCount * attention_row(count))
    }

    private func attend(_ selection: TokenSelection, _ pass: Pass) {
        let probability = pass.dropout?.attention ?? 0
        let threshold = DropoutContext.threshold(probability)
        let scale = DropoutContext.scale(probability)
        let purpose = RandomPurpose.dropout(.attentionProbabilities(layer: layer)).rawValue
        probabilities.reserve(pass.layout.probabilityCount)
        if threshold != 0 { dropped.reserve(pass.layout.probabilityCount) }
        let kept = threshold == 0 ? probabilities.start : dropped.start
        pass.compute.forEach(pass.layout.exampleCount * heads, grain: 4) { items in
            for item in items {
                let place = place(item, selection, pass.layout)
                var stream = random_stream(
                    seed: pass.dropout?.seed ?? 0, example: place.example,
                    step: UInt32(truncatingIfNeeded: pass.dropout?.step ?? 0), purpose: purpose)
                withUnsafePointer(to: place.shape) { shape in
                    attention_forward(
                        shape, queries.start + place.query, keysValues.start + place.key,
                        keysValues.start + place.value, &stream, place.firstGroup, threshold, scale,
                        probabilities.start + place.probabilities, kept + place.probabilities,
                        context.start + place.query)
                }
            }
        }
    }

    private func attendBackward(_ selection: TokenSelection, _ pass: Pass, _ workspace: Workspace) {
        let isDropped = DropoutContext.threshold(pass.dropout?.attention ?? 0) != 0
        let kept = isDropped ? dropped.start : probabilities.start
        pass.compute.forEach(pass.layout.exampleCount * heads, grain: 4) { items in
            for item in items {
                let place = place(item, selection, pass.layout)
                withUnsafePointer(to: place.shape) { shape in
                    attention_backward(
                        shape, queries.start + place.query, keysValues.start + place.key,
                        keysValues.start + place.value, probabilities.start + place.probabilities,
                        kept + place.probabilities, workspace.context.start + place.query,
                        workspace.probabilities.start + place.probabilities, workspace.queries.start + place.query,
                        workspace.keysValues.start + place.key, workspace.keysValues.start + place.value)
                }
            }
        }
    }
}
