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
        package let method: String
        package let summary: Summary?
        package let finished: Int
        package let seeds: Int
    }
}

extension PublishedComparison {
    package init(_ snapshot: SweepSnapshot, _ published: PublishedTable) {
        let plan = snapshot.plan
        let rows = Dictionary(grouping: plan.rows) { $0.cell }
        var entries: [Entry] = []
        var onlyPublished: [PublishedScore] = []
        for score in published.scores {
            if let ours = snapshot.counterpart(of: score, in: rows) {
                entries.append(Entry(published: score, ours: ours))
            } else {
                onlyPublished.append(score)
            }
        }
        let matched = Set(published.scores.flatMap { $0.counterpart?.methods ?? [] })
        self.init(
            table: published.name, publishedModels: published.scores.map(\.model).distinct(), sweep: plan.name,
            model: plan.model.name, entries: entries, onlyPublished: onlyPublished,
            onlyHere: plan.methods.filter { !matched.contains($0) },
            searchWarning: plan.searchWarning(of: entries.map(\.ours.method)))
    }
}

extension SweepSnapshot {
    /// Our scores by the best, by its mean, of the methods that the paper gives the best of.
    fileprivate func counterpart(
        of published: PublishedScore, in rows: [Cell: [SweepRow]]
    ) -> PublishedComparison.Ours? {
        guard let counterpart = published.counterpart, let metric = Metric(rawValue: counterpart.metric) else {
            return nil
        }
        let candidates = counterpart.methods.flatMap { method in
            counterpart.tasks.compactMap { task in
                rows[Cell(task: task, method: method)].map { rows in
                    let scores = rows.compactMap { score(metric, of: $0) }
                    return PublishedComparison.Ours(
                        method: method, summary: Summary(scores), finished: scores.count, seeds: rows.count)
                }
            }
        }
        return candidates.max { ($0.summary?.mean ?? -.infinity) < ($1.summary?.mean ?? -.infinity) }
    }
}
