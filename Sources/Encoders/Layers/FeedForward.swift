import CKernels
import Experiments
import Numerics

/// Linear, GELU, linear, and the LayerNorm over the residual sum: the second half of a layer.
final class FeedForward {
    private let inner: Projection
    private let end: BranchEnd
    /// [T, intermediate], GELU's slope where the forward pass computed its input.
    private let slope: FloatBuffer
    /// [T, intermediate], of which one is filled: rounded where nobody reads it but products that round it.
    private let activation: FloatBuffer
    private let rounded: BfloatBuffer

    init(layer: Int, in store: ParameterStore, _ packs: PackedLinears, _ memory: LayerMemory) {
        slope = memory.buffer()
        activation = memory.buffer()
        rounded = memory.roundedBuffer()
        inner = Projection("intermediate.dense", layer: layer, in: store, packs, memory)
        end = BranchEnd(
            "output", bottleneck: ParameterTable.feedForwardBottleneck, layer: layer,
            site: .feedForwardOutput(layer: layer), in: store, packs, memory)
    }

    var moves: Bool { inner.moves || end.moves }

    /// - Parameter input: [rows, H]
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(_ input: Matrix, _ pass: Pass) -> MutableMatrix {
        slope.reserve(input.rows * inner.outputs)
        inner.forward(.exact(input), into: matrix(slope, input.rows), pass)
        let count = input.rows * inner.outputs
        if end.takesRounded {
            rounded.reserve(count)
            pass.compute.gelu(count, slope, into: rounded, keepsSlope: pass.isKept)
        } else {
            activation.reserve(count)
            pass.compute.gelu(count, slope, into: activation, keepsSlope: pass.isKept)
        }
        return end.forward(activations(input.rows), residual: input, pass)
    }

    private func activations(_ rows: Int) -> LinearInput {
        end.takesRounded
            ? .rounded(BfloatMatrix(rounded.start, rows: rows, columns: inner.outputs))
            : .exact(matrix(activation, rows).readable)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; becomes that of the input.
    ///   - isNeededBelow: whether the input's gradient is wanted.
    func backward(_ gradient: MutableMatrix, input: Matrix, isNeededBelow: Bool, _ pass: Pass) {
        let wide = matrix(pass.workspace.wide, input.rows)
        let isNeededInside = inner.moves || isNeededBelow
        end.backward(
            gradient, input: activations(input.rows), into: isNeededInside ? wide : nil, pass)
        guard isNeededInside else { return }
        pass.compute.multiply(input.rows * inner.outputs, slope, onto: wide)
        inner.backward(
            input: .exact(input), gradient: wide.readable, into: isNeededBelow ? gradient : nil, from: .current, pass)
    }

    private func matrix(_ buffer: FloatBuffer, _ rows: Int) -> MutableMatrix {
        MutableMatrix(buffer.start, rows: rows, columns: inner.outputs)
    }
}

extension Compute {
    /// GELU of so many numbers, which its slope overwrites where it is wanted.
    func gelu(_ count: Int, _ inputs: FloatBuffer, into outputs: FloatBuffer, keepsSlope: Bool = true) {
        phase(.activation, bytes: count * (keepsSlope ? 12 : 8)) {
            forEach(count, grain: Grain.entries) { range in
                let (from, to) = (inputs.start + range.lowerBound, outputs.start + range.lowerBound)
                if keepsSlope { gelu_forward(range.count, from, to) } else { gelu_values(range.count, from, to) }
            }
        }
    }

    /// The same, rounded.
    fileprivate func gelu(_ count: Int, _ inputs: FloatBuffer, into outputs: BfloatBuffer, keepsSlope: Bool) {
        phase(.activation, bytes: count * (keepsSlope ? 10 : 6)) {
            forEach(count, grain: Grain.entries) { range in
                let (from, to) = (inputs.start + range.lowerBound, outputs.start + range.lowerBound)
                if keepsSlope {
                    gelu_forward_rounded(range.count, from, to)
                } else {
                    gelu_values_rounded(range.count, from, to)
                }
            }
        }
    }

    /// Multiplies a gradient by the slope of an activation.
    func multiply(_ count: Int, _ slope: FloatBuffer, onto gradient: MutableMatrix) {
        phase(.activation, bytes: count * 12) {
            forEach(count, grain: Grain.entries) { range in
                multiply_by(range.count, slope.start + range.lowerBound, gradient.start + range.lowerBound)
            }
        }
    }
}
