import Experiments
import Files
import Reports
import Testing

struct ResultTests {
    private func table(allMetrics: Bool = false) throws -> ResultTable {
        ResultTable(try Sample().underWay, allMetrics: allMetrics)
    }

    @Test func `the table shows mean, deviation and seeds, and marks what is missing`() throws {
        #expect(
            try table().rendered(.text) == """
                small on tiny: percent, mean ± standard deviation (seeds)

                method         cb accuracy  cola matthews
                ────────  ────────────────  ─────────────
                finetune  85.00 ± 7.07 (2)        – (0/2)
                eh_ft         75.00 (1/2!)        – (0/2)

                n/m: n of m seeds have a score so far; !: some have ended without one, `headstart status` says why
                no method is marked as best: over 1 seed a paired test cannot go below p = 1; 6 seeds are the fewest
                that could show anything
                p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval:
                73.43 … 92.07 around 85.00 on cb (56 examples).
                """)
    }

    @Test func `all metrics are shown on request, on the dev split alone`() throws {
        let lines = try table(allMetrics: true).rendered(.text).split(separator: "\n").map(String.init)
        #expect(lines[1] == "method         cb accuracy   cb macro-f1  cola matthews")
        #expect(lines[3] == "finetune  85.00 ± 7.07 (2)  50.00 (1/2!)        – (0/2)")
    }

    @Test func `a narrow terminal gets the columns in blocks`() throws {
        let lines = try table().rendered(.text, width: 30).split(separator: "\n").map(String.init)
        #expect(lines[2] == "method         cb accuracy")
        #expect(lines[6] == "method    cola matthews")
        #expect(lines.allSatisfy { $0.count <= 30 })
    }

    @Test func `a sweep that is complete says only why nothing is marked`() throws {
        let sample = try Sample()
        let records = sample.plan.stages.map { stage in
            Sample.finished(stage.key, [.accuracy, .matthews].map { Score(split: .dev, metric: $0, value: 0.5) })
        }
        let table = ResultTable(SweepSnapshot(sample.plan, records))
        #expect(table.isComplete)
        #expect(
            table.rendered(.text) == """
                small on tiny: percent, mean ± standard deviation (seeds)

                method         cb accuracy     cola matthews
                ────────  ────────────────  ────────────────
                finetune  50.00 ± 0.00 (2)  50.00 ± 0.00 (2)
                eh_ft     50.00 ± 0.00 (2)  50.00 ± 0.00 (2)

                no method is marked as best: over 2 seeds a paired test cannot go below p = 0.5, or 1 after Holm's
                correction for 2 columns; 7 seeds are the fewest that could show anything
                p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval:
                37.33 … 62.67 around 50.00 on cb (56 examples); what the examples add to cola matthews (1043
                examples) would take predictions, which `measure: [predictions]` keeps.
                """)
    }

    @Test func `markdown`() throws {
        #expect(
            try table().rendered(.markdown) == """
                | method | cb accuracy | cola matthews |
                | --- | ---: | ---: |
                | finetune | 85.00 ± 7.07 (2) | – (0/2) |
                | eh_ft | 75.00 (1/2!) | – (0/2) |

                n/m: n of m seeds have a score so far; !: some have ended without one, `headstart status` says why

                no method is marked as best: \
                over 1 seed a paired test cannot go below p = 1; 6 seeds are the fewest that could show anything

                p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: \
                73.43 … 92.07 around 85.00 on cb (56 examples).
                """)
    }

    @Test func `csv has a line for each task, metric and method`() throws {
        #expect(
            try table(allMetrics: true).rendered(.csv) == """
                task,metric,method,mean,deviation,finished,failed,seeds,undefined
                cb,accuracy,finetune,85.00,7.07,2,0,2,0
                cb,accuracy,eh_ft,75.00,,1,1,2,0
                cb,macro-f1,finetune,50.00,,1,1,2,0
                cb,macro-f1,eh_ft,,,0,2,2,0
                cola,matthews,finetune,,,0,0,2,0
                cola,matthews,eh_ft,,,0,0,2,0
                """)
    }

    @Test func `latex escapes names`() throws {
        #expect(
            try table().rendered(.latex) == #"""
                % small on tiny: percent, mean ± standard deviation (seeds)
                % n/m: n of m seeds have a score so far; !: some have ended without one, `headstart status` says why
                % no method is marked as best: \#
                over 1 seed a paired test cannot go below p = 1; 6 seeds are the fewest that could show anything
                % p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: \#
                73.43 … 92.07 around 85.00 on cb (56 examples).
                \begin{tabular}{lrr}
                \toprule
                method & cb accuracy & cola matthews \\
                \midrule
                finetune & $85.00 \pm 7.07$ & -- (0/2) \\
                eh\_ft & $75.00$ (1/2!) & -- (0/2) \\
                \bottomrule
                \end{tabular}
                """#)
    }

    @Test func `names that would break a format are quoted`() throws {
        let sample = try Sample(methods: [#"a,"b"|&"#])
        let table = ResultTable(SweepSnapshot(sample.plan, []))
        #expect(table.rendered(.csv).contains(#"cb,accuracy,"a,""b""|&",,,0,0,2,0"#))
        #expect(table.rendered(.markdown).contains(#"| a,"b"\|& | – (0/2) |"#))
        #expect(table.rendered(.latex).contains(#"a,"b"|\& & --"#))
    }

    @Test func `json has every score by itself, and null where there is none`() throws {
        let rows = ResultRows(try Sample().underWay)
        #expect(rows.rows.count == 2 * 2 * 2 + 2 * 2, "cb has two metrics")
        let json = String(decoding: try CanonicalJSON.encode(rows), as: UTF8.self)
        let keys = try Sample().keys("cb", "finetune")
        #expect(
            json.hasPrefix(
                #"{"constants":[],"rows":[{"chosen":{},"examples":56,"fold":null,"isUndefined":false,"key":"\#(keys[0])","method":"finetune","#
                    + #""metric":"accuracy","onlyLabel":null,"scoredOn":"cb","seed":1,"split":"dev","state":"finished","task":"cb","value":0.8},"#
            ))
        #expect(
            json.contains(
                #""metric":"macro-f1","onlyLabel":null,"scoredOn":"cb","seed":2,"split":"dev","state":"finished","task":"cb","value":null}"#
            ))
        #expect(json.contains(#""state":"failed","task":"cb","value":null}"#))
        #expect(json.contains(#""state":"running","task":"cola","value":null}"#))
    }

    @Test func `a score that is not a number counts as missing`() throws {
        let sample = try Sample()
        let key = sample.keys("cb", "finetune")[0]
        let snapshot = SweepSnapshot(sample.plan, [Sample.finished(key, [Sample.accuracy(.nan)])])
        #expect(ResultRows(snapshot).rows[0].value == nil)
        #expect(ResultTable(snapshot).cells[0][0].summary == nil)
    }

    @Test func `predictions that were kept say what the examples add to any score`() throws {
        let sample = try Sample()
        let keys = sample.keys("cola", "finetune")
        let expected = (0..<1043).map { $0 % 3 == 0 ? 0.0 : 1.0 }
        // The second run is right wherever the first one is. NumPy has 63.7 and 71.9 for their mean.
        let runs = [5, 10].map { every in
            expected.enumerated().map { $0.offset % every == 0 ? 1 - $0.element : $0.element }
        }
        let records = keys.map { Sample.finished($0, [Score(split: .dev, metric: .matthews, value: 0.5)]) }
        func note(_ kept: ArraySlice<StageKey>) -> String {
            var snapshot = SweepSnapshot(sample.plan, records)
            for (key, run) in zip(kept, runs) {
                snapshot.predictions[key] = .init(predicted: run.map { [$0] }, expected: expected.map { [$0] })
            }
            return ResultTable(snapshot).rendered(.text, width: 1000)
        }
        #expect(note(keys[...]).contains("add a bootstrap 95 % interval: 63.70 … 71.77 around 50.00 on cola matthews"))
        #expect(note(keys[..<1]).contains("to cola matthews (1043 examples) would take predictions"))
    }

    @Test func `a plan of an older store does not count its examples, and the table says so`() throws {
        let sample = try Sample(counted: false)
        let key = sample.keys("cb", "finetune")[0]
        let table = ResultTable(SweepSnapshot(sample.plan, [Sample.finished(key, [Sample.accuracy(0.8)])]))
        #expect(
            table.rendered(.text, width: 1000).hasSuffix(
                "± speaks of the seeds alone; the examples of cb are not counted in this plan, and will be when the sweep "
                    + "is run again."))
        let json = String(decoding: try CanonicalJSON.encode(table.evaluation), as: UTF8.self)
        #expect(
            json
                == #"[{"examples":null,"interval":null,"intervalKind":null,"mean":0.8,"metric":"accuracy","task":"cb"}]"#
        )
    }
}
