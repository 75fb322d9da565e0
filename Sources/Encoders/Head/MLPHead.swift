import CKernels
import Numerics

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

    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix {
        self.features = features
        let count = features.rows
        inner.reserve(count * dense.outputs)
        innerGradient.reserve(count * dense.outputs)
        logits.reserve(count * out.outputs)
        let inner = MutableMatrix(inner.start, rows: count, columns: dense.outputs)
        dense.forward(features, into: inner, compute)
        relu_forward(count * dense.outputs, inner.start, inner.start)
        let result = MutableMatrix(logits.start, rows: count, columns: out.outputs)
        out.forward(inner.readable, into: result, compute)
        return result.readable
    }

    var hidden: Matrix? { features.map { Matrix(inner.start, rows: $0.rows, columns: dense.outputs) } }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute) {
        guard let features else { preconditionFailure("backward before forward") }
        let inner = Matrix(inner.start, rows: features.rows, columns: dense.outputs)
        let innerGradient = MutableMatrix(innerGradient.start, rows: features.rows, columns: dense.outputs)
        out.backward(input: inner, gradient: gradient, into: innerGradient, compute)
        relu_backward(inner.rows * inner.columns, inner.start, innerGradient.start, innerGradient.start)
        dense.backward(input: features, gradient: innerGradient.readable, into: featureGradient, compute)
    }
}
