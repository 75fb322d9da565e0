package import Experiments
import Statistics

/// What one stage of a method has measured on one task with one seed.
package struct MeasuredRun: Encodable, Sendable {
    package let task: String
    /// The method, with the number of the stage where it has several, as in `eh-ft-bitfit/2`.
    package let method: String
    /// The method alone: the curves of its stages are one, the second after the first.
    package let series: String
    /// What the method's earlier stages took, which is where the stage's curves begin.
    package let stepsBefore: Int
    package let seed: UInt64
    package let key: StageKey
    /// What scores in the log are of.
    package let metric: Metric
    package let log: StageLog
    /// What is kept of every stage; nil where it was trained before that was.
    package let curves: StageCurves?
    /// The tensors beside the log, [examples, width]; not in JSON.
    package let headFeatures: HeadFeatureRows?
    package let headFeaturesAtStart: HeadFeatureRows?

    package init(
        task: String, method: String, series: String? = nil, stepsBefore: Int = 0, seed: UInt64, key: StageKey,
        metric: Metric = .accuracy, log: StageLog, curves: StageCurves? = nil,
        headFeatures: HeadFeatureRows? = nil, headFeaturesAtStart: HeadFeatureRows? = nil
    ) {
        self.metric = metric
        self.task = task
        self.method = method
        self.series = series ?? method
        self.stepsBefore = stepsBefore
        self.curves = curves
        self.seed = seed
        self.key = key
        self.log = log
        self.headFeatures = headFeatures
        self.headFeaturesAtStart = headFeaturesAtStart
    }

    private enum CodingKeys: String, CodingKey { case task, method, seed, key, stepsBefore, log, curve }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(task, forKey: .task)
        try container.encode(method, forKey: .method)
        try container.encode(seed, forKey: .seed)
        try container.encode(key, forKey: .key)
        try container.encode(stepsBefore, forKey: .stepsBefore)
        try container.encode(log, forKey: .log)
        try container.encodeIfPresent(curves?.training, forKey: .curve)
    }

    fileprivate var cell: Cell { Cell(task: task, method: method) }
}

/// The head's hidden layer for examples of both files.
package struct HeadFeatureRows: Sendable {
    package let width: Int
    package let train: [Float]
    package let dev: [Float]

    package init(width: Int, train: [Float], dev: [Float]) {
        self.width = width
        self.train = train
        self.dev = dev
    }
}

/// The runs of one method on one task, one a seed: a line of a table, a curve of a plot.
struct MeasuredMethod {
    let cell: Cell
    let runs: [MeasuredRun]

    /// In the order in which they come.
    static func grouped(_ runs: [MeasuredRun]) -> [MeasuredMethod] {
        let groups = Dictionary(grouping: runs) { $0.cell }
        return runs.map(\.cell).distinct().map { MeasuredMethod(cell: $0, runs: groups[$0] ?? []) }
    }

    /// What scores of the runs are of.
    var metric: Metric { runs.first?.metric ?? .accuracy }

    /// One figure of every run that has it, over the seeds.
    func spread(_ figure: (StageLog) -> Double?) -> Summary? { spread { run in figure(run.log) } }

    func spread(_ figure: (MeasuredRun) -> Double?) -> Summary? { Summary(runs.compactMap(figure)) }

    /// The mean over the seeds of a curve, point by point, as far as all seeds have it, of those whose value is defined.
    func curve<Point>(
        _ points: (MeasuredRun) -> [Point]?, x: (Point) -> Double, y: (Point) -> Double?
    ) -> [(x: Double, y: Summary)] {
        let curves = runs.compactMap(points).filter { !$0.isEmpty }
        guard let shortest = curves.map(\.count).min() else { return [] }
        return (0..<shortest).compactMap { place in
            Summary(curves.compactMap { y($0[place]) }).map { (x(curves[0][place]), $0) }
        }
    }
}

extension MeasuredMethod {
    /// Steps of a point of the kept curve of the seed that took most.
    fileprivate var stride: Int { runs.compactMap(\.curves?.training.stride).max() ?? 1 }
}

/// The curves and scores of one task's methods.
extension [MeasuredMethod] {
    /// A curve a method over its steps, of which each stage is a part.
    /// - Parameter points: of a run of a stage.
    func curves<Point>(
        _ points: (MeasuredMethod, MeasuredRun) -> [Point]?, step: (Point) -> Int, y: (Point) -> Double?
    ) -> [CurvePanel.Curve] {
        let series = { (stage: MeasuredMethod) in stage.runs.first?.series ?? stage.cell.method }
        let stages = Dictionary(grouping: self, by: series)
        return map(series).distinct().map { name in
            let parts = (stages[name] ?? []).map { stage in
                // Seeds that stopped early begin their next stage earlier.
                let before = Summary(stage.runs.map { Double($0.stepsBefore) })?.mean ?? 0
                return stage.curve({ points(stage, $0) }, x: { before + Double(step($0)) }, y: y)
            }
            return CurvePanel.Curve(method: name, parts: parts.filter { !$0.isEmpty })
        }
    }

    /// The same of what measurements have noted.
    func curves<Point>(
        of points: (StageLog) -> [Point]?, step: (Point) -> Int, y: (Point) -> Double?
    ) -> [CurvePanel.Curve] {
        curves({ points($1.log) }, step: step, y: y)
    }

    /// The same of what is kept of every stage, in points that all seeds of a stage have alike.
    func trainingCurves(_ y: (TrainingCurve.Point) -> Float) -> [CurvePanel.Curve] {
        curves(
            { stage, run in run.curves?.training.thinned(toStride: stage.stride).points }, step: \.step
        ) { Double(y($0)) }
    }

    private var metric: Metric { first?.metric ?? .accuracy }

    /// What stands beside an axis of them.
    var scoreLabel: String { metric.isShare ? "score, %" : metric.rawValue }

    func scaled(_ score: Double) -> Double { metric.scaled(score) }
}

extension MeasuredRun {
    /// The distance between what the heads of two stages see of the same examples, as a run of its own.
    /// - Parameters:
    ///   - method: as in `eh-ft-pt/1 to 2`.
    ///   - one: of a stage, [rows, width].
    ///   - other: of the later stage, as large.
    package init(
        task: String, method: String, seed: UInt64, key: StageKey, between one: [Float], and other: [Float], width: Int
    ) {
        let distances = stride(from: 0, to: one.count, by: width).map { start in
            (start..<start + width).reduce(0.0) { sum, place in
                let difference = Double(one[place]) - Double(other[place])
                return sum + difference * difference
            }.squareRoot()
        }
        var log = StageLog(measures: [.features])
        log.featureDistance = .init(of: distances)
        self.init(task: task, method: method, seed: seed, key: key, log: log)
    }
}
