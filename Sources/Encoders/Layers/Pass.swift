import CKernels
import Experiments
import Numerics

/// What all layers share in one forward pass and the backward pass that follows it, and whose rows the layer at hand
/// computes.
struct Pass {
    let compute: Compute
    let layout: BatchLayout
    let dropout: DropoutContext?
    let workspace: Workspace
    /// Whether a backward pass may follow.
    let isKept: Bool
    /// The tokens whose rows are computed.
    private(set) var selection: TokenSelection

    func selecting(_ selection: TokenSelection) -> Pass {
        var pass = self
        pass.selection = selection
        return pass
    }

    var rows: RowSet { layout.rows(selection) }

    /// Dropout of the rows at one place of the network.
    func site(_ place: DropoutSite, probability: KeyPath<DropoutContext, Double>) -> dropout_site {
        dropout_site(place, rows, dropout, probability: probability)
    }
}

/// What the layers of a head share in one forward pass and the backward pass that follows it.
struct HeadPass {
    let compute: Compute
    let rows: RowSet
    let dropout: DropoutContext?

    /// Dropout of [R, width] at one place of the head, in place.
    func dropOut(_ states: MutableMatrix, at place: DropoutSite) {
        dropout_site(place, rows, dropout, probability: \.classifier).apply(to: states, compute)
    }
}

/// Dropout (Srivastava et al. 2014) in one training step: where the masks come from, and the probabilities. A mask is a
/// function of (seed, step, place in the network, example, position in the example) and of nothing else.
package struct DropoutContext: Sendable {
    package var seed: UInt64
    package var step: Int
    /// The probability at the outputs of embeddings, attention and feed-forward.
    package var hidden: Double
    /// The probability for attention probabilities.
    package var attention: Double
    /// The probability at the head's input and inner layer.
    package var classifier: Double
    /// The probability that an adapter has of its own: at the input of LoRA's first matrices, or of a prefix.
    package var adapter: Double

    package init(
        seed: UInt64, step: Int, hidden: Double, attention: Double, classifier: Double, adapter: Double = 0
    ) {
        self.seed = seed
        self.step = step
        self.hidden = hidden
        self.attention = attention
        self.classifier = classifier
        self.adapter = adapter
    }

    /// The bits below which a number is dropped.
    static func threshold(_ probability: Double) -> UInt32 { UInt32(min(probability * 0x1p32, 0xFFFF_FFFF)) }

    static func scale(_ probability: Double) -> Float { Float(1 / (1 - probability)) }
}

extension dropout_site {
    init(
        _ place: DropoutSite, _ rows: RowSet, _ dropout: DropoutContext?,
        probability: KeyPath<DropoutContext, Double>
    ) {
        let probability = dropout?[keyPath: probability] ?? 0
        self.init(
            seed: dropout?.seed ?? 0, step: UInt32(truncatingIfNeeded: dropout?.step ?? 0),
            purpose: RandomPurpose.dropout(place).rawValue, threshold: DropoutContext.threshold(probability),
            scale: DropoutContext.scale(probability), example: rows.examples, place: rows.places)
    }

    /// No dropout.
    static var none: dropout_site {
        dropout_site(seed: 0, step: 0, purpose: 0, threshold: 0, scale: 1, example: nil, place: nil)
    }

    /// Drops out some rows in place: the same mask times the same scale on the way forward and on the way back.
    func apply(to states: MutableMatrix, rows: Range<Int>) {
        guard threshold != 0 else { return }
        withUnsafePointer(to: self) { site in
            dropout_rows(rows.lowerBound, rows.upperBound, states.columns, site, states.start)
        }
    }

    /// Drops out all rows in place.
    func apply(to states: MutableMatrix, _ compute: Compute) {
        guard threshold != 0 else { return }
        compute.forEach(states.rows, grain: Grain.rows) { apply(to: states, rows: $0) }
    }
}

/// Memory that all layers use in turn; nothing in it outlives one layer's pass, but for the running gradient.
final class Workspace {
    /// [T, H], the gradient of the hidden states between two layers.
    let gradient = FloatBuffer()
    /// [B, H], the same for first tokens alone.
    let firstGradient = FloatBuffer()
    /// [T, H], what is added to the residual, and its gradient.
    let branch = FloatBuffer()
    /// [T, intermediate], the gradient inside the feed-forward half.
    let wide = FloatBuffer()
    /// [T, H], [T, 2H] and [T, H]: the gradients inside attention.
    let queries = FloatBuffer()
    let keysValues = FloatBuffer()
    /// [keys, 2H] where a prefix stands before each sequence: the gradient of it and of the sequences' own.
    let prefixedKeysValues = FloatBuffer()
    let context = FloatBuffer()
    /// A product's left operand in bfloat16, and what a weight's gradient is the product of.
    let rounded = BfloatBuffer()
    let packedInput: PackedMatrix
    let packedGradient: PackedMatrix

    init(_ format: NumberFormat) {
        packedInput = PackedMatrix(format)
        packedGradient = PackedMatrix(format)
    }

    func reserve(_ configuration: EncoderConfiguration, _ layout: BatchLayout) {
        let states = layout.tokenCount * configuration.hidden
        for buffer in [gradient, branch, queries, context] { buffer.reserve(states) }
        firstGradient.reserve(layout.exampleCount * configuration.hidden)
        wide.reserve(layout.tokenCount * configuration.intermediate)
        keysValues.reserve(2 * states)
        if layout.prefixLength > 0 { prefixedKeysValues.reserve(2 * layout.keyCount * configuration.hidden) }
    }
}
