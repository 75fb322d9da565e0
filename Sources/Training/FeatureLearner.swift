import Encoders
import Experiments
import Numerics
import Tasks

/// Learns the head alone, on first-token features that were computed once: nothing below the head moves or drops out.
final class FeatureLearner: Learner {
    private let model: Model
    private let material: Material
    private let features: Features
    private let dropout: DropoutRates
    private let seed: UInt64
    private let objective = Objective()
    private let rows = FloatBuffer()

    init(model: Model, material: Material, features: Features, dropout: DropoutRates, seed: UInt64) {
        self.model = model
        self.material = material
        self.features = features
        self.dropout = dropout
        self.seed = seed
    }

    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let outputs = model.forwardHead(
            features: gather(examples, from: features.train), examples: examples.map { UInt32($0) },
            dropout: dropout.context(seed: seed, step: step))
        let (loss, gradients) = objective.evaluate(
            outputs, labels: examples.map { material.train[$0].label }, scale: scale)
        model.backwardHead(gradients)
        return (loss, examples.reduce(0) { $0 + material.train[$1].ids.count })
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let outputs = model.forwardHead(
            features: gather([example][...], from: features.train), examples: [UInt32(example)], dropout: nil)
        let (loss, gradients) = objective.evaluate(outputs, labels: [.category(label)], scale: 1)
        model.backwardHead(gradients)
        return (loss, material.train[example].ids.count)
    }

    func outputs(of examples: [Int], in file: DataFile) -> [Float] {
        guard !examples.isEmpty else { return [] }
        let rows = gather(examples[...], from: file == .train ? features.train : features.dev)
        return Array(model.forwardHead(features: rows, examples: examples.map { UInt32($0) }, dropout: nil))
    }

    /// The examples' rows side by side [examples, width], valid until the next call.
    private func gather(_ examples: ArraySlice<Int>, from all: [Float]) -> UnsafeBufferPointer<Float> {
        let width = features.width
        rows.reserve(examples.count * width)
        for (place, example) in examples.enumerated() {
            let row = UnsafeMutableBufferPointer(rebasing: rows.values[place * width..<(place + 1) * width])
            _ = row.update(fromContentsOf: all[example * width..<(example + 1) * width])
        }
        return UnsafeBufferPointer(rebasing: rows.values[..<(examples.count * width)])
    }
}

/// The first-token states of both files of a task, one row of `width` an example.
struct Features {
    let width: Int
    let train: [Float]
    let dev: [Float]
}
