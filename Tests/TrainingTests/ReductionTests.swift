import Experiments
import Testing
import TestKit
import Training

/// Gradients summed over ranks while the backward pass goes on.
struct ReductionTests {
    /// What may be final late, or never in the arena before the end.
    static let recipes: [(String, @Sendable (inout Recipe) -> Void)] = [
        ("all", { _ in }),
        ("passes", { $0.accumulation = 3 }),
        ("fewer examples than ranks", { $0.batch = 2 }),
        ("bitfit", { $0.tune = .bitfit }),
        ("entries", { $0.tune = .entries(.drawn(share: 0.2)) }),
        ("prefix of a network", { $0.tune = .adapter(.prefix(length: 4, mlp: 8)) }),
        ("prefix", { $0.tune = .adapter(.prefix(length: 4, mlp: 0)) }),
        ("bottleneck", { $0.tune = .adapter(.bottleneck(width: 4, norms: true)) }),
        ("lora", { $0.tune = .adapter(.lora(LoRASettings(rank: 2))) }),
        ("pooled head", { $0.head = .pooled }),
        ("head alone", { $0.tune = .head }),
        ("bf16", { $0.precision = .bf16 }),
        ("bf16 between ranks", { $0.allreduce = .bf16 }),
        (
            "mixout",
            {
                $0.regularization.mixout = 0.3
                $0.dropout = 0
            }
        ),
    ]

    @Test(arguments: recipes.indices, [2, 3])
    func `small buckets, begun in the backward pass, change no bit`(place: Int, ranks: Int) throws {
        let bench = try Bench()
        let (name, change) = Self.recipes[place]
        let recipe = bench.recipe {
            $0.budget = .steps(4)
            $0.head = .mlp(width: 8)
            change(&$0)
        }
        let job = { try bench.job(recipe, into: $0, work: "work-\($0)", outputs: [.head]) }
        let whole = try Bench.run(try job("whole"), ranks: ranks, bucketCount: .max).result
        for count in [7, 1000] {
            let bucketed = try Bench.run(try job("buckets-\(count)"), ranks: ranks, bucketCount: count).result
            #expect(bucketed.parameters == whole.parameters, "\(name), buckets of \(count)")
            #expect(bucketed.finalLoss == whole.finalLoss)
        }
    }

    @Test func `gradients sent as bfloat16 change what ranks learn by rounding, and one rank not at all`() throws {
        let bench = try Bench()
        let job = { (format: Precision, name: String) in
            let recipe = bench.recipe {
                $0.budget = .steps(6)
                $0.allreduce = format
            }
            var job = try bench.job(recipe, into: name, work: "work-\(name)", outputs: [.head])
            job.planned.measures = [.cost]
            return job
        }
        let alone = try [Precision.fp32, .bf16].map { try bench.run(try job($0, "alone-\($0)")) }
        let several = try [Precision.fp32, .bf16].map { try Bench.run(try job($0, "several-\($0)"), ranks: 3) }
        #expect(alone[0].result.parameters == alone[1].result.parameters)
        #expect(several[0].result.parameters != several[1].result.parameters)
        let losses = (several + alone).map(\.result.finalLoss)
        #expect(losses.allSatisfy { abs($0 - losses[0]) < 0.02 * losses[0] })
        let bytes = try several.map { outcome in
            let log = try StageLogFile(path: try #require(outcome.files[.log]))
            return try #require(log.log.cost).reducedBytes
        }
        #expect(bytes[0] == 2 * bytes[1])
    }
}
