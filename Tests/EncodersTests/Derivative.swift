import Encoders
import Numerics
import Testing

/// What moves in a model, against a central difference of the loss along its gradient. Two differences, of steps h and 2h
/// along the normalized gradient, are combined so that an error of order h^4 is left. The loss is rounded at about 1e-6,
/// which divided by the step is 3e-4. Gradients have norms near 0.1.
///
/// - Parameter isZero: whether the gradient must be 0, else it must not be.
func expectDerivative(_ test: TestModel, _ batch: PackedBatch, _ name: String, isZero: Bool = false) {
    test.learn(batch, dropout: someDropout)
    let arena = test.model.store.arena
    let gradient = Array(arena.gradients)
    let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    #expect((norm > 1e-3) != isZero, "\(name): \(norm)")
    let initial = Array(arena.values)
    let loss = { (step: Double) in
        for index in gradient.indices {
            arena.values[index] = initial[index] + Float(step * Double(gradient[index]) / norm)
        }
        test.model.store.publishValues()
        return test.loss(batch, dropout: someDropout)
    }
    let slope = { (step: Double) in (loss(step) - loss(-step)) / (2 * step) }
    let difference = (4 * slope(0.004) - slope(0.008)) / 3
    #expect(abs(difference - norm) < 0.01 * norm + 1e-3, "\(name): \(norm), difference \(difference)")
}
