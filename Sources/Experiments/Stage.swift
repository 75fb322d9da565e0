package import Files

extension Precision {
    /// The version of what training computes in it. It is part of every key: raise it when a change of the training code
    /// changes a number on the same processor, so that old results are not taken for new ones.
    package var semanticsVersion: Int {
        switch self {
        case .fp32: 3
        case .bf16: 4
        }
    }
}

/// The program's version, as `headstart --version` says it and results remember it.
package let programVersion = "0.1.0"

/// An edge of the stage graph, seen from the stage it leads to.
package struct StageInput: Codable, Hashable, Sendable {
    package let kind: ArtifactKind
    package let from: StageKey

    package init(kind: ArtifactKind, from: StageKey) {
        self.kind = kind
        self.from = from
    }
}

/// What a stage is: all that decides its result, and nothing else.
package struct StageSpecification: Codable, Hashable, Sendable {
    package let semantics: Int
    /// The digest of the pretrained model's configuration, weights and tokenizer files.
    package let backbone: Digest
    /// `TaskDefinition.contentDigest`.
    package let task: Digest
    @Shared package private(set) var recipe: Recipe
    package let seed: UInt64
    /// Sorted by kind; at most one of each kind.
    package let inputs: [StageInput]
    /// Artifacts that no stage makes, since they were given as files: by their bytes, sorted by kind, and none of a kind
    /// that an input has.
    @Implied<Empty<ArtifactReference>> package private(set) var given: [ArtifactReference]

    package init(
        backbone: Digest, task: Digest, recipe: Recipe, seed: UInt64, inputs: [StageInput] = [],
        given: [ArtifactReference] = []
    ) {
        self.init(
            semantics: recipe.precision.semanticsVersion, backbone: backbone, task: task, recipe: recipe, seed: seed,
            inputs: inputs, given: given)
    }

    /// One of any version of the training code.
    package init(
        semantics: Int, backbone: Digest, task: Digest, recipe: Recipe, seed: UInt64, inputs: [StageInput],
        given: [ArtifactReference]
    ) {
        self.semantics = semantics
        self.backbone = backbone
        self.task = task
        _recipe = Shared(wrappedValue: recipe)
        self.seed = seed
        self.inputs = inputs.sorted { ($0.kind, $0.from) < ($1.kind, $1.from) }
        self.given = given.sorted { $0.kind < $1.kind }
    }

    /// Takes the other's copy of an equal recipe in place of its own.
    /// - Returns: whether it has another one now.
    mutating func share(_ other: StageSpecification) -> Bool {
        guard !_recipe.isShared(with: other._recipe), _recipe == other._recipe else { return false }
        _recipe = other._recipe
        return true
    }

    /// Whether the recipes are equal; where both hold one copy, that is known at once.
    func hasRecipe(of other: StageSpecification) -> Bool { _recipe == other._recipe }

    /// The SHA-256 of the specification's canonical JSON.
    package func key() throws -> StageKey { StageKey(rawValue: try Digest(ofCanonicalJSON: self)) }
}

/// Settings of a host that never change a result but by rounding; recorded beside it as provenance.
package struct NodeSettings: Codable, Hashable, Sendable {
    /// Processes that train one stage together.
    package var ranks: Int
    /// Threads of each rank.
    package var threads: Int
    /// The host's name.
    package var host: String
    /// The core type OpenBLAS chose.
    package var blasCore: String
    /// The version of the program; nil in results of before it was noted.
    package var program: String?

    package init(ranks: Int, threads: Int, host: String, blasCore: String, program: String? = nil) {
        self.ranks = ranks
        self.threads = threads
        self.host = host
        self.blasCore = blasCore
        self.program = program
    }
}
