import Experiments
import Foundation
import Numerics
import Safetensors
import Testing
import TestKit
import Training

/// What does not change is computed once and kept.
struct KeptWorkTests {
    @Test func `layers that do not move compute once for each example where nothing drops out`() throws {
        let bench = try Bench()
        let work = try [0.0, 1e-9].map { dropout in
            let recipe = bench.recipe {
                $0.tune = .parameters(.top(layers: 1))
                $0.dropout = dropout
                $0.budget = .epochs(4)
            }
            let clock = PhaseClock()
            _ = try bench.run(bench.job(recipe, into: "out-\(dropout)", work: "work-\(dropout)"), clock: clock)
            return clock.read()[.forwardProducts]!.gigaflop
        }
        #expect(work[0] < 0.7 * work[1])
    }

    @Test func `features that were changed on the disk are computed anew`() throws {
        let bench = try Bench()
        let recipe = bench.recipe { $0.tune = .head }
        let whole = try bench.run(try bench.job(recipe, into: "a")).result
        let folder = bench.folder["work/features"]
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".safetensors") })
        let url = URL(filePath: "\(folder)/\(name)")
        var bytes = try Data(contentsOf: url)
        bytes[bytes.count / 2] ^= 0x40
        try bytes.write(to: url)
        #expect(try bench.run(try bench.job(recipe, into: "b")).result.parameters == whole.parameters)
        #expect(try Data(contentsOf: url) != bytes)
    }

    @Test func `a linear probe leaves the backbone alone and computes features once`() throws {
        let bench = try Bench()
        let recipe = bench.recipe {
            $0.tune = .head
            $0.dropout = 0
        }
        let outcome = try bench.run(try bench.job(recipe, into: "a", outputs: [.head]))
        #expect(outcome.files.keys.sorted() == [.head])
        let features = try FileManager.default.contentsOfDirectory(atPath: bench.folder["work/features"])
        #expect(features.count { $0.hasSuffix(".safetensors") } == 1)
        let again = try bench.run(try bench.job(recipe, into: "b"))
        #expect(again.result.parameters == outcome.result.parameters)
        let fresh = try bench.run(try bench.job(recipe, into: "c", work: "other"))
        #expect(fresh.result.parameters == outcome.result.parameters)
    }

    @Test func `kept features that cannot be used are computed anew`() throws {
        let bench = try Bench()
        let recipe = bench.recipe { $0.tune = .head }
        let outcome = try bench.run(try bench.job(recipe, into: "a"))
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder["work/features"])
        let path = "\(bench.folder["work/features"])/\(try #require(names.first { $0.hasSuffix(".safetensors") }))"
        let wrong = TensorSource(name: "train", shape: [64, 1], floats: [Float](repeating: 0, count: 64))
        let scalar = TensorSource(name: "dev", shape: [], floats: [0])
        for spoil in [
            { try Data("nonsense".utf8).write(to: URL(fileURLWithPath: path)) },
            { try SafetensorsWriter.write([wrong, scalar], to: path) },
        ] {
            try spoil()
            let again = try bench.run(try bench.job(recipe, into: "b"))
            #expect(again.result.parameters == outcome.result.parameters)
        }
    }

    @Test func `features that cannot be kept are this node's fault`() throws {
        let bench = try Bench()
        try bench.folder.write("a file where a folder should be", to: "work/features")
        let job = try bench.job(bench.recipe { $0.tune = .head }, into: "out")
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.cause == .node)
    }
}
