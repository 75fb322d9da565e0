/// Which parameters of the backbone move in a stage. The head always does.
package enum Tune: Hashable, Sendable {
    /// Whole parameters.
    case parameters(ParameterSet)
    /// Single entries.
    case entries(EntryChoice)
    /// Parameters added to the backbone, which itself stays, but for its LayerNorms where the design moves them.
    case adapter(AdapterDesign)
    /// Every parameter; at the end the entries that went farthest keep their change, and the others go back to their
    /// pretrained values (after Guo et al. 2021).
    case prune(share: Double)

    /// Whether single entries of parameters move.
    package var isMasked: Bool { if case .entries = self { true } else { false } }

    /// Whether entries of the pretrained model move.
    package var movesBackbone: Bool {
        switch self {
        case .parameters(let set): set != .none
        case .entries, .prune: true
        case .adapter(let design): design.movesNorms
        }
    }

    package static let all = Tune.parameters(.all)
    /// None but the head: linear probing; the features of an example never change and are computed once.
    package static let head = Tune.parameters(.none)
    /// All bias vectors.
    package static let bitfit = Tune.parameters(.biases(Set(BiasKind.allCases)))
}

package enum ParameterSet: Hashable, Sendable {
    /// Every one, those of an adapter that the stage starts from included.
    case all
    case none
    /// Bias vectors of these kinds (Ben-Zaken et al. 2020).
    case biases(Set<BiasKind>, norms: LayerNorms = .output)
    /// Weight and bias of every LayerNorm.
    case layerNorm
    /// The last layers.
    case top(layers: Int, norms: LayerNorms = .output)
}

/// Which LayerNorms are a layer's own besides the one between attention and feed-forward.
package enum LayerNorms: String, CaseIterable, Sendable {
    /// The one at its end; that of the embeddings is no layer's.
    case output
    /// The one at its beginning, as in EH-FT's code: that of the embeddings is the first layer's, and the one at the end of
    /// the last layer is no layer's.
    case input
}

/// How the entries that move are chosen among the backbone's.
package enum EntryChoice: Hashable, Sendable {
    /// A random subset, drawn by seed (What parameters to freeze, section III).
    case drawn(share: Double)
    /// Those with the largest or smallest Fisher information (Is there an optimal subset, section 3).
    case fisher(share: Double, on: StatisticsSource, pick: Pick)
    /// By F_downstream / (1 + F_pretraining) (Is there an optimal subset, section 3).
    case combined(share: Double, pick: Pick)
    /// Those of a mask that another stage chose.
    case mask
}

/// The bias vectors of an encoder by what they belong to.
package enum BiasKind: String, CaseIterable, Sendable {
    case query, key, value
    /// Those at the ends of attention and feed-forward, and that of the pooler where the head has one.
    case output
    case intermediate
    /// Those of the layers' LayerNorms.
    case norm
    /// That of the LayerNorm after the embeddings.
    case embeddings
}

/// What gradient statistics were gathered on.
package enum StatisticsSource: String, CaseIterable, Sendable {
    /// The task's own loss.
    case downstream
    /// The loss of masked language modelling on a text corpus.
    case pretraining
}

/// Which end of a ranking is taken.
package enum Pick: String, CaseIterable, Sendable {
    case highest, lowest
}

extension Tune: Spelled {
    package static let spellings = [
        "all", "head", "bitfit", "bitfit(KINDS)", "bitfit(KINDS, norms=input)", "layernorm", "top(K)",
        "top(K, norms=input)", "lora(R)", "prefix(N)", "adapter(D)", "adapter(D, norms=true)", "random(P)", "fisher(P)",
        "combined(P)", "mask", "prune(P)",
    ]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        let name = call.name
        switch name {
        case "all", "head", "layernorm", "mask":
            _ = try call.arguments([])
            self = ["all": .all, "head": .head, "layernorm": .parameters(.layerNorm)][name] ?? .entries(.mask)
        case "bitfit":
            let arguments = try call.arguments(["kinds", "norms"])
            self = .parameters(
                .biases(
                    try arguments.choices("kinds", of: name, default: Set(BiasKind.allCases)),
                    norms: try arguments.choice("norms", of: name, default: .output)))
        case "top":
            let arguments = try call.arguments(["k", "norms"])
            self = .parameters(
                .top(
                    layers: try arguments.whole("k", of: name, in: 1...1000),
                    norms: try arguments.choice("norms", of: name, default: .output)))
        case "lora", "prefix", "adapter":
            self = .adapter(try AdapterDesign(spelled: text))
        case "random": self = .entries(.drawn(share: try call.arguments(["p"]).share("p", of: name)))
        case "prune": self = .prune(share: try call.arguments(["p"]).share("p", of: name))
        case "fisher":
            let arguments = try call.arguments(["p", "on", "pick"])
            self = .entries(
                .fisher(
                    share: try arguments.share("p", of: name),
                    on: try arguments.choice("on", of: name, default: .downstream),
                    pick: try arguments.choice("pick", of: name, default: .highest)))
        case "combined":
            let arguments = try call.arguments(["p", "pick"])
            self = .entries(
                .combined(
                    share: try arguments.share("p", of: name),
                    pick: try arguments.choice("pick", of: name, default: .highest)))
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .parameters(let set): set.description
        case .entries(let choice): choice.description
        case .adapter(let design): design.description
        case .prune(let share): "prune(\(spelled(share)))"
        }
    }
}

extension ParameterSet: CustomStringConvertible {
    package var description: String {
        switch self {
        case .all: "all"
        case .none: "head"
        case .biases(let kinds, let norms):
            spelledCall("bitfit", [kinds.count == BiasKind.allCases.count ? nil : spelled(kinds), norms.argument])
        case .layerNorm: "layernorm"
        case .top(let layers, let norms): spelledCall("top", ["\(layers)", norms.argument])
        }
    }
}

extension LayerNorms {
    /// nil where it goes without saying.
    fileprivate var argument: String? { self == .output ? nil : "norms=\(rawValue)" }
}

extension EntryChoice: CustomStringConvertible {
    package var description: String {
        switch self {
        case .drawn(let share): "random(\(spelled(share)))"
        case .fisher(let share, let source, let pick):
            "fisher(\(spelled(share)), on=\(source.rawValue), pick=\(pick.rawValue))"
        case .combined(let share, let pick): "combined(\(spelled(share)), pick=\(pick.rawValue))"
        case .mask: "mask"
        }
    }
}

extension Recipe {
    /// What a stage leaves besides its head, so that with the pretrained model it is whole again: nothing, what was added
    /// to the backbone, the entries that moved, or all of it.
    /// - Parameter inputs: what the stage starts from; what came with it and stays is left again.
    package func leaves(startingFrom inputs: Set<ArtifactKind>) -> Set<ArtifactKind> {
        guard estimate == nil else { return [] }
        var kinds: Set<ArtifactKind> = []
        switch tune {
        case .parameters(.all): kinds = [.backbone]
        case .parameters(.none): break
        case .adapter(let design): kinds = design.movesNorms ? [.adapter, .delta] : [.adapter]
        case .parameters(.biases), .parameters(.layerNorm), .parameters(.top), .entries, .prune: kinds = [.delta]
        }
        if inputs.contains(.adapter) { kinds.insert(.adapter) }
        if inputs.contains(.backbone) {
            kinds.remove(.delta)
            kinds.insert(.backbone)
        }
        if inputs.contains(.delta), !kinds.contains(.backbone) { kinds.insert(.delta) }
        return kinds
    }
}

extension StageSpecification {
    /// See `Recipe.leaves`.
    package var leaves: Set<ArtifactKind> {
        recipe.leaves(startingFrom: Set(inputs.map(\.kind) + given.map(\.kind)))
    }
}
