import Experiments
import Files
import Numerics
import Reports
import Statistics
import Testing

/// Tables and comparisons over the folds of a task.
struct FoldReportTests {
    private let folds = 5

    /// A sweep of two methods on a task with folds and, where asked for, on one without.
    /// - Parameter score: by method, fold (0 without) and seed.
    private func snapshot(
        methods: [String] = ["finetune", "bitfit"], seeds: [UInt64] = [1, 2], besides: [PlannedTask] = [],
        test: DataFiles? = nil, _ score: (String, Int, UInt64) -> Double?
    ) throws -> SweepSnapshot {
        let definition = TaskDefinition(
            name: "own", train: "train", dev: nil, folds: folds, test: test, format: .tsv, text: .name("text"),
            label: .name("label"),
            labels: ["a", "b"], metrics: [.accuracy])
        let tasks = definition.trained.enumerated().map { place, fold in
            PlannedTask(
                definition: fold, content: Digest(of: Array(fold.name.utf8)), trainCount: 80, devCount: 20,
                constant: ConstantPrediction(
                    label: "a", scores: [Score(split: .dev, metric: .accuracy, value: 0.5 + 0.05 * Double(place))]))
        }
        let sample = try Sample(methods: methods, seeds: seeds, tasks: tasks + besides)
        let records = sample.plan.rows.compactMap { row in
            row.stages.last.flatMap { key in
                score(row.method, row.fold?.number ?? 0, row.seed).map { value in
                    Sample.finished(
                        key, [.dev, .test].map { Score(split: $0, metric: .accuracy, value: value) })
                }
            }
        }
        return SweepSnapshot(sample.plan, records)
    }

    private let scores = { (method: String, fold: Int, seed: UInt64) -> Double? in
        0.7 + 0.02 * Double(fold) + 0.001 * Double(seed) + (method == "bitfit" ? 0.01 + 0.002 * Double(fold % 3) : 0)
    }

    @Test func `folds are one column, whose note says what they are`() throws {
        let text = try ResultTable(snapshot(scores)).rendered(.text, width: 1000)
        #expect(text.hasPrefix("small on tiny: percent, mean ± standard deviation (seeds × folds)\n"))
        for part in [
            "76.15 ± 2.98 (10)", "*77.39 ± 3.02 (10)", "(majority class)", "60.00",
            "*: better than the next best beyond noise (corrected resampled t-test over the folds, p < 0.05)",
            "own in 5 folds: each fold is scored on once, after training on the others; what two trainings share is reckoned "
                + "with by the corrected resampled t-test (Nadeau and Bengio 2003), in which the mean over a fold's seeds "
                + "counts once; 95 % intervals of the best means: 71.43 … 83.35 around 77.39 on own accuracy",
        ] { #expect(text.contains(part), "\(text)") }
        #expect(!text.contains("seeds alone") && !text.contains("permutation"))
    }

    @Test func `on a test file that all folds share nothing is told apart`() throws {
        let table = try ResultTable(snapshot(test: "test", scores), split: .test)
        #expect(table.leaders == [.alone])
        let text = table.rendered(.text, width: 1000)
        #expect(text.contains("76.15 ± 2.98 (10)") && text.contains("77.39 ± 3.02 (10)"), "\(text)")
        #expect(text.contains("own in 5 folds: the models of all folds are scored on the same test file"), "\(text)")
        #expect(!text.contains("*") && !text.contains("intervals") && !text.contains("resampled"), "\(text)")
    }

    @Test func `every seed of every fold has a line`() throws {
        let listing = try SeedListing(snapshot(scores))
        let csv = listing.rendered(.csv).split(separator: "\n")
        #expect(csv.count == 1 + 2 * 5 * 2)
        #expect(csv[1].hasPrefix("small,own,accuracy,finetune,1,1,own,dev,0.721,"), "\(csv)")
        let text = listing.rendered(.text, width: 200)
        #expect(text.contains("task  metric    method    fold  seed"), "\(text)")
    }

    @Test func `methods are compared over folds by the corrected test`() throws {
        let comparison = try MethodComparison(snapshot(scores), "bitfit", "finetune")
        #expect(comparison.overall.differences.all.count == 10)
        let student = try #require(comparison.overall.student)
        #expect(student.degreesOfFreedom == 4)
        // Folds differ by 0.012, 0.014, 0.01, 0.012 and 0.014: SciPy's 2 * t.sf(mean / sqrt(0.45 * var), 4).
        #expect(abs(comparison.overall.test.pValue - 0.000381807696278) < 1e-9)
        #expect(comparison.verdict.hasPrefix("'bitfit' is better than 'finetune' beyond noise"))
        let lines = comparison.rendered(.text, width: 400).split(separator: "\n")
        #expect(
            lines[0]
                == "small on tiny: bitfit less finetune, over the folds and seeds that both have; percentage points")
        #expect(
            lines.contains {
                $0.hasPrefix("p over folds: two-sided corrected resampled t-test (Nadeau and Bengio 2003)")
            })
        #expect(!lines.contains { $0.contains("seeds alone") || $0.contains("permutation") })
        #expect(
            comparison.rendered(.csv).hasPrefix(
                "task,metric,fold,seed,bitfit,finetune,difference\nown,accuracy,1,1,73.30,72.10,1.20\n"))
        let json = String(decoding: try CanonicalJSON.encode(comparison), as: UTF8.self)
        #expect(json.contains(#""intervalMethod":"corrected-t""#) && json.contains(#""fold":1"#))
    }

    @Test func `beside a task without folds both tests are named`() throws {
        let besides = [Sample.task("cb", metrics: [.accuracy])]
        let snapshot = try snapshot(seeds: Array(1...8), besides: besides) { method, fold, seed in
            0.7 + 0.01 * Double((Int(seed) * 7 + fold * 3) % 5) + (method == "bitfit" ? 0.005 * Double(seed % 3) : 0)
        }
        let comparison = try MethodComparison(snapshot, "bitfit", "finetune")
        #expect(comparison.tasks.map(\.evidence.student?.degreesOfFreedom) == [4, nil])
        #expect(comparison.overall.student != nil)
        let text = comparison.rendered(.text, width: 1000)
        #expect(text.contains("p: two-sided paired permutation test") && text.contains("p over folds:"))
        let table = ResultTable(snapshot).rendered(.text, width: 1000)
        #expect(
            table.contains(
                "paired permutation test over the seeds, corrected resampled t-test over the folds, p < 0.05"))
        #expect(table.contains("around") && table.contains("on cb (50 examples)"))
        let pairs = try PairwiseComparison(snapshot, ["bitfit", "finetune"]).verdict
        #expect(!pairs.contains("fewest"), "that is of the permutation test")
    }

    @Test func `a fold without a score is named, and one fold shows nothing`() throws {
        let partial = try MethodComparison(
            snapshot { $0 == "bitfit" && $1 == 3 && $2 == 2 ? nil : scores($0, $1, $2) }, "bitfit", "finetune")
        #expect(partial.leftOut.map { "\($0.task) \($0.fold ?? 0) \($0.seed)" } == ["own 3 2"])
        #expect(
            partial.rendered(.text, width: 1000).contains(
                "Left out, as one of the two has no score: own fold 3 seed 2."))
        let one = try MethodComparison(snapshot { $1 == 1 ? scores($0, $1, $2) : nil }, "bitfit", "finetune")
        #expect(one.overall.test.pValue == 1)
        #expect(one.verdict == "Within noise: there are too few folds with scores to know how much they vary.")
    }

    /// How often neither method is better and one is marked all the same: 5 in 100, give or take 1.5.
    @Test func `a table marks chance as the best in 5 of 100 sweeps`() {
        let marked = (0..<1000).count { trial in
            let column = (0..<2).map { method in nullScores(trial, method) }
            if case .shown = Leader.leaders(of: [column])[0] { return true }
            return false
        }
        #expect((35...65).contains(marked), "\(marked) of 1000")
    }

    /// Scores of 5 folds with 3 seeds, whose means have in common what training sets share.
    private func nullScores(_ trial: Int, _ method: Int) -> [Repetition: Double] {
        let random = CounterRandom(seed: 11, purpose: Purpose.scores, step: method, example: trial)
        let pairs = (1...folds).flatMap { fold in
            (1...3).map { seed in
                let mean = (0.2).squareRoot() * random.normal(0) + (0.8).squareRoot() * random.normal(fold)
                return (Repetition(fold: Fold(fold, of: folds), seed: UInt64(seed)), mean)
            }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private enum Purpose: UInt32 { case scores }

    @Test func `classes are counted over all folds`() throws {
        let plan = try snapshot(scores).plan
        let said = { (row: SweepRow) in Array(repeating: 0, count: 10 + (row.fold?.number ?? 0)) + [1] }
        let records = plan.rows.compactMap { row in
            row.stages.last.map { key in
                Sample.finished(
                    key, [Sample.accuracy(0.5)],
                    confusion: Confusion(predicted: said(row), expected: said(row)))
            }
        }
        let report = ClassReport(SweepSnapshot(plan, records))
        #expect(report.entries.map(\.cell.task) == ["own", "own"])
        #expect(report.entries[0].classes.map(\.examples) == [11 + 12 + 13 + 14 + 15, 5])
    }
}
