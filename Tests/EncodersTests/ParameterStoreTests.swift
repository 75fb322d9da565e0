import Encoders
import Experiments
import Foundation
import Numerics
import Safetensors
import TestKit
import Testing

struct ParameterStoreTests {
    @Test func `a head from a file is used, and initialization leaves it alone`() throws {
        let folder = try TemporaryFolder()
        let weight = (0..<24).map { Float($0) }
        try SafetensorsWriter.write(
            [TensorSource(name: "head.out.weight", shape: [2, 12], floats: weight)], to: folder["head.safetensors"])
        let file = try SafetensorsFile(path: folder["head.safetensors"])
        let store = try TestModel(.bert, head: .linear, overlays: [file]).model.store
        let index = try #require(store.index(of: "head.out.weight"))
        #expect(Array(store.values(index)) == weight)
        let still = try TestModel(.bert, head: .linear, overlays: [file], moving: { _ in false }).model.store
        #expect(Array(still.values(index)) == weight)
        #expect(still.arena.count == 0 && still.gradient(index) == nil)
    }

    @Test func `a file of another model is refused with tensor and shapes`() throws {
        let folder = try TemporaryFolder()
        func problem(_ name: String, _ shape: [Int]) throws -> String? {
            let floats = [Float](repeating: 0, count: shape.reduce(1, *))
            try SafetensorsWriter.write(
                [TensorSource(name: name, shape: shape, floats: floats)], to: folder["head.safetensors"])
            let file = try SafetensorsFile(path: folder["head.safetensors"])
            return #expect(throws: ModelError.self) { try TestModel(.bert, head: .linear, overlays: [file]) }?.problem
        }
        #expect(
            try problem("head.out.weight", [3, 12]) == "tensor 'head.out.weight' is [3, 12], the model has [2, 12]")
        #expect(
            try problem("head.dense.weight", [1])
                == "tensor 'head.dense.weight' is no parameter of this model with head 'linear'")
    }

    @Test func `loading sets the parameters that move and refuses others`() throws {
        let folder = try TemporaryFolder()
        let name = "encoder.layer.0.output.dense.bias"
        let bias = (0..<12).map { Float($0) }
        try SafetensorsWriter.write([TensorSource(name: name, shape: [12], floats: bias)], to: folder["a.safetensors"])
        let file = try SafetensorsFile(path: folder["a.safetensors"])
        let store = try TestModel(.bert).model.store
        try store.load(file)
        let index = try #require(store.index(of: name))
        #expect(Array(store.values(index)) == bias)
        let still = try TestModel(.bert, moving: { $0.place == .head }).model.store
        #expect(throws: ModelError.self) { try still.load(file) }
    }

    /// Moments of n draws have deviations sigma/√n and sigma√(2/n); five of them are allowed.
    @Test(arguments: [(HeadDesign.linear, 0.02), (.mlp(width: 200), 0.005), (.hf, 0.02), (.pooled, 0.02)])
    func `heads begin as their papers' code has them`(head: HeadDesign, deviation: Double) throws {
        let store = try TestModel(.roberta, head: head).model.store
        for (index, parameter) in store.table.parameters.enumerated() where parameter.place == .head {
            let values = store.values(index).map(Double.init)
            if parameter.role == .matrix {
                let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
                #expect(abs(square / (deviation * deviation) - 1) < 5 * (2 / Double(values.count)).squareRoot())
            } else if case .mlp = head {
                let inputs = store.table.parameters[index - 1].shape[1]
                #expect(values.allSatisfy { abs($0) <= 1 / Double(inputs).squareRoot() && $0 != 0 })
            } else {
                #expect(values.allSatisfy { $0 == 0 })
            }
        }
    }

    @Test func `the initial head is a function of the seed`() throws {
        let stores = try [1, 1, 2].map { try headOf($0) }
        #expect(stores[0] == stores[1] && stores[0] != stores[2])
    }

    private func headOf(_ seed: UInt64) throws -> [Float] {
        let folder = try TemporaryFolder()
        let backbone = try SmallModel.bert.backbone(in: folder)
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
        let store = try ParameterStore(table: table, backbone: backbone, moving: { $0.place == .head })
        store.drawInitialValues(seed: seed)
        return Array(store.arena.values)
    }

    @Test func `BERT's own head takes the pretrained pooler where the file has one`() throws {
        let folder = try TemporaryFolder()
        try TinyModel.write(to: folder.path)
        let backbone = try Backbone(directory: folder.path)
        let table = ParameterTable(configuration: backbone.configuration, head: .hf, outputs: 2)
        let store = try ParameterStore(table: table, backbone: backbone, moving: { _ in true })
        store.drawInitialValues(seed: 1)
        let file = try SafetensorsFile(path: folder["model.safetensors"])
        let index = try #require(store.index(of: "head.pooler.dense.weight"))
        #expect(Array(store.values(index)) == file["pooler.dense.weight"])
    }

    /// The layers of the head that each family's file has, and whether the last has weights of its own there.
    static let wordHeads: [(model: SmallModel, dense: String, norm: String, bias: String, decoder: String?)] = [
        (
            .bert, "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm", "cls.predictions.bias", nil
        ),
        (.roberta, "lm_head.dense", "lm_head.layer_norm", "lm_head.bias", "lm_head.decoder.weight"),
    ]

    @Test(arguments: wordHeads)
    func `hidden words are guessed by the head of the pretraining where the file has one`(
        small: SmallModel, dense: String, norm: String, bias: String, decoder: String?
    ) throws {
        let folder = try TemporaryFolder()
        try small.write(to: folder)
        let (width, words) = (small.configuration.hidden, small.configuration.vocabulary)
        let plain = try SafetensorsFile(path: folder["model.safetensors"])
        #expect(try !Backbone(directory: folder.path).hasWordHead)
        var shapes = [
            ("\(dense).weight", [width, width]), ("\(dense).bias", [width]), ("\(norm).weight", [width]),
            ("\(norm).bias", [width]), (bias, [words]),
        ]
        if let decoder { shapes.append((decoder, [words, width])) }
        var values: [String: [Float]] = [:]
        for (number, (name, shape)) in shapes.enumerated() {
            let random = CounterRandom(seed: 6, purpose: RandomPurpose.split, example: number)
            values[name] = (0..<shape.reduce(1, *)).map { Float(0.5 * random.normal($0)) }
        }
        let kept = plain.names.map { ($0, plain.tensor(named: $0)?.shape ?? [], plain[$0]) }
        let whole = try TemporaryFolder([
            "config.json": Array(Data(contentsOf: URL(fileURLWithPath: folder["config.json"])))
        ])
        try SafetensorsWriter.write(
            kept.map { TensorSource(name: $0, shape: $1, floats: $2) }
                + shapes.map { TensorSource(name: $0, shape: $1, floats: values[$0] ?? []) },
            to: whole["model.safetensors"])
        let backbone = try Backbone(directory: whole.path)
        #expect(backbone.hasWordHead)
        let table = ParameterTable(
            configuration: backbone.configuration, head: .hf, readout: .tokens, outputs: words)
        let store = try ParameterStore(table: table, backbone: backbone, moving: { $0.place == .head })
        store.drawInitialValues(seed: 1)
        let model = Model(store: store, compute: Compute(threads: 1))
        let batch = makeBatch([5], backbone.configuration) { _ in .tokens([1, 3]) }
        let features = model.features(batch).map(Double.init)
        let logits = Array(model.forward(batch))
        let out = decoder.flatMap { values[$0] } ?? plain[ParameterTable.wordEmbeddings]
        for row in 0..<2 {
            let expected = rendered(
                Array(features[row * width..<(row + 1) * width]), dense: values["\(dense).weight"] ?? [],
                denseBias: values["\(dense).bias"] ?? [], norm: values["\(norm).weight"] ?? [],
                normBias: values["\(norm).bias"] ?? [], out: out, outBias: values[bias] ?? [],
                epsilon: Double(backbone.configuration.layerNormEpsilon))
            for word in 0..<words { #expect(abs(Double(logits[row * words + word]) - expected[word]) < 1e-4) }
        }
    }

    /// W LayerNorm(GELU(D x + b)) + c.
    private func rendered(
        _ x: [Double], dense: [Float], denseBias: [Float], norm: [Float], normBias: [Float], out: [Float],
        outBias: [Float], epsilon: Double
    ) -> [Double] {
        let product = { (matrix: [Float], bias: [Float], x: [Double]) in
            bias.indices.map { row in
                x.indices.reduce(Double(bias[row])) { $0 + Double(matrix[row * x.count + $1]) * x[$1] }
            }
        }
        let inner = product(dense, denseBias, x).map { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }
        let mean = inner.reduce(0, +) / Double(inner.count)
        let variance = inner.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(inner.count)
        let normed = inner.indices.map {
            (inner[$0] - mean) / (variance + epsilon).squareRoot() * Double(norm[$0]) + Double(normBias[$0])
        }
        return product(out, outBias, normed)
    }

    @Test func `without one in the file it begins with the word embedding`() throws {
        let folder = try TemporaryFolder()
        let backbone = try SmallModel.bert.backbone(in: folder)
        let table = ParameterTable(
            configuration: backbone.configuration, head: .hf, readout: .tokens,
            outputs: backbone.configuration.vocabulary)
        let store = try ParameterStore(table: table, backbone: backbone, moving: { $0.place == .head })
        store.drawInitialValues(seed: 1)
        let value = { (name: String) in Array(store.values(try #require(store.index(of: name)))) }
        let head = "head.cls.predictions"
        let file = try SafetensorsFile(path: folder["model.safetensors"])
        #expect(try value("\(head).decoder.weight") == file[ParameterTable.wordEmbeddings])
        #expect(try value("\(head).transform.LayerNorm.weight").allSatisfy { $0 == 1 })
        #expect(try value("\(head).decoder.bias").allSatisfy { $0 == 0 })
        #expect(try value("\(head).transform.dense.weight").allSatisfy { $0 != 0 })
    }
}
