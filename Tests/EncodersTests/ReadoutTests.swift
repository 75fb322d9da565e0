import Encoders
import Experiments
import Numerics
import Testing

struct ReadoutTests {
    private let configuration = SmallModel.bert.configuration
    private var hidden: Int { configuration.hidden }

    private func states(_ batch: PackedBatch) throws -> [[Float]] {
        let test = try TestModel(.bert)
        let states = Array(test.model.finalStates(batch))
        return stride(from: 0, to: states.count, by: hidden).map { Array(states[$0..<$0 + hidden]) }
    }

    @Test func `chosen tokens are read out a row each, in the order of the sequences`() throws {
        let batch = makeBatch([5, 1, 9], configuration) { .tokens($0 == 1 ? [0] : [1, $0 - 1]) }
        let states = try states(batch)
        let test = try TestModel(.bert, head: .linear, readout: .tokens)
        #expect(Array(test.model.features(batch)) == [1, 4, 5, 7, 14].flatMap { states[$0] })
    }

    @Test(arguments: [false, true])
    func `spans are read out as means beside the first token, and compared on request`(compared: Bool) throws {
        let batch = makeBatch([6, 4], configuration) { _ in .spans(1..<3, 3..<4) }
        let states = try states(batch)
        let test = try TestModel(.bert, head: .linear, readout: .spans(compared: compared))
        let features = Array(test.model.features(batch))
        let expected = [0, 6].flatMap { first -> [Float] in
            let left = zip(states[first + 1], states[first + 2]).map { ($0 + $1) / 2 }
            let right = states[first + 3]
            let comparison = zip(left, right).map { abs($0 - $1) } + zip(left, right).map { $0 * $1 }
            return states[first] + left + right + (compared ? comparison : [])
        }
        #expect(relativeError(features, expected) < 1e-6)
    }

    @Test(arguments: [ReadoutForm.tokens, .spans(compared: true)])
    func `a head over features computed before is the head of the whole model`(form: ReadoutForm) throws {
        let batch = makeBatch([6, 4], configuration) { form == .tokens ? .tokens([0, $0 - 1]) : .spans(1..<3, 3..<4) }
        let test = try TestModel(.bert, head: .mlp(width: 8), readout: form)
        let dropout = DropoutContext(seed: 1, step: 2, hidden: 0, attention: 0, classifier: 0.3)
        let features = Array(test.model.features(batch))
        let expected = Array(test.model.forward(batch, dropout: dropout))
        features.withUnsafeBufferPointer {
            #expect(Array(test.model.forwardHead(features: $0, rows: batch.headRows, dropout: dropout)) == expected)
        }
    }

    @Test func `equal sequences of one example drop out differently`() throws {
        let test = try TestModel(.bert)
        var batch = PackedBatch()
        for part in 0..<2 { batch.append(ids: [3, 4, 5], example: 7, part: part) }
        let logits = Array(test.model.forward(batch, dropout: someDropout))
        #expect(logits[0] != logits[2])
        let without = Array(test.model.forward(batch))
        #expect(abs(without[0] - without[2]) < 1e-6, "products over rows in different places round differently")
    }

    @Test func `rows are shared over threads without changing a bit of the loss`() throws {
        let test = try TestModel(.bert, head: .linear, readout: .tokens, outputs: 700)
        let batch = makeBatch([9, 14, 30], configuration) { .tokens(Array(0..<$0)) }
        let logits = test.model.forward(batch)
        let labels = (0..<batch.headRows.count).map { Int32($0 * 13 % 700) }
        func losses(_ threads: Int?) -> (Double, [Float]) {
            var gradients = [Float](repeating: 0, count: logits.count)
            let loss = gradients.withUnsafeMutableBufferPointer {
                Loss.crossEntropy(
                    logits: logits, labels: labels, scale: 0.1, gradients: $0,
                    compute: threads.map { Compute(threads: $0) })
            }
            return (loss, gradients)
        }
        let alone = losses(nil)
        for threads in [1, 3] { #expect(losses(threads) == alone) }
    }
}
