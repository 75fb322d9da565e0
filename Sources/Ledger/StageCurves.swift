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
        try database.first(
            "SELECT points FROM curves JOIN stages ON stages.id = curves.stage WHERE key = ?", stage.description
        ) { try decode(TrainingCurve.self, from: $0.at(0)) }
    }

    private func evaluations(of stage: StageKey, _ database: Database) throws -> [Evaluation] {
        // Beside max(), SQLite's other columns are those of the row that has it.
        let sql = """
            SELECT step, epoch, split, metric, value, max(attempt) FROM metrics
            WHERE stage = (SELECT id FROM stages WHERE key = ?) GROUP BY step, split, metric ORDER BY step, metrics.rowid
            """
        var rows: [ScoredStep] = []
        try database.each(sql, [stage.description]) { rows.append(try ScoredStep($0)) }
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

/// A row of `metrics`.
private struct ScoredStep {
    let step: Int
    let epoch: Double
    let split: String
    let metric: String
    let value: Double

    init(_ row: Row) throws {
        (step, epoch) = (try row.at(0), try row.at(1))
        (split, metric, value) = (try row.at(2), try row.at(3), try row.at(4))
    }
}

extension Evaluation {
    /// - Parameter rows: all of one step.
    fileprivate init(_ rows: ArraySlice<ScoredStep>) throws {
        var (step, epoch, loss) = (0, 0.0, 0.0)
        var scores: [Score] = []
        for row in rows {
            (step, epoch) = (row.step, row.epoch)
            let split = try spelled(Split.self, row.split)
            if split == .train, row.metric == Outcome.loss {
                loss = row.value
            } else {
                scores.append(Score(split: split, metric: try spelled(Metric.self, row.metric), value: row.value))
            }
        }
        self.init(step: step, epoch: epoch, trainingLoss: loss, scores: scores)
    }
}
