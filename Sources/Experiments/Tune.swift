/// Which parameters of the backbone move in a stage. The head always does.
package enum Tune: Hashable, Sendable {
    /// Every parameter, those of an adapter that the stage starts from included.
    case all
    /// None: linear probing; the features of an example never change and are computed once.
    case head
    /// Bias vectors of these kinds (Ben-Zaken et al. 2020).
    case biases(Set<BiasKind>)
    /// Weight and bias of every LayerNorm.
    case layerNorm
    /// The last layers.
    case top(layers: Int)
    /// Parameters added to the backbone, which itself stays.
    case adapter(AdapterDesign)
    /// A random subset of the backbone's entries, drawn by seed (What parameters to freeze, section III).
    case randomSubset(share: Double)
    /// The entries with the largest or smallest Fisher information (Is there an optimal subset, section 3).
    case fisher(share: Double, on: StatisticsSource, pick: Pick)
    /// By F_downstream / (1 + F_pretraining) (Is there an optimal subset, section 3).
    case combined(share: Double, pick: Pick)
    /// The entries of a mask that another stage chose.
    case mask
    /// Every parameter; at the end the entries that went farthest keep their change, and the others go back to their
    /// pretrained values (after Guo et al. 2021).
    case prune(share: Double)

    /// Whether single entries of parameters move.
    package var isMasked: Bool {
        switch self {
        case .randomSubset, .fisher, .combined, .mask: true
        default: false
        }
    }

    /// Whether entries of the pretrained model move.
    package var movesBackbone: Bool {
        switch self {
        case .head, .adapter: false
        default: true
        }
    }

    /// All bias vectors.
    package static let bitfit = Tune.biases(Set(BiasKind.allCases))
}

/// The bias vectors of an encoder by what they belong to.
package enum BiasKind: String, CaseIterable, Sendable {
    case query, key, value
    /// Of the outputs of attention and feed-forward.
    case output
    case intermediate
    /// Of the layers' LayerNorms.
    case norm
    /// Of the LayerNorm after the embeddings.
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
        "all", "head", "bitfit", "bitfit(KINDS)", "layernorm", "top(K)", "lora(R)", "prefix(N)", "adapter(D)",
        "random(P)", "fisher(P)", "combined(P)", "mask", "prune(P)",
    ]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        let name = call.name
        switch name {
        case "all", "head", "layernorm", "mask":
            _ = try call.arguments([])
            self = ["all": .all, "head": .head, "layernorm": .layerNorm][name] ?? .mask
        case "bitfit":
            let kinds = try call.arguments(["kinds"]).choices("kinds", of: name, default: Set(BiasKind.allCases))
            self = .biases(kinds)
        case "top":
            self = .top(layers: try call.arguments(["k"]).whole("k", of: name, in: 1...1000))
        case "lora", "prefix", "adapter":
            self = .adapter(try AdapterDesign(spelled: text))
        case "random": self = .randomSubset(share: try call.arguments(["p"]).share("p", of: name))
        case "prune": self = .prune(share: try call.arguments(["p"]).share("p", of: name))
        case "fisher":
            let arguments = try call.arguments(["p", "on", "pick"])
            self = .fisher(
                share: try arguments.share("p", of: name),
                on: try arguments.choice("on", of: name, default: .downstream),
                pick: try arguments.choice("pick", of: name, default: .highest))
        case "combined":
            let arguments = try call.arguments(["p", "pick"])
            self = .combined(
                share: try arguments.share("p", of: name),
                pick: try arguments.choice("pick", of: name, default: .highest))
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .all: "all"
        case .head: "head"
        case .biases(let kinds): kinds.count == BiasKind.allCases.count ? "bitfit" : "bitfit(\(spelled(kinds)))"
        case .layerNorm: "layernorm"
        case .top(let layers): "top(\(layers))"
        case .adapter(let design): design.description
        case .randomSubset(let share): "random(\(spelled(share)))"
        case .fisher(let share, let source, let pick):
            "fisher(\(spelled(share)), on=\(source.rawValue), pick=\(pick.rawValue))"
        case .combined(let share, let pick): "combined(\(spelled(share)), pick=\(pick.rawValue))"
        case .mask: "mask"
        case .prune(let share): "prune(\(spelled(share)))"
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
        case .all: kinds = [.backbone]
        case .head: break
        case .adapter: kinds = [.adapter]
        case .biases, .layerNorm, .top, .randomSubset, .fisher, .combined, .mask, .prune: kinds = [.delta]
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
    package var leaves: Set<ArtifactKind> { recipe.leaves(startingFrom: Set(inputs.map(\.kind))) }
}
