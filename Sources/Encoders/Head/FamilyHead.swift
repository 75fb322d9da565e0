import CKernels
import Experiments
import Numerics

/// The head that a family's own models for classification have: linear, tanh, dropout, linear, as in
/// BertForSequenceClassification, where the first layer is the pretrained pooler; with dropout of the input as well in
/// RobertaForSequenceClassification. The head `pooled` is BERT's for any family, its first layer the backbone's.
final class FamilyHead: Head {
    private let dense: Linear
    private let out: Linear
    private let dropsInput: Bool
    private let input = FloatBuffer()
    private let states = FloatBuffer()
    private let inner = FloatBuffer()
    private let innerGradient = FloatBuffer()
    private let logits = FloatBuffer()
    private var last: (input: Matrix, inner: Matrix)?

    init(_ family: EncoderConfiguration.Family, in store: ParameterStore) {
        dense = Linear(family.headLayers.dense, in: store)
        out = Linear(family.headLayers.out, in: store)
        dropsInput = family == .roberta
    }

    init(pooledIn store: ParameterStore) {
        dense = Linear(ParameterTable.pooler, in: store)
        out = Linear(EncoderConfiguration.Family.bert.headLayers.out, in: store)
        dropsInput = false
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        let (rows, width) = (features.rows, dense.outputs)
        for buffer in [states, inner, innerGradient] { buffer.reserve(rows * width) }
        logits.reserve(rows * out.outputs)
        let input = dropsInput ? dropOut(features, pass) : features
        dense.forward(input, into: MutableMatrix(states.start, rows: rows, columns: width), pass.compute)
        tanh_forward(rows * width, states.start, states.start)
        let inner = MutableMatrix(inner.start, rows: rows, columns: width)
        inner.start.update(from: states.start, count: rows * width)
        pass.dropOut(inner, at: .headHidden)
        let result = MutableMatrix(logits.start, rows: rows, columns: out.outputs)
        out.forward(inner.readable, into: result, pass.compute)
        last = (input, inner.readable)
        return result.readable
    }

    /// A copy of the features with dropout.
    private func dropOut(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        let count = features.rows * features.columns
        input.reserve(count)
        let input = MutableMatrix(input.start, rows: features.rows, columns: features.columns)
        input.start.update(from: features.start, count: count)
        pass.dropOut(input, at: .headInput)
        return input.readable
    }

    var hidden: Matrix? { last?.inner }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let last else { preconditionFailure("backward before forward") }
        let (rows, width) = (gradient.rows, dense.outputs)
        let innerGradient = MutableMatrix(innerGradient.start, rows: rows, columns: width)
        out.backward(input: last.inner, gradient: gradient, into: innerGradient, pass.compute)
        pass.dropOut(innerGradient, at: .headHidden)
        tanh_backward(rows * width, states.start, innerGradient.start, innerGradient.start)
        dense.backward(input: last.input, gradient: innerGradient.readable, into: featureGradient, pass.compute)
        if dropsInput, let featureGradient { pass.dropOut(featureGradient, at: .headInput) }
    }
}
