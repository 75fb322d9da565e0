import Experiments
import Reports
import Testing

/// Scores on a test set are shown to those who ask for them, and to nobody else.
struct TestSplitTests {
    private static func task(hasTest: Bool) -> PlannedTask {
        var definition = Sample.task("own", metrics: [.accuracy]).definition
        if hasTest { definition.test = "test" }
        let scores = [Sample.accuracy(0.5), Score(split: .test, metric: .accuracy, value: 0.125)]
        return PlannedTask(
            definition: definition, content: Sample.task("own", metrics: [.accuracy]).content, trainCount: 100,
            devCount: 50,
            constant: ConstantPrediction(label: "a", scores: hasTest ? scores : [scores[0]]))
    }

    /// Every seed has 0.75 on dev, and where there is one 0.25 on the test set.
    private func snapshot(hasTest: Bool) throws -> SweepSnapshot {
        let sample = try Sample(tasks: [Self.task(hasTest: hasTest)])
        return SweepSnapshot(
            sample.plan,
            sample.plan.stages.map { stage in
                Sample.finished(
                    stage.key,
                    [Sample.accuracy(0.75)] + (hasTest ? [Score(split: .test, metric: .accuracy, value: 0.25)] : []))
            })
    }

    @Test(arguments: ResultFormat.allCases)
    func `no table has them unasked`(format: ResultFormat) throws {
        let (with, without) = try (snapshot(hasTest: true), snapshot(hasTest: false))
        for allMetrics in [false, true] {
            #expect(
                ResultTable(with, allMetrics: allMetrics).rendered(format)
                    == ResultTable(without, allMetrics: allMetrics).rendered(format))
        }
    }

    @Test func `no program reads them unasked`() throws {
        let rows = ResultRows(try snapshot(hasTest: true))
        #expect(rows.rows.allSatisfy { $0.split == .dev && $0.value == 0.75 })
        #expect(rows.constants.map(\.score.split) == [.dev])
    }

    @Test func `asked for they make a table of their own`() throws {
        let table = ResultTable(try snapshot(hasTest: true), split: .test)
        #expect(table.cells.allSatisfy { $0.allSatisfy { $0.summary?.mean == 0.25 && $0.finished == 2 } })
        #expect(table.constants.map { $0?.value } == [0.125])
        let text = table.rendered(.text)
        #expect(text.hasPrefix("small on tiny, test set: percent"))
        #expect(text.contains("25.00 ± 0.00 (2)") && !text.contains("75.00"))
        let rows = ResultRows(try snapshot(hasTest: true), split: .test)
        #expect(rows.rows.map(\.value) == [0.25, 0.25, 0.25, 0.25] && rows.constants.map(\.score.value) == [0.125])
        #expect(ResultTable(try snapshot(hasTest: false), split: .test).columns.isEmpty)
    }
}
