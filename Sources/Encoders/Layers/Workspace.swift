import Numerics

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
    /// [T, H], [T, 2H], [T, H] and all heads' [n, n]: the gradients inside attention.
    let queries = FloatBuffer()
    let keysValues = FloatBuffer()
    /// [keys, 2H] where a prefix stands before each sequence: the gradient of it and of the sequences' own.
    let prefixedKeysValues = FloatBuffer()
    let context = FloatBuffer()
    let probabilities = FloatBuffer()

    func reserve(_ configuration: EncoderConfiguration, _ layout: BatchLayout) {
        let states = layout.tokenCount * configuration.hidden
        for buffer in [gradient, branch, queries, context] { buffer.reserve(states) }
        firstGradient.reserve(layout.exampleCount * configuration.hidden)
        wide.reserve(layout.tokenCount * configuration.intermediate)
        keysValues.reserve(2 * states)
        if layout.prefixLength > 0 { prefixedKeysValues.reserve(2 * layout.keyCount * configuration.hidden) }
        probabilities.reserve(layout.probabilityCount)
    }
}
