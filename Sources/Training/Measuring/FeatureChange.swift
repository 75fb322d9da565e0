import Encoders
import Experiments

/// EH-FT, Figure 1: the L2 distance between what the head sees before and after tuning (mostly the final state of
/// the first token), on the training set with dropout off.
final class FeatureChangeMeasurement: Measurement {
    /// [rows of this rank, featureWidth]
    private var before: [Float] = []

    func begin(_ context: MeasuredStage, _ log: inout StageLog) throws { before = features(context) }

    func end(_ context: MeasuredStage, _ scores: [Score], _ log: inout StageLog) throws {
        let after = features(context)
        let width = context.stage.model.featureWidth
        let mine = stride(from: 0, to: after.count, by: width).map { start in
            squaredDistance(before[start..<start + width], after[start..<start + width])
        }
        let squares = try context.communicator.gatherFloats(mine.map(Float.init)).map { Double($0) }
        let distances = squares.map { $0.squareRoot() }
        let mean = distances.reduce(0, +) / Double(max(1, distances.count))
        let variance = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, distances.count - 1))
        log.featureChange = .init(
            mean: mean, deviation: variance.squareRoot(), total: squares.reduce(0, +).squareRoot(),
            examples: distances.count)
    }

    /// Of this rank's share of the examples trained on.
    private func features(_ context: MeasuredStage) -> [Float] {
        let (stage, communicator) = (context.stage, context.communicator)
        let part = DataOrder.part(of: stage.trainingExamples.count, rank: communicator.rank, of: communicator.size)
        let mine = Array(stage.trainingExamples[part])
        let data = stage.material.train
        return packs(of: mine, lengths: { data[$0].tokenCount }).flatMap { pack in
            Array(stage.model.features(PackedBatch(mine[pack].map { ($0, data[$0]) })))
        }
    }

    private func squaredDistance(_ left: ArraySlice<Float>, _ right: ArraySlice<Float>) -> Double {
        zip(left, right).reduce(0) { sum, pair in
            let difference = Double(pair.0) - Double(pair.1)
            return sum + difference * difference
        }
    }
}
