package import Experiments
package import Statistics

/// The scores of a sweep, summed up over seeds and folds: methods down, tasks across.
package struct ResultTable: Hashable, Sendable {
    package let sweep: String
    package let model: String
    /// Whose scores they are: of the dev set, or of the test set.
    package let split: Split
    package let methods: [String]
    package let columns: [Column]
    /// By method, then by column.
    package let cells: [[SeedScores]]
    /// By column, what saying the same of every example scores; nil where that is not known.
    package let constants: [Score?]
    /// By column, how many folds its task has; nil where it has none.
    package let folds: [Int?]
    /// By column.
    package let leaders: [Leader]
    /// What the examples of each column with scores and without folds add, around its best mean.
    package let evaluation: [EvaluationSet]
    /// What searches found, a line a method.
    package let findings: [String]
    /// Methods that were searched on what is reported.
    let searchedOnDev: [String]
    /// What that means for their scores.
    let searchWarning: String?
    /// What the sweep was before, where it had other settings.
    let earlier: [String]

    /// One metric of one task.
    package struct Column: Hashable, Sendable {
        package let task: String
        package let metric: Metric
    }

    /// The seeds of one method on one task.
    package struct SeedScores: Hashable, Sendable {
        /// Of those that are finished and have one.
        package let scores: [Repetition: Double]
        /// Mean and deviation of the scores; nil where there are none.
        package let summary: Summary?
        /// Trainings that are finished and whose score is undefined.
        package let undefined: Int
        /// The label that is said of every example where it is one alone.
        package let onlyLabels: [Repetition: String]
        /// Trainings that ended without a score.
        package let failed: Int
        /// One for each seed, where there are folds as often as there are.
        package let seeds: Int
        /// What is scored, where the method's last stage has another task than the column.
        package let target: Column?

        package var finished: Int { scores.count + undefined }
    }

    /// - Parameters:
    ///   - allMetrics: every metric of each task, not only the first.
    ///   - split: whose scores; of the test set there are the tasks that have one.
    package init(_ snapshot: SweepSnapshot, allMetrics: Bool = false, split: Split = .dev) {
        let plan = snapshot.plan
        self.split = split
        sweep = plan.name
        model = plan.model.name
        columns = plan.tableTasks.flatMap { task in
            let definition = plan.trained(task).first?.definition
            let metrics = definition.map { $0.has(split) ? $0.metrics : [] } ?? []
            return metrics.prefix(allMetrics ? metrics.count : 1).map { Column(task: task, metric: $0) }
        }
        methods = plan.methods
        findings = plan.searchFindings
        // On a test set nobody has searched.
        searchedOnDev = split == .dev ? plan.methodsSearchedOnDev : []
        searchWarning = split == .dev ? plan.searchWarning(of: plan.methods) : nil
        earlier = snapshot.earlier.map(\.words)
        let rows = Dictionary(grouping: plan.rows) { $0.cell }
        cells = plan.methods.map { [columns] method in
            columns.map { column in
                SeedScores(rows[Cell(task: column.task, method: method)] ?? [], column, snapshot, split)
            }
        }
        constants = columns.map { column in
            Score(
                meanOf: plan.trained(column.task).map {
                    $0.constant?.scores.first { $0.metric == column.metric && $0.split == split }
                })
        }
        folds = columns.map { plan.trained($0.task).first?.definition.fold?.count }
        // Scores on different tasks are not held against each other, nor those of folds' models on one test file: they have
        // its examples in common, too, which the test over folds knows nothing of.
        leaders = Leader.leaders(
            of: columns.indices.map { [cells, columns, folds] place in
                let isCompared = split == .dev || folds[place] == nil
                return cells.map {
                    isCompared && $0[place].target == nil
                        ? $0[place].scores.mapValues(columns[place].metric.merit) : [:]
                }
            })
        evaluation = (split == .dev ? columns.indices : 0..<0).compactMap { [cells, columns, folds] place in
            guard folds[place] == nil else { return nil }
            let merit = columns[place].metric.merit
            let means = zip(plan.methods, cells).compactMap { method, cells in
                cells[place].target == nil ? cells[place].summary.map { (method: method, mean: $0.mean) } : nil
            }
            return means.max { merit($0.mean) < merit($1.mean) }.map { best in
                let cell = Cell(task: columns[place].task, method: best.method)
                return EvaluationSet(columns[place], mean: best.mean, of: rows[cell] ?? [], snapshot)
            }
        }
    }

    /// Whether every seed of every cell has its score.
    package var isComplete: Bool { cells.allSatisfy { $0.allSatisfy { $0.finished == $0.seeds } } }
}

extension ResultTable.SeedScores {
    fileprivate init(
        _ rows: [SweepRow], _ column: ResultTable.Column, _ snapshot: SweepSnapshot, _ split: Split
    ) {
        let target = rows.first.flatMap { snapshot.plan.otherTarget(of: $0) }
        let metric = target?.metric ?? column.metric
        let scores = rows.compactMap { row in
            snapshot.score(metric, of: row, on: split).map { (row.repetition, $0) }
        }
        let undefined = rows.count { snapshot.isUndefined(metric, of: $0, on: split) }
        let ended = rows.count { snapshot.state(of: $0).isFinal }
        let task = rows.first.flatMap { snapshot.plan.scored($0)?.definition }
        let onlyLabels = (split == .dev ? rows : []).compactMap { row in
            task.flatMap { snapshot.result(of: row)?.onlyLabel(of: $0) }.map { (row.repetition, $0) }
        }
        self.init(
            scores: Dictionary(scores) { first, _ in first }, summary: Summary(scores.map(\.1)), undefined: undefined,
            onlyLabels: Dictionary(onlyLabels) { first, _ in first }, failed: ended - scores.count - undefined,
            seeds: rows.count, target: target)
    }
}

extension ResultTable.Column {
    /// As it stands over a column of a printed table.
    package var title: String { "\(task) \(metric.rawValue)" }
}

extension TaskDefinition {
    /// Whether results have scores on this split of it.
    func has(_ split: Split) -> Bool { split == .dev || split == .test && test != nil }
}
