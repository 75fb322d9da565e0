import Collectives
import Experiments

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
