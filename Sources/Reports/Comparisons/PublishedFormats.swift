import Experiments

extension PublishedComparison {
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        format == .csv ? csv : sheet.rendered(format, width: width)
    }

    /// The paper's table, with two lines more for each of its own: ours, and the difference.
    private var sheet: Sheet {
        let columns = entries.map { Column($0.published) }.distinct()
        var sheet = Sheet(
            title: "\(sweep) on \(model) beside \(table) (\(publishedModels.joined(separator: ", "))): percent, "
                + "mean ± standard deviation (seeds); difference: here less paper",
            columns: [("method", .left), ("", .left)] + columns.map { ($0.title, .right) }, fixed: 2)
        for row in entries.map({ Row($0.published) }).distinct() {
            let entries = columns.map { column in
                self.entries.first { Row($0.published) == row && Column($0.published) == column }
            }
            let names = entries.compactMap { $0?.ours.method }.distinct()
            sheet.rows.append([.words(row.title), .words("paper")] + entries.map { $0?.publishedCell ?? .words("") })
            sheet.rows.append(
                [.words(names.count == 1 ? names[0] : ""), .words("here")] + entries.map { $0?.ourCell ?? .words("") })
            sheet.rows.append(
                [.words(""), .words("difference")]
                    + entries.map { entry in
                        entry.map { $0.difference.map { .figures(points($0)) } ?? .nothing } ?? .words("")
                    })
        }
        sheet.notes = notes
        return sheet
    }

    private var notes: [String] {
        var notes: [String] = []
        if entries.isEmpty {
            notes.append("The sweep has no method and task of this table.")
        }
        let rows = onlyPublished.map { Row($0) }.distinct().filter { row in
            !entries.contains { Row($0.published) == row }
        }
        if !rows.isEmpty { notes.append("Only in the paper: \(rows.map(\.title).joined(separator: "; ")).") }
        let columns = onlyPublished.map { Column($0) }.distinct().filter { column in
            !entries.contains { Column($0.published) == column }
        }
        if !columns.isEmpty {
            notes.append("Columns only in the paper: \(columns.map(\.title).joined(separator: "; ")).")
        }
        if !onlyHere.isEmpty { notes.append("Only in the sweep: \(onlyHere.joined(separator: ", ")).") }
        return notes + [EvaluationSet.note(evaluation, "± and the differences speak"), searchWarning].compactMap { $0 }
    }

    /// One line for each number of the paper, those without a counterpart included.
    private var csv: String {
        let titles = [
            "method", "setting", "task", "metric", "published", "published-deviation", "published-seeds", "our-method",
            "mean", "deviation", "finished", "seeds", "difference",
        ]
        let matched = entries.map { entry in
            entry.published.csv + [
                entry.ours.method, entry.ours.summary.map { percent($0.mean) } ?? "",
                entry.ours.summary?.deviation.map(percent) ?? "", "\(entry.ours.finished)", "\(entry.ours.seeds)",
                entry.difference.map(points) ?? "",
            ]
        }
        let others = onlyPublished.map { $0.csv + [String](repeating: "", count: 6) }
        return commaSeparated([titles] + matched + others)
    }
}

/// A line of the paper's table.
private struct Row: Hashable {
    let method: String
    let setting: String

    init(_ score: PublishedScore) {
        method = score.method
        setting = score.setting
    }

    var title: String { setting.isEmpty ? method : "\(method) \(setting)" }
}

/// A column of the paper's table.
private struct Column: Hashable {
    let task: String
    let metric: String

    init(_ score: PublishedScore) {
        task = score.task
        metric = score.metric
    }

    var title: String { "\(task) \(metric)" }
}

extension PublishedComparison.Entry {
    fileprivate var publishedCell: Sheet.Cell {
        let deviation = published.deviation.map { " ± \(decimals($0, 2))" } ?? ""
        return Sheet.Cell(figures: decimals(published.mean, 2) + deviation, words: "(\(published.runs))")
    }

    fileprivate var ourCell: Sheet.Cell {
        let seeds = ours.finished == ours.seeds ? "(\(ours.seeds))" : "(\(ours.finished)/\(ours.seeds))"
        return ours.summary.map { Sheet.Cell(figures: $0.figures, words: seeds) } ?? .words("– \(seeds)")
    }
}

extension PublishedScore {
    fileprivate var csv: [String] {
        [
            method, setting, task, metric, decimals(mean, 2), deviation.map { decimals($0, 2) } ?? "", "\(runs)",
        ]
    }
}

/// A difference that is in percentage points already.
private func points(_ difference: Double) -> String { signedPercent(difference / 100) }
