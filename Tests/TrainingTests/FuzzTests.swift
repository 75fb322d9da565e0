import Experiments
import Foundation
import TestKit
import Testing
import Training

/// Checkpoints as broken disks leave them.
struct FuzzTests {
    /// A flipped bit in a value or a moment leaves a file that is whole to look at.
    @Test func `no mutated checkpoint changes what a stage comes to`() throws {
        let bench = try Bench()
        let recipe = bench.recipe {
            $0.budget = .steps(3)
            $0.selection = .best
        }
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"))
        let job = try bench.job(recipe, into: "out")
        let path = "work/checkpoints/\(job.stage)/checkpoint.safetensors"
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 2)) }
        let checkpoint = Array(try Data(contentsOf: URL(fileURLWithPath: bench.folder[path])))
        var mutator = Mutator(seed: 1)
        for _ in 0..<fuzzCount(40, per: 100) {
            let mutated = mutator.mutated(checkpoint)
            guard mutated != checkpoint else { continue }
            try FileManager.default.createDirectory(
                atPath: bench.folder["work/checkpoints/\(job.stage)"], withIntermediateDirectories: true)
            try Data(mutated).write(to: URL(fileURLWithPath: bench.folder[path]))
            let resumed = try bench.run(job)
            #expect(resumed.result.parameters == whole.result.parameters)
            #expect(resumed.result.artifacts == whole.result.artifacts)
        }
    }
}
