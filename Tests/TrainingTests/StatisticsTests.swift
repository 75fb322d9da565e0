import Encoders
import Experiments
import Foundation
import Numerics
import Safetensors
import Tasks
import Testing
import Tokenizers
import Training

/// Gradient statistics against a plain rendering: that of the last LayerNorm's bias is, with a linear head W on its rows,
/// Wᵀ(softmax - label) summed over the rows, whatever lies below.
struct StatisticsTests {
    struct Case: Sendable {
        let estimate: Estimate
        var loss = BatchLoss.mean
    }

    static let cases = [
        Case(estimate: Estimate()),
        Case(estimate: Estimate(tokens: .sum)),
        Case(estimate: Estimate(examples: .sum)),
        Case(estimate: Estimate(tokens: .sum, examples: .sum)),
        Case(estimate: Estimate(unit: .batch)),
        Case(estimate: Estimate(unit: .batch), loss: .sum),
    ]

    @Test(arguments: cases) func `sums and means are over the examples and over the tokens of each`(one: Case) throws {
        let kind = TinyKind.tags
        let bench = try Bench(kind.definition, files: kind.files)
        let trained = try bench.run(
            try bench.job(
                bench.recipe {
                    $0.tune = .head
                    $0.budget = .steps(20)
                }, into: "head", outputs: [.head]))
        let head = try #require(trained.files[.head])
        let recipe = bench.recipe {
            $0.estimate = one.estimate
            $0.loss = one.loss
            $0.batch = 7
        }
        let gathered = try bench.run(
            try bench.job(recipe, inputs: [.head: head], into: "statistics", outputs: [.statistics]))
        let file = try SafetensorsFile(path: try #require(gathered.files[.statistics]))
        let found = try #require(file.tensor(named: "encoder.layer.1.output.LayerNorm.bias")?.floats())
        let expected = try rendered(
            one, bench, try SafetensorsFile(path: head), batch: one.estimate.unit == .example ? 1 : 7)
        #expect(found.count == expected.count)
        let scale = try #require(expected.max())
        for (one, other) in zip(found, expected) { #expect(abs(Double(one) - other) <= 1e-4 * scale) }
    }

    private func rendered(_ one: Case, _ bench: Bench, _ head: SafetensorsFile, batch: Int) throws -> [Double] {
        let backbone = try Backbone(directory: bench.modelDirectory)
        let table = ParameterTable(
            configuration: backbone.configuration, head: .linear, readout: .tokens, outputs: 5)
        let model = Model(
            store: try ParameterStore(table: table, backbone: backbone, overlays: [head], moving: { _ in false }),
            compute: Compute(threads: 1))
        let weight = try #require(head.tensor(named: "head.out.weight")?.floats()).map(Double.init)
        let bias = try #require(head.tensor(named: "head.out.bias")?.floats()).map(Double.init)
        let (width, tokenizer) = (backbone.configuration.hidden, try loadTokenizer(directory: bench.modelDirectory))
        let examples = try Encoding(bench.definition, with: tokenizer, maxLength: 32, truncation: .longest)
            .encode(Dataset.load(bench.definition, in: bench.dataDirectory).train)
        var squares = [Double](repeating: 0, count: width)
        var units = 0.0
        for start in stride(from: 0, to: examples.count, by: batch) {
            var (gradient, labels) = ([Double](repeating: 0, count: width), 0.0)
            for example in examples[start..<min(start + batch, examples.count)] {
                var packed = PackedBatch()
                let sequence = example.sequences[0]
                packed.append(ids: sequence.tokens.ids, example: 0, readout: sequence.readout)
                let features = model.features(packed).map(Double.init)
                for (row, label) in example.labels.enumerated() {
                    let scores = (0..<5).map { output in
                        bias[output]
                            + (0..<width).reduce(0) { $0 + weight[output * width + $1] * features[row * width + $1] }
                    }
                    let sum = scores.reduce(0) { $0 + exp($1) }
                    for output in 0..<5 {
                        let slope = exp(scores[output]) / sum - (output == label.category ? 1 : 0)
                        for place in 0..<width { gradient[place] += slope * weight[output * width + place] }
                    }
                    labels += 1
                }
            }
            let isSum = one.loss == .sum || one.estimate.tokens == .sum
            for place in 0..<width {
                let entry = isSum ? gradient[place] : gradient[place] / labels
                squares[place] += entry * entry
            }
            units += 1
        }
        return one.estimate.examples == .sum ? squares : squares.map { $0 / units }
    }
}
