import Encoders
import Experiments
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
}
