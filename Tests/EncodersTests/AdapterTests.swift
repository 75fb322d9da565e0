import Encoders
import Experiments
import Numerics
import Safetensors
import TestKit
import Testing

struct AdapterTests {
    static let designs: [AdapterDesign] = [
        .lora(LoRASettings(rank: 3, alpha: 6, modules: Set(LoRAModule.allCases))),
        .prefix(length: 4, mlp: 0), .prefix(length: 4, mlp: 7), .bottleneck(width: 5),
    ]

    @Test(arguments: designs)
    func `an adapter's gradients are derivatives, and so are those that pass through it`(
        design: AdapterDesign
    ) throws {
        let batch = makeBatch([5, 1, 12, 3], SmallModel.bert.configuration)
        let folder = try TemporaryFolder()
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let below = ["embeddings.LayerNorm.bias", "query.weight", "key.weight", "attention.output.dense.weight"]
        let table = ParameterTable(
            configuration: SmallModel.bert.configuration, head: .linear, outputs: 2, adapter: design)
        for parameter in table.parameters {
            guard parameter.isAdapter || below.contains(where: parameter.name.hasSuffix) else { continue }
            let test = try TestModel(
                .bert, head: .linear, adapter: design, overlays: [values], moving: { $0.name == parameter.name })
            expectDerivative(test, batch, "\(design): \(parameter.name)")
        }
    }

    @Test(arguments: designs)
    func `an adapter over a backbone that stays has the gradients it has over one that moves`(
        design: AdapterDesign
    ) throws {
        let folder = try TemporaryFolder()
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let batch = makeBatch([5, 9, 2], SmallModel.bert.configuration)
        let all = try TestModel(.bert, head: .linear, adapter: design, overlays: [values])
        let alone = try TestModel(.bert, head: .linear, adapter: design, overlays: [values], moving: { $0.isAdapter })
        for test in [all, alone] { test.learn(batch, dropout: someDropout) }
        for segment in alone.model.store.arena.segments {
            let expected = try #require(all.model.store.gradient(segment.parameter))
            let gradient = try #require(alone.model.store.gradient(segment.parameter))
            #expect(
                relativeError(gradient, expected) < 1e-5,
                "\(alone.model.store.table.parameters[segment.parameter].name)")
        }
        let count = alone.model.store.table.parameters.filter(\.isAdapter).count
        #expect(alone.model.store.arena.segments.count == count && count > 0)
    }

    @Test(arguments: designs)
    func `gradients have the same bits with any number of threads`(design: AdapterDesign) throws {
        let folder = try TemporaryFolder()
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let batch = makeBatch([7, 30, 1, 15, 22, 9, 3], SmallModel.bert.configuration)
        let results = try [1, 2, 3].map { threads in
            let test = try TestModel(.bert, head: .linear, adapter: design, threads: threads, overlays: [values])
            let loss = test.learn(batch, dropout: someDropout)
            return (loss, test.model.store.arena.gradients.map(\.bitPattern))
        }
        #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test(arguments: designs)
    func `a smaller batch after a larger one gives what it gives alone`(design: AdapterDesign) throws {
        let configuration = SmallModel.bert.configuration
        let (used, fresh) = (
            try TestModel(.bert, head: .linear, adapter: design), try TestModel(.bert, head: .linear, adapter: design)
        )
        used.learn(makeBatch([40, 33, 12, 9], configuration, firstExample: 50), dropout: someDropout)
        // A step of no length: gradients are 0 again and no value has moved.
        used.model.store.arena.update(AdamW(weightDecay: 0), number: 1, rate: 0, Compute(threads: 1))
        let batch = makeBatch([4, 11], configuration)
        #expect(used.learn(batch, dropout: someDropout) == fresh.learn(batch, dropout: someDropout))
        #expect(used.model.store.arena.gradients.elementsEqual(fresh.model.store.arena.gradients))
    }

    /// Products of other sizes may sum in another order, so equality is up to rounding.
    @Test(arguments: designs)
    func `what an example learns depends on neither its neighbours nor its place`(design: AdapterDesign) throws {
        let folder = try TemporaryFolder()
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let test = try TestModel(.bert, head: .linear, adapter: design, overlays: [values])
        let configuration = SmallModel.bert.configuration
        let together = Array(test.model.forward(makeBatch([5, 9, 14], configuration), dropout: someDropout))
        for example in 0..<3 {
            let alone = makeBatch([[5, 9, 14][example]], configuration, firstExample: example)
            let logits = Array(test.model.forward(alone, dropout: someDropout))
            #expect(relativeError(logits, together[(2 * example)..<(2 * example + 2)]) < 1e-5)
        }
    }

    @Test func `a new LoRA adds nothing, and a new bottleneck next to nothing`() throws {
        let batch = makeBatch([5, 9], SmallModel.bert.configuration)
        let plain = try finalStates(batch, nil)
        let lora = try finalStates(batch, Self.designs[0])
        #expect(lora == plain)
        // Both matrices have entries near 0.01: the bottleneck adds about a thousandth of its input.
        let bottleneck = try finalStates(batch, .bottleneck(width: 5))
        #expect(relativeError(bottleneck, plain) < 1e-2 && bottleneck != plain)
    }

    @Test(arguments: designs.dropLast())
    func `an adapter's dropout acts anew in each step, on its own`(design: AdapterDesign) throws {
        let folder = try TemporaryFolder()
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let batch = makeBatch([5, 9], SmallModel.bert.configuration)
        func logits(step: Int, _ probability: Double) throws -> [Float] {
            let test = try TestModel(.bert, head: .linear, adapter: design, overlays: [values])
            let dropout = DropoutContext(
                seed: 1, step: step, hidden: 0, attention: 0, classifier: 0, adapter: probability)
            return withExtendedLifetime(test) { Array($0.model.forward(batch, dropout: dropout)) }
        }
        #expect(try logits(step: 1, 0.5) == logits(step: 1, 0.5))
        #expect(try logits(step: 1, 0.5) != logits(step: 2, 0.5))
        #expect(try logits(step: 1, 0.5) != logits(step: 1, 0))
    }

    @Test func `a prefix that drops out is one with some keys and values at 0 and the others larger`() throws {
        let (folder, probability) = (try TemporaryFolder(), 0.5)
        let (design, hidden) = (AdapterDesign.prefix(length: 3, mlp: 0), SmallModel.bert.configuration.hidden)
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let tensors = (0..<SmallModel.bert.configuration.layers).flatMap { layer in
            let random = CounterRandom(
                seed: 1, purpose: RandomPurpose.dropout(.prefix(layer: layer)), step: 4, example: 9)
            return ["key", "value"].enumerated().map { half, name in
                let name = "encoder.layer.\(layer).attention.prefix.\(name)"
                let floats = (values.tensor(named: name)?.floats() ?? []).enumerated().map { place, value in
                    // A place of the prefix has its keys and values side by side, and random numbers of its own.
                    let bits = random.bits(64 * (place / hidden) + half * hidden + place % hidden)
                    return Double(bits) < probability * 0x1p32 ? 0 : value * Float(1 / (1 - probability))
                }
                return TensorSource(name: name, shape: [3, hidden], floats: floats)
            }
        }
        try SafetensorsWriter.write(tensors, to: folder["dropped.safetensors"])
        let dropped = try SafetensorsFile(path: folder["dropped.safetensors"])
        let batch = makeBatch([6], SmallModel.bert.configuration, firstExample: 9)
        let logits = { (overlays: [SafetensorsFile], dropout: DropoutContext?) in
            let test = try TestModel(.bert, head: .linear, adapter: design, overlays: overlays)
            return withExtendedLifetime(test) { Array($0.model.forward(batch, dropout: dropout)) }
        }
        let context = DropoutContext(seed: 1, step: 4, hidden: 0, attention: 0, classifier: 0, adapter: probability)
        #expect(try logits([values], context) == logits([values, dropped], nil))
        #expect(try logits([values], context) != logits([values], nil))
    }

    @Test func `a prefix is seen by every sequence, and takes no position from it`() throws {
        let folder = try TemporaryFolder()
        let design = AdapterDesign.prefix(length: 2, mlp: 0)
        let values = try writeAdapter(design, to: folder["adapter.safetensors"])
        let batch = makeBatch([1, 5, 40], SmallModel.bert.configuration)
        let with = try finalStates(batch, design, [values])
        let without = try finalStates(batch, nil)
        let hidden = SmallModel.bert.configuration.hidden
        for token in [0, 1, 6, 45] {
            let range = token * hidden..<(token + 1) * hidden
            #expect(relativeError(with[range], without[range]) > 1e-2)
        }
    }

    private func finalStates(
        _ batch: PackedBatch, _ design: AdapterDesign?, _ overlays: [SafetensorsFile] = []
    ) throws -> [Float] {
        let test = try TestModel(.bert, head: .linear, adapter: design, overlays: overlays)
        return withExtendedLifetime(test) { Array($0.model.finalStates(batch)) }
    }
}

/// Values of an adapter and a linear head in a file, so large that gradients pass both.
func writeAdapter(
    _ design: AdapterDesign, _ configuration: EncoderConfiguration = SmallModel.bert.configuration, to path: String
) throws -> SafetensorsFile {
    let table = ParameterTable(configuration: configuration, head: .linear, outputs: 2, adapter: design)
    let tensors = table.parameters.filter { $0.isAdapter || $0.place == .head }.enumerated().map { index, parameter in
        let random = CounterRandom(seed: 9, purpose: RandomPurpose.adapterInitialization, example: index)
        return TensorSource(
            name: parameter.name, shape: parameter.shape,
            floats: (0..<parameter.count).map { Float((parameter.isAdapter ? 0.3 : 0.5) * random.normal($0)) })
    }
    try SafetensorsWriter.write(tensors, to: path)
    return try SafetensorsFile(path: path)
}
