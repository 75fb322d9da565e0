import Numerics

/// What a linear layer of an encoder layer reads.
enum LinearInput {
    case exact(Matrix)
    /// As products in bfloat16 would round it.
    case rounded(BfloatMatrix)

    var rows: Int {
        switch self {
        case .exact(let matrix): matrix.rows
        case .rounded(let matrix): matrix.rows
        }
    }
}

/// A linear layer of an encoder layer, whose products take operands that were laid out for them. Its weight is packed
/// again where the values that move may have changed.
final class PackedLinear {
    private let linear: Linear
    private let store: ParameterStore
    private let format: NumberFormat
    /// Whether OpenBLAS is no faster.
    private let isPacked: Bool
    /// Wᵀ [inputs, outputs], for the outputs.
    private let transposed: PackedMatrix
    /// W [outputs, inputs], for the input's gradient.
    private let weight: PackedMatrix
    /// The store's versions that they were packed from.
    private var transposedVersion: Int?
    private var weightVersion: Int?

    fileprivate init(_ linear: Linear, _ format: NumberFormat, in store: ParameterStore) {
        self.linear = linear
        self.store = store
        self.format = format
        isPacked = format == .bf16 || Compute.packsFloats
        transposed = PackedMatrix(format)
        weight = PackedMatrix(format)
    }

    /// Whether what it reads may be rounded by whoever computes it.
    var takesRounded: Bool { format == .bf16 }

    /// As `Linear.forward`.
    func forward(_ input: LinearInput, into output: MutableMatrix, _ pass: Pass) {
        pass.compute.phase(.forwardProducts) {
            if !isPacked, case .exact(let input) = input { return linear.forward(input, into: output, pass.compute) }
            refill(transposed, from: linear.weightMatrix.transposed, &transposedVersion, pass.compute)
            multiply(input, transposed, into: output, from: .row(linear.bias), pass)
        }
    }

    /// As `Linear.backward`.
    func backward(
        input: LinearInput, gradient: Matrix, into inputGradient: MutableMatrix?, from start: ProductStart, _ pass: Pass
    ) {
        let compute = pass.compute
        if linear.biasMoves {
            compute.phase(.biasGradients, bytes: gradient.rows * gradient.columns * 4) {
                linear.addBiasGradient(gradient, compute)
            }
        }
        if let weightGradient = linear.weightGradientMatrix {
            compute.phase(.weightGradients) {
                if !isPacked, case .exact(let input) = input {
                    return linear.addWeightGradient(gradient, input: input, compute)
                }
                add(to: weightGradient, gradient, input, pass)
            }
        }
        guard let inputGradient else { return }
        compute.phase(.inputGradients) {
            guard isPacked else { return linear.passBack(gradient, into: inputGradient, from: start, compute) }
            refill(weight, from: linear.weightMatrix, &weightVersion, compute)
            multiply(.exact(gradient), weight, into: inputGradient, from: start, pass)
        }
    }

    private func multiply(
        _ left: LinearInput, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart, _ pass: Pass
    ) {
        switch (left, format) {
        case (.rounded(let left), _): pass.compute.multiply(left, right, into: result, from: start)
        case (.exact(let left), .fp32): pass.compute.multiply(left, right, into: result, from: start)
        case (.exact(let left), .bf16):
            let rounded = pass.compute.phase(.packing, bytes: left.rows * left.columns * 6) {
                pass.compute.round(left, into: pass.workspace.rounded)
            }
            pass.compute.multiply(rounded, right, into: result, from: start)
        }
    }

    /// Adds gradientᵀ · input, which sums over the rows.
    private func add(to weightGradient: MutableMatrix, _ gradient: Matrix, _ input: LinearInput, _ pass: Pass) {
        let (workspace, compute) = (pass.workspace, pass.compute)
        switch input {
        case .exact(let input): fill(workspace.packedInput, from: input, compute)
        case .rounded(let input):
            compute.phase(.packing, bytes: input.rows * input.columns * 2 * format.bytes) {
                workspace.packedInput.fill(from: input, compute)
            }
        }
        switch format {
        case .fp32:
            compute.multiply(gradient.transposed, workspace.packedInput, into: weightGradient, from: .current)
        case .bf16:
            fill(workspace.packedGradient, from: gradient, compute)
            compute.multiply(
                transposeOf: workspace.packedGradient, workspace.packedInput, into: weightGradient, from: .current)
        }
    }

    private func refill(
        _ packed: PackedMatrix, from matrix: Matrix, _ version: inout Int?, _ compute: Compute
    ) {
        guard version == nil || linear.weightGradientMatrix != nil && version != store.version else { return }
        fill(packed, from: matrix, compute)
        version = store.version
    }

    private func fill(_ packed: PackedMatrix, from matrix: Matrix, _ compute: Compute) {
        let bytes = MemoryLayout<Float>.stride + format.bytes
        compute.phase(.packing, bytes: matrix.rows * matrix.columns * bytes) { packed.fill(from: matrix, compute) }
    }
}

/// The packed linear layers of a model, each one made once for all that multiply with its weight.
final class PackedLinears {
    private struct Weight: Hashable {
        let start: UnsafePointer<Float>
        let outputs: Int
    }

    private let store: ParameterStore
    let format: NumberFormat
    private var made: [Weight: PackedLinear] = [:]

    /// - Parameter format: of what is multiplied.
    init(_ format: NumberFormat, in store: ParameterStore) {
        self.format = format
        self.store = store
    }

    subscript(linear: Linear) -> PackedLinear {
        let weight = Weight(start: linear.weightMatrix.start, outputs: linear.outputs)
        if let known = made[weight] { return known }
        let packed = PackedLinear(linear, format, in: store)
        made[weight] = packed
        return packed
    }
}
