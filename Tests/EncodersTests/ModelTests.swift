import Encoders
import Experiments
import Numerics
import Testing

struct ModelTests {
    @Test(arguments: [SmallModel.bert, .roberta].map(\.configuration.family), Precision.allCases)
    func `gradients have the same bits with any number of threads`(
        family: EncoderConfiguration.Family, precision: Precision
    ) throws {
        let small = family == .bert ? SmallModel.bert : .roberta
        let batch = makeBatch([7, 30, 1, 15, 22, 9, 3], small.configuration)
        let results = try [1, 2, 3].map { threads in
            let test = try TestModel(small, precision: precision, threads: threads)
            let loss = test.learn(batch, dropout: someDropout)
            let compute = Compute(threads: threads)
            let norm = test.model.store.arena.squaredGradientNorm(compute)
            let gradients = test.model.store.arena.gradients.map(\.bitPattern)
            test.model.store.arena.update(AdamW(), number: 1, rate: 1e-3, compute)
            return (loss, norm, gradients, test.model.store.arena.values.map(\.bitPattern))
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: Precision.allCases, [false, true])
    func `a pass that no backward pass follows has the same bits`(precision: Precision, recomputes: Bool) throws {
        let test = try TestModel(.roberta, precision: precision, recomputes: recomputes)
        let batch = makeBatch([5, 9, 14], SmallModel.roberta.configuration)
        #expect(Array(test.model.outputs(of: batch)) == Array(test.model.forward(batch)))
    }

    /// Products of other sizes may sum in another order, so equality is up to rounding.
    @Test func `what an example learns depends on neither its neighbours nor its place`() throws {
        let test = try TestModel(.bert)
        let configuration = SmallModel.bert.configuration
        let together = Array(test.model.forward(makeBatch([5, 9, 14], configuration), dropout: someDropout))
        for example in 0..<3 {
            let alone = makeBatch([[5, 9, 14][example]], configuration, firstExample: example)
            let logits = Array(test.model.forward(alone, dropout: someDropout))
            #expect(relativeError(logits, together[(2 * example)..<(2 * example + 2)]) < 1e-5)
        }
    }

    @Test(arguments: ["hidden", "attention", "classifier"])
    func `each kind of dropout acts, and acts anew in each step`(kind: String) throws {
        let test = try TestModel(.roberta)
        let batch = makeBatch([5, 9], SmallModel.roberta.configuration)
        func logits(step: Int, _ probability: Double) -> [Float] {
            Array(
                test.model.forward(
                    batch,
                    dropout: DropoutContext(
                        seed: 1, step: step, hidden: kind == "hidden" ? probability : 0,
                        attention: kind == "attention" ? probability : 0,
                        classifier: kind == "classifier" ? probability : 0)))
        }
        #expect(logits(step: 1, 0.5) != logits(step: 2, 0.5))
        #expect(logits(step: 1, 0.5) == logits(step: 1, 0.5))
        #expect(logits(step: 1, 0) == Array(test.model.forward(batch)))
        #expect(logits(step: 1, 0.5) != logits(step: 1, 0))
    }

    @Test func `features are the first tokens' final states`() throws {
        let test = try TestModel(.bert)
        let configuration = SmallModel.bert.configuration
        let batch = makeBatch([5, 1, 9], configuration)
        let states = Array(test.model.finalStates(batch))
        let features = Array(test.model.features(batch))
        let hidden = configuration.hidden
        let first = [0, 5, 6].flatMap { states[($0 * hidden)..<(($0 + 1) * hidden)] }
        #expect(relativeError(features, first) < 1e-6)
    }

    @Test func `a head over features computed before is the head of the whole model`() throws {
        let test = try TestModel(.roberta)
        let batch = makeBatch([5, 1, 9], SmallModel.roberta.configuration)
        let dropout = DropoutContext(seed: 1, step: 2, hidden: 0, attention: 0, classifier: 0.3)
        let features = Array(test.model.features(batch))
        let expected = Array(test.model.forward(batch, dropout: dropout))
        features.withUnsafeBufferPointer {
            let logits = test.model.forwardHead(features: $0, rows: batch.headRows, dropout: dropout)
            #expect(Array(logits) == expected)
        }
    }

    @Test func `a smaller batch after a larger one gives what it gives alone`() throws {
        let configuration = SmallModel.bert.configuration
        let (used, fresh) = (try TestModel(.bert), try TestModel(.bert))
        used.learn(makeBatch([40, 33, 12, 9], configuration, firstExample: 50), dropout: someDropout)
        // A step of no length: gradients are 0 again and no value has moved.
        used.model.store.arena.update(AdamW(weightDecay: 0), number: 1, rate: 0, Compute(threads: 1))
        let batch = makeBatch([4, 11], configuration)
        #expect(used.learn(batch, dropout: someDropout) == fresh.learn(batch, dropout: someDropout))
        #expect(used.model.store.arena.gradients.elementsEqual(fresh.model.store.arena.gradients))
    }

    @Test func `gradients of parts of a batch add up`() throws {
        let configuration = SmallModel.bert.configuration
        let (whole, parts) = (try TestModel(.bert), try TestModel(.bert))
        whole.learn(makeBatch([4, 11], configuration), dropout: someDropout)
        parts.learn(makeBatch([4], configuration), dropout: someDropout)
        parts.learn(makeBatch([11], configuration, firstExample: 1), dropout: someDropout)
        let halves = parts.model.store.arena.gradients.map { $0 / 2 }
        #expect(relativeError(halves, Array(whole.model.store.arena.gradients)) < 1e-5)
    }

    @Test func `biases alone have the gradients they have among all`() throws {
        let batch = makeBatch([5, 9, 2], SmallModel.bert.configuration)
        let isBias = { (parameter: Parameter) in
            parameter.role == .bias || parameter.role == .normBias || parameter.place == .head
        }
        let (all, biases) = (try TestModel(.bert), try TestModel(.bert, moving: isBias))
        all.learn(batch, dropout: someDropout)
        biases.learn(batch, dropout: someDropout)
        let table = all.model.store.table
        for (index, parameter) in table.parameters.enumerated() {
            guard let gradient = biases.model.store.gradient(index) else {
                #expect(!isBias(parameter))
                continue
            }
            let expected = try #require(all.model.store.gradient(index))
            // A key's bias has no gradient but rounding, which differs with the shape of the products.
            guard !parameter.name.hasSuffix("key.bias") else { continue }
            #expect(relativeError(gradient, expected) < 1e-5, "\(parameter.name)")
        }
        #expect(biases.model.store.arena.count < all.model.store.arena.count / 3)
    }
}
