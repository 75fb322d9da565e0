import Experiments

/// Every seed's score by itself: a line for each task, metric, method and seed.
package struct SeedListing: Sendable {
    private let model: String
    private let lines: [Line]
    /// Whether there are rows of several settings, which their names then tell apart.
    private let hasPast: Bool

    private struct Line {
        let sweep: String
        let row: ResultRows.Row
    }

    /// - Parameters:
    ///   - all: whether to list rows of earlier settings, too.
    ///   - allMetrics: every metric of each task, not only the first.
    package init(_ snapshot: SweepSnapshot, all: Bool = false, allMetrics: Bool = false) {
        let sweeps = [snapshot] + (all ? snapshot.earlier.map(\.snapshot) : [])
        model = snapshot.plan.model.name
        hasPast = sweeps.count > 1
        lines = sweeps.flatMap { sweep in
            let rows = ResultRows(sweep).rows
            let firsts = rows.filter { row in
                let task = sweep.plan.task(named: row.scoredOn) ?? sweep.plan.trained(row.scoredOn).first
                return row.metric == task?.definition.metrics.first
            }
            return (allMetrics ? rows : firsts).map { Line(sweep: sweep.plan.name, row: $0) }
        }
    }

    /// - Parameter width: columns of the terminal; only `text` heeds it.
    package func rendered(_ format: ResultFormat, width: Int = 100) -> String {
        format == .csv ? csv : sheet.rendered(format, width: width)
    }

    private var sheet: Sheet {
        let past: [(title: String, alignment: Columns.Alignment)] = hasPast ? [("settings", .left)] : []
        let hasFolds = lines.contains { $0.row.fold != nil }
        let folds: [(title: String, alignment: Columns.Alignment)] = hasFolds ? [("fold", .right)] : []
        var sheet = Sheet(
            title: "\(lines.first?.sweep ?? "") on \(model): scores in percent, by seed",
            columns: past + [("task", .left), ("metric", .left), ("method", .left)] + folds + [
                ("seed", .right), ("score", .right), ("state", .left), ("key", .left),
            ])
        sheet.fixed = past.count + folds.count + 4
        sheet.rows = lines.map { line in
            let row = line.row
            let score = row.value.map(row.metric.figure) ?? (row.isUndefined ? "undefined" : "–")
            let fold = hasFolds ? [row.fold.map { "\($0)" } ?? "–"] : []
            let words = ([row.task, row.metric.rawValue, row.method] + fold + ["\(row.seed)"]).map(Sheet.Cell.words)
            return (hasPast ? [.words(line.sweep)] : []) + words + [
                row.value == nil ? .words(score) : .figures(score), .words(row.state.rawValue),
                .words(row.key?.short ?? "–"),
            ]
        }
        let units = lines.map(\.row.metric).filter { !$0.isShare }.map(\.rawValue).distinct()
        if !units.isEmpty {
            sheet.notes = ["not in percent but in a unit of its own: \(units.joined(separator: ", "))"]
        }
        return sheet
    }

    /// Values as they were computed, fractions with all their digits, and whole keys.
    private var csv: String {
        let titles = [
            "sweep", "task", "metric", "method", "fold", "seed", "scoredOn", "split", "value", "examples", "state",
            "key",
        ]
        return commaSeparated(
            [titles]
                + lines.map { line in
                    let row = line.row
                    let value = row.value.map { "\($0)" } ?? (row.isUndefined ? "undefined" : "")
                    return [
                        line.sweep, row.task, row.metric.rawValue, row.method, row.fold.map { "\($0)" } ?? "",
                        "\(row.seed)", row.scoredOn, row.split.rawValue, value, row.examples.map { "\($0)" } ?? "",
                        row.state.rawValue,
                        row.key.map { "\($0)" } ?? "",
                    ]
                })
    }
}
