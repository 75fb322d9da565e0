package import Experiments

/// The scores of a sweep, summed up over seeds: methods down, tasks across.
package struct ResultTable: Hashable, Sendable {
    package let sweep: String
    package let model: String
    package let methods: [String]
    package let columns: [Column]
    /// By method, then by column.
    package let cells: [[Cell]]
    /// What searches found, a line a method.
    package let findings: [String]

    /// One metric of one task.
    package struct Column: Hashable, Sendable {
        package let task: String
        package let metric: Metric
    }

    /// The seeds of one method on one task.
    package struct Cell: Hashable, Sendable {
        /// Of the seeds that are finished; nil where none is.
        package let summary: Summary?
        package let finished: Int
        /// Seeds that ended without a score.
        package let failed: Int
        package let seeds: Int
    }

    /// - Parameter allMetrics: every metric of each task, not only the first.
    package init(_ snapshot: SweepSnapshot, allMetrics: Bool = false) {
        let plan = snapshot.plan
        sweep = plan.name
        model = plan.model.name
        columns = plan.tasks.filter { task in plan.rows.contains { $0.task == task.definition.name } }.flatMap { task in
            let metrics = task.definition.metrics.prefix(allMetrics ? task.definition.metrics.count : 1)
            return metrics.map { Column(task: task.definition.name, metric: $0) }
        }
        var methods: [String] = []
        for row in plan.rows where !methods.contains(row.method) { methods.append(row.method) }
        self.methods = methods
        findings = plan.searchFindings
        let rows = Dictionary(grouping: plan.rows) { CellName(task: $0.task, method: $0.method) }
        cells = methods.map { [columns] method in
            columns.map { column in
                Cell(rows[CellName(task: column.task, method: method)] ?? [], column.metric, snapshot)
            }
        }
    }

    private struct CellName: Hashable {
        let task: String
        let method: String
    }

    /// Whether every seed of every cell has its score.
    package var isComplete: Bool { cells.allSatisfy { $0.allSatisfy { $0.finished == $0.seeds } } }
}

extension ResultTable.Cell {
    fileprivate init(_ rows: [SweepRow], _ metric: Metric, _ snapshot: SweepSnapshot) {
        let last = rows.compactMap(\.stages.last).map { snapshot[$0] }
        let scores = last.compactMap { $0.result?.score(metric, on: .dev) }.filter(\.isFinite)
        self.init(
            summary: Summary(scores), finished: scores.count,
            failed: rows.count { snapshot.state(of: $0).isFinal } - scores.count, seeds: rows.count)
    }

    /// "61.82 ± 1.20", the deviation only where there is one.
    func figures(plusMinus: String) -> String? {
        summary.map { summary in
            let deviation = summary.deviation.map { "\(plusMinus)\(percent($0))" } ?? ""
            return percent(summary.mean) + deviation
        }
    }

    /// "4", or "3/4" where scores are missing, with "!" where some will not come.
    var countOfSeeds: String {
        finished == seeds ? "\(seeds)" : "\(finished)/\(seeds)\(failed > 0 ? "!" : "")"
    }
}

extension ResultTable.Column {
    /// As it stands over a column of a printed table.
    var title: String { "\(task) \(metric.rawValue)" }
}
