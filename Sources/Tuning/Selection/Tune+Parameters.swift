package import Encoders
package import Experiments

extension Tune {
    /// Whether a parameter moves as a whole under this choice, in a model with so many layers. The head always does.
    package func moves(_ parameter: Parameter, ofLayers count: Int) -> Bool {
        if parameter.place == .head { return true }
        guard !parameter.isAdapter || self.movesAdapters else { return false }
        return switch self {
        case .parameters(.all): true
        case .parameters(.none), .entries: false
        case .parameters(.biases(let kinds, let norms)):
            parameter.biasKind(norms, ofLayers: count).map(kinds.contains) ?? false
        case .parameters(.layerNorm): parameter.role == .normWeight || parameter.role == .normBias
        case .parameters(.top(let layers, let norms)):
            parameter.place(norms, ofLayers: count).map { $0 >= .layer(count - layers) } ?? false
        case .adapter(let design): parameter.isAdapter || design.movesNorms && parameter.isNorm
        case .prune: parameter.isOfBackbone
        }
    }
}

extension Tune {
    /// Whether parameters that an earlier stage added move along.
    private var movesAdapters: Bool {
        switch self {
        case .parameters(let set): set == .all
        case .adapter: true
        case .entries, .prune: false
        }
    }
}

extension Parameter {
    fileprivate var isNorm: Bool { role == .normWeight || role == .normBias }

    /// Where it stands if these LayerNorms are a layer's own; nil for one that is then no layer's.
    fileprivate func place(_ norms: LayerNorms, ofLayers count: Int) -> Place? {
        guard norms == .input, isNorm else { return place }
        switch place {
        case .embeddings: return .layer(0)
        case .layer(let number) where !name.contains(".attention."):
            return number + 1 < count ? .layer(number + 1) : nil
        default: return place
        }
    }

    /// What kind of bias vector this is if these LayerNorms are a layer's own; nil where it is none.
    fileprivate func biasKind(_ norms: LayerNorms, ofLayers count: Int) -> BiasKind? {
        guard norms == .input, isNorm else { return biasKind }
        return role == .normBias && place(norms, ofLayers: count) != nil ? .norm : nil
    }

    /// What kind of bias vector of the backbone this is; nil where it is none.
    package var biasKind: BiasKind? {
        guard role == .bias || role == .normBias else { return nil }
        if place == .embeddings { return .embeddings }
        if role == .normBias { return .norm }
        if place == .pooler { return .output }
        for (part, kind) in [
            (".self.query.", BiasKind.query), (".self.key.", .key), (".self.value.", .value),
            (".intermediate.", .intermediate), (".output.", .output),
        ] where name.contains(part) {
            return kind
        }
        return nil
    }
}
