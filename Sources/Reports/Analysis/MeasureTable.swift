package import Experiments
import Foundation
import Statistics

/// One measure of a sweep as a table: a line for each task and method, means and standard deviations over the seeds.
package struct MeasureTable {
    private let title: String
    private let figures: [Figure]
    private let methods: [MeasuredMethod]

    /// - Returns: nil where no run has measured it.
    package init?(_ measure: Measure, of runs: [MeasuredRun]) {
        let measured = runs.filter { run in
            // Of features only the distances between stages are figures.
            run.log.measures.contains(measure) && (measure != .features || run.log.featureDistance != nil)
        }
        guard !measured.isEmpty else { return nil }
        (title, figures) = (measure.title, measure.figures)
        methods = MeasuredMethod.grouped(measured)
    }

    /// What is kept of every stage.
    /// - Returns: nil where nothing is.
    package init?(trainingOf runs: [MeasuredRun]) {
        let drawn = runs.filter { $0.curves?.training.isEmpty == false }
        guard !drawn.isEmpty else { return nil }
        title = "training: the curves' last points; gradients before clipping"
        let last = { (figure: @escaping @Sendable (TrainingCurve.Point) -> Double) in
            { @Sendable (run: MeasuredRun) in (run.curves?.training.points.last).map(figure) }
        }
        figures = [
            Figure(of: "steps", digits: 0, last { Double($0.step) }), Figure(of: "loss", last { Double($0.loss) }),
            Figure(of: "norm of the gradients", last { Double($0.gradientNorm) }),
            Figure(of: "tokens/s", digits: 0, last { Double($0.tokensPerSecond) }),
        ]
        methods = MeasuredMethod.grouped(drawn)
    }

    package func text(width: Int) -> String {
        var table = Columns(
            [("task", .left), ("method", .left)] + figures.map { ($0.title, .right) } + [("seeds", .right)])
        for method in methods {
            let cells = figures.map { figure in
                method.spread(figure.value).map { figure.shown($0, method.metric) } ?? "–"
            }
            table.add([method.cell.task, method.cell.method] + cells + ["\(method.runs.count)"])
        }
        return ([title, ""] + table.lines(width: width, fixed: 2)).joined(separator: "\n")
    }
}

/// A column of a table: a number of each run.
private struct Figure: Sendable {
    let title: String
    let digits: Int
    /// Whether it is a score, which has a unit of its own where it is no share.
    let isScore: Bool
    let value: @Sendable (MeasuredRun) -> Double?

    init(_ title: String, digits: Int = 3, _ value: @escaping @Sendable (StageLog) -> Double?) {
        self.init(of: title, digits: digits) { value($0.log) }
    }

    init(of title: String, digits: Int = 3, _ value: @escaping @Sendable (MeasuredRun) -> Double?) {
        self.title = title
        self.digits = digits
        isScore = false
        self.value = value
    }

    /// Of a score, in percent or in its own unit.
    init(score title: String, _ value: @escaping @Sendable (StageLog, Metric) -> Double?) {
        self.title = title
        digits = 1
        isScore = true
        self.value = { run in value(run.log, run.metric).map(run.metric.scaled) }
    }

    func shown(_ spread: Summary, _ metric: Metric) -> String {
        let digits = isScore && !metric.isShare ? 4 : digits
        let number = { (value: Double) in String(format: "%.\(digits)f", value) }
        guard let deviation = spread.deviation, deviation > 0 else { return number(spread.mean) }
        return "\(number(spread.mean)) ± \(number(deviation))"
    }
}

extension Measure {
    fileprivate var title: String {
        switch self {
        case .featureChange: "feature-change: L2 distance of first-token states from the pretrained ones, training set"
        case .featureChangeInStage: "feature-change-in-stage: the same from where they were at the stage's start"
        case .features: "features: L2 distance of first-token states of two stages, training set"
        case .weightDistance: "weight-distance: L2 distance of what moves from the pretrained values"
        case .weightDistanceInStage: "weight-distance-in-stage: the same from where it was at the stage's start"
        case .gradientNorms: "gradient-norms: of the first step, the median and the last step, before clipping"
        case .convergence:
            "convergence: on the training set at the last evaluation; scores in percent or a unit of their own"
        case .heldOut: "held-out: at the last evaluation; scores in percent or a unit of their own"
        case .headFeatures: "head-features: how many examples have theirs kept; the pictures show them"
        case .headFeaturesAtStart: "head-features-at-start: how many examples have theirs kept"
        case .generalizationGap: "generalization-gap: the task's first metric, in percent"
        case .predictions: "predictions: how many examples have theirs kept; `results` says what they add"
        case .cost: "cost: of a stage, on the ranks and threads it had"
        }
    }

    fileprivate var figures: [Figure] {
        switch self {
        case .featureChange: Self.changeFigures { $0.featureChange }
        case .featureChangeInStage: Self.changeFigures { $0.featureChangeInStage }
        case .features: Self.changeFigures { $0.featureDistance }
        case .weightDistance: Self.distanceFigures { $0.weightDistance }
        case .weightDistanceInStage: Self.distanceFigures { $0.weightDistanceInStage }
        case .gradientNorms: Self.gradientFigures
        case .convergence:
            [
                Figure("loss") { $0.convergence?.last?.loss },
                Figure(score: "score") { log, _ in log.convergence?.last?.score },
                Figure("steps to 95 % of it", digits: 0) { $0.convergence.flatMap(stepsToMost) },
            ]
        case .heldOut:
            [
                Figure("loss in training") { $0.heldOut?.last?.trainingLoss },
                Figure("loss held out") { $0.heldOut?.last?.loss },
                Figure(score: "score") { log, _ in log.heldOut?.last?.score },
                Figure(score: "best score") { log, metric in
                    log.heldOut?.compactMap(\.score).max { metric.merit($0) < metric.merit($1) }
                },
            ]
        case .headFeatures: Self.countFigures { $0.headFeatures }
        case .headFeaturesAtStart: Self.countFigures { $0.headFeaturesAtStart }
        case .generalizationGap:
            [
                Figure(score: "train") { log, _ in log.generalizationGap?.train },
                Figure(score: "dev") { log, _ in log.generalizationGap?.dev },
                Figure(score: "dev - train") { log, _ in log.generalizationGap?.gap },
            ]
        case .predictions: [Figure("dev", digits: 0) { ($0.predictions?.predicted.count).map(Double.init) }]
        case .cost: Self.costFigures
        }
    }

    private static func changeFigures(
        _ change: @escaping @Sendable (StageLog) -> StageLog.FeatureChange?
    ) -> [Figure] {
        [
            Figure("mean") { change($0)?.mean }, Figure("deviation over examples") { change($0)?.deviation },
            Figure("of all as one vector") { change($0)?.total },
        ]
    }

    private static func distanceFigures(
        _ distances: @escaping @Sendable (StageLog) -> [StageLog.WeightDistance]?
    ) -> [Figure] {
        [
            Figure("backbone, half way") { distances($0).map { $0[$0.count / 2].backbone } },
            Figure("backbone, end") { distances($0)?.last?.backbone },
            Figure("head, end") { distances($0)?.last?.head },
        ]
    }

    private static func countFigures(
        _ features: @escaping @Sendable (StageLog) -> StageLog.HeadFeatures?
    ) -> [Figure] {
        [
            Figure("train", digits: 0) { features($0).map { Double($0.train.count) } },
            Figure("dev", digits: 0) { features($0).map { Double($0.dev.count) } },
        ]
    }

    private static var gradientFigures: [Figure] {
        let part = { (name: String, norm: @escaping @Sendable (StageLog.GradientNorms) -> Double) in
            [
                Figure("\(name), first") { ($0.gradientNorms?.first).map(norm) },
                Figure("\(name), median") { $0.gradientNorms.flatMap { median($0.map(norm)) } },
                Figure("\(name), last") { ($0.gradientNorms?.last).map(norm) },
            ]
        }
        return part("backbone") { $0.backbone } + part("head") { $0.head }
    }

    private static var costFigures: [Figure] {
        let mebibyte = Double(1 << 20)
        return [
            Figure("seconds", digits: 1) { $0.cost?.seconds },
            Figure("examples/s", digits: 1) { $0.cost?.examplesPerSecond },
            Figure("tokens/s", digits: 0) { $0.cost?.tokensPerSecond },
            Figure("peak MiB", digits: 0) { ($0.cost?.peakMemoryBytes).map { Double($0) / mebibyte } },
            Figure("trainable", digits: 0) { ($0.cost?.trainable).map(Double.init) },
            Figure("artifact MiB", digits: 2) { ($0.cost?.artifactBytes).map { Double($0) / mebibyte } },
            Figure("reduced MiB", digits: 1) { ($0.cost?.reducedBytes).map { Double($0) / mebibyte } },
        ]
    }
}

/// The step of the first evaluation whose score is at least 95 % of the last one's.
private func stepsToMost(_ points: [StageLog.Convergence]) -> Double? {
    guard let last = points.last?.score else { return nil }
    return points.first { $0.score.map { $0 >= 0.95 * last } ?? false }.map { Double($0.step) }
}
