import Experiments
import Statistics

extension MethodComparison {
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        format == .csv ? csv : sheet.rendered(format, width: width)
    }

    package var sheet: Sheet {
        var sheet = Sheet(
            title:
                "\(sweep) on \(model): \(first) less \(second), over the \(repetitions) that both have; percentage points",
            columns: [("task", .left), ("pairs", .right), (first, .right), (second, .right)] + Evidence.titles)
        for task in tasks {
            let means = [task.mean(\.first), task.mean(\.second)].map(task.metric.figure)
            sheet.rows.append(row("\(task.task) \(task.metric.rawValue)", means, task.evidence))
        }
        if tasks.count > 1 { sheet.rows.append(row("all", ["", ""], overall)) }
        sheet.notes = [verdict] + explanations
        return sheet
    }

    private func row(_ title: String, _ means: [String], _ evidence: Evidence) -> [Sheet.Cell] {
        [.words(title), .figures("\(evidence.differences.all.count)")] + means.map(Sheet.Cell.figures) + evidence.cells
    }

    private var hasFolds: Bool { overall.student != nil }
    private var repetitions: String { hasFolds ? "folds and seeds" : "seeds" }

    private var explanations: [String] {
        let single = tasks.count > 1 ? " The p of a single task is not corrected for their number." : ""
        let words =
            "\(Evidence.words(tasks.map(\.evidence) + [overall]))\(single) w/l/t: wins, losses and ties of \(first)."
        let unbounded = Evidence.unboundedNote(tasks.map(\.evidence) + [overall])
        let evaluation = EvaluationSet.note(evaluation, "p and the interval speak")
        return [words, unitNote, unbounded, evaluation, leftOutNote, searchWarning].compactMap { $0 }
    }

    var unitNote: String? {
        let own = tasks.filter { !$0.metric.isShare }.map { "\($0.task) \($0.metric.rawValue)" }
        let errors = tasks.filter(\.metric.isError).map { "\($0.task) \($0.metric.rawValue)" }
        let notes = [
            own.isEmpty ? nil : "Differences of \(own.joined(separator: ", ")) are in hundredths of its own unit.",
            errors.isEmpty
                ? nil
                : "Less is better of \(errors.joined(separator: ", ")): a difference above 0 says that the first has less.",
        ].compactMap { $0 }
        return notes.isEmpty ? nil : notes.joined(separator: " ")
    }

    /// "Left out, as one of the two has no score: cb seed 3; rte seeds 1, 2."
    private var leftOutNote: String? {
        guard !leftOut.isEmpty else { return nil }
        var seeds: [(task: String, seeds: [String])] = []
        for pair in leftOut {
            let task = pair.fold.map { "\(pair.task) fold \($0)" } ?? pair.task
            if seeds.last?.task != task { seeds.append((task, [])) }
            seeds[seeds.count - 1].seeds.append("\(pair.seed)")
        }
        let list = seeds.map { "\($0.task) seed\($0.seeds.count == 1 ? "" : "s") \($0.seeds.joined(separator: ", "))" }
        return "Left out, as one of the two has no score: \(list.joined(separator: "; "))."
    }

    /// One line for each pair.
    private var csv: String {
        let titles = ["task", "metric"] + (hasFolds ? ["fold"] : []) + ["seed", first, second, "difference"]
        return commaSeparated([titles] + tasks.flatMap { task in task.pairs.map { line(of: $0, in: task) } })
    }

    private func line(of pair: Pair, in task: Task) -> [String] {
        let fold = hasFolds ? [pair.fold.map(String.init) ?? ""] : []
        let figures = [pair.first, pair.second, pair.first - pair.second].map(task.metric.figure)
        return [task.task, task.metric.rawValue] + fold + ["\(pair.seed)"] + figures
    }
}

extension MethodComparison: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "sweep": sweep, "model": model, "first": first, "second": second, "tasks": tasks, "overall": overall,
            "leftOut": leftOut, "evaluation": evaluation, "searchWarning": searchWarning, "verdict": verdict,
        ])
    }
}
