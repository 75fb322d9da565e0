package import Experiments

/// A sweep file that spells out every setting of a plan's stages, whatever defaults, catalogs and searches they came from:
/// planning it on the same model and data gives stages with the same keys.
package struct SpelledOutSweep: Sendable {
    /// By the files' names. One, or where a method has other settings on other tasks, one for each task.
    package let files: [(name: String, text: String)]

    /// Where an artifact lies beside the sweep file.
    package static func file(of artifact: ArtifactReference) -> String {
        let ending = artifact.kind == .log ? "json" : "safetensors"
        return "artifacts/\(artifact.id.rawValue.short)-\(artifact.kind.rawValue).\(ending)"
    }

    package init(_ plan: SweepPlan) {
        // Of each task of the table its folds, or itself.
        let tasks = plan.rows.map(\.task).distinct().map { task in
            plan.rows.filter { $0.task == task }.map(\.trainedTask).distinct()
        }
        let all = tasks.flatMap { $0 }
        let methods = Dictionary(
            uniqueKeysWithValues: all.map { task in
                (task, plan.methods.map { plan.spelledOut(Cell(task: task, method: $0)) })
            })
        func isUniform(_ tasks: [String]) -> Bool { Set(tasks.map { methods[$0] }).count == 1 }
        let groups = isUniform(all) ? [all] : tasks.flatMap { isUniform($0) ? [$0] : $0.map { [$0] } }
        files = groups.map { group in
            let lines = group.first.flatMap { methods[$0] } ?? []
            let ending = groups.count == 1 ? "" : "-\(plan.names(of: group)[0].replacing("/", with: "@"))"
            return ("sweep\(ending).yaml", plan.file(of: group, methods: lines.flatMap { $0 ?? [] }))
        }
    }
}

extension SweepPlan {
    /// A file of tasks with those of the plan, as `--task-file` takes it: how the data are read, and their digests.
    package var taskFile: String {
        tasks.map(\.definition.tableName).distinct().compactMap { name -> String? in
            let trained = trained(name)
            let digests = trained.map { "# \($0.content)\n" }.joined()
            let of = trained.count == 1 ? "" : ", of each fold in turn,"
            let remark = "# The digest of what is said here and of all bytes of the data\(of) is\n\(digests)"
            return trained.first.map { remark + $0.definition.entry() + "\n" }
        }.joined(separator: "\n")
    }

    /// As a sweep file names tasks that are trained on: by the task where all of its folds are meant.
    fileprivate func names(of trained: [String]) -> [String] {
        let tasks = trained.compactMap { task(named: $0)?.definition }
        return tasks.map { task in
            let isWhole = tasks.count { $0.tableName == task.tableName } == task.fold?.count ?? 1
            return isWhole ? task.tableName : task.name
        }.distinct()
    }

    fileprivate func file(of tasks: [String], methods: [String]) -> String {
        let seeds = Set(rows.lazy.filter { tasks.contains($0.trainedTask) }.map(\.seed)).sorted().map { "\($0)" }
        return
            ([
                "# Every setting of every stage, as it was trained. The model's digest is", "# \(model.content)",
                "sweep: \(YAMLText.quoted(name))", "model: \(YAMLText.quoted(model.name))",
                "tasks: \(YAMLText.list(names(of: tasks)))", "seeds: [\(seeds.joined(separator: ", "))]", "methods:",
            ] + methods).joined(separator: "\n") + "\n"
    }

    /// The lines of a method as it is on one task or fold; nil where its search has not come to one.
    fileprivate func spelledOut(_ cell: Cell) -> [String]? {
        guard let row = rows.first(where: { $0.foldCell == cell && !$0.stages.isEmpty }) else { return nil }
        let planned = row.stages.compactMap { key in stages.first { $0.key == key } }
        let lines = planned.enumerated().map { place, stage in
            "    - { \(settings(of: stage, place, in: row).map { "\($0): \($1)" }.joined(separator: ", ")) }"
        }
        return ["  \(YAMLText.quoted(cell.method)):"] + lines
    }

    private func settings(of stage: PlannedStage, _ place: Int, in row: SweepRow) -> [(String, String)] {
        let specification = stage.specification
        // What gathers moves nothing.
        let skipped = specification.recipe.estimate == nil ? [] : ["tune"]
        var settings = Settings.written(specification.recipe)
            .filter { (!$0.isDefault || $0.key == "tune") && !skipped.contains($0.key) }
            .map { ($0.key, Self.scalar($0.value)) }
        let isNamed = row.stages.indices.contains { later in
            later > place + 1 && inputs(of: row.stages[later]).contains { $0.from == stage.key }
        }
        if isNamed { settings.insert(("name", Self.name(place)), at: 0) }
        if stage.task != row.trainedTask { settings.append(("task", YAMLText.quoted(stage.task))) }
        if specification.seed != row.seed { settings.append(("seed", "\(specification.seed)")) }
        if !stage.measures.isEmpty { settings.append(("measure", YAMLText.list(stage.measures.map(\.rawValue)))) }
        if stage.recomputes { settings.append(("gradient-checkpointing", "true")) }
        let stages = specification.inputs.compactMap { input in
            row.stages.firstIndex(of: input.from).map {
                "\(input.kind.rawValue): \($0 == place - 1 ? StageSource.previousWord : Self.name($0))"
            }
        }
        let given = specification.given.map { artifact in
            "\(artifact.kind.rawValue): \(YAMLText.quoted("./\(SpelledOutSweep.file(of: artifact))"))"
        }
        let sources = stages + given
        if !sources.isEmpty { settings.append(("from", "{ \(sources.joined(separator: ", ")) }")) }
        return settings
    }

    private func inputs(of key: StageKey) -> [StageInput] {
        stages.first { $0.key == key }?.specification.inputs ?? []
    }

    private static func name(_ place: Int) -> String { "stage-\(place + 1)" }

    private static func scalar(_ value: String) -> String {
        Double(value) == nil ? YAMLText.quoted(value) : value
    }
}
