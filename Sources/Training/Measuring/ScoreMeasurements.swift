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

/// What to freeze, Figures 2, 4, 9 and 10: the loss in training, and loss and score on held-out examples.
final class HeldOutMeasurement: Measurement {
    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws { log.heldOut = [] }

    func evaluated(_ context: MeasuredStage, _ evaluation: Evaluation, _ log: inout StageLog) throws {
        let (stage, communicator) = (context.stage, context.communicator)
        let (file, examples) = stage.validation ?? (file: .dev, examples: Array(stage.data.dev.indices))
        let mine = DataOrder.part(of: examples.count, rank: communicator.rank, of: communicator.size)
        let loss = try communicator.sum([stage.learner.loss(of: Array(examples[mine]), in: file)])[0]
        let weight = stage.lossWeight(of: examples, in: file)
        log.heldOut?.append(
            .init(
                step: evaluation.step, trainingLoss: evaluation.trainingLoss, loss: weight > 0 ? loss / weight : 0,
                score: stage.selectionScore(evaluation)))
    }
}

/// The task's first metric on the examples trained on; nil where it is undefined.
func trainingScore(_ context: MeasuredStage) throws -> Double? {
    let stage = context.stage
    let scores = try Evaluator(context.communicator).score(stage, on: .train, stage.trainingExamples, in: .train)
    return scores.first?.value
}

/// How much better the stage's result does on the examples trained on than on the dev set.
final class GeneralizationGapMeasurement: Measurement {
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let metric = context.stage.task.metrics[0]
        let dev = scores.first { $0.split == .dev && $0.metric == metric }?.value
        // All ranks call the evaluator, or none.
        guard let train = try trainingScore(context), let dev else { return }
        log.generalizationGap = .init(train: train, dev: dev)
    }
}

/// What is said of each example of the dev set, for whoever asks what other examples would have done to the score.
final class PredictionsMeasurement: Measurement {
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let examples = context.stage.data.dev
        let said = try Evaluator(context.communicator).predictions(
            of: context.stage, Array(examples.indices), in: .dev)
        let counts = examples.map(\.labels.count)
        let predicted =
            switch said {
            case .values(let values): values.map(Double.init)
            case .categories(let categories), .distributions(let categories, _): categories.map(Double.init)
            }
        var probabilities: [[Double]]?
        if case .distributions(let categories, let all) = said, !categories.isEmpty {
            probabilities = all.cut(into: counts.map { $0 * (all.count / categories.count) })
        }
        log.predictions = .init(
            predicted: predicted.cut(into: counts), expected: examples.map { $0.labels.map(\.number) },
            probabilities: probabilities)
    }
}

extension [Double] {
    /// Parts of so many values, one after the other.
    fileprivate func cut(into counts: [Int]) -> [[Double]] {
        var place = 0
        return counts.map { count in
            defer { place += count }
            return Array(self[place..<place + count])
        }
    }
}
