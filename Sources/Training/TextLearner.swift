import Encoders
import Experiments
import Tasks

/// Learns through the whole network: packed tokens in, gradients of everything that moves out.
final class TextLearner: Learner {
    private let model: Model
    private let material: Material
    private let dropout: DropoutRates
    private let seed: UInt64
    private let objective = Objective()

    init(model: Model, material: Material, dropout: DropoutRates, seed: UInt64) {
        self.model = model
        self.material = material
        self.dropout = dropout
        self.seed = seed
    }

    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let batch = PackedBatch(examples, from: material.train)
        let outputs = model.forward(batch, dropout: dropout.context(seed: seed, step: step))
        let (loss, gradients) = objective.evaluate(
            outputs, labels: examples.map { material.train[$0].label }, scale: scale)
        model.backward(gradients)
        return (loss, batch.tokenCount)
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let batch = PackedBatch([example][...], from: material.train)
        let (loss, gradients) = objective.evaluate(
            model.forward(batch, dropout: nil), labels: [.category(label)], scale: 1)
        model.backward(gradients)
        return (loss, batch.tokenCount)
    }

    func outputs(of examples: [Int], in file: DataFile) -> [Float] {
        let data = material[file]
        return packs(of: examples, lengths: { data[$0].ids.count }).flatMap { pack in
            Array(model.forward(PackedBatch(examples[pack], from: data), dropout: nil))
        }
    }
}

extension PackedBatch {
    /// Some of a file's examples, side by side.
    init(_ examples: ArraySlice<Int>, from data: [EncodedExample]) {
        self.init()
        for example in examples {
            append(ids: data[example].ids, types: data[example].types, example: example)
        }
    }
}

/// Cuts examples into runs of at most 2,048 tokens (or one example): enough for full speed, little enough for memory.
package func packs(of examples: [Int], lengths: (Int) -> Int) -> [Range<Int>] {
    var packs: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (place, example) in examples.enumerated() {
        let length = lengths(example)
        if place > start, tokens + length > 2048 {
            packs.append(start..<place)
            start = place
            tokens = 0
        }
        tokens += length
    }
    if start < examples.count { packs.append(start..<examples.count) }
    return packs
}

/// The dropout probabilities of a stage at each kind of place.
struct DropoutRates {
    let hidden: Double
    let attention: Double
    let classifier: Double

    /// The recipe's one probability everywhere, or the model's own ones.
    init(_ recipe: Recipe, _ configuration: EncoderConfiguration) {
        hidden = recipe.dropout ?? configuration.hiddenDropout
        attention = recipe.dropout ?? configuration.attentionDropout
        classifier = recipe.dropout ?? configuration.classifierDropout
    }

    private init() { (hidden, attention, classifier) = (0, 0, 0) }

    static let none = DropoutRates()

    /// - Returns: nil where nothing is dropped.
    func context(seed: UInt64, step: Int) -> DropoutContext? {
        guard hidden > 0 || attention > 0 || classifier > 0 else { return nil }
        return DropoutContext(
            seed: seed, step: step, hidden: hidden, attention: attention, classifier: classifier)
    }
}
