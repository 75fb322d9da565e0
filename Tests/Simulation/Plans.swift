package import Experiments
import Files
package import TestKit

/// Builds plans for tests: stages with one task, where each stage's seed tells it from the others.
package struct PlanBuilder {
    package private(set) var stages: [PlannedStage] = []
    private var rows: [SweepRow] = []

    /// - Parameters:
    ///   - inputs: the stages it starts from, with the kind that each edge carries.
    ///   - rivals: the cell of the table that it shares with others, of which the best one's model is kept; nil for one of
    ///     its own.
    @discardableResult
    package mutating func add(
        _ label: String, from inputs: [(ArtifactKind, StageKey)] = [], outputs: Set<ArtifactKind> = [],
        rivals: String? = nil
    ) throws -> StageKey {
        let key = try addStage(label, seed: UInt64(stages.count + 1), Recipe(), from: inputs, outputs: outputs)
        if rivals != nil { stages[stages.count - 1].keptIfBest = [.backbone] }
        rows.append(
            SweepRow(
                task: "rte", method: rivals ?? label, seed: UInt64(stages.count), stages: inputs.map(\.1) + [key]))
        return key
    }

    /// A row of one stage; methods differ in how they are trained.
    package mutating func add(_ method: String, seed: UInt64) throws {
        let key = try addStage(method, seed: seed, recipe(method), from: [], outputs: [])
        rows.append(SweepRow(task: "rte", method: method, seed: seed, stages: [key]))
    }

    /// A row of two stages, the second of which starts from the first one's head.
    package mutating func addChain(_ method: String, seed: UInt64) throws {
        let first = try addStage("\(method)/1", seed: seed, recipe(method), from: [], outputs: [])
        let second = try addStage("\(method)/2", seed: seed, Recipe(), from: [(.head, first)], outputs: [])
        rows.append(SweepRow(task: "rte", method: method, seed: seed, stages: [first, second]))
    }

    private func recipe(_ method: String) -> Recipe {
        var recipe = Recipe()
        recipe.learningRate = Double(method.utf8.reduce(0) { $0 + Int($1) }) * 1e-6
        return recipe
    }

    private mutating func addStage(
        _ label: String, seed: UInt64, _ recipe: Recipe, from inputs: [(ArtifactKind, StageKey)],
        outputs: Set<ArtifactKind>
    ) throws -> StageKey {
        let specification = makeSpecification(
            seed: seed, recipe, from: inputs.map { StageInput(kind: $0.0, from: $0.1) })
        let key = try specification.key()
        stages.append(
            PlannedStage(key: key, specification: specification, task: "rte", label: label, outputs: outputs))
        for (kind, source) in inputs {
            if let index = stages.firstIndex(where: { $0.key == source }) { stages[index].outputs.insert(kind) }
        }
        return key
    }

    package init() {}

    package var plan: SweepPlan { makePlan(name: "test", stages: stages, rows: rows) }
}

extension SweepPlan {
    /// The plan's first stages.
    package func prefix(_ count: Int) -> SweepPlan {
        SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks, stages: Array(stages.prefix(count)),
            rows: [])
    }

    /// The plan's first stages; each yields no more than they need of each other.
    package func beginning(_ count: Int) -> SweepPlan {
        let edges = stages.prefix(count).flatMap(\.specification.inputs)
        let asked = stages.prefix(count).map { stage in
            var stage = stage
            stage.outputs = Set(edges.filter { $0.from == stage.key }.map(\.kind))
            return stage
        }
        return SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks, stages: asked, rows: [])
    }

    /// A plan of single stages, chains and shared first stages, as sweeps have them.
    package static func random(stageCount: Int, using generator: inout Generator) throws -> SweepPlan {
        var builder = PlanBuilder()
        for index in 0..<stageCount {
            let earlier = builder.stages.map(\.key)
            let first = earlier.isEmpty || generator.chance(0.4) ? nil : earlier.randomElement(using: &generator)
            let second = generator.chance(0.15) ? earlier.randomElement(using: &generator) : nil
            var inputs: [(ArtifactKind, StageKey)] = []
            if let first { inputs.append((.head, first)) }
            if let second { inputs.append((.mask, second)) }
            try builder.add(
                "stage-\(index)", from: inputs, outputs: generator.chance(0.3) ? [.delta] : [],
                rivals: index.isMultiple(of: 3) ? "rivals-\(index % 2)" : nil)
        }
        return builder.plan
    }
}

/// Two sweeps that share some of their stages.
package struct SimulatedSweeps: Sendable {
    /// The stages of both.
    let all: SweepPlan
    let first: SweepPlan
    /// What is planned of the first sweep until that has ended, as with a search; the whole sweep where it never grows.
    let beginning: SweepPlan
    /// Handed in later.
    let second: SweepPlan?

    init(of plan: SweepPlan, grows: Bool, using generator: inout Generator) {
        all = plan
        let hasSecond = generator.chance(0.4)
        let first = hasSecond ? plan.beginning(plan.stages.count - Int.random(in: 1...2, using: &generator)) : plan
        self.first = first
        beginning = grows ? first.prefix(first.stages.count / 2) : first
        guard hasSecond else {
            second = nil
            return
        }
        // Whatever the first sweep has not, some of the rest, and all that those start from.
        let chosen = plan.stages.enumerated().filter { index, _ in
            index >= first.stages.count || generator.chance(0.3)
        }
        var keys = Set(chosen.map(\.element.key))
        for stage in plan.stages.reversed() where keys.contains(stage.key) {
            keys.formUnion(stage.specification.inputs.map(\.from))
        }
        let parts = plan.stages.filter { keys.contains($0.key) }
        second = SweepPlan(
            name: "second", model: plan.model, dataDirectory: plan.dataDirectory, tasks: plan.tasks, stages: parts,
            rows: [])
    }
}

/// What a worker would yield: artifacts that follow from the stage, so that every attempt yields the same.
package func makeResult(
    of stage: StageKey, outputs: Set<ArtifactKind>, attempt: Attempt = Attempt(rawValue: 1), byteCount: Int = 3,
    measured: [Measure] = [], score: Double = 0.5, seconds: Double? = nil
) -> StageResult {
    let artifacts = outputs.sorted().map { kind in
        ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: Array("\(stage)\(kind)".utf8))), kind: kind, byteCount: byteCount)
    }
    return StageResult(
        scores: [Score(split: .dev, metric: .accuracy, value: score)], steps: 10, finalLoss: 0.7, tokens: 1000,
        seconds: seconds ?? Double(attempt.rawValue), tokensPerSecond: 100, trainable: 10, parameters: stage.rawValue,
        artifacts: artifacts, measured: measured, node: .test)
}

extension NodeSettings {
    package static let test = NodeSettings(ranks: 1, threads: 1, host: "host", blasCore: "generic")
}
