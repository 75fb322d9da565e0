package import Experiments

extension SweepPlan {
    /// The task and first metric of a row's last stage where that is not the row's task; nil otherwise.
    package func otherTarget(of row: SweepRow) -> ResultTable.Column? {
        guard let key = row.stages.last, let stage = stages.first(where: { $0.key == key }),
            stage.task != row.trainedTask,
            let metric = task(named: stage.task)?.definition.metrics.first
        else { return nil }
        return ResultTable.Column(task: stage.task, metric: metric)
    }

    /// The task that the row's score is of.
    func scored(_ row: SweepRow) -> PlannedTask? { task(named: otherTarget(of: row)?.task ?? row.trainedTask) }

    /// What the row's score is: the last stage's task by its first metric.
    package func target(of row: SweepRow) -> ResultTable.Column? {
        if let other = otherTarget(of: row) { return other }
        return task(named: row.trainedTask)?.definition.metrics.first.map {
            ResultTable.Column(task: row.task, metric: $0)
        }
    }
}

extension SweepSnapshot {
    /// The score of a row's last stage; nil where there is none yet, or none that is a number.
    package func score(_ metric: Metric, of row: SweepRow, on split: Split = .dev) -> Double? {
        guard let score = result(of: row)?.score(metric, on: split) else { return nil }
        return score.isFinite ? score : nil
    }

    /// Whether a row has ended with a score that is undefined.
    package func isUndefined(_ metric: Metric, of row: SweepRow, on split: Split = .dev) -> Bool {
        result(of: row)?.scored(metric, on: split).map { $0.value == nil } ?? false
    }

    /// That of the row's last stage; nil until it has finished.
    package func result(of row: SweepRow) -> StageResult? { row.stages.last.flatMap { self[$0].result } }
}
