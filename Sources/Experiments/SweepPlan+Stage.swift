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

    /// Artifacts that the store let go on purpose and that no stage of the plan still starts from: they count as if they
    /// were there.
    package func spared(of discarded: Set<ArtifactID>, knowing known: [StageKey: StageRecord]) -> Set<ArtifactID> {
        guard !discarded.isEmpty else { return [] }
        let open = stages.filter { known[$0.key]?.state != .finished }
        let needed = Set(open.flatMap(\.specification.inputs))
        let spared = known.values.flatMap { record in
            (record.result?.artifacts ?? []).filter { artifact in
                discarded.contains(artifact.id)
                    && !needed.contains(StageInput(kind: artifact.kind, from: record.key))
            }
        }
        return Set(spared.map(\.id))
    }

    /// The same sweep with its model or its data elsewhere.
    package func moved(model directory: String?, data: String?) -> SweepPlan {
        SweepPlan(
            name: name, model: ModelLocation(name: model.name, path: directory ?? model.path, content: model.content),
            dataDirectory: data ?? dataDirectory, tasks: tasks, stages: stages, rows: rows, searches: searches)
    }
}
