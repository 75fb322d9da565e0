package import Encoders
package import Experiments
package import Numerics
import Tasks

/// A model whose steps are measured and lead nowhere.
package struct MeasuredModel {
    let costs: NetworkCosts
    private let model: Model
    private let objective: Objective
    private let dropout: DropoutContext

    /// - Parameter moving: which parameters are trained.
    package init(
        _ backbone: Backbone, _ table: ParameterTable, _ precision: Precision, _ compute: Compute,
        moving: (Parameter) -> Bool
    ) throws(ModelError) {
        let store = try ParameterStore(table: table, backbone: backbone, moving: moving)
        model = Model(store: store, compute: compute, precision: precision)
        store.drawInitialValues(seed: 1)
        costs = NetworkCosts(table, moving: table.parameters.map { moving($0) ? $0.count : 0 }, precision: precision)
        objective = Objective(compute)
        let configuration = table.configuration
        dropout = DropoutContext(
            seed: 1, step: 0, hidden: configuration.hiddenDropout, attention: configuration.attentionDropout,
            classifier: configuration.classifierDropout)
    }

    /// What the seconds of some steps go to, after one that nobody counts. A clock that counts is put aside meanwhile.
    ///
    /// - Parameters:
    ///   - isTrained: a step, or else what an evaluation does.
    ///   - longest: after which no step begins, but for the second.
    package func readings(
        _ batch: PackedBatch, isTrained: Bool, within longest: Duration, most: Int
    ) -> (readings: [Phase: PhaseClock.Reading], steps: Int) {
        let run = { isTrained ? train(batch) : read(batch) }
        let aside = model.compute.clock
        defer { model.compute.clock = aside }
        model.compute.clock = nil
        run()
        let clock = PhaseClock()
        model.compute.clock = clock
        let begin = ContinuousClock.now
        var steps = 0
        repeat {
            run()
            steps += 1
        } while steps < 2 || steps < most && begin.duration(to: .now) < longest
        return (clock.read(), steps)
    }

    private func train(_ batch: PackedBatch) {
        let labels = batch.examples.map { Label.category(Int($0) % 2) }
        let outputs = model.forward(batch, dropout: dropout)
        model.backward(objective.evaluate(outputs, labels: labels, scale: 1 / Double(labels.count)).gradients)
        let arena = model.store.arena
        let norm = arena.squaredGradientNorm(model.compute).squareRoot()
        // So small a rate that no number runs away, however many steps there are.
        arena.update(AdamW(), number: 1, rate: 1e-9, gradientScale: 1 / max(1, norm), model.compute)
        model.store.publishValues()
    }

    private func read(_ batch: PackedBatch) { _ = model.outputs(of: batch) }
}

extension PackedBatch {
    /// Sequences of one length with tokens by chance.
    package static func measured(_ count: Int, of length: Int, vocabulary: Int) -> PackedBatch {
        var batch = PackedBatch()
        for example in 0..<count {
            let random = CounterRandom(seed: 1, purpose: RandomPurpose.order, example: example)
            batch.append(ids: (0..<length).map { Int32(random.below(vocabulary, $0)) }, example: example)
        }
        return batch
    }
}
