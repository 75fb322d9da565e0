/// One named tensor of the network.
package struct Parameter: Hashable, Sendable {
    package enum Role: Sendable {
        case embedding, matrix, bias, normWeight, normBias
    }

    /// From the input to the output.
    package enum Place: Hashable, Comparable, Sendable {
        case embeddings
        case layer(Int)
        case pooler
        case head
    }

    /// As in the Hugging Face checkpoint without the family's prefix; those of the head begin with `head.`.
    package let name: String
    package let shape: [Int]
    package let role: Role
    package let place: Place
    /// Whether an adapter added it: then no backbone has it.
    package let isAdapter: Bool

    package init(name: String, shape: [Int], role: Role, place: Place, isAdapter: Bool = false) {
        self.name = name
        self.shape = shape
        self.role = role
        self.place = place
        self.isAdapter = isAdapter
    }

    package var count: Int { shape.reduce(1, *) }

    /// Whether weight decay acts on it: on matrices only, never on biases or LayerNorm parameters.
    package var decays: Bool { role == .matrix || role == .embedding }
}

/// How much of a parameter is trained.
package enum TrainablePart: Hashable, Sendable {
    case fixed
    case whole
    /// Only these of its entries, ascending; at least one.
    case entries([Int32])

    /// The chosen entries; nil for none and for all.
    package var entries: [Int32]? {
        if case .entries(let entries) = self { entries } else { nil }
    }
}
