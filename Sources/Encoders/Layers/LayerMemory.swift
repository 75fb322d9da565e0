import Numerics

/// The memory in which a layer keeps what its backward pass needs. Layers of which each computes its forward pass again
/// before its backward pass take turns with one.
final class LayerMemory {
    private var buffers: [FloatBuffer] = []
    private var roundedBuffers: [BfloatBuffer] = []
    private var next = 0
    private var nextRounded = 0

    /// To be called before the layer that is to take its turn is made: it is handed the same buffers as the one before,
    /// since all layers ask for theirs in one order.
    func beginLayer() { (next, nextRounded) = (0, 0) }

    func buffer() -> FloatBuffer {
        if next == buffers.count { buffers.append(FloatBuffer()) }
        defer { next += 1 }
        return buffers[next]
    }

    func roundedBuffer() -> BfloatBuffer {
        if nextRounded == roundedBuffers.count { roundedBuffers.append(BfloatBuffer()) }
        defer { nextRounded += 1 }
        return roundedBuffers[nextRounded]
    }
}
