package import Experiments

/// Every score of a sweep by itself, for programs: `{"constants": [...], "rows": [...]}`.
package struct ResultRows: Encodable, Sendable {
    package let rows: [Row]
    /// What saying the same of every example scores.
    package let constants: [Constant]
    /// Rows of settings that the sweep had before, the last first; nil where nobody asked for them.
    package let earlier: [Earlier]?

    package struct Earlier: Encodable, Sendable {
        package let sweep: SweepReference
        /// When these settings were last asked for.
        package let plannedAt: Timestamp
        package let rows: [Row]
    }

    package struct Constant: Hashable, Sendable {
        package let task: String
        package let score: Score
        /// What is said.
        package let label: String
    }

    /// One metric of one task, method and seed on the split that scores are reported on.
    package struct Row: Hashable, Sendable {
        package let task: String
        package let method: String
        package let seed: UInt64
        /// The number of the fold; nil where the task has none.
        package let fold: Int?
        /// The task of the method's last stage; most often the row's.
        package let scoredOn: String
        package let metric: Metric
        package let split: Split
        /// Examples that the value is of; nil where the plan does not count them.
        package let examples: Int?
        /// As it was computed, a fraction; nil where there is none.
        package let value: Double?
        /// Whether it was computed and is undefined.
        package let isUndefined: Bool
        /// What is said of every example where it is one label alone; nil otherwise.
        package let onlyLabel: String?
        /// The state of the method's last stage.
        package let state: StageState
        /// The key of the method's last stage; nil until its search has come to one.
        package let key: StageKey?
        /// What a search chose.
        package let chosen: [SearchedSetting]
    }

    /// - Parameters:
    ///   - all: whether to tell of earlier settings, too.
    ///   - split: whose scores; of the test set there are those of tasks that have one.
    package init(_ snapshot: SweepSnapshot, all: Bool = false, split: Split = .dev) {
        earlier =
            all
            ? snapshot.earlier.map {
                Earlier(sweep: $0.reference, plannedAt: $0.plannedAt, rows: ResultRows($0.snapshot).rows)
            } : nil
        constants = snapshot.plan.tasks.flatMap { task in
            (task.constant?.scores ?? []).filter { $0.split == split }.map {
                Constant(task: task.definition.name, score: $0, label: task.constant?.label ?? "")
            }
        }
        rows = snapshot.plan.rows.flatMap { row -> [Row] in
            guard let target = snapshot.plan.target(of: row), let task = snapshot.plan.scored(row),
                task.definition.has(split)
            else { return [] }
            return task.definition.metrics.map { metric in
                Row(
                    task: row.task, method: row.method, seed: row.seed, fold: row.fold?.number, scoredOn: target.task,
                    metric: metric, split: split, examples: split == .dev ? task.devCount : nil,
                    value: snapshot.score(metric, of: row, on: split),
                    isUndefined: snapshot.isUndefined(metric, of: row, on: split),
                    onlyLabel: split == .dev ? snapshot.result(of: row)?.onlyLabel(of: task.definition) : nil,
                    state: snapshot.state(of: row),
                    key: row.stages.last, chosen: snapshot.plan.ownSearch(of: row)?.chosen?.settings ?? [])
            }
        }
    }
}

extension SweepPlan {
    /// The search for the row's own method and task, not one that a part of it comes from.
    fileprivate func ownSearch(of row: SweepRow) -> SweepSearch? {
        searches(for: row).first { $0.cell == Cell(task: row.trainedTask, method: row.method) }
    }
}

extension ResultRows.Row: Encodable {
    /// Every key is there, null where there is nothing.
    package func encode(to encoder: any Encoder) throws {
        let pairs = chosen.map { ($0.key, $0.value) }
        try encoder.encode([
            "task": task, "method": method, "seed": seed, "fold": fold, "scoredOn": scoredOn, "metric": metric,
            "split": split,
            "examples": examples, "value": value, "isUndefined": isUndefined, "onlyLabel": onlyLabel, "state": state,
            "key": key,
            "chosen": Dictionary(pairs) { first, _ in first },
        ])
    }
}

extension ResultRows.Constant: Encodable {
    package func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "task": task, "metric": score.metric, "split": score.split, "value": score.value, "label": label,
        ])
    }
}
