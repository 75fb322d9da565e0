import Numerics

/// BERT's own head: the pretrained pooler (linear, tanh), dropout, linear. As BertForSequenceClassification.
final class BERTHead: Head {
    private let pooler: TanhLayer
    private let classifier: Linear
    private let logits = FloatBuffer()
    private var last: (features: Matrix, pooled: Matrix, rows: RowSet, dropout: DropoutContext?)?

    init(in store: ParameterStore) {
        pooler = TanhLayer("head.pooler.dense", site: .headHidden, in: store)
        classifier = Linear("head.classifier", in: store)
    }

    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix {
        logits.reserve(features.rows * classifier.outputs)
        let pooled = pooler.forward(features, rows, dropout: dropout, compute).readable
        let result = MutableMatrix(logits.start, rows: features.rows, columns: classifier.outputs)
        classifier.forward(pooled, into: result, compute)
        last = (features, pooled, rows, dropout)
        return result.readable
    }

    var hidden: Matrix? { last?.pooled }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute) {
        guard let last else { preconditionFailure("backward before forward") }
        let pooledGradient = pooler.resultGradient(rows: gradient.rows)
        classifier.backward(input: last.pooled, gradient: gradient, into: pooledGradient, compute)
        pooler.backward(input: last.features, last.rows, dropout: last.dropout, into: featureGradient, compute)
    }
}

/// RoBERTa's own head: dropout, linear, tanh, dropout, linear. As RobertaForSequenceClassification.
final class RoBERTaHead: Head {
    private let dense: TanhLayer
    private let outProjection: Linear
    private let input = FloatBuffer()
    private let logits = FloatBuffer()
    private var last: (input: Matrix, inner: Matrix, rows: RowSet, dropout: DropoutContext?)?

    init(in store: ParameterStore) {
        dense = TanhLayer("head.dense", site: .headHidden, in: store)
        outProjection = Linear("head.out_proj", in: store)
    }

    func forward(_ features: Matrix, _ rows: RowSet, dropout: DropoutContext?, _ compute: Compute) -> Matrix {
        input.reserve(features.rows * features.columns)
        logits.reserve(features.rows * outProjection.outputs)
        let input = MutableMatrix(input.start, rows: features.rows, columns: features.columns)
        input.start.update(from: features.start, count: features.rows * features.columns)
        HeadDropout(.headInput, rows, dropout, compute).apply(input)
        let inner = dense.forward(input.readable, rows, dropout: dropout, compute).readable
        let result = MutableMatrix(logits.start, rows: features.rows, columns: outProjection.outputs)
        outProjection.forward(inner, into: result, compute)
        last = (input.readable, inner, rows, dropout)
        return result.readable
    }

    var hidden: Matrix? { last?.inner }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ compute: Compute) {
        guard let last else { preconditionFailure("backward before forward") }
        let innerGradient = dense.resultGradient(rows: gradient.rows)
        outProjection.backward(input: last.inner, gradient: gradient, into: innerGradient, compute)
        dense.backward(input: last.input, last.rows, dropout: last.dropout, into: featureGradient, compute)
        if let featureGradient { HeadDropout(.headInput, last.rows, last.dropout, compute).apply(featureGradient) }
    }
}
