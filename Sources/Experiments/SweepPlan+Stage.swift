extension SweepPlan {
    /// The plan of one stage and of those that it starts from, each with all that it leaves: as a single row, with the stage
    /// at its end.
    /// - Returns: nil where the stage is not in the plan.
    package func alone(_ key: StageKey) -> SweepPlan? {
        guard let last = stages.first(where: { $0.key == key }) else { return nil }
        var needed: Set = [key]
        // A stage comes after those that it starts from.
        for stage in stages.reversed() where needed.contains(stage.key) {
            needed.formUnion(stage.specification.inputs.map(\.from))
        }
        let chain = stages.filter { needed.contains($0.key) }.map { stage in
            var stage = stage
            stage.keptIfBest = []
            if stage.specification.recipe.estimate == nil { stage.outputs.formUnion([.head]) }
            if stage.key == key { stage.outputs.formUnion(stage.specification.leaves) }
            return stage
        }
        let row = SweepRow(
            task: last.task, method: last.label, seed: last.specification.seed, stages: chain.map(\.key))
        return SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks, stages: chain, rows: [row])
    }

    /// The same sweep with its model or its data elsewhere.
    package func moved(model directory: String?, data: String?) -> SweepPlan {
        SweepPlan(
            name: name, model: ModelLocation(name: model.name, path: directory ?? model.path, content: model.content),
            dataDirectory: data ?? dataDirectory, tasks: tasks, stages: stages, rows: rows, searches: searches)
    }
}
