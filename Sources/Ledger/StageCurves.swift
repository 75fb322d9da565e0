package import Experiments
import GRDB

extension LedgerReader {
    /// How the stage's training went as far as its workers have told; nil where none has told anything.
    package func curves(of stage: StageKey) throws(LedgerError) -> StageCurves? {
        try read { database in
            let training = try trainingCurve(of: stage, database)
            let evaluations = try evaluations(of: stage, database)
            guard training != nil || !evaluations.isEmpty else { return nil }
            return StageCurves(training: training ?? TrainingCurve(), evaluations: evaluations)
        }
    }

    private func trainingCurve(of stage: StageKey, _ database: Database) throws -> TrainingCurve? {
        guard try LedgerFile.version(database) >= CurveTable.firstVersion else { return nil }
        let row = try CurveTable.fetchOne(database, key: stage.description)
        return try row.map { try decode(TrainingCurve.self, from: $0.points) }
    }

    private func evaluations(of stage: StageKey, _ database: Database) throws -> [Evaluation] {
        // Beside max(), SQLite's other columns are those of the row that has it.
        let sql = """
            SELECT *, max(attempt) FROM metric WHERE stage = ? GROUP BY step, split, metric
            ORDER BY step, rowid
            """
        let rows = try MetricTable.fetchAll(database, sql: sql, arguments: [stage.description])
        var evaluations: [Evaluation] = []
        var rest = rows[...]
        while let first = rest.first {
            let together = rest.prefix { $0.step == first.step }
            rest = rest.dropFirst(together.count)
            evaluations.append(try Evaluation(together))
        }
        return evaluations
    }
}

extension Evaluation {
    /// - Parameter rows: all of one step.
    fileprivate init(_ rows: ArraySlice<MetricTable>) throws {
        var (step, epoch, loss) = (0, 0.0, 0.0)
        var scores: [Score] = []
        for row in rows {
            (step, epoch) = (row.step, row.epoch)
            let split = try spelled(Split.self, row.split)
            if split == .train, row.metric == MetricTable.loss {
                loss = row.value
            } else {
                scores.append(Score(split: split, metric: try spelled(Metric.self, row.metric), value: row.value))
            }
        }
        self.init(step: step, epoch: epoch, trainingLoss: loss, scores: scores)
    }
}
