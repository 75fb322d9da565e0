import Numerics

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

    init(_ linear: Linear, _ format: NumberFormat, in store: ParameterStore) {
        self.linear = linear
        self.store = store
        self.format = format
        isPacked = format == .bf16 || Compute.packsFloats
        transposed = PackedMatrix(format)
        weight = PackedMatrix(format)
    }

    /// The same of another layer.
    func of(_ linear: Linear) -> PackedLinear { PackedLinear(linear, format, in: store) }

    /// As `Linear.forward`.
    func forward(_ input: Matrix, into output: MutableMatrix, _ pass: Pass) {
        guard isPacked else { return linear.forward(input, into: output, pass.compute) }
        refill(transposed, from: linear.weightMatrix.transposed, &transposedVersion, pass.compute)
        multiply(input, transposed, into: output, from: .row(linear.bias), pass)
    }

    /// As `Linear.backward`.
    func backward(
        input: Matrix, gradient: Matrix, into inputGradient: MutableMatrix?, from start: ProductStart, _ pass: Pass
    ) {
        guard isPacked else {
            return linear.backward(input: input, gradient: gradient, into: inputGradient, from: start, pass.compute)
        }
        linear.addBiasGradient(gradient, pass.compute)
        if let weightGradient = linear.weightGradientMatrix { add(to: weightGradient, gradient, input, pass) }
        guard let inputGradient else { return }
        refill(weight, from: linear.weightMatrix, &weightVersion, pass.compute)
        multiply(gradient, weight, into: inputGradient, from: start, pass)
    }

    private func multiply(
        _ left: Matrix, _ right: PackedMatrix, into result: MutableMatrix, from start: ProductStart, _ pass: Pass
    ) {
        switch format {
        case .fp32: pass.compute.multiply(left, right, into: result, from: start)
        case .bf16:
            let rounded = pass.compute.round(left, into: pass.workspace.rounded)
            pass.compute.multiply(rounded, right, into: result, from: start)
        }
    }

    /// Adds gradientᵀ · input, which sums over the rows.
    private func add(to weightGradient: MutableMatrix, _ gradient: Matrix, _ input: Matrix, _ pass: Pass) {
        let (workspace, compute) = (pass.workspace, pass.compute)
        workspace.packedInput.fill(from: input, compute)
        switch format {
        case .fp32:
            compute.multiply(gradient.transposed, workspace.packedInput, into: weightGradient, from: .current)
        case .bf16:
            workspace.packedGradient.fill(from: gradient, compute)
            compute.multiply(
                transposeOf: workspace.packedGradient, workspace.packedInput, into: weightGradient, from: .current)
        }
    }

    private func refill(
        _ packed: PackedMatrix, from matrix: Matrix, _ version: inout Int?, _ compute: Compute
    ) {
        guard version == nil || linear.weightGradientMatrix != nil && version != store.version else { return }
        packed.fill(from: matrix, compute)
        version = store.version
    }
}
