import Encoders
import Experiments
import Foundation
import Numerics
import Testing

struct PrecisionTests {
    private let configuration = SmallModel.bert.configuration

    @Test(arguments: Precision.allCases)
    func `packed weights follow the values`(precision: Precision) throws {
        let (changed, fresh) = (
            try TestModel(.bert, precision: precision), try TestModel(.bert, precision: precision)
        )
        let batch = makeBatch([7, 12], configuration)
        let before = changed.learn(batch)
        clearGradients(changed)
        for test in [changed, fresh] {
            let values = test.model.store.arena.values
            for index in values.indices { values[index] *= 1.25 }
            test.model.store.publishValues()
        }
        #expect(changed.learn(batch) == fresh.learn(batch))
        #expect(changed.model.store.arena.gradients.elementsEqual(fresh.model.store.arena.gradients))
        #expect(changed.learn(batch) != before)
    }

    @Test func `bf16 rounds what is multiplied, and little else`() throws {
        let (exact, rounded) = (try TestModel(.bert), try TestModel(.bert, precision: .bf16))
        let batch = makeBatch([7, 30, 1, 15], configuration)
        let losses = (exact.learn(batch, dropout: someDropout), rounded.learn(batch, dropout: someDropout))
        #expect(losses.0 != losses.1)
        #expect(abs(losses.1 / losses.0 - 1) < 0.01)
        let gradients = [exact, rounded].map { Array($0.model.store.arena.gradients) }
        let error = relativeError(gradients[1], gradients[0])
        // A number of eight bits is off by up to 2^-9; what a weight's gradient adds up is off by a few of them.
        #expect(error > 1e-4 && error < 0.02, "\(error)")
    }

    @Test func `what an example learns in bf16 depends on neither its neighbours nor its place`() throws {
        let test = try TestModel(.bert, precision: .bf16)
        let together = Array(test.model.forward(makeBatch([5, 9, 14], configuration), dropout: someDropout))
        for example in 0..<3 {
            let alone = makeBatch([[5, 9, 14][example]], configuration, firstExample: example)
            let logits = Array(test.model.forward(alone, dropout: someDropout))
            #expect(relativeError(logits, together[(2 * example)..<(2 * example + 2)]) < 1e-5)
        }
    }

    @Test func `each way of tuning learns in bf16`() throws {
        let designs: [AdapterDesign] = [
            .lora(LoRASettings(rank: 4)), .prefix(length: 3, mlp: 0), .bottleneck(width: 8),
        ]
        for design in designs {
            let test = try TestModel(.bert, head: .linear, adapter: design, precision: .bf16) {
                $0.isAdapter || $0.place == .head
            }
            let exact = try TestModel(.bert, head: .linear, adapter: design) { $0.isAdapter || $0.place == .head }
            let batch = makeBatch([7, 30], configuration)
            for model in [test, exact] { model.learn(batch, dropout: someDropout) }
            let gradients = [test, exact].map { Array($0.model.store.arena.gradients) }
            let error = relativeError(gradients[0], gradients[1])
            #expect(error > 1e-5 && error < 0.03, "\(design): \(error)")
        }
    }

    private func clearGradients(_ test: TestModel) {
        _ = test.model.store.arena.gradients.update(
            fromContentsOf: [Float](repeating: 0, count: test.model.store.arena.count))
        test.model.store.arena.rows?.touchAll()
    }
}
