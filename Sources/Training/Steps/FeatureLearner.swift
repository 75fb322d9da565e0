import Encoders
import Experiments
import Numerics
import Tasks

/// Learns the head alone, on what it sees of final states that were computed once: nothing below the head moves or drops
/// out.
final class FeatureLearner: Learner {
    private let model: Model
    private let data: EncodedDataset
    private let features: Features
    private let dropout: DropoutRates
    private let seed: UInt64
    let objective: Objective
    private let buffer = FloatBuffer()

    init(
        model: Model, data: EncodedDataset, features: Features, dropout: DropoutRates, seed: UInt64,
        objective: Objective
    ) {
        self.model = model
        self.data = data
        self.features = features
        self.dropout = dropout
        self.seed = seed
        self.objective = objective
    }

    func learn(
        _ examples: ArraySlice<Int>, step: Int, scale: Double, onPlace: (Parameter.Place) -> Void
    ) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let outputs = forward(examples, in: .train, dropout: dropout.context(seed: seed, step: step))
        let (loss, gradients) = objective.evaluate(
            outputs, labels: examples.flatMap { data.train[$0].labels }, scale: scale)
        model.backwardHead(gradients)
        return (loss, examples.reduce(0) { $0 + data.train[$1].tokenCount })
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let (loss, gradients) = objective.evaluate(
            forward([example], in: .train, dropout: nil), labels: [.category(label)], scale: 1)
        model.backwardHead(gradients)
        return (loss, data.train[example].tokenCount)
    }

    func outputs(of example: Int) -> [Float] { Array(forward([example], in: .train, dropout: nil)) }

    func reading<Value>(
        _ examples: [Int], in file: DataFile, _ read: (UnsafeBufferPointer<Float>, [Label]) -> [Value]
    ) -> [Value] {
        let data = data[file]
        return data.inPacks(examples) { pack in
            read(forward(pack, in: file, dropout: nil), pack.flatMap { data[$0].labels })
        }
    }

    private func forward(
        _ examples: ArraySlice<Int>, in file: DataFile, dropout: DropoutContext?
    ) -> UnsafeBufferPointer<Float> {
        let (data, all, width) = (data[file], features[file], features.width)
        var rows = HeadRows()
        for example in examples {
            for (part, sequence) in data[example].sequences.enumerated() {
                rows.append(sequence.readout, example: example, part: part)
            }
        }
        buffer.reserve(rows.count * width)
        var end = 0
        for example in examples {
            let source = all.values[all.starts[example] * width..<all.starts[example + 1] * width]
            _ = UnsafeMutableBufferPointer(rebasing: buffer.values[end..<end + source.count]).update(
                fromContentsOf: source)
            end += source.count
        }
        return model.forwardHead(
            features: UnsafeBufferPointer(rebasing: buffer.values[..<end]), rows: rows, dropout: dropout)
    }
}
