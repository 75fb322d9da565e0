import Encoders
import Experiments
import Tasks

/// EH-FT, Figure 4: the hidden layer of the head at the stage's end, for the first examples of both files.
final class HeadFeaturesMeasurement: Measurement {
    /// Labels of each file; enough for a picture.
    private static let mostLabels = 1000

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let stage = context.stage
        let train = first(of: stage.trainingExamples.sorted(), in: stage.material.train)
        let dev = first(of: Array(stage.material.dev.indices), in: stage.material.dev)
        log.headFeatures = .init(
            train: train.flatMap { stage.material.train[$0].labels.map(\.number) },
            dev: dev.flatMap { stage.material.dev[$0].labels.map(\.number) })
        stage.headFeatures = (rows(train, .train, context), rows(dev, .dev, context))
    }

    /// The first examples, as many as have so many labels: mostly one each, with tags one for each word.
    private func first(of examples: [Int], in data: [EncodedExample]) -> [Int] {
        var labels = 0
        return Array(
            examples.prefix { example in
                labels += data[example].labels.count
                return labels <= Self.mostLabels
            })
    }

    /// [labels, width]; every rank computes all, since they are few.
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
