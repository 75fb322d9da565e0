import CKernels
import Numerics

/// y = x Wᵀ + b, with W [outputs, inputs].
struct Linear {
    let inputs: Int
    let outputs: Int
    private let weight: UnsafePointer<Float>
    let bias: UnsafePointer<Float>
    /// nil where the parameter does not move: then nobody computes its gradient.
    private let weightGradient: UnsafeMutablePointer<Float>?
    private let biasGradient: UnsafeMutablePointer<Float>?

    /// - Parameter name: of the layer; its parameters are `name.weight` and `name.bias`.
    init(_ name: String, in store: ParameterStore) {
        let weight = store.requiredIndex(of: "\(name).weight")
        let bias = store.requiredIndex(of: "\(name).bias")
        let shape = store.table.parameters[weight].shape
        (outputs, inputs) = (shape[0], shape[1])
        self.weight = store.values(weight).baseAddress!
        self.bias = store.values(bias).baseAddress!
        weightGradient = store.gradient(weight)?.baseAddress
        biasGradient = store.gradient(bias)?.baseAddress
    }

    var moves: Bool { weightGradient != nil || biasMoves }
    var biasMoves: Bool { biasGradient != nil }

    var weightMatrix: Matrix { Matrix(weight, rows: outputs, columns: inputs) }

    /// - Parameters:
    ///   - input: [T, inputs]
    ///   - output: [T, outputs]
    func forward(_ input: Matrix, into output: MutableMatrix, _ compute: Compute) {
        compute.multiply(input, weightMatrix.transposed, into: output, from: .row(bias))
    }

    /// Adds to the gradients of weight and bias, as far as they move, and sets the input's gradient.
    ///
    /// - Parameters:
    ///   - input: of the forward pass, [T, inputs].
    ///   - gradient: of the output, [T, outputs].
    ///   - inputGradient: [T, inputs], or nil where nothing below moves.
    ///   - start: what the input's gradient holds before.
    func backward(
        input: Matrix, gradient: Matrix, into inputGradient: MutableMatrix?, from start: ProductStart = .zero,
        _ compute: Compute
    ) {
        addBiasGradient(gradient, compute)
        addWeightGradient(gradient, input: input, compute)
        if let inputGradient { passBack(gradient, into: inputGradient, from: start, compute) }
    }

    func addWeightGradient(_ gradient: Matrix, input: Matrix, _ compute: Compute) {
        guard let weightGradientMatrix else { return }
        compute.multiply(gradient.transposed, input, into: weightGradientMatrix, from: .current)
    }

    func passBack(
        _ gradient: Matrix, into inputGradient: MutableMatrix, from start: ProductStart, _ compute: Compute
    ) {
        compute.multiply(gradient, weightMatrix, into: inputGradient, from: start)
    }

    /// - Parameter gradient: of the output, [T, outputs].
    func addBiasGradient(_ gradient: Matrix, _ compute: Compute) {
        guard let biasGradient else { return }
        compute.forEach(outputs, grain: Grain.columns) { columns in
            add_column_sums(
                gradient.rows, columns.count, gradient.start + columns.lowerBound, gradient.stride,
                biasGradient + columns.lowerBound)
        }
    }

    /// nil where the weight does not move.
    var weightGradientMatrix: MutableMatrix? {
        weightGradient.map { MutableMatrix($0, rows: outputs, columns: inputs) }
    }
}

extension Linear {
    /// This layer and one whose outputs follow, as a single layer; nil where the parameters are not side by side.
    func joined(with next: Linear) -> Linear? {
        guard inputs == next.inputs, weight + outputs * inputs == next.weight, bias + outputs == next.bias,
            weightGradient.map({ $0 + outputs * inputs }) == next.weightGradient,
            biasGradient.map({ $0 + outputs }) == next.biasGradient
        else { return nil }
        return Linear(joining: self, next)
    }

    private init(joining first: Linear, _ second: Linear) {
        inputs = first.inputs
        outputs = first.outputs + second.outputs
        weight = first.weight
        bias = first.bias
        weightGradient = first.weightGradient
        biasGradient = first.biasGradient
    }
}

extension ParameterStore {
    /// The index of a parameter that the table must have.
    func requiredIndex(of name: String) -> Int {
        guard let index = index(of: name) else { preconditionFailure("the table has no parameter '\(name)'") }
        return index
    }
}
