import Encoders
import Experiments
import Tasks

/// Learns through the whole network: packed tokens in, gradients of everything that moves out.
final class TextLearner: Learner {
    private let model: Model
    private let material: Material
    private let dropout: DropoutRates
    private let seed: UInt64
    private let objective: Objective

    /// What goes through the network at once, all of whose layers keep their inputs until the gradients are there.
    private static let mostTokens = 8192

    init(model: Model, material: Material, dropout: DropoutRates, seed: UInt64) {
        self.model = model
        self.material = material
        self.dropout = dropout
        self.seed = seed
        objective = Objective(model.compute)
    }

    func learn(_ examples: ArraySlice<Int>, step: Int, scale: Double) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let read = examples.map { ($0, material.trained($0, seed: seed, step: step)) }
        let dropout = dropout.context(seed: seed, step: step)
        var sums = (loss: 0.0, tokens: 0)
        for pack in packs(of: Array(read.indices), ofTokens: Self.mostTokens, lengths: { read[$0].1.tokenCount }) {
            let batch = PackedBatch(Array(read[pack]))
            let outputs = model.forward(batch, dropout: dropout)
            let labels = read[pack].flatMap(\.1.labels)
            let (loss, gradients) = objective.evaluate(outputs, labels: labels, scale: scale)
            model.backward(gradients)
            sums.loss += loss
            sums.tokens += batch.tokenCount
        }
        return sums
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let batch = PackedBatch([(example, material.train[example])])
        let (loss, gradients) = objective.evaluate(model.forward(batch), labels: [.category(label)], scale: 1)
        model.backward(gradients)
        return (loss, batch.tokenCount)
    }

    func outputs(of example: Int) -> [Float] {
        Array(model.forward(PackedBatch([(example, material.train[example])])))
    }

    func predictions(of examples: [Int], in file: DataFile) -> [Float] {
        let data = material[file]
        return packs(of: examples, lengths: { data[$0].tokenCount }).flatMap { pack in
            let read = examples[pack].map { ($0, data[$0]) }
            return Training.predictions(model.forward(PackedBatch(read)), labels: read.flatMap(\.1.labels))
        }
    }
}

extension PackedBatch {
    /// Examples with their numbers, side by side.
    init(_ examples: [(Int, EncodedExample)]) {
        self.init()
        for (number, example) in examples {
            for (part, sequence) in example.sequences.enumerated() {
                append(
                    ids: sequence.tokens.ids, types: sequence.tokens.types, example: number, part: part,
                    readout: sequence.readout)
            }
        }
    }
}

/// Cuts examples into runs of at most so many tokens (or one example): enough for full speed, little enough for memory.
package func packs(of examples: [Int], ofTokens limit: Int = 2048, lengths: (Int) -> Int) -> [Range<Int>] {
    var packs: [Range<Int>] = []
    var start = 0
    var tokens = 0
    for (place, example) in examples.enumerated() {
        let length = lengths(example)
        if place > start, tokens + length > limit {
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
    let lowRank: Double
    /// Tells the steps in which nothing drops out; nil where there are none.
    private let timetable: Timetable?

    /// The recipe's one probability everywhere, or the model's own ones; LoRA has its own.
    init(_ recipe: Recipe, _ table: ParameterTable, _ timetable: Timetable) {
        self.timetable = timetable
        let configuration = table.configuration
        hidden = recipe.dropout ?? configuration.hiddenDropout
        attention = recipe.dropout ?? configuration.attentionDropout
        classifier = recipe.dropout ?? configuration.classifierDropout
        if case .lora(let settings) = table.adapter { lowRank = settings.dropout } else { lowRank = 0 }
    }

    /// Those of the head alone.
    private init(classifier: Double, _ timetable: Timetable?) {
        (hidden, attention, self.classifier, lowRank) = (0, 0, classifier, 0)
        self.timetable = timetable
    }

    static let none = DropoutRates(classifier: 0, nil)

    /// The rates where the backbone is fixed and nothing drops out in it.
    var ofHead: DropoutRates { DropoutRates(classifier: classifier, timetable) }

    /// - Returns: nil where nothing is dropped.
    func context(seed: UInt64, step: Int) -> DropoutContext? {
        guard hidden > 0 || attention > 0 || classifier > 0 || lowRank > 0 else { return nil }
        guard timetable?.dropsOut(inStep: step) ?? true else { return nil }
        return DropoutContext(
            seed: seed, step: step, hidden: hidden, attention: attention, classifier: classifier,
            lowRank: lowRank)
    }
}
