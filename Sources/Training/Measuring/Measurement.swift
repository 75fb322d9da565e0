import Collectives
import Experiments
import Foundation

/// Something that is looked at while a stage trains. A measurement reads parameters and gradients between steps and
/// writes into the log; it changes nothing that training goes by. All ranks call it alike, so it may use collectives.
///
/// What it notes over the steps stands in the log, which is part of the checkpoint; what it remembers from the
/// beginning it computes again there when the stage is resumed.
protocol Measurement: AnyObject {
    /// At the values that the stage starts from, before the first step or the checkpoint.
    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws
    /// Once the gradients of a step are those of the whole batch, before they are clipped.
    func gradientsAreReady(_ context: MeasuredStage, step: Int, _ log: inout StageLog)
    /// After the optimizer's step.
    func finishedStep(_ context: MeasuredStage, step: Int, _ log: inout StageLog)
    func evaluated(_ context: MeasuredStage, _ evaluation: Evaluation, _ log: inout StageLog) throws
    /// At the parameters that are the stage's result.
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws
}

extension Measurement {
    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws {}
    func gradientsAreReady(_ context: MeasuredStage, step: Int, _ log: inout StageLog) {}
    func finishedStep(_ context: MeasuredStage, step: Int, _ log: inout StageLog) {}
    func evaluated(_ context: MeasuredStage, _ evaluation: Evaluation, _ log: inout StageLog) throws {}
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {}
}

/// What measurements look at.
struct MeasuredStage {
    let stage: PreparedStage
    let communicator: any Communicator

    /// Whether a figure that is read off a curve is taken after this step: at up to two hundred steps,
    /// the last among them.
    func samples(after step: Int) -> Bool {
        let steps = stage.schedule.steps
        return step == steps || step.isMultiple(of: max(1, steps / 100))
    }

    /// Calls `body` with every stretch of the arena, and whether it is the head's.
    func forEachSegment(_ body: (_ range: Range<Int>, _ isHead: Bool) -> Void) {
        for segment in stage.store.arena.segments {
            body(segment.range, stage.store.table.parameters[segment.parameter].place == .head)
        }
    }
}

extension Measure {
    /// What carries it out; nil where the stage's result says all there is to it.
    func makeMeasurement() -> (any Measurement)? {
        switch self {
        case .featureChange: FeatureChangeMeasurement(from: .pretrained)
        case .featureChangeInStage: FeatureChangeMeasurement(from: .stageStart)
        case .features: FeaturesMeasurement()
        case .weightDistance: WeightDistanceMeasurement(from: .pretrained)
        case .weightDistanceInStage: WeightDistanceMeasurement(from: .stageStart)
        case .gradientNorms: GradientNormsMeasurement()
        case .convergence: ConvergenceMeasurement()
        case .heldOut: HeldOutMeasurement()
        case .headFeatures: HeadFeaturesMeasurement(atStart: false)
        case .headFeaturesAtStart: HeadFeaturesMeasurement(atStart: true)
        case .generalizationGap: GeneralizationGapMeasurement()
        case .predictions: PredictionsMeasurement()
        case .cost: nil
        }
    }
}

/// All that a stage measures: the one place where the training loop is looked at. Without measurements every call
/// returns at once.
struct Measurements {
    private let measures: [Measure]
    private let context: MeasuredStage
    private let measurements: [any Measurement]

    init(_ stage: PreparedStage, _ communicator: any Communicator) {
        measures = stage.measures.sorted()
        context = MeasuredStage(stage: stage, communicator: communicator)
        measurements = self.measures.compactMap { $0.makeMeasurement() }
    }

    /// Before the first step and before a checkpoint is read.
    func begin(_ state: inout TrainingState) throws {
        guard !measures.isEmpty else { return }
        var log = StageLog(measures: measures)
        for measurement in measurements { try measurement.begin(context, &log) }
        state.log = log
    }

    func gradientsAreReady(_ state: inout TrainingState) {
        guard var log = state.log else { return }
        state.log = nil
        for measurement in measurements { measurement.gradientsAreReady(context, step: state.step + 1, &log) }
        state.log = log
    }

    func finishedStep(_ state: inout TrainingState) {
        guard var log = state.log else { return }
        state.log = nil
        for measurement in measurements { measurement.finishedStep(context, step: state.step, &log) }
        state.log = log
    }

    func evaluated(_ evaluation: Evaluation, _ state: inout TrainingState) throws {
        guard var log = state.log else { return }
        for measurement in measurements { try measurement.evaluated(context, evaluation, &log) }
        state.log = log
    }

    func end(_ state: inout TrainingState) throws {
        guard var log = state.log else { return }
        let scores = (state.best ?? state.latest)?.scores ?? []
        for measurement in measurements { try measurement.end(context, scores, &log) }
        state.log = log
    }

    /// Whether a checkpoint holds what these measurements have noted up to it.
    func fit(_ state: TrainingState) -> Bool { (state.log?.measures ?? []) == measures }
}

extension StageCost {
    /// - Parameter artifactBytes: of all that the stage yields but its log.
    init(of stage: PreparedStage, _ state: TrainingState, artifactBytes: Int) {
        let examples = (state.uncountedSteps..<state.step).reduce(0) { $0 + stage.schedule.batch(ofStep: $1).count }
        var usage = rusage()
        // It fails for wrong arguments alone.
        _ = getrusage(RUSAGE_SELF.rawValue, &usage)
        self.init(
            seconds: state.seconds, examplesPerSecond: state.stepSeconds > 0 ? Double(examples) / state.stepSeconds : 0,
            tokensPerSecond: state.tokensPerSecond, peakMemoryBytes: usage.ru_maxrss << 10,
            trainable: stage.store.arena.count, artifactBytes: artifactBytes, reducedBytes: state.reducedBytes)
    }
}
