import CKernels
import Numerics

/// The head that a family was pretrained with: linear, GELU, LayerNorm, linear onto the vocabulary (Devlin et al. 2019;
/// BertLMPredictionHead and RobertaLMHead of transformers). Its last layer has the word embedding's values to begin with
/// and is a parameter of its own: what happens to one does not move the other.
final class WordHead: Head {
    private let dense: Linear
    private let norm: ResidualNorm
    private let out: Linear
    /// GELU's slope where the forward pass computed its input.
    private let slope = FloatBuffer()
    private let activation = FloatBuffer()
    private let innerGradient = FloatBuffer()
    private let logits = FloatBuffer()
    private var last: (features: Matrix, normed: Matrix)?

    init(_ family: EncoderConfiguration.Family, in store: ParameterStore) {
        let names = family.wordLayers
        dense = Linear(names.dense, in: store)
        norm = ResidualNorm(names.norm, in: store, LayerMemory())
        out = Linear(names.out, in: store)
    }

    func forward(_ features: Matrix, _ pass: HeadPass) -> Matrix {
        let (rows, width) = (features.rows, dense.outputs)
        for buffer in [slope, activation, innerGradient] { buffer.reserve(rows * width) }
        logits.reserve(rows * out.outputs)
        dense.forward(features, into: MutableMatrix(slope.start, rows: rows, columns: width), pass.compute)
        pass.compute.gelu(rows * width, slope, into: activation)
        let normed = norm.forward(
            branch: activation.start, residual: nil, site: .none, rows: rows, pass.compute
        ).readable
        let result = MutableMatrix(logits.start, rows: rows, columns: out.outputs)
        out.forward(normed, into: result, pass.compute)
        last = (features, normed)
        return result.readable
    }

    var hidden: Matrix? { last?.normed }

    func backward(_ gradient: Matrix, into featureGradient: MutableMatrix?, _ pass: HeadPass) {
        guard let last else { preconditionFailure("backward before forward") }
        let (rows, width) = (gradient.rows, dense.outputs)
        let inner = MutableMatrix(innerGradient.start, rows: rows, columns: width)
        out.backward(input: last.normed, gradient: gradient, into: inner, pass.compute)
        norm.backward(inner, branchGradient: nil, site: .none, pass.compute)
        pass.compute.multiply(rows * width, slope, onto: inner)
        dense.backward(input: last.features, gradient: inner.readable, into: featureGradient, pass.compute)
    }
}
