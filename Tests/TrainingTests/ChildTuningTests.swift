import Experiments
import Files
import Foundation
import Safetensors
import Tasks
import TestKit
import Testing
import Training

/// Child-Tuning_D as its authors' code has it: where the mask is laid, and how the statistics are gathered.
struct ChildTuningTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    /// With an epsilon far above all gradients, Adam's first step is as long as the clipped gradient is.
    private func firstStep(_ child: ChildTuning?, statistics: String) throws -> [String: [Float]] {
        let recipe = bench.recipe {
            $0.budget = .steps(1)
            $0.warmup = 0
            $0.learningRate = 1e6
            $0.optimizer.epsilon = 1e6
            $0.optimizer.weightDecay = 0
            $0.clip = 0.1
            $0.dropout = 0
            $0.regularization.child = child
        }
        let inputs: [ArtifactKind: String] = child == nil ? [:] : [.statistics: statistics]
        let outcome = try bench.run(try bench.job(recipe, inputs: inputs, into: child?.description ?? "plain"))
        return try tensors(try #require(outcome.files[.backbone]))
    }

    private func tensors(_ path: String) throws -> [String: [Float]] {
        let file = try SafetensorsFile(path: path)
        return Dictionary(uniqueKeysWithValues: file.names.map { ($0, file.tensor(named: $0)?.floats() ?? []) })
    }

    private func statistics(_ estimate: Estimate, dropout: Double? = 0, into name: String) throws -> String {
        let recipe = bench.recipe {
            $0.estimate = estimate
            $0.dropout = dropout
        }
        let task = try Dataset.contentDigest(bench.definition, in: bench.dataDirectory)
        let outcome = try bench.run(
            try bench.job(recipe, of: task, into: name, work: "work-\(name)", outputs: [.statistics]))
        return try #require(outcome.files[.statistics])
    }

    @Test func `what a mask after clipping lets move goes as far as it would without a mask`() throws {
        let path = try statistics(Estimate(unit: .batch), into: "statistics")
        let start = try tensors("\(bench.modelDirectory)/model.safetensors")
        let plain = try firstStep(nil, statistics: path)
        let (before, after) = (
            try firstStep(.driven(share: 0.2), statistics: path),
            try firstStep(.driven(share: 0.2, mask: .afterClipping), statistics: path)
        )
        var (moved, still) = (0, 0)
        for (name, values) in after where name.hasPrefix("encoder") {
            for (place, value) in values.enumerated() {
                let first = try #require(start[name]?[place])
                if value == first {
                    still += 1
                } else {
                    moved += 1
                    #expect(value == plain[name]?[place], "\(name) \(place)")
                }
            }
        }
        #expect(moved > 100 && still > moved)
        #expect(before["encoder.layer.1.output.dense.weight"] != after["encoder.layer.1.output.dense.weight"])
    }

    @Test func `statistics in training are those of the batches that an epoch of training has`() throws {
        let estimate = Estimate(unit: .batch, clip: 1)
        var shuffled = estimate
        shuffled.mode = .train
        let trained = try tensors(try statistics(shuffled, into: "trained"))
        let inOrder = try tensors(try statistics(estimate, into: "in-order"))
        // The same file with its lines in the order that the epoch draws.
        let path = "\(bench.dataDirectory)/tiny/train.tsv"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        let order = DataOrder.order(epoch: 0, count: lines.count - 1, seed: 1, shuffle: .everyEpoch)
        let text = ([lines[0]] + order.map { lines[$0 + 1] }).joined(separator: "\n") + "\n"
        try AtomicFile.write(Data(text.utf8), to: path)
        let rendered = try tensors(try statistics(estimate, into: "rendered"))
        #expect(trained == rendered && trained != inOrder)
    }

    @Test func `dropout is on in training alone`() throws {
        let estimate = { (mode: EstimateMode, dropout: Double?) in
            try tensors(
                try statistics(
                    Estimate(unit: .batch, mode: mode), dropout: dropout,
                    into: "\(mode)-\(dropout.map { "\($0)" } ?? "")"))
        }
        #expect(try estimate(.eval, nil) == estimate(.eval, 0))
        #expect(try estimate(.train, nil) != estimate(.train, 0))
    }
}
