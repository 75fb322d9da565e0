import Encoders
import Experiments
import Numerics
import Tasks

/// Learns the head alone, on what it sees of final states that were computed once: nothing below the head moves or drops
/// out.
final class FeatureLearner: Learner {
    private let model: Model
    private let material: Material
    private let features: Features
    private let dropout: DropoutRates
    private let seed: UInt64
    private let objective: Objective
    private let buffer = FloatBuffer()

    init(model: Model, material: Material, features: Features, dropout: DropoutRates, seed: UInt64) {
        self.model = model
        self.material = material
        self.features = features
        self.dropout = dropout
        self.seed = seed
        objective = Objective(model.compute)
    }

    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let outputs = forward(examples, in: .train, dropout: dropout.context(seed: seed, step: step))
        let (loss, gradients) = objective.evaluate(
            outputs, labels: examples.flatMap { material.train[$0].labels }, scale: scale)
        model.backwardHead(gradients)
        return (loss, examples.reduce(0) { $0 + material.train[$1].tokenCount })
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let (loss, gradients) = objective.evaluate(
            forward([example], in: .train, dropout: nil), labels: [.category(label)], scale: 1)
        model.backwardHead(gradients)
        return (loss, material.train[example].tokenCount)
    }

    func outputs(of example: Int) -> [Float] { Array(forward([example], in: .train, dropout: nil)) }

    func predictions(of examples: [Int], in file: DataFile) -> [Float] {
        let data = material[file]
        return packs(of: examples, lengths: { data[$0].tokenCount }).flatMap { pack in
            Training.predictions(
                forward(examples[pack], in: file, dropout: nil), labels: examples[pack].flatMap { data[$0].labels })
        }
    }

    private func forward(
        _ examples: ArraySlice<Int>, in file: DataFile, dropout: DropoutContext?
    ) -> UnsafeBufferPointer<Float> {
        let (data, all, width) = (material[file], features[file], features.width)
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

/// What the head sees of both files of a task.
struct Features {
    /// Numbers in a row.
    let width: Int
    let train: Rows
    let dev: Rows

    /// The rows of a file's examples, one after the other.
    struct Rows {
        /// [rows, width]
        let values: [Float]
        /// The row at which each example begins, and the number of rows.
        let starts: [Int]

        init(_ values: [Float], of examples: [EncodedExample]) {
            self.values = values
            starts = examples.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rowCount) }
        }
    }

    subscript(file: DataFile) -> Rows { file == .train ? train : dev }
}
