import Encoders
import Foundation
import Numerics
import Testing

/// The encoders against transformers in fp32 with dropout off, over ragged batches. Both sides round at every operation,
/// so the tolerances are a few hundred units of single precision and not its unit.
@Suite(
    .enabled(
        if: !ReferenceCase.names.isEmpty, "HEADSTART_REFERENCE names no such folder; scripts/test --parity makes it"))
struct ParityTests {
    private let compute = Compute(threads: 2)

    @Test(arguments: ReferenceCase.names)
    func `final states and logits are those of transformers`(name: String) throws {
        let reference = try ReferenceCase(name)
        let model = try reference.makeModel(compute)
        let expected = try reference.tensors("states")
        let states = relativeError(model.finalStates(reference.pack(0)), expected["states"])
        let logits = relativeError(model.forward(reference.pack(0)), expected["logits"])
        print("\(name): states \(states), logits \(logits)")
        #expect(states < 1e-5)
        #expect(logits < 1e-5)
    }

    @Test(arguments: ReferenceCase.names)
    func `every gradient is that of PyTorch`(name: String) throws {
        let reference = try ReferenceCase(name)
        let model = try reference.makeModel(compute)
        let expected = try reference.tensors("gradients")
        _ = reference.learn(model, step: 0)
        var worst = (name: "", error: 0.0)
        for (index, parameter) in model.store.table.parameters.enumerated() where !isRoundingNoise(parameter) {
            let gradient = try #require(model.store.gradient(index))
            let error = relativeError(gradient, expected[parameter.name])
            #expect(error < 1e-4, "\(parameter.name)")
            if error > worst.error { worst = (parameter.name, error) }
        }
        print("\(name): worst gradient \(worst)")
    }

    @Test(arguments: ReferenceCase.names)
    func `20 AdamW steps take the same way`(name: String) throws {
        let reference = try ReferenceCase(name)
        let model = try reference.makeModel(compute)
        let initial = model.store.table.parameters.indices.map { Array(model.store.values($0)) }
        var worstLoss = 0.0
        for (step, expected) in reference.description.losses.enumerated() {
            let loss = reference.learn(model, step: step)
            worstLoss = max(worstLoss, abs(loss - expected) / expected)
            takeStep(model, reference.description.optimizer, number: step + 1)
        }
        let final = try reference.tensors("final")
        var worst = (name: "", error: 0.0)
        for (index, parameter) in model.store.table.parameters.enumerated() where !isRoundingNoise(parameter) {
            let change = zip(model.store.values(index), initial[index]).map { $0 - $1 }
            let expected = zip(final[parameter.name], initial[index]).map { $0 - $1 }
            let error = relativeError(change, expected)
            #expect(error < 1e-3, "\(parameter.name)")
            if error > worst.error { worst = (parameter.name, error) }
        }
        print("\(name): losses \(worstLoss), worst change \(worst)")
        #expect(worstLoss < 1e-5)
    }

    @Test(arguments: ReferenceCase.names)
    func `in bf16 the losses of 20 steps are those of PyTorch in fp32 within 2 %`(name: String) throws {
        let reference = try ReferenceCase(name)
        let model = try reference.makeModel(compute, .bf16)
        var worst = 0.0
        for (step, expected) in reference.description.losses.enumerated() {
            worst = max(worst, abs(reference.learn(model, step: step) / expected - 1))
            takeStep(model, reference.description.optimizer, number: step + 1)
        }
        print("\(name): losses in bf16 \(worst)")
        #expect(worst > 1e-5 && worst < 0.02)
    }

    @Test(arguments: ReferenceCase.plainNames)
    func `mean squared gradients of single examples are those of PyTorch`(name: String) throws {
        let reference = try ReferenceCase(name)
        try expectSquares("fisher", reference) { model, number in
            reference.learn(model, example: number, as: reference.description.batches[0][number].label)
            model.store.arena.addSquaresToRound(weight: 1, compute)
        }
        guard reference.description.outputs > 1 else { return }
        try expectSquares("expected", reference) { model, number in
            for (label, probability) in reference.probabilities(model, example: number).enumerated() {
                reference.learn(model, example: number, as: Double(label))
                model.store.arena.addSquaresToRound(weight: probability, compute)
            }
        }
    }

    private func expectSquares(
        _ file: String, _ reference: ReferenceCase, _ add: (Model, Int) -> Void
    ) throws {
        let model = try reference.makeModel(compute)
        let examples = reference.description.batches[0].indices
        for number in examples { add(model, number) }
        let expected = try reference.tensors(file)
        var worst = (name: "", error: 0.0)
        for segment in model.store.arena.segments {
            let parameter = model.store.table.parameters[segment.parameter]
            if isRoundingNoise(parameter) { continue }
            let mean = model.store.arena.secondMoments[segment.range].map { $0 / Float(examples.count) }
            let error = relativeError(mean, expected[parameter.name])
            #expect(error < 1e-4, "\(file) of \(parameter.name)")
            if error > worst.error { worst = (parameter.name, error) }
        }
        print("\(reference.name): worst of \(file) \(worst)")
    }

    private func takeStep(_ model: Model, _ settings: ReferenceCase.Description.Optimizer, number: Int) {
        let optimizer = AdamW(
            beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weightDecay: settings.weightDecay)
        let norm = model.store.arena.squaredGradientNorm(compute).squareRoot()
        model.store.arena.update(
            optimizer, number: number, rate: settings.rate, gradientScale: min(1, settings.clip / (norm + 1e-6)),
            compute)
        model.store.publishValues()
    }

    /// A key's bias adds the same to all scores of a query, which softmax ignores: its gradient is 0 but for rounding.
    private func isRoundingNoise(_ parameter: Parameter) -> Bool { parameter.name.hasSuffix("attention.self.key.bias") }
}
