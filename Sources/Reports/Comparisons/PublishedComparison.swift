package import Experiments
package import Statistics

/// A paper's table beside the scores of a sweep.
package struct PublishedComparison: Hashable, Sendable {
    package let table: String
    /// The paper's models.
    package let publishedModels: [String]
    package let sweep: String
    package let model: String
    /// Numbers that have a counterpart among the sweep's methods and tasks, in the paper's order.
    package let entries: [Entry]
    /// Numbers that have none.
    package let onlyPublished: [PublishedScore]
    /// Methods of the sweep that the table does not have.
    package let onlyHere: [String]
    /// What the examples of each task add, around the best of our means.
    package let evaluation: [EvaluationSet]
    /// That settings of the sweep's methods were searched on what is reported; nil where they were not.
    package let searchWarning: String?

    package struct Entry: Hashable, Sendable {
        package let published: PublishedScore
        package let ours: Ours
        /// In percentage points; nil where we have no score yet.
        package var difference: Double? { ours.summary.map { $0.mean * 100 - published.mean } }
    }

    /// The seeds of the method that the number is compared with.
    package struct Ours: Hashable, Sendable {
        /// The method, or how many methods where the number is a mean over several.
        package let method: String
        /// Which scores of the sweep the number is; nil where it is no plain score, such as a difference.
        package let column: ResultTable.Column?
        /// Whose scores they are; none where they are of several methods.
        let rows: [SweepRow]
        package let summary: Summary?
        package let finished: Int
        package let seeds: Int
    }
}

extension PublishedComparison {
    /// - Parameter logs: of the stages that have measured something; needed where `readsLogs` says so.
    package init(_ snapshot: SweepSnapshot, _ published: PublishedTable, logs: [StageKey: StageLog] = [:]) {
        let plan = snapshot.plan
        let scores = FigureTable(snapshot, logs)
        var entries: [Entry] = []
        var onlyPublished: [PublishedScore] = []
        for score in published.scores {
            if let ours = score.counterpart.flatMap({ scores.counterpart($0) }) {
                entries.append(Entry(published: score, ours: ours))
            } else {
                onlyPublished.append(score)
            }
        }
        let matched = Set(published.scores.flatMap { $0.counterpart?.allMethods ?? [] })
        let means = entries.compactMap { entry in
            entry.ours.column.flatMap { column in entry.ours.summary.map { (column, $0.mean, entry.ours.rows) } }
        }
        let evaluation = means.map(\.0).distinct().compactMap { column in
            means.filter { $0.0 == column }.max { $0.1 < $1.1 }.flatMap { _, mean, rows in
                rows.contains { $0.fold != nil } ? nil : EvaluationSet(column, mean: mean, of: rows, snapshot)
            }
        }
        self.init(
            table: published.name, publishedModels: published.scores.map(\.model).distinct(), sweep: plan.name,
            model: plan.model.name, entries: entries, onlyPublished: onlyPublished,
            onlyHere: plan.methods.filter { !matched.contains($0) }, evaluation: evaluation,
            searchWarning: plan.searchWarning(of: entries.flatMap { $0.published.counterpart?.allMethods ?? [] }))
    }
}

extension PublishedTable {
    /// Whether some of its numbers are measured and stand in no score.
    package var readsLogs: Bool {
        scores.contains { $0.counterpart?.metric == Measure.generalizationGap.rawValue }
    }
}

/// What a sweep has for the numbers of papers.
private struct FigureTable {
    private let snapshot: SweepSnapshot
    private let logs: [StageKey: StageLog]
    private let rows: [Cell: [SweepRow]]

    init(_ snapshot: SweepSnapshot, _ logs: [StageKey: StageLog]) {
        self.snapshot = snapshot
        self.logs = logs
        rows = Dictionary(grouping: snapshot.plan.rows) { $0.cell }
    }

    func counterpart(_ counterpart: PublishedScore.Counterpart) -> PublishedComparison.Ours? {
        guard let baselines = counterpart.baselines else { return best(of: counterpart) }
        return mean(of: counterpart, less: baselines)
    }

    /// Our scores by the best, by its mean, of the methods that the paper gives the best of.
    private func best(of counterpart: PublishedScore.Counterpart) -> PublishedComparison.Ours? {
        let candidates = counterpart.methods.flatMap { method in
            counterpart.tasks.compactMap { task in
                rows[Cell(task: task, method: method)].map { rows in
                    ours(
                        method, rows.map { figure(counterpart.metric, of: $0) },
                        of: column(counterpart.metric, of: rows), rows)
                }
            }
        }
        return candidates.max { ($0.summary?.mean ?? -.infinity) < ($1.summary?.mean ?? -.infinity) }
    }

    /// The mean over methods and tasks, those that the sweep has, of our scores less those of their baselines, seed by
    /// seed.
    private func mean(
        of counterpart: PublishedScore.Counterpart, less baselines: [PublishedScore.Baseline]
    ) -> PublishedComparison.Ours? {
        var pairs: [(scores: [SweepRow], baselines: [SweepRow]?)] = []
        var methods: [String] = []
        for (method, baseline) in zip(counterpart.methods, baselines) {
            for task in counterpart.tasks {
                guard let scores = rows[Cell(task: task, method: method)] else { continue }
                switch baseline {
                case .nothing: pairs.append((scores, nil))
                case .score(let other, let otherTask):
                    guard let others = rows[Cell(task: otherTask ?? task, method: other)] else { continue }
                    pairs.append((scores, others))
                }
                methods.append(method)
            }
        }
        guard let first = pairs.first else { return nil }
        let names = methods.distinct()
        return ours(
            names.count == 1 ? names[0] : "\(names.count) methods",
            first.scores.map { row in
                let differences = pairs.compactMap { difference($0, of: row.repetition, counterpart.metric) }
                return differences.count == pairs.count ? Summary(differences)?.mean : nil
            })
    }

    private func difference(
        _ pair: (scores: [SweepRow], baselines: [SweepRow]?), of trained: Repetition, _ metric: String
    ) -> Double? {
        guard let score = pair.scores.first(where: { $0.repetition == trained }).flatMap({ figure(metric, of: $0) })
        else {
            return nil
        }
        guard let baselines = pair.baselines else { return score }
        return baselines.first { $0.repetition == trained }.flatMap { figure(metric, of: $0) }.map { score - $0 }
    }

    private func ours(
        _ method: String, _ seeds: [Double?], of column: ResultTable.Column? = nil, _ rows: [SweepRow] = []
    ) -> PublishedComparison.Ours {
        let finished = seeds.compactMap(\.self)
        return PublishedComparison.Ours(
            method: method, column: column, rows: rows, summary: Summary(finished), finished: finished.count,
            seeds: seeds.count)
    }

    /// Which scores of the sweep the rows have of a metric; nil where it is none of them.
    private func column(_ metric: String, of rows: [SweepRow]) -> ResultTable.Column? {
        guard let metric = Metric(rawValue: metric), let target = rows.first.flatMap({ snapshot.plan.target(of: $0) })
        else { return nil }
        return ResultTable.Column(task: target.task, metric: metric)
    }

    /// What a row has of a metric by the words of `results.tsv`.
    private func figure(_ metric: String, of row: SweepRow) -> Double? {
        switch metric {
        case PublishedScore.ownMetric:
            snapshot.plan.target(of: row).flatMap { snapshot.score($0.metric, of: row) }
        case Measure.generalizationGap.rawValue: row.stages.last.flatMap { logs[$0]?.generalizationGap?.gap }
        default: Metric(rawValue: metric).flatMap { snapshot.score($0, of: row) }
        }
    }
}
