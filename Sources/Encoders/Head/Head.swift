import CKernels
import Experiments
import Numerics

/// The network on top of the rows that are read out of the final states. Layers keep what their backward pass needs.
protocol Head: AnyObject {
    /// - Parameter features: [R, width], must stay until the backward pass, as the pass must.
    /// - Returns: [R, outputs], valid until the next forward pass.
    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix

    /// Adds to the gradients of the head, as far as they move, and sets those of the features.
    ///
    /// - Parameters:
    ///   - gradient: of the outputs, [R, outputs].
    ///   - featureGradient: [R, width], or nil where nothing below the head moves.
    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass)

    /// After `forward`: the states of its hidden layer [R, width], valid until the next forward pass; nil for a head
    /// without one.
    var hidden: Matrix? { get }
}

extension Head {
    var hidden: Matrix? { nil }
}

func makeHead(in store: ParameterStore) -> any Head {
    store.table.isLogistic ? LogisticHead(makePlainHead(in: store)) : makePlainHead(in: store)
}

private func makePlainHead(in store: ParameterStore) -> any Head {
    switch store.table.head {
    case .linear: LinearHead(in: store)
    case .mlp: MLPHead(in: store)
    case .hf where store.table.readout == .tokens: WordHead(store.table.configuration.family, in: store)
    case .hf: FamilyHead(store.table.configuration.family, in: store)
    case .pooled: FamilyHead(pooledIn: store)
    }
}

/// One linear layer.
final class LinearHead: Head {
    private let out: Linear
    private let logits = FloatBuffer()
    private var features: Matrix?

    init(in store: ParameterStore) {
        out = Linear("head.out", in: store)
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        self.features = features
        logits.reserve(features.rows * out.outputs)
        let result = MutableMatrix(logits.start, rows: features.rows, columns: out.outputs)
        out.forward(features, into: result, pass.compute)
        return result.readable
    }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let features else { preconditionFailure("backward before forward") }
        out.backward(input: features, gradient: gradient, into: featureGradient, pass.compute)
    }
}

/// Linear, ReLU, linear (EH-FT, section 3.2).
final class MLPHead: Head {
    private let dense: Linear
    private let out: Linear
    private let inner = FloatBuffer()
    private let innerGradient = FloatBuffer()
    private let logits = FloatBuffer()
    private var features: Matrix?

    init(in store: ParameterStore) {
        dense = Linear("head.dense", in: store)
        out = Linear("head.out", in: store)
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        self.features = features
        let count = features.rows
        inner.reserve(count * dense.outputs)
        innerGradient.reserve(count * dense.outputs)
        logits.reserve(count * out.outputs)
        let inner = MutableMatrix(inner.start, rows: count, columns: dense.outputs)
        dense.forward(features, into: inner, pass.compute)
        relu_forward(count * dense.outputs, inner.start, inner.start)
        let result = MutableMatrix(logits.start, rows: count, columns: out.outputs)
        out.forward(inner.readable, into: result, pass.compute)
        return result.readable
    }

    var hidden: Matrix? { features.map { Matrix(inner.start, rows: $0.rows, columns: dense.outputs) } }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let features else { preconditionFailure("backward before forward") }
        let inner = Matrix(inner.start, rows: features.rows, columns: dense.outputs)
        let innerGradient = MutableMatrix(innerGradient.start, rows: features.rows, columns: dense.outputs)
        out.backward(input: inner, gradient: gradient, into: innerGradient, pass.compute)
        relu_backward(inner.rows * inner.columns, inner.start, innerGradient.start, innerGradient.start)
        dense.backward(input: features, gradient: innerGradient.readable, into: featureGradient, pass.compute)
    }
}

/// A head with one score for two classes: that of the second less that of the first. Outside it has two, the first of
/// which is 0, and the softmax of the two is the logistic function of the one.
final class LogisticHead: Head {
    private let head: any Head
    private let scores = FloatBuffer()
    private let gradients = FloatBuffer()

    /// - Parameter head: has one output.
    init(_ head: any Head) { self.head = head }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        let score = head.forward(features, pass)
        scores.reserve(2 * score.rows)
        for row in 0..<score.rows {
            scores.values[2 * row] = 0
            scores.values[2 * row + 1] = score.start[row]
        }
        return Matrix(scores.start, rows: score.rows, columns: 2)
    }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        gradients.reserve(gradient.rows)
        for row in 0..<gradient.rows { gradients.values[row] = gradient.start[2 * row + 1] }
        head.backward(Matrix(gradients.start, rows: gradient.rows, columns: 1), into: featureGradient, pass)
    }

    var hidden: Matrix? { head.hidden }
}
