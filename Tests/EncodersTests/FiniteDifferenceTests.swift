import Encoders
import Experiments
import Testing

/// Every parameter's gradient against a central difference of the loss along it, with dropout on, each parameter alone:
/// all others do not move, so that the backward pass stops where it may. (The kernels are differentiated one by one in
/// NumericsTests.)
struct FiniteDifferenceTests {
    static let designs: [HeadDesign] = [.linear, .mlp(width: 9), .hf]

    @Test(arguments: designs)
    func `BERT's gradients are derivatives`(head: HeadDesign) throws { try check(.bert, head) }

    @Test(arguments: designs)
    func `RoBERTa's gradients are derivatives`(head: HeadDesign) throws { try check(.roberta, head) }

    /// A difference over ± step has an error of order step², and one from rounding the loss, about 1e-6 of it, divided by
    /// the step. With a loss near 1 and a step of 0.03 along the normalized gradient both stay under a hundredth of a
    /// gradient of order 1e-2 and more; below, the absolute tolerance covers rounding.
    private func check(_ small: SmallModel, _ head: HeadDesign) throws {
        let table = ParameterTable(configuration: small.configuration, head: head, outputs: 2)
        let batch = makeBatch([5, 1, 12, 3], small.configuration)
        for parameter in table.parameters {
            let test = try TestModel(small, head: head, moving: { $0.name == parameter.name })
            enlargeHead(test.model)
            test.learn(batch, dropout: someDropout)
            let arena = test.model.store.arena
            let gradient = Array(arena.gradients)
            let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            guard norm > 1e-5 else { continue }
            let initial = Array(arena.values)
            let loss = { (step: Double) in
                for index in gradient.indices {
                    arena.values[index] = initial[index] + Float(step * Double(gradient[index]) / norm)
                }
                return test.loss(batch, dropout: someDropout)
            }
            let step = 0.03
            let difference = (loss(step) - loss(-step)) / (2 * step)
            #expect(abs(difference - norm) < 0.01 * norm + 3e-5, "\(parameter.name): \(norm)")
        }
    }

    /// Initial heads are so small that hardly any gradient passes them.
    private func enlargeHead(_ model: Model) {
        for segment in model.store.arena.segments
        where model.store.table.parameters[segment.parameter].place == .head {
            for index in segment.range { model.store.arena.values[index] *= 10 }
        }
    }
}
