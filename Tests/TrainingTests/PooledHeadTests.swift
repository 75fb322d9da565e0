import Encoders
import Experiments
import Numerics
import Safetensors
import TestKit
import Testing
import Training
import Tuning

/// A pooler that belongs to the backbone goes where the method leads it.
struct PooledHeadTests {
    private static let weight = "pooler.dense.weight"
    private static let bias = "pooler.dense.bias"

    @Test(arguments: [
        (Tune.all, true, true), (.head, false, false), (.bitfit, false, true), (.parameters(.layerNorm), false, false),
        (.parameters(.biases([.query])), false, false), (.parameters(.top(layers: 1)), true, true),
        (.entries(.drawn(share: 0.3)), true, true),
    ])
    func `the pooler moves as the method's own rule says`(tune: Tune, weight: Bool, bias: Bool) throws {
        let bench = try Bench()
        let recipe = bench.recipe {
            $0.tune = tune
            $0.head = .pooled
        }
        let outcome = try bench.run(try bench.job(recipe, into: "out"))
        let tuned = try SafetensorsFile(path: try #require(outcome.files[.backbone]))
        let model = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        for (name, moves) in [(Self.weight, weight), (Self.bias, bias)] {
            let values = try #require(tuned.tensor(named: name)?.floats())
            #expect((values != model.tensor(named: name)?.floats()) == moves, "\(name)")
        }
        let head = try SafetensorsFile(path: try #require(outcome.files[.head]))
        #expect(head.names.sorted() == ["head.classifier.bias", "head.classifier.weight"])
        if tune == .bitfit {
            let delta = try SafetensorsFile(path: try #require(outcome.files[.delta]))
            #expect(delta.names.contains(Self.bias) && !delta.names.contains(Self.weight))
        }
    }

    @Test func `a stage that starts from the pooler that another moved predicts as that one did`() throws {
        let bench = try Bench()
        let change = { (recipe: inout Recipe) in
            recipe.tune = .bitfit
            recipe.head = .pooled
        }
        let first = try bench.run(try bench.job(bench.recipe(change), into: "first", outputs: [.head]))
        let recipe = bench.recipe {
            change(&$0)
            $0.tune = .head
            $0.budget = .steps(1)
            $0.learningRate = 1e-30
        }
        let second = try bench.run(try bench.job(recipe, inputs: first.files, into: "second"))
        #expect(second.result.scores == first.result.scores)
    }

    @Test func `masks, statistics and what is drawn anew have the pooler among their parameters`() throws {
        let bench = try Bench()
        let model = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        let count = model.names.compactMap { model.tensor(named: $0)?.count }.reduce(0, +)
        let random = try bench.run(
            try bench.job(
                bench.recipe {
                    $0.tune = .entries(.drawn(share: 0.01))
                    $0.head = .pooled
                }, into: "random", outputs: [.head]))
        #expect(random.result.trainable == Int((0.01 * Double(count)).rounded()) + 2 * 32 + 2)
        let estimate = try bench.run(
            try bench.job(
                bench.recipe {
                    $0.estimate = Estimate()
                    $0.head = .pooled
                }, into: "statistics", outputs: [.statistics]))
        let statistics = try SafetensorsFile(path: try #require(estimate.files[.statistics]))
        #expect(try #require(statistics.tensor(named: Self.weight)?.floats()).contains { $0 > 0 })
        let configuration = try Backbone(directory: bench.modelDirectory).configuration
        let table = ParameterTable(configuration: configuration, head: .pooled, outputs: 2)
        for (name, drawn) in [(Self.weight, [Reinitialization.all, .last(layers: 1)]), (Self.bias, [.biases, .all])] {
            let index = try #require(table.index(of: name))
            for reinitialization in drawn {
                #expect(
                    reinitialization.values(
                        of: table.parameters[index], index: index, configuration: configuration, seed: 1) != nil)
            }
        }
    }
}
