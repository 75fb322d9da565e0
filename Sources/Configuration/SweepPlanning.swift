package import Experiments

extension SweepRequest {
    /// The graph of stages that the sweep asks for. It reads nothing: equal requests have equal plans.
    /// - Parameters:
    ///   - model: what `self.model` turned out to be.
    ///   - dataDirectory: where the datasets are on this machine.
    ///   - tasks: what `self.tasks` turned out to be, in any order.
    package func plan(
        model: ModelLocation, dataDirectory: String, tasks planned: [PlannedTask]
    ) throws(ConfigurationError) -> SweepPlan {
        var graph = StageGraph(backbone: model.content)
        var rows: [SweepRow] = []
        var ordered: [PlannedTask] = []
        for task in tasks {
            guard let found = planned.first(where: { $0.definition.name == task.name }) else {
                throw ConfigurationError("task '\(task.name)' was not read, so the sweep cannot be planned")
            }
            ordered.append(found)
        }
        for run in runs {
            guard let task = ordered.first(where: { $0.definition.name == run.task }) else { continue }
            for seed in seeds {
                let keys = try graph.add(run, task, seed, keep)
                rows.append(SweepRow(task: run.task, method: run.method, seed: seed, stages: keys))
            }
        }
        return SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: ordered, stages: graph.stages, rows: rows)
    }
}

/// Stages in the order in which they were first needed; what a stage starts from is always added before it.
private struct StageGraph {
    let backbone: Digest
    private(set) var stages: [PlannedStage] = []
    private var places: [StageKey: Int] = [:]

    init(backbone: Digest) { self.backbone = backbone }

    /// Adds the stages of one cell of the table.
    mutating func add(
        _ run: SweepRequest.Run, _ task: PlannedTask, _ seed: UInt64, _ keep: SweepRequest.Keep
    ) throws(ConfigurationError) -> [StageKey] {
        var keys: [StageKey] = []
        for (index, settings) in run.stages.enumerated() {
            let inputs = settings.inputs.compactMap { kind in keys.last.map { StageInput(kind: kind, from: $0) } }
            for input in inputs { require(input.kind, of: input.from) }
            let specification = StageSpecification(
                backbone: backbone, task: task.content, recipe: settings.finished, seed: seed, inputs: inputs)
            let isLast = index == run.stages.count - 1
            let stage = PlannedStage(
                key: try key(of: specification), specification: specification, task: run.task,
                label: run.stages.count == 1 ? run.method : "\(run.method)/\(index + 1)",
                outputs: outputs(of: settings.recipe.tune, isLast: isLast, keep))
            merge(stage)
            keys.append(stage.key)
        }
        return keys
    }

    private func key(of specification: StageSpecification) throws(ConfigurationError) -> StageKey {
        do {
            return try specification.key()
        } catch {
            throw ConfigurationError("a stage has no canonical form: \(error)")
        }
    }

    /// What is kept of a stage whatever starts from it.
    private func outputs(of tune: Tune, isLast: Bool, _ keep: SweepRequest.Keep) -> Set<ArtifactKind> {
        switch tune {
        case .head: [.head]
        case .bitfit: [.head, .delta]
        case .all: isLast && keep == .model ? [.head, .backbone] : [.head]
        }
    }

    private mutating func require(_ kind: ArtifactKind, of key: StageKey) {
        if let place = places[key] { stages[place].outputs.insert(kind) }
    }

    private mutating func merge(_ stage: PlannedStage) {
        if let place = places[stage.key] {
            stages[place].outputs.formUnion(stage.outputs)
        } else {
            places[stage.key] = stages.count
            stages.append(stage)
        }
    }
}
