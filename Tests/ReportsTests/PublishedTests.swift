import Experiments
import Files
import Reports
import Testing

struct PublishedTests {
    private static func score(
        _ method: String, _ task: String, _ mean: Double, deviation: Double? = nil,
        _ counterpart: (methods: [String], task: String, metric: String)?
    ) -> PublishedScore {
        PublishedScore(
            model: "roberta-large", method: method, setting: "", task: task, metric: "accuracy", mean: mean,
            deviation: deviation, runs: 4,
            counterpart: counterpart.map { .init(methods: $0.methods, tasks: [$0.task], metric: $0.metric) })
    }

    private static let table = PublishedTable(
        name: "paper/1",
        scores: [
            score("Finetuning", "CB", 94.64, deviation: 1.5, (["finetune"], "cb", "accuracy")),
            score("Finetuning", "QNLI", 94.75, (["finetune"], "qnli", "accuracy")),
            score("EH-FT", "CB", 99.12, (["eh_ft"], "cb", "accuracy")),
            score("Mixout", "CB", 98.66, (["mixout-0.7", "mixout-0.9"], "cb", "accuracy")),
            score("Earlier work", "CB", 98.2, nil),
        ])

    private func comparison() throws -> PublishedComparison {
        PublishedComparison(try Sample().underWay, Self.table)
    }

    @Test func `the paper's numbers stand above ours and the difference`() throws {
        #expect(
            try comparison().rendered(.text) == """
                small on tiny beside paper/1 (roberta-large): percent, mean ± standard deviation (seeds);
                difference: here less paper

                method                       CB accuracy
                ──────────  ──────────  ────────────────
                Finetuning  paper       94.64 ± 1.50 (4)
                finetune    here        85.00 ± 7.07 (2)
                            difference             -9.64
                EH-FT       paper              99.12 (4)
                eh_ft       here             75.00 (1/2)
                            difference            -24.12

                Only in the paper: Mixout; Earlier work.
                Columns only in the paper: QNLI accuracy.
                ± and the differences speak of the seeds alone; the examples of the evaluation set add a binomial 95
                % interval: 73.43 … 92.07 around 85.00 on cb (56 examples).
                """)
    }

    @Test func `of several methods the best is the paper's`() throws {
        let table = PublishedTable(
            name: "paper/2", scores: [Self.score("Best of two", "CB", 90, (["eh_ft", "finetune"], "cb", "accuracy"))])
        let entry = try #require(PublishedComparison(try Sample().underWay, table).entries.first)
        #expect(entry.ours.method == "finetune")
        #expect(abs((entry.difference ?? 0) + 5) < 1e-12, "85 less 90, but for rounding")
    }

    @Test func `every number is in csv and json, with or without a counterpart`() throws {
        let lines = try comparison().rendered(.csv).split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines[1] == "Finetuning,,CB,accuracy,94.64,1.50,4,finetune,85.00,7.07,2,2,-9.64")
        #expect(lines[5] == "Earlier work,,CB,accuracy,98.20,,4,,,,,,")
        let json = String(decoding: try CanonicalJSON.encode(comparison()), as: UTF8.self)
        #expect(json.contains(#""onlyHere":[]"#))
        #expect(
            json.contains(#"{"metric":"accuracy","mean":98.2,"#) || json.contains(#""mean":98.2,"method":"Earlier"#))
    }

    @Test func `a sweep with nothing of the table says so`() throws {
        let table = PublishedTable(name: "paper/3", scores: [Self.score("Earlier work", "CB", 98.2, nil)])
        let text = PublishedComparison(try Sample().underWay, table).rendered(.text)
        #expect(text.contains("The sweep has no method and task of this table."))
        #expect(text.contains("Only in the paper: Earlier work."))
        #expect(text.contains("Only in the sweep: finetune, eh_ft."))
    }

    /// Any number that differs from row to row.
    private static func value(_ row: SweepRow) -> Double {
        let task = row.task == "cb" ? 0.1 : 0.25
        return task * Double(row.seed) * Double(row.seed) + (row.method == "eh_ft" ? 0.07 * Double(row.seed) : 0)
    }

    /// Every row of the sample finished, and a gap of its own measured.
    private func finished() throws -> (SweepSnapshot, [StageKey: StageLog]) {
        let plan = try Sample().plan
        var logs: [StageKey: StageLog] = [:]
        let records = try plan.rows.map { row in
            let (key, value) = (try #require(row.stages.last), Self.value(row))
            var log = StageLog(measures: [.generalizationGap])
            log.generalizationGap = .init(train: 0.5, dev: value)
            logs[key] = log
            return Sample.finished(
                key, [.init(split: .dev, metric: row.task == "cb" ? .accuracy : .matthews, value: value)])
        }
        return (SweepSnapshot(plan, records), logs)
    }

    private func ours(
        _ methods: [String], _ tasks: [String], _ metric: String, _ baselines: [PublishedScore.Baseline]
    ) throws -> PublishedComparison.Ours {
        let (snapshot, logs) = try finished()
        let score = PublishedScore(
            model: "m", method: "Mean", setting: "", task: "average", metric: "difference", mean: 0, deviation: nil,
            runs: 2, counterpart: .init(methods: methods, tasks: tasks, metric: metric, baselines: baselines))
        let table = PublishedTable(name: "paper/4", scores: [score])
        return try #require(PublishedComparison(snapshot, table, logs: logs).entries.first).ours
    }

    @Test func `a mean of differences is taken seed by seed, over the methods and tasks that the sweep has`() throws {
        let rows = try Sample().plan.rows
        let value = { (task: String, method: String, seed: UInt64) in
            Self.value(rows.first { $0.task == task && $0.method == method && $0.seed == seed }!)
        }
        let same = try ours(["eh_ft"], ["cb", "cola", "absent"], "score", [.score(method: "finetune", task: nil)])
        // 0.07 and 0.14, whatever the task.
        #expect(same.method == "eh_ft" && same.finished == 2 && same.seeds == 2)
        #expect(abs((same.summary?.mean ?? 0) - 0.105) < 1e-12)
        #expect(abs((same.summary?.deviation ?? 0) - 0.07 / 2.0.squareRoot()) < 1e-12)
        let other = try ours(
            ["eh_ft", "finetune"], ["cb"], "score",
            [.score(method: "finetune", task: "cola"), .score(method: "eh_ft", task: "cola")])
        let seeds = [1, 2].map { (seed: UInt64) in
            (value("cb", "eh_ft", seed) - value("cola", "finetune", seed) + value("cb", "finetune", seed)
                - value("cola", "eh_ft", seed)) / 2
        }
        #expect(other.method == "2 methods")
        #expect(abs((other.summary?.mean ?? 0) - (seeds[0] + seeds[1]) / 2) < 1e-12)
        let gap = try ours(["eh_ft"], ["cb", "cola"], "generalization-gap", [.nothing])
        let gaps = [1, 2].map { (seed: UInt64) in (value("cb", "eh_ft", seed) + value("cola", "eh_ft", seed)) / 2 - 0.5
        }
        #expect(abs((gap.summary?.mean ?? 0) - (gaps[0] + gaps[1]) / 2) < 1e-12)
    }
}
