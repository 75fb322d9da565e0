import Collectives
import Experiments

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

    /// Whether a figure that is read off a curve is taken after this step: at a hundred steps, and the last.
    func samples(after step: Int) -> Bool {
        let steps = stage.timetable.steps
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
        case .featureChange: FeatureChangeMeasurement()
        case .weightDistance: WeightDistanceMeasurement()
        case .gradientNorms: GradientNormsMeasurement()
        case .convergence: ConvergenceMeasurement()
        case .headFeatures: HeadFeaturesMeasurement()
        case .generalizationGap: GeneralizationGapMeasurement()
        case .cost: nil
        }
    }
}
