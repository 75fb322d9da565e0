/// A node of the stage graph. Plans, the scheduler and assignments hold the same copy of it.
package struct PlannedStage: Hashable, Sendable {
    @Shared private var content: Content

    fileprivate struct Content: Codable, Hashable, Sendable {
        let key: StageKey
        var specification: StageSpecification
        var task: String
        var label: String
        var outputs: Set<ArtifactKind>
        @Implied<Empty<ArtifactKind>> var keptIfBest: [ArtifactKind]
        @Implied<Empty<Measure>> var measures: [Measure]
        @Implied<No> var recomputes: Bool
    }

    package init(
        key: StageKey, specification: StageSpecification, task: String, label: String, outputs: Set<ArtifactKind>,
        keptIfBest: [ArtifactKind] = [], measures: [Measure] = [], recomputes: Bool = false
    ) {
        _content = Shared(
            wrappedValue: Content(
                key: key, specification: specification, task: task, label: label, outputs: outputs,
                keptIfBest: .init(wrappedValue: keptIfBest), measures: .init(wrappedValue: measures),
                recomputes: .init(wrappedValue: recomputes)))
    }

    package var key: StageKey { content.key }
    package var specification: StageSpecification { content.specification }
    /// The name of its task in the sweep.
    package var task: String { content.task }
    /// What people call it: method, and the number of the stage where the method has several, as in `eh-ft-bitfit/1`.
    /// A shared stage bears the name of the first method that needs it.
    package var label: String { content.label }
    /// The kinds of artifacts it must yield: what edges need, and what the sweep keeps.
    package var outputs: Set<ArtifactKind> {
        get { content.outputs }
        set { content.outputs = newValue }
    }
    /// What it yields besides, of which the store takes only that of the best seed of a cell; sorted.
    package var keptIfBest: [ArtifactKind] {
        get { content.keptIfBest }
        set { content.keptIfBest = newValue }
    }
    /// What it must measure, sorted. The `log` among its outputs has it.
    package var measures: [Measure] {
        get { content.measures }
        set { content.measures = newValue }
    }
    /// Whether layers compute their activations again rather than keep them, which changes no bit.
    package var recomputes: Bool {
        get { content.recomputes }
        set { content.recomputes = newValue }
    }

    /// Takes on what another sweep or method asks of the same stage.
    package mutating func owe(_ other: PlannedStage) {
        owe(other.outputs, keptIfBest: other.keptIfBest, measures: other.measures)
        if other.recomputes, !recomputes { recomputes = true }
    }

    /// The kinds of artifacts that its result may do without.
    package var dispensable: Set<ArtifactKind> { Set(keptIfBest).subtracting(outputs) }

    /// Adds to what the stage must yield. Where that is nothing new, it stays the copy that others hold, too.
    package mutating func owe(
        _ outputs: Set<ArtifactKind>, keptIfBest: [ArtifactKind] = [], measures: [Measure]
    ) {
        if !outputs.isSubset(of: self.outputs) { self.outputs.formUnion(outputs) }
        if !keptIfBest.allSatisfy(self.keptIfBest.contains) {
            self.keptIfBest = Set(self.keptIfBest).union(keptIfBest).sorted()
        }
        if !measures.allSatisfy(self.measures.contains) {
            self.measures = Set(self.measures).union(measures).sorted()
        }
    }
}

extension PlannedStage: Codable {
    package init(from decoder: any Decoder) throws { _content = try Shared(from: decoder) }
    package func encode(to encoder: any Encoder) throws { try _content.encode(to: encoder) }
}

/// Has stages of one name and task hold one copy of what is equal in them, such as their recipe. Whoever makes many stages
/// shares each as it is made, so that no more than one has a copy of its own.
package struct StageSharing {
    private struct Likeness: Hashable {
        let task, label: String
    }

    private var last: [Likeness: PlannedStage] = [:]

    package init() {}

    /// - Returns: the same stage.
    package mutating func share(_ stage: PlannedStage) -> PlannedStage {
        let likeness = Likeness(task: stage.task, label: stage.label)
        let shared = last[likeness].map(stage.sharing) ?? stage
        last[likeness] = shared
        return shared
    }
}

/// A plan's stages, which share what is equal in them.
@propertyWrapper
package struct SharingStages: Hashable, Sendable {
    package let wrappedValue: [PlannedStage]

    package init(wrappedValue: [PlannedStage]) {
        var sharing = StageSharing()
        self.wrappedValue = wrappedValue.map { sharing.share($0) }
    }
}

extension SharingStages: Codable {
    package init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var sharing = StageSharing()
        var stages: [PlannedStage] = []
        while !container.isAtEnd { stages.append(sharing.share(try container.decode(PlannedStage.self))) }
        wrappedValue = stages
    }

    package func encode(to encoder: any Encoder) throws { try wrappedValue.encode(to: encoder) }
}

extension PlannedStage {
    fileprivate func sharing(with other: PlannedStage) -> PlannedStage {
        var content = content
        guard content.specification.share(other.specification) else { return self }
        (content.task, content.label) = (other.task, other.label)
        if outputs == other.outputs { content.outputs = other.outputs }
        if keptIfBest == other.keptIfBest { content.keptIfBest = other.keptIfBest }
        if measures == other.measures { content.measures = other.measures }
        var stage = self
        stage.content = content
        return stage
    }
}
