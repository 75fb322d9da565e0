import Experiments
import Files
import Foundation
import Numerics
import Safetensors
import Testing
import TestKit
import Training

/// What does not change is computed once and kept.
struct KeptWorkTests {
    /// A stage whose last layer alone moves, and its products forward in 10^9 operations.
    private func stage(
        _ bench: Bench, dropout: Double, precision: Precision = .fp32, work: String, stopAfter: Int? = nil
    ) throws -> (parameters: Digest?, gigaflop: Double) {
        let recipe = bench.recipe {
            $0.tune = .parameters(.top(layers: 1))
            $0.dropout = dropout
            $0.budget = .epochs(4)
            $0.precision = precision
        }
        let clock = PhaseClock()
        let job = try bench.job(recipe, into: "out-\(work)", work: work)
        guard let stopAfter else {
            let parameters = try bench.run(job, clock: clock).result.parameters
            return (parameters, clock.read()[.forwardProducts]!.gigaflop)
        }
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: stopAfter)) }
        return (nil, 0)
    }

    private static let areRowsIndependent = Compute(threads: 1).rowsAreIndependent(.fp32)

    @Test(.enabled(if: areRowsIndependent, "the processor has no AVX-512"))
    func `layers that do not move compute once for each example where nothing drops out`() throws {
        let bench = try Bench()
        let kept = try stage(bench, dropout: 0, work: "kept")
        #expect(try kept.gigaflop < 0.7 * stage(bench, dropout: 1e-9, work: "computed").gigaflop)
    }

    @Test(arguments: Precision.allCases)
    func `a stage with layers that do not move is resumed to the bit`(precision: Precision) throws {
        let bench = try Bench()
        let whole = try stage(bench, dropout: 0, precision: precision, work: "whole")
        _ = try stage(bench, dropout: 0, precision: precision, work: "parts", stopAfter: 7)
        let resumed = try stage(bench, dropout: 0, precision: precision, work: "parts")
        #expect(resumed.parameters == whole.parameters)
        #expect(resumed.gigaflop < whole.gigaflop, "or it was not resumed")
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
