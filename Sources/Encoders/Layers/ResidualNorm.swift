import CKernels
import Numerics

/// y = LayerNorm(residual + dropout(branch)), as it ends both halves of a BERT layer (post-LayerNorm).
final class ResidualNorm {
    private let weight: UnsafePointer<Float>
    private let bias: UnsafePointer<Float>
    private let weightGradient: UnsafeMutablePointer<Float>?
    private let biasGradient: UnsafeMutablePointer<Float>?
    private let size: Int
    private let epsilon: Float

    private let output: FloatBuffer
    /// What the backward pass needs: the normalized rows [T, H] and one over each row's deviation [T].
    private let normalized: FloatBuffer
    private let inverseDeviation: FloatBuffer

    init(_ name: String, in store: ParameterStore, _ memory: LayerMemory) {
        output = memory.buffer()
        normalized = memory.buffer()
        inverseDeviation = memory.buffer()
        let weight = store.requiredIndex(of: "\(name).weight")
        let bias = store.requiredIndex(of: "\(name).bias")
        self.weight = store.values(weight).baseAddress!
        self.bias = store.values(bias).baseAddress!
        weightGradient = store.gradient(weight)?.baseAddress
        biasGradient = store.gradient(bias)?.baseAddress
        size = store.table.parameters[weight].count
        epsilon = store.table.configuration.layerNormEpsilon
    }

    var moves: Bool { weightGradient != nil || biasGradient != nil }

    /// - Parameters:
    ///   - branch: [rows, H]
    ///   - residual: [rows, H], or nil for none.
    ///   - site: the branch's dropout.
    /// - Returns: [rows, H], valid until the next forward pass.
    func forward(
        branch: UnsafePointer<Float>, residual: UnsafePointer<Float>?, site: dropout_site, rows: Int, _ compute: Compute
    ) -> MutableMatrix {
        output.reserve(rows * size)
        normalized.reserve(rows * size)
        inverseDeviation.reserve(rows)
        compute.phase(.normalization, bytes: rows * size * (residual == nil ? 12 : 16)) {
            compute.forEach(rows, grain: Grain.rows) { range in
                withUnsafePointer(to: site) { site in
                    norm_forward(
                        range.lowerBound, range.upperBound, size, branch, residual, site, weight, bias, epsilon,
                        output.start, normalized.start, inverseDeviation.start)
                }
            }
        }
        return MutableMatrix(output.start, rows: rows, columns: size)
    }

    /// - Parameters:
    ///   - gradient: of the output [rows, H]; becomes that of the residual.
    ///   - branchGradient: [rows, H]; nil where it is the residual's, there being no dropout.
    func backward(
        _ gradient: MutableMatrix, branchGradient: UnsafeMutablePointer<Float>?, site: dropout_site, _ compute: Compute
    ) {
        let bytes = gradient.rows * size * (moves ? 24 : 16)
        compute.phase(.normalization, bytes: bytes) {
            addParameterGradients(gradient, compute)
            compute.forEach(gradient.rows, grain: Grain.rows) { range in
                withUnsafePointer(to: site) { site in
                    norm_backward(
                        range.lowerBound, range.upperBound, size, gradient.start, weight, normalized.start,
                        inverseDeviation.start, site, branchGradient)
                }
            }
        }
    }

    private func addParameterGradients(_ gradient: MutableMatrix, _ compute: Compute) {
        guard moves else { return }
        compute.forEach(size, grain: Grain.columns) { columns in
            let first = columns.lowerBound
            if let biasGradient {
                add_column_sums(gradient.rows, columns.count, gradient.start + first, size, biasGradient + first)
            }
            if let weightGradient {
                norm_add_weight_gradient(
                    gradient.rows, columns.count, size, gradient.start + first, normalized.start + first,
                    weightGradient + first)
            }
        }
    }
}
