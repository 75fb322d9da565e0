import CKernels
import Numerics

/// One layer: attention, then feed-forward, each with residual addition and LayerNorm after it.
final class EncoderLayer {
    private let attention: Attention
    private let feedForward: FeedForward
    private let hidden: Int
    /// What the last forward pass read; it belongs to the layer below and to the attention half.
    private var input: Matrix?
    private var middle: Matrix?
    /// The first tokens' rows of the input, [B, H].
    private let firstRows: FloatBuffer

    init(_ number: Int, prefix: Prefix?, in store: ParameterStore, _ packs: PackedLinears, _ memory: LayerMemory) {
        memory.beginLayer()
        firstRows = memory.buffer()
        attention = Attention(layer: number, prefix: prefix, in: store, packs, memory)
        feedForward = FeedForward(layer: number, in: store, packs, memory)
        hidden = store.table.configuration.hidden
    }

    var moves: Bool { attention.moves || feedForward.moves }

    /// - Parameter input: [T, H], must stay until the backward pass.
    /// - Returns: the selected rows' outputs [T or B, H], valid until the next forward pass.
    func forward(_ input: Matrix, _ pass: Pass) -> MutableMatrix {
        self.input = input
        if pass.selection == .first { gatherFirstRows(of: input, pass.layout) }
        let middle = attention.forward(input, selected: selected(input, pass), pass).readable
        self.middle = middle
        return feedForward.forward(middle, pass)
    }

    /// The last forward pass once more, whose results another layer has overwritten.
    func recompute(_ pass: Pass) {
        guard let input else { preconditionFailure("again before once") }
        _ = forward(input, pass)
    }

    /// - Parameters:
    ///   - gradient: of the output; overwritten.
    ///   - isNeededBelow: whether the input's gradient is wanted.
    /// - Returns: the input's gradient [T, H] in the workspace, where it is wanted.
    func backward(_ gradient: MutableMatrix, isNeededBelow: Bool, _ pass: Pass) -> MutableMatrix? {
        guard let input, let middle else { preconditionFailure("backward before forward") }
        let isMiddleNeeded = attention.moves || isNeededBelow
        feedForward.backward(gradient, input: middle, isNeededBelow: isMiddleNeeded, pass)
        guard isMiddleNeeded else { return nil }
        let inputGradient = MutableMatrix(pass.workspace.gradient.start, rows: input.rows, columns: hidden)
        attention.backward(
            gradient, input: input, selected: selected(input, pass),
            inputGradient: isNeededBelow ? inputGradient : nil, pass)
        guard isNeededBelow else { return nil }
        if pass.selection == .first {
            add_to_rows(pass.layout.exampleCount, hidden, pass.layout.offsets, gradient.start, inputGradient.start)
        }
        return inputGradient
    }

    private func selected(_ input: Matrix, _ pass: Pass) -> Matrix {
        switch pass.selection {
        case .all: input
        case .first: Matrix(firstRows.start, rows: pass.layout.exampleCount, columns: hidden)
        }
    }

    private func gatherFirstRows(of input: Matrix, _ layout: BatchLayout) {
        firstRows.reserve(layout.exampleCount * hidden)
        gather_rows(layout.exampleCount, hidden, layout.offsets, input.start, firstRows.start)
    }
}
