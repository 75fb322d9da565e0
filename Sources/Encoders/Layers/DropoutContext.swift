import CKernels
import Numerics

/// Dropout (Srivastava et al. 2014) in one training step: where the masks come from, and the probabilities. A mask is a
/// function of (seed, step, place in the network, example, position in the example) and of nothing else.
package struct DropoutContext: Sendable {
    package var seed: UInt64
    package var step: Int
    /// Of embeddings, attention output and feed-forward output.
    package var hidden: Double
    /// Of attention probabilities.
    package var attention: Double
    /// Of the head's input and inner layer.
    package var classifier: Double
    /// Of what LoRA's first matrices see.
    package var lowRank: Double

    package init(
        seed: UInt64, step: Int, hidden: Double, attention: Double, classifier: Double, lowRank: Double = 0
    ) {
        self.seed = seed
        self.step = step
        self.hidden = hidden
        self.attention = attention
        self.classifier = classifier
        self.lowRank = lowRank
    }

    /// The bits below which a number is dropped.
    static func threshold(_ probability: Double) -> UInt32 { UInt32(min(probability * 0x1p32, 0xFFFF_FFFF)) }

    static func scale(_ probability: Double) -> Float { Float(1 / (1 - probability)) }
}
