import Encoders
import Experiments
import Numerics
import TestKit
import Testing

/// Layers that keep their inputs alone and compute the rest once more.
struct RecomputationTests {
    /// The gradients after two steps, of which the second is the larger, with dropout.
    private func gradients(
        recomputes: Bool, _ precision: Precision = .fp32, _ adapter: AdapterDesign? = nil,
        readout: ReadoutForm = .first, moving: (Parameter) -> Bool = { _ in true }
    ) throws -> [Float] {
        let test = try TestModel(
            .roberta, head: .linear, readout: readout, adapter: adapter, precision: precision, threads: 2,
            recomputes: recomputes, moving: moving)
        for lengths in [[3, 8], [5, 21, 1, 12, 30]] {
            let batch = makeBatch(lengths, SmallModel.roberta.configuration) { tokens in
                readout == .tokens ? .tokens(Array(0..<tokens)) : .first
            }
            test.learn(batch, dropout: someDropout)
        }
        return Array(test.model.store.arena.gradients)
    }

    @Test(arguments: Precision.allCases)
    func `the gradients are those of layers that keep everything, to the bit`(precision: Precision) throws {
        #expect(try gradients(recomputes: true, precision) == gradients(recomputes: false, precision))
    }

    @Test(arguments: AdapterTests.designs)
    func `so are those of adapters`(design: AdapterDesign) throws {
        let moving = { (parameter: Parameter) in parameter.isAdapter || parameter.place == .head }
        let kept = try gradients(recomputes: false, .fp32, design, moving: moving)
        #expect(try gradients(recomputes: true, .fp32, design, moving: moving) == kept)
        #expect(kept.contains { $0 != 0 })
    }

    @Test func `so are those where every token is read out, and where only the upper layers move`() throws {
        #expect(
            try gradients(recomputes: true, readout: .tokens) == gradients(recomputes: false, readout: .tokens))
        let upper = { (parameter: Parameter) in parameter.place != .embeddings && parameter.place != .layer(0) }
        #expect(try gradients(recomputes: true, moving: upper) == gradients(recomputes: false, moving: upper))
    }

    @Test func `a forward pass more is all that it costs`() throws {
        let work = try [false, true].map { recomputes in
            let test = try TestModel(.roberta, head: .linear, recomputes: recomputes)
            let clock = PhaseClock()
            test.model.compute.clock = clock
            test.learn(makeBatch([9, 9], SmallModel.roberta.configuration))
            return clock.read()
        }
        let layers = Double(SmallModel.roberta.configuration.layers)
        let (once, again) = (work[0][.forwardProducts]!.gigaflop, work[1][.forwardProducts]!.gigaflop)
        // The last layer's is still there, and computes less.
        #expect(again > once * (2 - 1.01 / layers) && again < once * 2)
        #expect(work[0][.weightGradients]!.gigaflop == work[1][.weightGradients]!.gigaflop)
    }
}
