import Experiments
import Ledger
import TestKit
import Testing

struct StageCurvesTests {
    let store: TemporaryFolder
    let ledger: Ledger
    let stage: StageKey

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        let plan = try makePlan(seeds: [1, 2])
        stage = plan.stages[0].key
        try ledger.commit([
            .planned(plan, at: at(1)), .started(stage, first, on: worker, node: node, at: at(2)),
        ])
    }

    private func curve(_ steps: Int, loss: Double = 0.5) -> TrainingCurve {
        var curve = TrainingCurve()
        for number in 1...steps {
            curve.add(.init(step: number, loss: loss, learningRate: 0.25, gradientNorm: 2, tokens: 64, seconds: 0.5))
        }
        return curve
    }

    private func evaluation(_ step: Int, _ value: Double?) -> Evaluation {
        Evaluation(
            step: step, epoch: Double(step) / 10, trainingLoss: 0.75,
            scores: [
                Score(split: .dev, metric: .matthews, value: value),
                Score(split: .validation, metric: .accuracy, value: 0.5),
            ])
    }

    @Test func `the longest curve of the last attempt is the stage's`() throws {
        #expect(try ledger.reader.curves(of: stage) == nil)
        try ledger.commit([.drawn(stage, first, curve(2))])
        #expect(try ledger.reader.curves(of: stage) == StageCurves(training: curve(2), evaluations: []))
        // A message that was late, and one that is said again.
        try ledger.commit([
            .drawn(stage, first, curve(3)), .drawn(stage, first, curve(2)), .drawn(stage, first, curve(3)),
        ])
        #expect(try ledger.reader.curves(of: stage)?.training == curve(3))
        try ledger.commit([
            .ended(stage, first, failure: StageFailure(.lost, "silent"), at: at(3)),
            .started(stage, second, on: worker, node: node, at: at(4)),
            .drawn(stage, second, curve(1, loss: 1)), .drawn(stage, first, curve(4)),
        ])
        #expect(try ledger.reader.curves(of: stage)?.training == curve(1, loss: 1))
        #expect(try ledger.reader.problems().isEmpty)
        #expect(try store.query("SELECT count(*) FROM event WHERE event LIKE '%curve%'") == ["0"])
    }

    @Test func `evaluations are those of all attempts, each once`() throws {
        try ledger.commit([
            .evaluated(stage, first, evaluation(10, 0.5)), .evaluated(stage, first, evaluation(20, 0.6)),
            .started(stage, second, on: worker, node: node, at: at(3)),
            .evaluated(stage, second, evaluation(30, nil)), .evaluated(stage, second, evaluation(20, 0.7)),
        ])
        let curves = try #require(try ledger.reader.curves(of: stage))
        #expect(curves.training.isEmpty)
        #expect(curves.evaluations.prefix(2) == [evaluation(10, 0.5), evaluation(20, 0.7)])
        let last = try #require(curves.evaluations.last)
        #expect(curves.evaluations.count == 3 && last.step == 30 && last.epoch == 3 && last.trainingLoss == 0.75)
        #expect(last.scores == [Score(split: .validation, metric: .accuracy, value: 0.5)])
    }

    @Test func `the sqlite3 shell sees a row for each point`() throws {
        try ledger.commit([.drawn(stage, first, curve(2))])
        let rows = try store.query(
            """
            SELECT json_array(stage, attempt, step, loss, learningRate, gradientNorm, tokens, seconds) FROM point
            ORDER BY step
            """)
        #expect(rows == [1, 2].map { #"["\#(stage)",1,\#($0),0.5,0.25,2,64,0.5]"# })
    }

    @Test func `a curve of an attempt that there is not is refused`() {
        #expect(throws: LedgerError.self) { try ledger.commit([.drawn(stage, second, curve(1))]) }
    }
}
