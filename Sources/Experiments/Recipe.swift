/// Everything about the training of one stage that decides its result. It is hashed into the stage's key; where and
/// with how many threads or ranks a stage runs is in `NodeSettings` and never enters the key.
///
/// The defaults are those of a plain fine-tuning run; configuration files name each setting in kebab case
/// (`learningRate` is `lr` there).
package struct Recipe: Codable, Hashable, Sendable {
    /// Which parameters move.
    package var tune: Tune = .all
    /// The classification head put on the backbone.
    package var head: HeadDesign = .linear
    /// How long to train, with `share` already applied.
    package var budget: Budget = .epochs(3)
    /// Examples in one optimizer step, over all ranks.
    package var batch: Int = 32
    /// Passes in which a batch is worked off; it bounds memory and changes the result only by rounding.
    package var accumulation: Int = 1
    /// The highest learning rate of the schedule.
    package var learningRate: Double = 2e-5
    /// The share of the steps over which the rate rises linearly from 0.
    package var warmup: Double = 0.1
    /// What the rate does after the warm-up.
    package var decay: Decay = .linear
    package var optimizer = OptimizerSettings()
    /// The global gradient norm above which gradients are scaled down; nil leaves them alone.
    package var clip: Double? = 1.0
    /// The dropout probability everywhere; nil takes those of the model's config.json.
    package var dropout: Double?
    /// Whether each epoch has an order of its own; false keeps the file's order.
    package var shuffle: Bool = true
    /// The longest sequence in tokens, special tokens included.
    package var maxLength: Int = 128
    /// Which text of a pair is cut where the pair is too long.
    package var truncation: Truncation = .longest
    /// Evaluations in an epoch.
    package var evaluations: Int = 1
    /// Which evaluation's parameters are the stage's result.
    package var selection: Selection = .last
    /// The share of the training set, drawn by seed, held out to select on; nil selects on the dev set.
    package var validation: Double?
    /// What the matrix products compute in; `auto` is resolved before it gets here.
    package var precision: Precision = .fp32

    package init() {}
}

/// Which parameters of the backbone move in a stage. The head always does.
package enum Tune: Hashable, Sendable {
    /// Every parameter.
    case all
    /// None: linear probing; the features of an example never change and are computed once.
    case head
    /// All bias vectors (Ben-Zaken et al. 2020).
    case bitfit
}

/// The network on top of the first token's final state.
package enum HeadDesign: Hashable, Sendable {
    /// One linear layer.
    case linear
    /// Linear, ReLU, linear with this inner width (EH-FT, section 3.2).
    case mlp(width: Int)
    /// The family's own: pooler and linear for BERT, dense, tanh and linear for RoBERTa.
    case hf
}

package enum Budget: Codable, Hashable, Sendable {
    case epochs(Double)
    case steps(Int)
}

package enum Decay: String, Codable, CaseIterable, Sendable {
    /// Linearly to 0 at the last step.
    case linear
    case constant
}

/// AdamW (Loshchilov and Hutter 2019); decay acts on matrices only, never on biases or LayerNorm parameters.
package struct OptimizerSettings: Codable, Hashable, Sendable {
    package var beta1: Double = 0.9
    package var beta2: Double = 0.999
    package var epsilon: Double = 1e-8
    package var weightDecay: Double = 0.01

    package init() {}
}

package enum Truncation: String, Codable, CaseIterable, Sendable {
    case longest, first, second
}

package enum Selection: String, Codable, CaseIterable, Sendable {
    case last, best
}

package enum Precision: String, Codable, CaseIterable, Sendable {
    case fp32
}

/// A value that is written as one word, with its arguments in brackets, in sweep files and in keys.
package protocol Spelled: LosslessStringConvertible, Codable {}

extension Spelled {
    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a \(Self.self)"))
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Tune: Spelled {
    package static let spellings = ["all", "head", "bitfit"]

    package init?(_ description: String) {
        switch description {
        case "all": self = .all
        case "head": self = .head
        case "bitfit": self = .bitfit
        default: return nil
        }
    }

    package var description: String {
        switch self {
        case .all: "all"
        case .head: "head"
        case .bitfit: "bitfit"
        }
    }
}

extension HeadDesign: Spelled {
    package static let spellings = ["linear", "mlp(WIDTH)", "hf"]

    package init?(_ description: String) {
        switch description {
        case "linear": self = .linear
        case "hf": self = .hf
        default:
            guard description.hasPrefix("mlp("), description.hasSuffix(")"),
                let width = Int(description.dropFirst(4).dropLast()), width > 0
            else { return nil }
            self = .mlp(width: width)
        }
    }

    package var description: String {
        switch self {
        case .linear: "linear"
        case .mlp(let width): "mlp(\(width))"
        case .hf: "hf"
        }
    }
}
