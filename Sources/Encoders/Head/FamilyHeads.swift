import CKernels
import Experiments
import Numerics

/// BERT's own head: the pretrained pooler (linear, tanh), dropout, linear. As BertForSequenceClassification.
final class BERTHead: Head {
    private let pooler: TanhLayer
    private let classifier: Linear
    private let logits = FloatBuffer()
    private var last: (features: Matrix, pooled: Matrix)?

    init(in store: ParameterStore) {
        pooler = TanhLayer("head.pooler.dense", site: .headHidden, in: store)
        classifier = Linear("head.classifier", in: store)
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        logits.reserve(features.rows * classifier.outputs)
        let pooled = pooler.forward(features, pass).readable
        let result = MutableMatrix(logits.start, rows: features.rows, columns: classifier.outputs)
        classifier.forward(pooled, into: result, pass.compute)
        last = (features, pooled)
        return result.readable
    }

    var hidden: Matrix? { last?.pooled }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let last else { preconditionFailure("backward before forward") }
        let pooledGradient = pooler.resultGradient(rows: gradient.rows)
        classifier.backward(input: last.pooled, gradient: gradient, into: pooledGradient, pass.compute)
        pooler.backward(input: last.features, into: featureGradient, pass)
    }
}

/// RoBERTa's own head: dropout, linear, tanh, dropout, linear. As RobertaForSequenceClassification.
final class RoBERTaHead: Head {
    private let dense: TanhLayer
    private let outProjection: Linear
    private let input = FloatBuffer()
    private let logits = FloatBuffer()
    private var last: (input: Matrix, inner: Matrix)?

    init(in store: ParameterStore) {
        dense = TanhLayer("head.dense", site: .headHidden, in: store)
        outProjection = Linear("head.out_proj", in: store)
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        input.reserve(features.rows * features.columns)
        logits.reserve(features.rows * outProjection.outputs)
        let input = MutableMatrix(input.start, rows: features.rows, columns: features.columns)
        input.start.update(from: features.start, count: features.rows * features.columns)
        pass.dropOut(input, at: .headInput)
        let inner = dense.forward(input.readable, pass).readable
        let result = MutableMatrix(logits.start, rows: features.rows, columns: outProjection.outputs)
        outProjection.forward(inner, into: result, pass.compute)
        last = (input.readable, inner)
        return result.readable
    }

    var hidden: Matrix? { last?.inner }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let last else { preconditionFailure("backward before forward") }
        let innerGradient = dense.resultGradient(rows: gradient.rows)
        outProjection.backward(input: last.inner, gradient: gradient, into: innerGradient, pass.compute)
        dense.backward(input: last.input, into: featureGradient, pass)
        if let featureGradient { pass.dropOut(featureGradient, at: .headInput) }
    }
}

/// tanh of a linear layer, and dropout of the result: what both families' own heads have in common.
final class TanhLayer {
    private let dense: Linear
    private let site: DropoutSite
    private let states = FloatBuffer()
    private let dropped = FloatBuffer()
    private let gradient = FloatBuffer()

    init(_ name: String, site: DropoutSite, in store: ParameterStore) {
        dense = Linear(name, in: store)
        self.site = site
    }

    /// - Returns: [B, outputs], valid until the next forward pass.
    func forward(_ input: Matrix, _ pass: HeadPass) -> MutableMatrix {
        let count = input.rows * dense.outputs
        for buffer in [states, dropped, gradient] { buffer.reserve(count) }
        let result = MutableMatrix(dropped.start, rows: input.rows, columns: dense.outputs)
        dense.forward(input, into: MutableMatrix(states.start, rows: input.rows, columns: dense.outputs), pass.compute)
        tanh_forward(count, states.start, states.start)
        dropped.start.update(from: states.start, count: count)
        pass.dropOut(result, at: site)
        return result
    }

    /// Where the gradient of the result is to be written before `backward`.
    func resultGradient(rows: Int) -> MutableMatrix {
        MutableMatrix(gradient.start, rows: rows, columns: dense.outputs)
    }

    func backward(input: Matrix, into inputGradient: MutableMatrix?, _ pass: HeadPass) {
        let gradient = resultGradient(rows: input.rows)
        pass.dropOut(gradient, at: site)
        tanh_backward(input.rows * dense.outputs, states.start, gradient.start, gradient.start)
        dense.backward(input: input, gradient: gradient.readable, into: inputGradient, pass.compute)
    }
}
