import Encoders
import Experiments
import Foundation
import Numerics
import TestKit
import Testing

/// Model folders as broken downloads and ill-meaning strangers leave them.
struct FuzzTests {
    @Test(arguments: 0..<UInt64(2))
    func `a mutated model computes as many numbers as it says, or is refused`(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        try TinyModel.write(to: folder.path)
        let names = ["config.json", "model.safetensors"]
        let whole = try names.map { Array(try Data(contentsOf: URL(fileURLWithPath: folder[$0]))) }
        let watchdog = Watchdog()
        var mutator = Mutator(seed: seed)
        var (computed, refused) = (0, 0)
        for number in 0..<fuzzCount(3000, per: 1000) / 2 {
            // The header of the weights is what can be wrong with them; values are values.
            let changed = number % 3 == 0 ? 1 : 0
            let header = changed == 1 ? 4096 : whole[0].count
            let bytes = mutator.mutated(Array(whole[changed].prefix(header))) + whole[changed].dropFirst(header)
            try Data(bytes).write(to: URL(fileURLWithPath: folder[names[changed]]))
            watchdog.watch("model \(number) of seed \(seed)") {
                do throws(ModelError) {
                    try compute(folder.path)
                    computed += 1
                } catch {
                    refused += 1
                }
            }
            try Data(whole[changed]).write(to: URL(fileURLWithPath: folder[names[changed]]))
        }
        #expect(computed > 0 && refused > 0)
    }

    private func compute(_ directory: String) throws(ModelError) {
        let backbone = try Backbone(directory: directory)
        let configuration = backbone.configuration
        let table = ParameterTable(configuration: configuration, head: .linear, outputs: 2)
        let store = try ParameterStore(table: table, backbone: backbone, moving: { _ in false })
        guard configuration.longestSequence >= 4 else { return }
        var batch = PackedBatch()
        batch.append(ids: [2, 5, 7, 3], types: [0, 0, 0, 0], example: 0)
        let features = Model(store: store, compute: Compute(threads: 1)).features(batch)
        #expect(features.count == configuration.hidden)
    }
}
