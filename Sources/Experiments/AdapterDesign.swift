/// Parameters added to a backbone that itself stays as it is.
package enum AdapterDesign: Hashable, Sendable {
    case lora(LoRASettings)
    /// Trainable keys and values before each sequence's own, in every layer and head (Li and Liang 2021).
    /// - Parameters:
    ///   - mlp: the width of the network that computes them while training; 0 trains them directly.
    ///   - dropout: the dropout probability of these keys and values, as in P-tuning v2's code.
    case prefix(length: Int, mlp: Int, dropout: Double = 0)
    /// A bottleneck of this width after attention and after feed-forward, before the residual addition
    /// (Houlsby et al. 2019).
    /// - Parameter norms: whether the backbone's LayerNorms move with it, as in their section 2.1.
    case bottleneck(width: Int, norms: Bool = false)

    /// The dropout probability of what is its own: LoRA's input, or a prefix.
    package var dropout: Double {
        switch self {
        case .lora(let settings): settings.dropout
        case .prefix(_, _, let dropout): dropout
        case .bottleneck: 0
        }
    }

    /// Whether parameters of the backbone move as well.
    package var movesNorms: Bool { if case .bottleneck(_, norms: true) = self { true } else { false } }
}

/// W x + (alpha / rank) B A x (Hu et al. 2021).
package struct LoRASettings: Hashable, Sendable {
    package var rank: Int
    package var alpha: Double
    /// The dropout probability of the input of A.
    package var dropout: Double
    package var modules: Set<LoRAModule>

    package init(rank: Int, alpha: Double = 16, dropout: Double = 0, modules: Set<LoRAModule> = [.query, .value]) {
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.modules = modules
    }
}

/// A linear layer of an encoder layer that LoRA can act on.
package enum LoRAModule: String, CaseIterable, Sendable {
    case query, key, value
    /// The projection at the end of attention.
    case output
    case intermediate
    /// The second matrix of feed-forward.
    case feedForwardOutput = "ffn-output"
}

extension AdapterDesign: Spelled {
    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        let name = call.name
        switch name {
        case "lora":
            let arguments = try call.arguments(["r", "alpha", "dropout", "modules"])
            self = .lora(
                LoRASettings(
                    rank: try arguments.whole("r", of: name, in: 1...65_536, default: 8),
                    alpha: try arguments.number("alpha", of: name, "a number above 0", default: 16) { $0 > 0 },
                    dropout: try arguments.dropout(of: name),
                    modules: try arguments.choices("modules", of: name, default: [.query, .value])))
        case "prefix":
            let arguments = try call.arguments(["n", "mlp", "dropout"])
            self = .prefix(
                length: try arguments.whole("n", of: name, in: 1...65_536, default: 16),
                mlp: try arguments.whole("mlp", of: name, in: 0...65_536, default: 0),
                dropout: try arguments.dropout(of: name))
        case "adapter":
            let arguments = try call.arguments(["d", "norms"])
            self = .bottleneck(
                width: try arguments.whole("d", of: name, in: 1...65_536),
                norms: try arguments.flag("norms", of: name, default: false))
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .lora(let lora):
            """
            lora(r=\(lora.rank), alpha=\(spelled(lora.alpha)), dropout=\(spelled(lora.dropout)), \
            modules=\(spelled(lora.modules)))
            """
        case .prefix(let length, let mlp, let dropout):
            spelledCall("prefix", ["n=\(length)", "mlp=\(mlp)", dropout == 0 ? nil : "dropout=\(spelled(dropout))"])
        case .bottleneck(let width, let norms): spelledCall("adapter", ["\(width)", norms ? "norms=true" : nil])
        }
    }
}

extension [String: String] {
    fileprivate func dropout(of call: String) throws(SpellingError) -> Double {
        try number("dropout", of: call, "a number from 0 to below 1", default: 0) { 0..<1 ~= $0 }
    }
}
