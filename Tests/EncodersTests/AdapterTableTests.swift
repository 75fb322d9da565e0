import Encoders
import Experiments
import Safetensors
import TestKit
import Testing

/// Which parameters an adapter adds, where they stand, and how they begin.
struct AdapterTableTests {
    private let configuration = SmallModel.bert.configuration

    private func table(_ adapter: AdapterDesign?) -> ParameterTable {
        ParameterTable(configuration: configuration, head: .linear, outputs: 2, adapter: adapter)
    }

    private func added(_ adapter: AdapterDesign) -> [String] {
        table(adapter).parameters.filter(\.isAdapter).map { "\($0.name) \($0.shape)" }
    }

    @Test func `names are those of peft and of the checkpoint`() {
        let lora = added(.lora(LoRASettings(rank: 3, modules: [.feedForwardOutput, .query])))
        #expect(
            lora.prefix(4) == [
                "encoder.layer.0.attention.self.query.lora_A.weight [3, 12]",
                "encoder.layer.0.attention.self.query.lora_B.weight [12, 3]",
                "encoder.layer.0.output.dense.lora_A.weight [3, 21]",
                "encoder.layer.0.output.dense.lora_B.weight [12, 3]",
            ])
        #expect(lora.count == 8)
        #expect(
            added(.prefix(length: 4, mlp: 0)) == [
                "encoder.layer.0.attention.prefix.key [4, 12]", "encoder.layer.0.attention.prefix.value [4, 12]",
                "encoder.layer.1.attention.prefix.key [4, 12]", "encoder.layer.1.attention.prefix.value [4, 12]",
            ])
        #expect(
            added(.prefix(length: 4, mlp: 7)) == [
                "encoder.prefix.embedding.weight [4, 12]", "encoder.prefix.transform.0.weight [7, 12]",
                "encoder.prefix.transform.0.bias [7]", "encoder.prefix.transform.2.weight [48, 7]",
                "encoder.prefix.transform.2.bias [48]",
            ])
        #expect(
            added(.bottleneck(width: 5)).prefix(5) == [
                "encoder.layer.0.attention.adapter.down.weight [5, 12]",
                "encoder.layer.0.attention.adapter.down.bias [5]",
                "encoder.layer.0.attention.adapter.up.weight [12, 5]",
                "encoder.layer.0.attention.adapter.up.bias [12]",
                "encoder.layer.0.output.adapter.down.weight [5, 12]",
            ])
    }

    @Test(arguments: AdapterTests.designs)
    func `an adapter leaves the order of all others alone, and its matrices decay`(design: AdapterDesign) {
        let parameters = table(design).parameters
        #expect(parameters.filter { !$0.isAdapter } == table(nil).parameters)
        #expect(parameters.contains { $0.isAdapter })
        #expect(zip(parameters, parameters.dropFirst()).allSatisfy { $0.place <= $1.place })
        #expect(parameters.filter(\.isAdapter).allSatisfy { $0.decays == ($0.shape.count == 2) })
    }

    @Test(arguments: AdapterTests.designs)
    func `the initial adapter is a function of the seed, and a file goes before it`(design: AdapterDesign) throws {
        let values = try [1, 1, 2].map { seed in
            withExtendedLifetime(try store(design, seed: seed)) { Array($0.arena.values) }
        }
        #expect(values[0] == values[1] && values[0] != values[2])
        let folder = try TemporaryFolder()
        let file = try writeAdapter(design, to: folder["adapter.safetensors"])
        let fromFile = try store(design, seed: 1, overlays: [file])
        #expect(!fromFile.arena.segments.isEmpty)
        for segment in fromFile.arena.segments {
            let parameter = fromFile.table.parameters[segment.parameter]
            #expect(Array(fromFile.arena.values[segment.range]) == file[parameter.name])
        }
    }

    /// Moments of n draws have deviations σ/√n and, for squares, at most σ²√(2/n); five of them are allowed.
    @Test(arguments: [
        (AdapterDesign.lora(LoRASettings(rank: 40)), "lora_A.weight", 1 / 36.0.squareRoot()),
        (.lora(LoRASettings(rank: 40)), "lora_B.weight", 0), (.prefix(length: 40, mlp: 0), "prefix.key", 0.01),
        (.prefix(length: 40, mlp: 7), "embedding.weight", 1),
        (.prefix(length: 40, mlp: 50), "transform.0.weight", 1 / 36.0.squareRoot()),
        (.prefix(length: 40, mlp: 50), "transform.2.bias", 1 / 150.0.squareRoot()),
        // A normal distribution cut at two deviations keeps 0.7737 of its variance.
        (.bottleneck(width: 40), "down.weight", 0.01 * 0.7737.squareRoot()), (.bottleneck(width: 40), "up.bias", 0),
    ])
    func `adapters begin as their papers' code has them`(
        design: AdapterDesign, suffix: String, deviation: Double
    ) throws {
        let store = try store(design, seed: 3)
        let meant = store.table.parameters.enumerated().filter { $1.isAdapter && $1.name.hasSuffix(suffix) }
        #expect(!meant.isEmpty)
        for (index, parameter) in meant {
            let values = store.values(index).map(Double.init)
            let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
            #expect(
                abs(square - deviation * deviation)
                    <= 5 * deviation * deviation * (2 / Double(values.count)).squareRoot(), "\(parameter.name)")
            if suffix == "down.weight" { #expect(values.allSatisfy { abs($0) <= 0.02 }) }
        }
    }

    private func store(
        _ design: AdapterDesign, seed: UInt64, overlays: [SafetensorsFile] = []
    ) throws -> ParameterStore {
        let folder = try TemporaryFolder()
        let backbone = try SmallModel.bert.backbone(in: folder)
        let table = table(design)
        let store = try ParameterStore(table: table, backbone: backbone, overlays: overlays, moving: \.isAdapter)
        store.drawInitialValues(seed: seed)
        return store
    }
}
