import Encoders
import Experiments
import Tasks

/// EH-FT, Figure 4: the hidden layer of the head at the stage's end, for the first examples of both files.
final class HeadFeaturesMeasurement: Measurement {
    /// Of each file; enough for a picture.
    private static let mostExamples = 1000

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let stage = context.stage
        let train = Array(stage.trainingExamples.sorted().prefix(Self.mostExamples))
        let dev = Array(stage.material.dev.indices.prefix(Self.mostExamples))
        log.headFeatures = .init(
            train: train.flatMap { stage.material.train[$0].labels.map(\.number) },
            dev: dev.flatMap { stage.material.dev[$0].labels.map(\.number) })
        stage.headFeatures = (rows(train, .train, context), rows(dev, .dev, context))
    }

    /// [examples, width]; every rank computes all, since they are few.
    private func rows(_ examples: [Int], _ file: DataFile, _ context: MeasuredStage) -> [Float] {
        let (model, data) = (context.stage.model, context.stage.material[file])
        return packs(of: examples, lengths: { data[$0].tokenCount }).flatMap { pack in
            _ = model.forward(PackedBatch(examples[pack].map { ($0, data[$0]) }))
            return model.headHidden.map { Array($0) } ?? []
        }
    }
}

extension Label {
    fileprivate var number: Double {
        switch self {
        case .category(let category): Double(category)
        case .value(let value): Double(value)
        }
    }
}
