import Numerics

/// One linear layer.
final class LinearHead: Head {
    private let out: Linear
    private let logits = FloatBuffer()
    private var features: Matrix?

    init(in store: ParameterStore) {
        out = Linear("head.out", in: store)
    }

    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix {
        self.features = features
        logits.reserve(features.rows * out.outputs)
        let result = MutableMatrix(logits.start, rows: features.rows, columns: out.outputs)
        out.forward(features, into: result, compute)
        return result.readable
    }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute) {
        guard let features else { preconditionFailure("backward before forward") }
        out.backward(input: features, gradient: gradient, into: featureGradient, compute)
    }
}
