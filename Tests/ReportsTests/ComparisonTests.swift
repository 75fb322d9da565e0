import Experiments
import Files
import Reports
import Testing

struct ComparisonTests {
    /// A sweep of finetune and eh_ft on cb and cola, with these accuracies and Matthews correlations by seed; nil where
    /// a seed has no score yet.
    private func snapshot(
        _ scores: [String: [String: [Double?]]], methods: [String] = ["finetune", "eh_ft"], seeds: Int
    ) throws -> SweepSnapshot {
        let sample = try Sample(methods: methods, seeds: (1...UInt64(seeds)).map { $0 })
        var records: [StageRecord] = []
        for row in sample.plan.rows {
            guard let key = row.stages.last, let score = scores[row.task]?[row.method]?[Int(row.seed) - 1] else {
                continue
            }
            let metric: Metric = row.task == "cb" ? .accuracy : .matthews
            records.append(Sample.finished(key, [Score(split: .dev, metric: metric, value: score)]))
        }
        return SweepSnapshot(sample.plan, records)
    }

    private var twoTasks: SweepSnapshot {
        get throws {
            try snapshot(
                [
                    "cb": ["finetune": [0.80, 0.82, 0.81, 0.79], "eh_ft": [0.82, 0.84, 0.80, 0.83]],
                    "cola": ["finetune": [0.40, 0.41, nil, 0.43], "eh_ft": [0.42, 0.40, 0.43, 0.43]],
                ], seeds: 4)
        }
    }

    @Test func `scores are paired over seeds within tasks`() throws {
        let comparison = try MethodComparison(twoTasks, "eh_ft", "finetune")
        #expect(comparison.tasks.map(\.task) == ["cb", "cola"])
        #expect(comparison.tasks[1].pairs.map(\.seed) == [1, 2, 4])
        #expect(comparison.leftOut.map { "\($0.task) \($0.seed)" } == ["cola 3"])
        #expect(comparison.overall.differences.all.count == 7)
        #expect(comparison.overall.differences.wins == 4)
        // scipy.stats.permutation_test of 2, 2, -1, 4, 2, -1 and 0 points.
        #expect(comparison.overall.test.pValue == 0.21875)
        let other = try MethodComparison(twoTasks, "finetune", "eh_ft")
        #expect(abs(comparison.overall.differences.mean + other.overall.differences.mean) < 1e-15, "but for rounding")
    }

    @Test func `the comparison is a table with its meaning below`() throws {
        let lines = try MethodComparison(twoTasks, "eh_ft", "finetune").rendered(.text, width: 1000)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count == 13)
        #expect(lines[0] == "small on tiny: eh_ft less finetune, over the seeds that both have; percentage points")
        #expect(lines[2] == "task           pairs  eh_ft  finetune  difference  95 % interval  w/l/t      p")
        #expect(lines[4] == "cb accuracy        4  82.25     80.50       +1.75      unbounded  3/1/0   0.25")
        #expect(lines[5] == "cola matthews      3  41.67     41.33       +0.33      unbounded  1/1/1      1")
        #expect(lines[6] == "all                7                        +1.14  -1.00 … +3.00  4/2/1  0.219")
        #expect(
            lines[8]
                == "Within noise: if the difference is what it seems, about 21 pairs, 11 seeds on each task, would "
                + "show it four times in five.")
        #expect(
            lines[9]
                == "p: two-sided paired permutation test of the differences' signs, all patterns counted. Interval: the "
                + "differences that this test does not reject. The p of a single task is not corrected for their number. "
                + "w/l/t: wins, losses and ties of eh_ft.")
        #expect(
            lines[10] == "unbounded: with fewer than 6 pairs the test rejects no difference, however large.")
        #expect(
            lines[11]
                == "p and the interval speak of the seeds alone; the examples of the evaluation set add a binomial 95 % "
                + "interval: 70.28 … 90.08 around 82.25 on cb (56 examples); what the examples add to cola matthews (1043 "
                + "examples) would take predictions, which `measure: [predictions]` keeps.")
        #expect(lines[12] == "Left out, as one of the two has no score: cola seed 3.")
    }

    @Test func `the bootstrap is an option, which says what it is`() throws {
        let comparison = try MethodComparison(twoTasks, "eh_ft", "finetune", intervals: .bootstrap)
        #expect(comparison.tasks.allSatisfy { $0.evidence.interval != nil })
        let text = comparison.rendered(.text, width: 1000)
        #expect(text.contains("percentile bootstrap") && !text.contains("unbounded"))
        #expect(comparison.verdict == (try MethodComparison(twoTasks, "eh_ft", "finetune").verdict), "p decides")
    }

    @Test func `a few pairs cannot show anything, and are told so`() throws {
        let scores = ["cb": ["finetune": [0.80, 0.82, 0.81, 0.79], "eh_ft": [0.82, 0.84, 0.83, 0.83]]]
        let comparison = try MethodComparison(snapshot(scores, seeds: 4), "eh_ft", "finetune")
        #expect(comparison.overall.test.pValue == 0.125)
        #expect(
            comparison.verdict
                == "4 pairs can never go below p = 0.125, so noise cannot be ruled out: if the difference is what it "
                + "seems, about 6 seeds would show it four times in five.")
    }

    @Test func `what is beyond noise is said to be`() throws {
        let base = [0.80, 0.82, 0.81, 0.79, 0.80, 0.78, 0.81]
        let scores: [String: [String: [Double?]]] = ["cb": ["finetune": base, "eh_ft": base.map { $0 + 0.02 }]]
        let comparison = try MethodComparison(snapshot(scores, seeds: 7), "finetune", "eh_ft")
        #expect(
            comparison.verdict
                == "'eh_ft' is better than 'finetune' beyond noise: were neither better, chance would make a "
                + "difference this large in 1.6 % of such comparisons.")
    }

    @Test func `equal scores tell nothing apart`() throws {
        let scores: [String: [String: [Double?]]] = ["cb": ["finetune": [0.8, 0.9], "eh_ft": [0.8, 0.9]]]
        let comparison = try MethodComparison(snapshot(scores, seeds: 2), "finetune", "eh_ft")
        #expect(
            comparison.verdict == "'finetune' and 'eh_ft' have the same score in 2 pairs: nothing tells them apart.")
    }

    @Test func `what cannot be compared is one sentence`() throws {
        let snapshot = try twoTasks
        let told = { (first: String, second: String) in
            do throws(ComparisonError) {
                _ = try MethodComparison(snapshot, first, second)
                return "nothing"
            } catch {
                return "\(error)"
            }
        }
        #expect(told("eh-ftt", "finetune") == "sweep 'small' has no method 'eh-ftt'; did you mean 'eh_ft'?")
        #expect(told("eh_ft", "eh_ft") == "'eh_ft' cannot be compared with itself; name two methods")
        let empty = try Sample()
        #expect(throws: ComparisonError.self) {
            try MethodComparison(SweepSnapshot(empty.plan, []), "eh_ft", "finetune")
        }
    }

    @Test func `json has every pair and no missing key`() throws {
        let json = String(
            decoding: try CanonicalJSON.encode(MethodComparison(twoTasks, "eh_ft", "finetune")), as: UTF8.self)
        #expect(json.contains(#""first":"eh_ft","leftOut":[{"seed":3,"task":"cola"}],"model":"tiny""#))
        #expect(json.contains(#"{"first":0.42,"second":0.4,"seed":1}"#))
        #expect(json.contains(#""draws":null"#))
        #expect(json.contains(#""interval":null,"intervalMethod":"permutation""#))
        #expect(json.contains(#""evaluation":[{"examples":56,"interval":[0.70"#))
    }

    @Test func `csv has a line for each pair`() throws {
        let lines = try MethodComparison(twoTasks, "eh_ft", "finetune").rendered(.csv).split(separator: "\n")
        #expect(lines[0] == "task,metric,seed,eh_ft,finetune,difference")
        #expect(lines[1] == "cb,accuracy,1,82.00,80.00,2.00")
        #expect(lines.count == 8)
    }

    /// eh_ft always beats the others, by two points or one, and bitfit is now above, now below finetune.
    private func threeMethods(seeds: Int) throws -> PairwiseComparison {
        let methods = ["finetune", "bitfit", "eh_ft"]
        let base = (0..<seeds).map { 0.80 + 0.01 * Double($0 % 3) }
        let scores: [String: [String: [Double?]]] = [
            "cb": [
                "finetune": base, "bitfit": base.enumerated().map { $1 + ($0 % 2 == 0 ? 0.01 : -0.008) },
                "eh_ft": base.map { $0 + 0.02 },
            ]
        ]
        return try PairwiseComparison(
            snapshot(scores, methods: methods, seeds: seeds), ["eh_ft", "finetune", "bitfit"])
    }

    @Test func `of three methods all pairs are compared, corrected for their number`() throws {
        let comparison = try threeMethods(seeds: 8)
        #expect(
            comparison.comparisons.map { "\($0.first) \($0.second)" }
                == ["eh_ft finetune", "eh_ft bitfit", "finetune bitfit"])
        // Eight that differ in one direction: 2 / 256.
        #expect(comparison.corrected[0] == 3 * 2 / 256.0 && comparison.corrected[1] == 3 * 2 / 256.0)
        #expect(comparison.corrected[2] == comparison.comparisons[2].overall.test.pValue)
        let lines = comparison.rendered(.text, width: 1000).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(
            lines[0]
                == "small on tiny: each pair of 3 methods, the first less the second, over the tasks and seeds that both "
                + "have; percentage points")
        #expect(lines[2] == "first     second    pairs  difference  95 % interval  w/l/t        p  p (Holm)")
        #expect(lines[4] == "eh_ft     finetune      8       +2.00  +2.00 … +2.00  8/0/0  0.00781    0.0234")
        #expect(lines[6].hasPrefix("finetune  bitfit        8       -0.10  "))
        #expect(
            lines[8]
                == "Beyond noise, corrected for 3 comparisons: 'eh_ft' is better than 'finetune' (p = 0.0234), 'eh_ft' is "
                + "better than 'bitfit' (p = 0.0234); the others are within it.")
        #expect(lines.dropLast().last?.hasPrefix("p and the interval speak of the seeds alone; ") == true)
        #expect(lines.last == "Seeds that one of the two has no score of are left out.", "cola has none")
    }

    @Test func `with three seeds all pairs are told how many would be needed`() throws {
        #expect(
            try threeMethods(seeds: 3).verdict
                == "Noise cannot be ruled out: over 3 pairs a paired test cannot go below p = 0.25, or 0.75 after Holm's "
                + "correction for 3 comparisons; 7 pairs are the fewest that could show anything.")
        #expect(try threeMethods(seeds: 6).verdict.contains("cannot go below p = 0.0312, or 0.0938 after"))
        #expect(try threeMethods(seeds: 7).verdict.hasPrefix("Beyond noise"))
    }

    @Test func `all pairs are in csv and json`() throws {
        let comparison = try threeMethods(seeds: 8)
        let lines = comparison.rendered(.csv).split(separator: "\n")
        #expect(lines[0] == "first,second,pairs,difference,low,high,wins,losses,ties,p,p-holm")
        #expect(lines[1] == "eh_ft,finetune,8,2.00,2.00,2.00,8,0,0,0.00781,0.0234")
        #expect(lines.count == 4)
        let json = String(decoding: try CanonicalJSON.encode(comparison), as: UTF8.self)
        #expect(json.contains(#""correctedPValue":0.0234375"#))
        #expect(json.contains(#""methods":["eh_ft","finetune","bitfit"]"#))
    }
}

struct LeaderTests {
    private func seeds(_ scores: [Double]) -> [Repetition: Double] {
        Dictionary(uniqueKeysWithValues: scores.enumerated().map { (Repetition(seed: UInt64($0)), $1) })
    }

    private let base = [0.80, 0.82, 0.81, 0.79, 0.80, 0.78]

    @Test func `a method that always wins leads from six seeds on`() {
        let better = seeds(base.map { $0 + 0.01 })
        #expect(Leader.leaders(of: [[seeds(base), better]]) == [.shown(1)])
        #expect(Leader.leaders(of: [[seeds(Array(base.prefix(5))), better]]) == [.open(seeds: 5)])
        #expect(Leader.leaders(of: [[seeds(base), [:]]]) == [.alone])
    }

    @Test func `the best is held against the next alone`() {
        let close = base.enumerated().map { $1 + ($0 % 2 == 0 ? 0.02 : -0.01) }
        #expect(
            Leader.leaders(of: [[seeds(base), seeds(close), seeds(base.map { $0 - 0.3 })]]) == [.open(seeds: 6)])
    }

    @Test func `the more columns, the more it takes to lead one`() {
        let column = { (pairs: Int) in
            let scores = (0..<pairs).map { 0.8 + 0.01 * Double($0 % 3) }
            return [self.seeds(scores), self.seeds(scores.map { $0 + 0.01 })]
        }
        let sure = column(6)
        #expect(Leader.leaders(of: [sure, sure]) == [.open(seeds: 6), .open(seeds: 6)], "2 · 2/64 is 0.0625")
        #expect(Leader.leaders(of: [sure, [[:], seeds(base)]]) == [.shown(1), .alone], "one column to compare")
        #expect(Leader.leaders(of: [column(7), column(7)]) == [.shown(1), .shown(1)])
        // Holm's second step: where the first column is shown, the second has no other beside it.
        #expect(Leader.leaders(of: [sure, column(7)]) == [.shown(1), .shown(1)])
    }

    @Test func `a leader is marked in every form`() throws {
        let sample = try Sample(seeds: [1, 2, 3, 4, 5, 6, 7])
        let records = sample.plan.rows.compactMap { row in
            row.stages.last.map { key in
                let bonus = row.method == "eh_ft" && row.task == "cb" ? 0.1 : 0
                let value = 0.5 + 0.01 * Double(row.seed) + bonus
                return Sample.finished(
                    key, [.accuracy, .matthews].map { Score(split: .dev, metric: $0, value: value) })
            }
        }
        let table = ResultTable(SweepSnapshot(sample.plan, records))
        #expect(table.rendered(.text).contains("eh_ft     *64.00 ± 2.16 (7)"))
        #expect(table.rendered(.markdown).contains("| eh_ft | **64.00 ± 2.16** (7) | 54.00 ± 2.16 (7) |"))
        #expect(table.rendered(.latex).contains(#"eh\_ft & $\mathbf{64.00 \pm 2.16}$ & $54.00 \pm 2.16$"#))
        #expect(
            table.rendered(.text, width: 300).hasSuffix(
                """
                *: better than the next best beyond noise (paired permutation test over the seeds, p < 0.05 after \
                Holm's correction for the table's 2 columns); elsewhere the best is not told apart
                p and ± speak of the seeds alone; the examples of the evaluation set add a binomial 95 % interval: \
                50.91 … 75.30 around 64.00 on cb (56 examples); what the examples add to cola matthews (1043 examples) \
                would take predictions, which `measure: [predictions]` keeps.
                """))
    }
}
