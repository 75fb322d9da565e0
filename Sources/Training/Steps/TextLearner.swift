import Encoders
import Experiments
import Tasks

/// Learns through the whole network: packed tokens in, gradients of everything that moves out.
final class TextLearner: Learner {
    private let model: Model
    private let data: EncodedDataset
    private let dropout: DropoutRates
    private let seed: UInt64
    /// Of the files whose examples go through the same frozen layers again and again.
    private let frozen: [DataFile: FrozenStates]
    let objective: Objective

    /// What goes through the network at once, all of whose layers keep their inputs until the gradients are there.
    static let mostTokens = 8192

    init(
        model: Model, data: EncodedDataset, dropout: DropoutRates, seed: UInt64, objective: Objective,
        frozen: [DataFile: FrozenStates] = [:]
    ) {
        self.model = model
        self.data = data
        self.dropout = dropout
        self.seed = seed
        self.objective = objective
        self.frozen = frozen
    }

    func learn(
        _ examples: ArraySlice<Int>, step: Int, scale: Double, onPlace: (Parameter.Place) -> Void
    ) -> (loss: Double, tokens: Int) {
        guard !examples.isEmpty else { return (0, 0) }
        let read = examples.map { ($0, data.trained($0, seed: seed, step: step)) }
        let dropout = dropout.context(seed: seed, step: step)
        var sums = (loss: 0.0, tokens: 0)
        for pack in packs(of: Array(read.indices), ofTokens: Self.mostTokens, lengths: { read[$0].1.tokenCount }) {
            let batch = PackedBatch(Array(read[pack]))
            let outputs = model.forward(batch, dropout: dropout, frozen[.train]?.visit(read[pack].lazy.map(\.0)))
            let labels = read[pack].flatMap(\.1.labels)
            let (loss, gradients) = objective.evaluate(outputs, labels: labels, scale: scale)
            let isLast = pack.upperBound == read.count
            model.backward(gradients) { if isLast { onPlace($0) } }
            sums.loss += loss
            sums.tokens += batch.tokenCount
        }
        return sums
    }

    func learn(_ example: Int, as label: Int) -> (loss: Double, tokens: Int) {
        let batch = data.train.batch([example])
        let (loss, gradients) = objective.evaluate(model.forward(batch), labels: [.category(label)], scale: 1)
        model.backward(gradients)
        return (loss, batch.tokenCount)
    }

    func outputs(of example: Int) -> [Float] {
        Array(model.outputs(of: data.train.batch([example])))
    }

    func reading<Value>(
        _ examples: [Int], in file: DataFile, _ read: (UnsafeBufferPointer<Float>, [Label]) -> [Value]
    ) -> [Value] {
        let (data, frozen) = (data[file], frozen[file])
        return data.inPacks(examples) { pack in
            read(model.outputs(of: data.batch(pack), frozen?.visit(pack)), pack.flatMap { data[$0].labels })
        }
    }
}

/// The dropout probabilities of a stage at each kind of place.
struct DropoutRates {
    let hidden: Double
    let attention: Double
    let classifier: Double
    let adapter: Double
    /// Tells the steps in which nothing drops out; nil where there are none.
    private let schedule: Schedule?

    /// The recipe's one probability everywhere, or the model's own ones; an adapter has its own.
    init(_ recipe: Recipe, _ table: ParameterTable, _ schedule: Schedule) {
        self.schedule = schedule
        let configuration = table.configuration
        hidden = recipe.dropout ?? configuration.hiddenDropout
        attention = recipe.dropout ?? configuration.attentionDropout
        classifier = recipe.dropout ?? configuration.classifierDropout
        adapter = table.adapter?.dropout ?? 0
    }

    /// Those of the head alone.
    private init(classifier: Double, _ schedule: Schedule?) {
        (hidden, attention, self.classifier, adapter) = (0, 0, classifier, 0)
        self.schedule = schedule
    }

    static let none = DropoutRates(classifier: 0, nil)

    /// The rates where the backbone is fixed and nothing drops out in it.
    var ofHead: DropoutRates { DropoutRates(classifier: classifier, schedule) }

    /// Whether nothing drops out in the backbone.
    var spareBackbone: Bool { hidden == 0 && attention == 0 }

    /// - Returns: nil where nothing is dropped.
    func context(seed: UInt64, step: Int) -> DropoutContext? {
        guard hidden > 0 || attention > 0 || classifier > 0 || adapter > 0 else { return nil }
        guard schedule?.dropsOut(inStep: step) ?? true else { return nil }
        return DropoutContext(
            seed: seed, step: step, hidden: hidden, attention: attention, classifier: classifier,
            adapter: adapter)
    }
}
