import Encoders
import Experiments
import Numerics
import Tasks

/// What a measurement of change counts from.
enum Origin {
    case pretrained, stageStart
}

/// EH-FT, Figure 1: the L2 distance between what the head sees before and after tuning (mostly the final state of
/// the first token), on the training set with dropout off.
final class FeatureChangeMeasurement: Measurement {
    private let origin: Origin
    /// [rows of this rank, featureWidth]
    private var before: [Float] = []

    init(from origin: Origin) { self.origin = origin }

    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws {
        let model = try origin == .pretrained ? context.stage.pretrainedModel() : nil
        before = context.features(of: model ?? context.stage.model)
    }

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let after = context.features(of: context.stage.model)
        let mine = distances(before, after, width: context.stage.model.featureWidth)
        let distances = try context.communicator.gatherFloats(mine.map(Float.init)).map { Double($0) }
        switch origin {
        case .pretrained: log.featureChange = .init(of: distances)
        case .stageStart: log.featureChangeInStage = .init(of: distances)
        }
    }

    private func distances(_ left: [Float], _ right: [Float], width: Int) -> [Double] {
        stride(from: 0, to: left.count, by: width).map { start in
            (start..<start + width).reduce(0.0) { sum, place in
                let difference = Double(left[place]) - Double(right[place])
                return sum + difference * difference
            }.squareRoot()
        }
    }
}

/// What the head sees of the examples trained on, at the stage's end.
final class FeaturesMeasurement: Measurement {
    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        context.stage.features = try context.communicator.gatherFloats(
            context.features(of: context.stage.model))
    }
}

extension MeasuredStage {
    /// What the head sees of this rank's share of the examples trained on.
    fileprivate func features(of model: Model) -> [Float] {
        let part = DataOrder.part(of: stage.trainingExamples.count, rank: communicator.rank, of: communicator.size)
        return model.features(of: Array(stage.trainingExamples[part]), in: stage.data.train)
    }
}

extension PreparedStage {
    /// The pretrained model without all that was tuned, drawn anew or added; nil where the stage begins with it.
    func pretrainedModel() throws -> Model? {
        let isTuned =
            store.table.adapter != nil || startsTuned || recipe.reinitialization.map { $0 != .headBiases } == true
        guard isTuned else { return nil }
        let table = ParameterTable(
            configuration: store.table.configuration, head: .linear, readout: store.table.readout, outputs: 1)
        let plain = try ParameterStore(table: table, backbone: store.backbone) { _ in false }
        return Model(store: plain, compute: model.compute, precision: recipe.precision)
    }
}

/// EH-FT, Figure 4: the hidden layer of the head at the stage's start or end, for the first examples of both files.
final class HeadFeaturesMeasurement: Measurement {
    /// Labels of each file; enough for a picture.
    private static let mostLabels = 1000

    private let isAtStart: Bool

    init(atStart isAtStart: Bool) { self.isAtStart = isAtStart }

    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws {
        guard isAtStart else { return }
        let (labels, rows) = measure(context)
        log.headFeaturesAtStart = labels
        context.stage.headFeaturesAtStart = rows
    }

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        guard !isAtStart else { return }
        let (labels, rows) = measure(context)
        log.headFeatures = labels
        context.stage.headFeatures = rows
    }

    private func measure(_ context: MeasuredStage) -> (StageLog.HeadFeatures, (train: [Float], dev: [Float])) {
        let stage = context.stage
        let train = first(of: stage.trainingExamples.sorted(), in: stage.data.train)
        let dev = first(of: Array(stage.data.dev.indices), in: stage.data.dev)
        let labels = StageLog.HeadFeatures(
            train: train.flatMap { stage.data.train[$0].labels.map(\.number) },
            dev: dev.flatMap { stage.data.dev[$0].labels.map(\.number) })
        return (labels, (rows(train, .train, context), rows(dev, .dev, context)))
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

    /// [labels, width], the choices of an example side by side; every rank computes all, since they are few.
    private func rows(_ examples: [Int], _ file: DataFile, _ context: MeasuredStage) -> [Float] {
        let (model, data) = (context.stage.model, context.stage.data[file])
        return data.inPacks(examples) { pack in
            _ = model.outputs(of: data.batch(pack))
            return model.headHidden.map { Array($0) } ?? []
        }
    }
}

extension Label {
    /// The place of a class, or the value.
    var number: Double {
        switch self {
        case .category(let category): Double(category)
        case .value(let value): Double(value)
        }
    }
}
