import Experiments

/// How much better the stage's result does on the examples trained on than on the dev set.
final class GeneralizationGapMeasurement: Measurement {
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let metric = context.stage.task.metrics[0]
        guard let dev = scores.first(where: { $0.split == .dev && $0.metric == metric }) else { return }
        log.generalizationGap = .init(train: try trainingScore(context), dev: dev.value)
    }
}
