import Experiments
import Files
import Reports
import Testing

struct AnalysisTests {
    private func run(_ method: String, seed: UInt64, distance: Double) -> MeasuredRun {
        var log = StageLog(measures: [.weightDistance, .generalizationGap])
        log.weightDistance = [
            .init(step: 0, backbone: 0, head: 0), .init(step: 50, backbone: distance / 2, head: 1),
            .init(step: 100, backbone: distance, head: 2),
        ]
        log.weightMagnitudes = .init(below: 10, counts: [0, 5, 5])
        log.generalizationGap = .init(train: 1, dev: 0.75)
        return MeasuredRun(
            task: "cb", method: method, seed: seed, key: StageKey(rawValue: Digest(of: [UInt8(seed)])), log: log,
            headFeatures: nil)
    }

    private var runs: [MeasuredRun] {
        [
            run("finetune", seed: 1, distance: 4), run("finetune", seed: 2, distance: 6),
            run("eh-ft/2", seed: 1, distance: 3),
        ]
    }

    @Test func `a table has means and deviations over the seeds`() throws {
        let table = try #require(MeasureTable(.weightDistance, of: runs))
        #expect(
            table.text(width: 200) == """
                weight-distance: L2 distance of what moves from the pretrained values

                task  method    backbone, half way  backbone, end  head, end  seeds
                ────  ────────  ──────────────────  ─────────────  ─────────  ─────
                cb    finetune       2.500 ± 0.707  5.000 ± 1.414      2.000      2
                cb    eh-ft/2                1.500          3.000      2.000      1
                """)
        #expect(MeasureTable(.convergence, of: runs) == nil)
    }

    @Test func `scores are in percent or in their own unit, and the best of an error is the least`() throws {
        var log = StageLog(measures: [.heldOut])
        log.heldOut = [0.5, 0.25, nil, 0.75].enumerated().map {
            .init(step: $0, trainingLoss: 1, loss: 2, score: $1)
        }
        let table = { (metric: Metric) in
            let run = MeasuredRun(
                task: "sts", method: "one", seed: 1, key: StageKey(rawValue: Digest(of: [1])), metric: metric, log: log)
            let lines = try #require(MeasureTable(.heldOut, of: [run])).text(width: 200).split(separator: "\n")
            return String(try #require(lines.last))
        }
        #expect(try table(.pearson).hasSuffix("1.000          2.000   75.0        75.0      1"))
        #expect(try table(.rmse).hasSuffix("1.000          2.000  0.7500      0.2500      1"))
    }

    @Test func `a curve is the mean over the seeds, and its band their deviation`() throws {
        let plots = Plot.all(.weightDistance, of: runs) { _ in nil }
        #expect(plots.map(\.name) == ["weight-distance-cb", "weight-magnitudes-cb"])
        let script = plots[0].script(.pdf, to: "out's.pdf")
        #expect(script.contains("set output 'out''s.pdf'"))
        #expect(script.contains("100.0 5.0 3.585786437626905 6.414213562373095"))
        #expect(script.contains("title 'eh-ft/2'"))
        #expect(plots[1].script(.svg, to: "a.svg").contains("set logscale x"))
    }

    @Test func `the stages of a method are one curve, the second after the first`() throws {
        let stages = [("lp-ft/1", 0), ("lp-ft/2", 100)].map { method, before in
            MeasuredRun(
                task: "cb", method: method, series: "lp-ft", stepsBefore: before, seed: 1,
                key: StageKey(rawValue: Digest(of: [UInt8(before)])), log: run(method, seed: 1, distance: 4).log)
        }
        let script = try #require(
            Plot.all(.weightDistance, of: runs + stages) { _ in nil }.first
        ).script(.svg, to: "a.svg")
        #expect(script.contains("$panel0curve2part0 << END\n0.0 0.0 0.0 0.0\n50.0 2.0"))
        #expect(script.contains("$panel0curve2part1 << END\n100.0 0.0 0.0 0.0\n150.0 2.0"))
        #expect(script.contains("$panel0curve2part0 using 1:2 with lines lw 2 lc rgb '#009E73' title 'lp-ft'"))
        #expect(script.contains("$panel0curve2part1 using 1:2 with lines lw 2 lc rgb '#009E73' notitle"))
    }

    /// - Parameter steps: where there are more than 500, a point is the mean of two of them.
    private func trained(seed: UInt64, steps: Int) -> MeasuredRun {
        var curve = TrainingCurve()
        for step in 1...steps {
            curve.add(
                .init(
                    step: step, loss: Double(step) * Double(seed), learningRate: 1e-3, gradientNorm: 2, tokens: 8,
                    seconds: 0.25))
        }
        let evaluation = Evaluation(
            step: 200, epoch: 1, trainingLoss: 1, scores: [Score(split: .dev, metric: .accuracy, value: 0.75)])
        return MeasuredRun(
            task: "cb", method: "bitfit", seed: seed, key: StageKey(rawValue: Digest(of: [UInt8(seed)])),
            log: StageLog(measures: []), curves: StageCurves(training: curve, evaluations: [evaluation]))
    }

    @Test func `what is kept of every stage is drawn without having been asked for`() throws {
        let runs = [trained(seed: 1, steps: 400), trained(seed: 3, steps: 600)]
        let plots = Plot.training(of: runs + self.runs)
        #expect(plots.map(\.name) == ["training-cb", "training-steps-cb"])
        let script = plots[0].script(.svg, to: "a.svg")
        // Both seeds in points of two steps: (1 + 2) / 2 of the one, and three times that of the other.
        #expect(script.contains("$panel0curve0part0 << END\n2.0 3.0 "))
        #expect(script.contains("\n400.0 799.0 ") && !script.contains("\n402.0"))
        #expect(script.contains("$panel1curve0part0 << END\n200.0 75.0 75.0 75.0\nEND"))
        #expect(plots[1].script(.svg, to: "a.svg").contains("\n400.0 0.001"))
        let table = try #require(MeasureTable(trainingOf: [runs[1]]))
        #expect(
            table.text(width: 200).hasSuffix("cb    bitfit    600  1798.500                  2.000        32      1"))
        #expect(MeasureTable(trainingOf: self.runs) == nil && Plot.training(of: self.runs).isEmpty)
    }

    @Test func `bars stand for methods`() throws {
        let script = try #require(Plot.all(.generalizationGap, of: runs) { _ in nil }.first).script(.svg, to: "a.svg")
        #expect(script.contains("set xtics ('finetune' 0, 'eh-ft/2' 1)"))
        #expect(script.contains(" 100.0 0.0"))
        #expect(script.contains(" 75.0 0.0"))
    }
}
