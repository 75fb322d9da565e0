/// The network on top of the first token's final state.
package enum HeadDesign: Hashable, Sendable {
    /// One linear layer.
    case linear
    /// Linear, ReLU, linear with this inner width (EH-FT, section 3.2).
    case mlp(width: Int)
    /// The family's own, all of which always moves. For whole texts pooler and linear for BERT, dense, tanh and linear for
    /// RoBERTa; for hidden words the head of its pretraining: dense, GELU, LayerNorm and a linear layer onto the vocabulary
    /// (Devlin et al. 2019).
    case hf
    /// One linear layer on the pretrained pooler, which is part of the backbone: it moves, is drawn anew and has entries
    /// in masks as the method's own rule says (`BertForSequenceClassification` in What parameters to freeze, section III).
    case pooled
}

extension HeadDesign: Spelled {
    package static let spellings = ["linear", "mlp(WIDTH)", "hf", "pooled"]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        switch call.name {
        case "linear", "hf", "pooled":
            _ = try call.arguments([])
            self = ["hf": .hf, "pooled": .pooled][call.name] ?? .linear
        case "mlp": self = .mlp(width: try call.arguments(["width"]).whole("width", of: "mlp", in: 1...65_536))
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .linear: "linear"
        case .mlp(let width): "mlp(\(width))"
        case .hf: "hf"
        case .pooled: "pooled"
        }
    }
}
