import Configuration
import Experiments
import Files
import Ledger
import Reports

/// How each method trains: the settings of its stages that do not go without saying, and what they start from.
struct Recipes {
    private let view: SweepView

    init(_ view: SweepView) { self.view = view }

    /// A stage as methods have it, on tasks with the same settings.
    private struct Kind: Hashable {
        let label: String
        let recipe: Recipe
        let sources: [String]
    }

    var html: HTML {
        var tasks: [Kind: [String]] = [:]
        var kinds: [Kind] = []
        let inTable = Set(view.plan.rows.lazy.flatMap(\.stages))
        for stage in view.plan.stages where inTable.contains(stage.key) {
            let sources =
                stage.specification.inputs.map { input in
                    "\(input.kind.rawValue) of \(view.planned(input.from)?.label ?? input.from.short)"
                } + stage.specification.given.map { "\($0.kind.rawValue) \($0.id.rawValue.short), given as a file" }
            let kind = Kind(label: stage.label, recipe: stage.specification.recipe, sources: sources)
            if tasks[kind] == nil { kinds.append(kind) }
            let task = view.plan.task(named: stage.task)?.definition.tableName ?? stage.task
            if tasks[kind]?.last != task { tasks[kind, default: []].append(task) }
        }
        let rows = kinds.map { kind in
            let settings = Settings.written(kind.recipe).filter { !$0.isDefault || $0.key == "tune" }
            let of = (tasks[kind] ?? []).distinct()
            let everywhere = of.count == view.plan.tableTasks.count
            return """
                <tr><th scope="row">\(kind.label)</th><td class="wrap">\(everywhere ? "all" : of.joined(separator: ", "))</td>\
                <td class="wrap">\(settings.map { "\($0.key) \($0.value)" }.joined(separator: ", "))</td>\
                <td class="wrap">\(kind.sources.isEmpty ? "pretrained" : kind.sources.joined(separator: ", "))</td></tr>

                """ as HTML
        }
        return table(
            caption: "Settings that differ from those of a stage of which nothing is said",
            head(["stage", "tasks", "settings", "starts from"]), rows)
    }
}

/// What the sweep was made of: model, data, and the program.
struct Origins {
    private let view: SweepView

    init(_ view: SweepView) { self.view = view }

    var html: HTML {
        let plan = view.plan
        let results = plan.stages.compactMap { view.snapshot[$0.key].result }
        let programs = results.map { $0.node.program.map { "headstart \($0)" } ?? "a version that was not noted" }
            .distinct()
        let rows = plan.tasks.map { task in
            """
            <tr><th scope="row">\(task.definition.name)</th><td class="n">\(task.trainCount)</td>\
            <td class="n">\(task.devCount.map { "\($0)" } ?? "–")</td><td>\(task.definition.metrics.map(\.rawValue).joined(separator: ", "))</td>\
            <td class="key">\(task.content.hex)</td></tr>

            """ as HTML
        }
        return """
            \(facts([
                ("model", "\(plan.model.name) <span class=\"key digest\">\(plan.model.content.hex)</span>"),
                ("program", programs.isEmpty ? nil : "\(programs.joined(separator: ", "))"),
                ("training", "version \(plan.stages.map { "\($0.specification.semantics)" }.distinct().joined(separator: ", "))"),
                ("BLAS core", results.isEmpty ? nil : "\(results.map(\.node.blasCore).distinct().joined(separator: ", "))"),
                ("precision", "\(plan.stages.map(\.specification.recipe.precision.rawValue).distinct().joined(separator: ", "))"),
            ]))
            \(table(
                caption: "Data: the digest is of the task's definition and of all bytes of its files",
                head(["task", "#trained on", "#scored on", "metrics", "digest"]), rows))
            """
    }
}

/// What each method took.
struct Costs {
    private let view: SweepView

    init(_ view: SweepView) { self.view = view }

    var html: HTML {
        let rows = Dictionary(grouping: view.plan.rows, by: \.method)
        let lines = view.plan.methods.map { method -> HTML in
            let keys = (rows[method] ?? []).flatMap(\.stages).distinct()
            let hours = keys.reduce(0) { sum, key in
                sum + view.attempts(at: key).reduce(0) { $0 + $1.coreHours(until: view.horizon) }
            }
            let results = keys.compactMap { view.snapshot[$0].result }
            let seconds = results.reduce(0) { $0 + $1.seconds }
            return """
                <tr><th scope="row">\(method)</th><td class="n">\(keys.count)</td><td class="n">\(results.count)</td>\
                <td class="n">\(duration(seconds: seconds))</td><td class="n">\(hours.shortFigure)</td>\
                <td class="n">\(results.map(\.trainable).max().map(\.grouped) ?? "–")</td></tr>

                """
        }
        return table(
            caption:
                "By method; a stage that methods share is counted for each of them. Core hours have attempts that came to nothing in them",
            head(["method", "#stages", "#finished", "#training", "#core hours", "#most entries that moved"]), lines)
    }
}

/// Of each row of the table the digests of all that went into its score.
struct Lineages {
    private let view: SweepView

    init(_ view: SweepView) { self.view = view }

    var html: HTML {
        let scored = view.plan.rows.compactMap(\.stages.last).distinct()
        let inTable = Set(scored)
        let others = view.plan.stages.map(\.key).filter { !inTable.contains($0) }
        let rest: HTML =
            others.isEmpty
            ? "" : "<h3>Stages that these start from, and those of searches</h3>\n\(others.compactMap(entry))"
        return """
            <p>A score of a row is that of its last stage. Each entry has the digests of model, data and recipe, and below them \
            the same of the stages that it starts from.</p>
            \(scored.compactMap(entry))
            \(rest)
            """
    }

    private func entry(_ key: StageKey) -> HTML? {
        guard let stage = view.planned(key) else { return nil }
        let score = view.figure(of: stage) ?? view.standing(key).rawValue
        let text: String
        do {
            text = try Lineage(known(key), known: known).text(width: 110)
        } catch {
            text = "\(error)"
        }
        return
            "<details id=\"\(key.short)\"><summary>\(view.name(stage)): \(score)</summary><pre>\(text)</pre></details>\n"
    }

    private func known(_ key: StageKey) throws(UnknownStage) -> Lineage.Known {
        guard let stage = view.planned(key) else { throw UnknownStage(key: key) }
        let endedAt = view.attempts(at: key).last { $0.failure == nil }?.endedAt
        return Lineage.Known(StageDifferences.Known(stage, of: view.plan), view.snapshot[key], endedAt: endedAt)
    }

    private struct UnknownStage: Error, CustomStringConvertible {
        let key: StageKey
        var description: String { "stage \(key.short) is of another sweep, whose plan is missing from the ledger" }
    }
}
