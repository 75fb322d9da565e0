import Experiments
import Files
import Reports
import Testing

/// Scores that have no value, methods that tell no examples apart, and what to hold a score against.
struct BaselineTests {
    private static let majority = ConstantPrediction(
        label: "a",
        scores: [
            Score(split: .dev, metric: .accuracy, value: 0.64), Score(split: .dev, metric: .auc, value: nil),
        ])

    private static let mean = ConstantPrediction(
        label: "2.5",
        scores: [
            Score(split: .dev, metric: .rmse, value: 1.25), Score(split: .dev, metric: .pearson, value: nil),
        ])

    private func sample(seeds: [UInt64] = [1, 2], constants: Bool = true) throws -> Sample {
        try Sample(
            methods: ["one", "three"], seeds: seeds,
            tasks: [
                Sample.task("own", metrics: [.accuracy, .auc], constant: constants ? Self.majority : nil),
                Sample.task(
                    "sts", metrics: [.rmse, .pearson], labels: nil, constant: constants ? Self.mean : nil),
            ])
    }

    /// - Parameter scores: of a task and a method by seed.
    private func snapshot(
        _ sample: Sample, confusion: Confusion? = nil, _ scores: (SweepRow) -> [Score]
    ) -> SweepSnapshot {
        let records = sample.plan.rows.flatMap { row in
            row.stages.map {
                Sample.finished($0, scores(row), confusion: row.task == "own" && row.method == "one" ? confusion : nil)
            }
        }
        return SweepSnapshot(sample.plan, records)
    }

    private func dev(_ metric: Metric, _ value: Double?) -> Score { Score(split: .dev, metric: metric, value: value) }

    @Test func `a score that is undefined is in no mean, is no failure, and is counted`() throws {
        let sample = try sample(seeds: [1, 2, 3], constants: false)
        let snapshot = snapshot(sample) { row in
            [dev(.rmse, 1), dev(.pearson, row.method == "one" ? nil : row.seed == 1 ? nil : 0.5), dev(.accuracy, 1)]
        }
        let table = ResultTable(snapshot, allMetrics: true)
        let place = try #require(table.columns.firstIndex { $0.metric == .pearson })
        #expect(table.cells.map { $0[place].undefined } == [3, 1] && table.cells.map { $0[place].failed } == [0, 0])
        #expect(table.cells[1][place].summary?.mean == 0.5 && table.cells[0][place].summary == nil)
        let text = table.rendered(.text, width: 300)
        #expect(text.contains("undefined (3)"))
        #expect(text.contains("50.00 ± 0.00 (3, 1 undefined)"))
        #expect(text.contains("undefined: the score has no value, as a correlation with what never changes"))
        #expect(table.rendered(.csv).contains("sts,pearson,one,,,3,0,3,3\n"))
        let rows = ResultRows(snapshot).rows.filter { $0.metric == .pearson && $0.method == "one" }
        #expect(rows.allSatisfy { $0.value == nil && $0.isUndefined })
        let json = String(decoding: try CanonicalJSON.encode(rows[0]), as: UTF8.self)
        #expect(json.contains(#""isUndefined":true"#) && json.contains(#""value":null"#))
    }

    @Test func `the constant stands in a row of its own, below the methods`() throws {
        let table = ResultTable(snapshot(try sample()) { _ in [dev(.accuracy, 0.5), dev(.rmse, 1.3), dev(.auc, 0.5)] })
        #expect(
            table.rendered(.text, width: 300) == """
                small on tiny: percent, mean ± standard deviation (seeds)

                method                        own accuracy             sts rmse
                ────────────────────────  ────────────────  ───────────────────
                one                       50.00 ± 0.00 (2)  1.3000 ± 0.0000 (2)
                three                     50.00 ± 0.00 (2)  1.3000 ± 0.0000 (2)
                (majority class or mean)             64.00               1.2500

                (majority class or mean): a baseline and no method, which says the training set's majority class or mean \
                of every example
                not in percent but in a unit of its own: sts rmse; less is better: sts rmse
                no method is marked as best: over 2 seeds a paired test cannot go below p = 0.5, or 1 after Holm's \
                correction for 2 columns; 7 seeds are the fewest that could show anything
                p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: \
                36.64 … 63.36 around 50.00 on own (50 examples); what the examples add to sts rmse (50 examples) would \
                take predictions, which `measure: [predictions]` keeps.
                """)
        #expect(table.methods == ["one", "three"])
        #expect(table.rendered(.csv).contains("own,accuracy,(majority class or mean),64.00,,,,,\n"))
    }

    @Test func `the constant is never the best, and compared with nothing`() throws {
        let sample = try sample(seeds: Array(1...8))
        let snapshot = snapshot(sample) { row in
            let bonus = row.method == "one" ? 0.01 : 0
            return [dev(.accuracy, 0.3 + 0.01 * Double(row.seed) + bonus), dev(.rmse, 2 + bonus)]
        }
        let table = ResultTable(snapshot)
        #expect(table.leaders == [.shown(0), .shown(1)], "of rmse less is better")
        #expect(!table.rendered(.text).contains("*64.00") && !table.rendered(.markdown).contains("**64.00"))
        #expect(throws: ComparisonError.self) { try MethodComparison(snapshot, "(majority class or mean)", "one") }
    }

    @Test func `json has the constants beside the rows`() throws {
        let rows = ResultRows(snapshot(try sample()) { _ in [] })
        let json = String(decoding: try CanonicalJSON.encode(rows), as: UTF8.self)
        #expect(
            json.hasPrefix(
                #"{"constants":[{"label":"a","metric":"accuracy","split":"dev","task":"own","value":0.64},"#
                    + #"{"label":"a","metric":"auc","split":"dev","task":"own","value":null},"#))
        #expect(rows.rows.allSatisfy { ["one", "three"].contains($0.method) })
    }

    @Test func `a method that says one class of every example is named, and its ± 0.00 explained`() throws {
        let collapsed = Confusion(predicted: [1, 1, 1], expected: [0, 1, 1])
        let snapshot = snapshot(try sample(), confusion: collapsed) { _ in [dev(.accuracy, 0.5), dev(.auc, 0.5)] }
        let text = ResultTable(snapshot, allMetrics: true).rendered(.text, width: 300)
        #expect(
            text.contains(
                "\nsays one class of every example: one on own ('b', 2 of 2 seeds); a ± of 0 is then that of saying always "
                    + "the same, and no sign of a method that is stable\n"), "once, though own has two metrics")
        #expect(ResultRows(snapshot).rows.first?.onlyLabel == "b")
        let status = StatusListing(snapshot, nil, isWorkedOn: false)
        #expect(status.collapsed.map(\.label) == ["b", "b"])
        #expect(
            status.text().contains(
                """
                stages that say one label of every example; a lower lr may help:
                  own one seed 1: 'b'
                  own one seed 2: 'b'
                """))
        let news = LiveProgress(snapshot, workers: 1).news(
            since: LiveProgress(SweepSnapshot(snapshot.plan, []), workers: 1))
        #expect(news[0].contains(": accuracy 50.00, auc 50.00, says 'b' of every example, "))
        #expect(!news[2].contains("says"))
    }

    @Test func `where less is better a comparison counts less as a win`() throws {
        let sample = try Sample(
            methods: ["one", "three"], seeds: Array(1...8), tasks: [Sample.task("sts", metrics: [.rmse], labels: nil)])
        let snapshot = snapshot(sample) { row in
            [dev(.rmse, 1 + 0.001 * Double(row.seed) + (row.method == "one" ? 0 : 0.25))]
        }
        let comparison = try MethodComparison(snapshot, "one", "three")
        #expect(
            comparison.overall.differences.wins == 8 && comparison.verdict.hasPrefix("'one' is better than 'three'"))
        let text = comparison.rendered(.text, width: 300)
        #expect(text.contains("1.0045  1.2545") && text.contains("+25.00"))
        #expect(text.contains("Less is better of sts rmse: a difference above 0 says that the first has less."))
        let best = try #require(try PairwiseComparison(snapshot, ["one", "three"]).evaluation.first).mean
        #expect(abs(best - 1.0045) < 1e-12, "the interval of the examples is around the better of the two")
    }
}
