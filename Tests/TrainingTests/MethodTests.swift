import Encoders
import Experiments
import Files
import Foundation
import Safetensors
import Tasks
import TestKit
import Testing
import Training
import Tuning

/// Every way of tuning, on a tiny model.
struct MethodTests {
    /// Those that start from nothing but the pretrained model.
    static let tunes: [Tune] = [
        .all, .head, .bitfit, .parameters(.biases([.query, .norm])), .parameters(.layerNorm),
        .parameters(.top(layers: 1)),
        .entries(.drawn(share: 0.01)),
        .prune(share: 0.01), lora, prefix, .adapter(.bottleneck(width: 4)),
        adapterWithNorms,
    ]

    static let lora = Tune.adapter(
        .lora(LoRASettings(rank: 2, dropout: 0.1, modules: [.query, .value, .intermediate])))
    static let adapterWithNorms = Tune.adapter(.bottleneck(width: 4, norms: true))
    static let prefix = Tune.adapter(.prefix(length: 3, mlp: 0))

    /// Backbone parameters that a way of tuning may move, by name.
    private static func mayMove(_ tune: Tune, _ name: String) -> Bool {
        switch tune {
        case .parameters(.all), .entries, .prune: true
        case .adapter(let design) where design.movesNorms: name.contains("LayerNorm")
        case .parameters(.none), .adapter: false
        case .parameters(.biases(let kinds, _)) where kinds == [.query, .norm]:
            name.hasSuffix("query.bias") || (name.hasPrefix("encoder") && name.hasSuffix("LayerNorm.bias"))
        case .parameters(.biases): name.hasSuffix("bias")
        case .parameters(.layerNorm): name.contains("LayerNorm")
        case .parameters(.top): name.hasPrefix("encoder.layer.1.")
        }
    }

    @Test(arguments: tunes)
    func `what a method does not tune stays at its pretrained bits`(tune: Tune) throws {
        let bench = try Bench()
        let outcome = try bench.run(try bench.job(bench.recipe { $0.tune = tune }, into: "out"))
        let tuned = try SafetensorsFile(path: try #require(outcome.files[.backbone]))
        let model = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        var moved = 0
        for name in tuned.names {
            let (after, before) = (
                try #require(tuned.tensor(named: name)?.floats()), model.tensor(named: name)?.floats()
            )
            let count = zip(after, before ?? []).count { $0 != $1 }
            #expect(count == 0 || Self.mayMove(tune, name), "\(name)")
            moved += count
        }
        #expect((moved > 0) == tune.movesBackbone)
        switch tune {
        case .entries, .prune:
            let entries = model.names.filter { !$0.hasPrefix("pooler") }.compactMap { model.tensor(named: $0)?.count }
            let chosen = Int((0.01 * Double(entries.reduce(0, +))).rounded())
            #expect(moved <= chosen)
            #expect(moved > chosen / 2, "rows of words that the task does not have stay")
        default: break
        }
    }

    @Test(arguments: tunes)
    func `what a stage leaves puts its model together again, bit for bit`(tune: Tune) throws {
        let bench = try Bench()
        let job = try bench.job(bench.recipe { $0.tune = tune }, into: "out")
        let outcome = try bench.run(job)
        let overlays = try job.specification.leaves.map { try SafetensorsFile(path: try #require(outcome.files[$0])) }
        let backbone = try Backbone(directory: bench.modelDirectory)
        var design: AdapterDesign?
        if case .adapter(let own) = tune { design = own }
        let table = ParameterTable(
            configuration: backbone.configuration, head: .linear, outputs: 2, adapter: design)
        let store = try ParameterStore(table: table, backbone: backbone, overlays: overlays) { $0.place == .head }
        let whole = try SafetensorsFile(path: try #require(outcome.files[.backbone]))
        for (index, parameter) in table.parameters.enumerated() where parameter.isOfBackbone {
            #expect(whole.tensor(named: parameter.name)?.floats() == Array(store.values(index)), "\(parameter.name)")
        }
    }

    @Test(arguments: [lora, prefix, .bitfit, adapterWithNorms])
    func `a second stage goes on with what the first one tuned, from the same predictions`(tune: Tune) throws {
        let bench = try Bench()
        let first = try bench.run(try bench.job(bench.recipe { $0.tune = tune }, into: "first"))
        let recipe = bench.recipe {
            $0.budget = .steps(1)
            $0.learningRate = 1e-30
        }
        var inputs = first.files
        inputs[.backbone] = nil
        let second = try bench.run(try bench.job(recipe, inputs: inputs, into: "second"))
        #expect(second.result.scores == first.result.scores)
        #expect(second.result.trainable > first.result.trainable, "everything moves, what was added included")
        if let adapter = first.files[.adapter] {
            let (before, after) = (
                try SafetensorsFile(path: adapter), try SafetensorsFile(path: try #require(second.files[.adapter]))
            )
            #expect(before.metadata["adapter"] == after.metadata["adapter"])
            #expect(before.names == after.names)
        }
    }

    @Test(arguments: Precision.allCases)
    func `a pruned stage is judged by what it leaves`(precision: Precision) throws {
        let bench = try Bench()
        let pruned = bench.recipe { ($0.tune, $0.precision) = (.prune(share: 0.001), precision) }
        let first = try bench.run(try bench.job(pruned, into: "first"))
        let recipe = bench.recipe {
            $0.budget = .steps(1)
            $0.learningRate = 1e-30
            $0.precision = precision
        }
        let second = try bench.run(
            try bench.job(recipe, inputs: first.files.filter { $0.key != .backbone }, into: "second"))
        #expect(second.result.scores == first.result.scores)
        let unpruned = try bench.run(try bench.job(bench.recipe { $0.precision = precision }, into: "unpruned"))
        #expect(first.result.scores != unpruned.result.scores)
    }

    @Test func `a subset tuned on top of an earlier one leaves both`() throws {
        let bench = try Bench()
        let first = try bench.run(
            try bench.job(bench.recipe { $0.tune = .entries(.drawn(share: 0.2)) }, into: "first"))
        let recipe = bench.recipe { $0.tune = .entries(.drawn(share: 0.05)) }
        let delta = try #require(first.files[.delta])
        let second = try bench.run(try bench.job(recipe, seed: 2, inputs: [.delta: delta], into: "second"))
        let backbone = try Backbone(directory: bench.modelDirectory)
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
        let store = try ParameterStore(
            table: table, backbone: backbone,
            overlays: [try SafetensorsFile(path: try #require(second.files[.delta]))]
        ) { $0.place == .head }
        let whole = try SafetensorsFile(path: try #require(second.files[.backbone]))
        for (index, parameter) in table.parameters.enumerated() where parameter.isOfBackbone {
            #expect(whole.tensor(named: parameter.name)?.floats() == Array(store.values(index)), "\(parameter.name)")
        }
    }

    /// Everything that decides anything by chance, or remembers anything, between two steps.
    static let regularizations: [@Sendable (inout Recipe) -> Void] = [
        { $0.tune = .entries(.drawn(share: 0.05)) },
        { $0.tune = .prune(share: 0.05) },
        { $0.tune = lora },
        { $0.tune = .adapter(.prefix(length: 3, mlp: 8)) },
        { $0.tune = .adapter(.prefix(length: 3, mlp: 0, dropout: 0.2)) },
        { $0.tune = .adapter(.bottleneck(width: 4)) },
        { $0.regularization = Regularization(mixout: 0.7) },
        { $0.regularization = Regularization(child: .free(share: 0.3)) },
        { $0.regularization = Regularization(child: .free(share: 0.3, mask: .afterClipping)) },
        {
            $0.regularization = Regularization(mixout: 0.7)
            $0.regularization.mixoutLayers = .all
        },
        { $0.regularization = Regularization(l1: 0.01, l2: 0.1) },
        { $0.regularization = Regularization(recadam: RecAdam(rate: 0.1, start: 5, strength: 50)) },
        { $0.reinitialization = .last(layers: 1) },
        { $0.samples = 40 },
        { $0.loss = .sum },
        { $0.classWeights = .given([1, 3]) },
        { $0.labelSmoothing = 0.1 },
        { $0.layerDecay = 0.7 },
        { $0.shuffle = .once },
        { $0.isLogistic = true },
        { $0.slowStart = 3 },
        { ($0.slowStart, $0.slowRate) = (3, .exactly) },
        { $0.dropoutShare = 0.5 },
        { $0.optimizer.kind = .adam },
        { $0.precision = .bf16 },
        { ($0.precision, $0.tune) = (.bf16, .bitfit) },
        { ($0.precision, $0.tune) = (.bf16, .entries(.drawn(share: 0.05))) },
        { ($0.precision, $0.regularization) = (.bf16, Regularization(mixout: 0.7)) },
    ]

    @Test(arguments: regularizations.indices)
    func `a resumed stage of any method ends with the bits of one that was not stopped`(number: Int) throws {
        let bench = try Bench()
        let recipe = bench.recipe(Self.regularizations[number])
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"))
        let job = try bench.job(recipe, into: "resumed", work: "work-2")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 5)) }
        let resumed = try bench.run(job, threads: 2)
        #expect(resumed.result.parameters == whole.result.parameters)
        let plain = try bench.run(try bench.job(bench.recipe(), into: "plain"))
        #expect(plain.result.parameters != whole.result.parameters, "the setting does something")
    }

    @Test(arguments: [1, 2], [false, true])
    func `a stage whose last step leaves no numbers has diverged`(steps: Int, isProbe: Bool) throws {
        let bench = try Bench()
        let recipe = bench.recipe {
            $0.budget = .steps(steps)
            $0.learningRate = 1e38
            $0.warmup = 0
            $0.tune = isProbe ? .head : .all
        }
        let failure = #expect(throws: StageFailure.self) { try bench.run(try bench.job(recipe, into: "out")) }
        #expect(failure?.cause == .diverged)
    }

    @Test func `one score for two classes learns them, and predicts as it was evaluated`() throws {
        let bench = try Bench()
        let recipe = bench.recipe {
            $0.isLogistic = true
            $0.budget = .epochs(20)
        }
        let job = try bench.job(recipe, into: "out")
        let outcome = try bench.run(job)
        let head = try SafetensorsFile(path: try #require(outcome.files[.head]))
        #expect(head.tensor(named: "head.out.weight")?.shape == [1, 32])
        #expect(try #require(outcome.result.score(.accuracy, on: .dev)) > 0.9)
        let statistics = try bench.run(
            try bench.job(
                bench.recipe {
                    $0.isLogistic = true
                    $0.estimate = Estimate(label: .expected)
                }, inputs: [.head: try #require(outcome.files[.head])], into: "statistics", outputs: [.statistics]))
        #expect(statistics.files[.statistics] != nil)
    }

    @Test func `head biases that are drawn again are those of a new head, and the weights are the old one's`() throws {
        let bench = try Bench()
        let recipe = bench.recipe { $0.head = .mlp(width: 6) }
        let first = try bench.run(try bench.job(recipe, into: "first"))
        let head = try #require(first.files[.head])
        let start = { (name: String, reinitialization: Reinitialization?, inputs: [ArtifactKind: String]) in
            let recipe = bench.recipe {
                $0.head = .mlp(width: 6)
                $0.reinitialization = reinitialization
                $0.budget = .steps(1)
                $0.learningRate = 1e-30
            }
            let outcome = try bench.run(try bench.job(recipe, inputs: inputs, into: name))
            return try SafetensorsFile(path: try #require(outcome.files[.head]))
        }
        let kept = try start("kept", nil, [.head: head])
        let drawn = try start("drawn", .headBiases, [.head: head])
        let new = try start("new", nil, [:])
        for name in kept.names {
            let expected = name.hasSuffix("bias") ? new : kept
            #expect(drawn.tensor(named: name)?.floats() == expected.tensor(named: name)?.floats(), "\(name)")
            #expect(kept.tensor(named: name)?.floats() != new.tensor(named: name)?.floats(), "\(name)")
        }
    }

    @Test func `a masked subset trains, keeps and leaves its own entries alone`() throws {
        let bench = try Bench()
        let recipe = bench.recipe { $0.tune = .entries(.drawn(share: 0.001)) }
        let job = try bench.job(recipe, into: "out", outputs: [.head])
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 4)) }
        let checkpoint = try SafetensorsFile(
            path: "\(bench.folder["work"])/checkpoints/\(job.stage)/checkpoint.safetensors")
        let outcome = try bench.run(job)
        let model = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        let count = model.names.filter { !$0.hasPrefix("pooler") }.compactMap { model.tensor(named: $0)?.count }
            .reduce(0, +)
        let expected = Int((0.001 * Double(count)).rounded()) + 2 * 32 + 2
        #expect(outcome.result.trainable == expected)
        #expect(checkpoint.tensor(named: "values")?.count == expected)
        #expect(checkpoint.tensor(named: "second_moments")?.count == expected)
        let delta = try SafetensorsFile(path: try #require(outcome.files[.delta]))
        let entries = delta.names.filter { $0.hasSuffix(".values") }.compactMap { delta.tensor(named: $0)?.count }
        #expect(entries.reduce(0, +) == expected - 2 * 32 - 2)
    }

    @Test func `statistics choose the entries with the largest squared gradients`() throws {
        let bench = try Bench()
        let estimate = bench.recipe { $0.estimate = Estimate() }
        let gathered = try bench.run(try bench.job(estimate, into: "statistics", outputs: [.statistics]))
        let path = try #require(gathered.files[.statistics])
        let recipe = bench.recipe { $0.tune = .entries(.fisher(share: 0.01, on: .downstream, pick: .highest)) }
        let tuned = try bench.run(try bench.job(recipe, inputs: [.statistics: path], into: "out"))
        let delta = try SafetensorsFile(path: try #require(tuned.files[.delta]))
        let statistics = try SafetensorsFile(path: path)
        let chosen = delta.names.filter { $0.hasSuffix(".indices") }.flatMap { name in
            let scores = statistics.tensor(named: String(name.dropLast(8)))!.floats()!
            let indices = delta.tensor(named: name)!
            return (0..<indices.count).map { place in
                scores[Int(indices.bytes.loadUnaligned(fromByteOffset: 4 * place, as: Int32.self))]
            }
        }
        let all = statistics.names.flatMap { statistics.tensor(named: $0)!.floats()! }.sorted(by: >)
        #expect(chosen.sorted(by: >) == Array(all.prefix(chosen.count)))
        #expect(chosen.count == Int((0.01 * Double(all.count)).rounded()))
    }

    @Test(arguments: [
        Estimate(), Estimate(unit: .batch), Estimate(label: .expected), Estimate(unit: .batch, clip: 1, mode: .train),
    ])
    func `statistics that were stopped go on, and end with the bits of those that were not`(estimate: Estimate) throws {
        let bench = try Bench()
        try TinyTask.write(to: bench.dataDirectory, train: 300)
        let task = try Dataset.contentDigest(bench.definition, in: bench.dataDirectory)
        let recipe = bench.recipe {
            $0.estimate = estimate
            $0.batch = 3
        }
        let job = { (output: String) in
            try bench.job(recipe, of: task, into: output, work: "work-\(output)", outputs: [.statistics])
        }
        let whole = try bench.run(try job("whole"))
        #expect(throws: StageFailure.self) { try bench.run(try job("resumed"), observer: Recorder(stopAfter: 1)) }
        let recorder = Recorder()
        let resumed = try bench.run(try job("resumed"), observer: recorder)
        #expect(recorder.notes.count == 1 && recorder.notes[0].hasPrefix("continuing after step "))
        #expect(resumed.result.artifact(.statistics) == whole.result.artifact(.statistics))
        #expect(resumed.result.finalLoss == whole.result.finalLoss && resumed.result.tokens == whole.result.tokens)
        let several = try Bench.run(try job("several"), ranks: 3)
        let name = "encoder.layer.1.output.dense.bias"
        let values = { (outcome: StageOutcome) in
            let file = try SafetensorsFile(path: try #require(outcome.files[.statistics]))
            return try #require(file.tensor(named: name)?.floats())
        }
        for (one, other) in zip(try values(whole), try values(several)) { #expect(abs(one - other) <= 1e-5 * one) }
    }

    @Test func `the expectation over labels weighs each label's squared gradient by its probability`() throws {
        let bench = try Bench()
        let estimate = { (label: EstimateLabel) in
            let recipe = bench.recipe { $0.estimate = Estimate(label: label) }
            let outcome = try bench.run(try bench.job(recipe, into: "\(label)", outputs: [.statistics]))
            let file = try SafetensorsFile(path: try #require(outcome.files[.statistics]))
            return try #require(file.tensor(named: "encoder.layer.1.output.dense.bias")?.floats())
        }
        let (gold, expected) = (try estimate(.gold), try estimate(.expected))
        #expect(gold != expected)
        // A head without training gives each of two labels about the same probability, and a gradient of about the
        // same size: the two kinds of statistics are then close to each other.
        for (one, other) in zip(gold, expected) { #expect(abs(one - other) < 0.2 * max(one, other)) }
    }

    @Test func `a pruned stage's mask is what a second stage tunes`() throws {
        let bench = try Bench()
        let first = try bench.run(
            try bench.job(
                bench.recipe { $0.tune = .prune(share: 0.01) }, into: "first", outputs: [.head, .mask]))
        let mask = try #require(first.files[.mask])
        let second = try bench.run(
            try bench.job(bench.recipe { $0.tune = .entries(.mask) }, inputs: [.mask: mask], into: "second"))
        let (chosen, moved) = (
            try SafetensorsFile(path: mask), try SafetensorsFile(path: try #require(second.files[.delta]))
        )
        #expect(chosen.names == moved.names.filter { $0.hasSuffix(".indices") })
        #expect(!chosen.names.isEmpty)
    }

    @Test func `an artifact of another model is refused`() throws {
        let bench = try Bench()
        let stranger = bench.folder["stranger.safetensors"]
        try SafetensorsWriter.write(
            [TensorSource(name: "embeddings.LayerNorm.bias.indices", indices: [0])],
            metadata: ["kind": "mask", "backbone": "another"], to: stranger)
        let job = try bench.job(bench.recipe { $0.tune = .entries(.mask) }, inputs: [.mask: stranger], into: "out")
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.message.hasPrefix("\(stranger): is no mask of this model, but mask of another; ") == true)
    }
}
