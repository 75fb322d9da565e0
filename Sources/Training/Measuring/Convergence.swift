import Experiments

/// EH-FT, Figure 7: loss and score on the training set at every evaluation, the score with dropout off.
final class ConvergenceMeasurement: Measurement {
    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws { log.convergence = [] }

    func evaluated(_ context: MeasuredStage, _ evaluation: Evaluation, _ log: inout StageLog) throws {
        log.convergence?.append(
            .init(
                step: evaluation.step, epoch: evaluation.epoch, loss: evaluation.trainingLoss,
                score: try trainingScore(context)))
    }
}

/// The task's first metric on the examples trained on.
func trainingScore(_ context: MeasuredStage) throws -> Double {
    let stage = context.stage
    let scores = try Evaluator(context.communicator).score(stage, on: .train, stage.trainingExamples, in: .train)
    return scores.first?.value ?? 0
}
