import Encoders
import Experiments
import Foundation
import Numerics
import TestKit
import Testing

/// Training steps a second on this machine, for whoever changes a kernel:
///
///     HEADSTART_TIMING=1 swift test -c release --filter SpeedTests
@Suite(
    .serialized,
    .enabled(
        if: ProcessInfo.processInfo.environment["HEADSTART_TIMING"] != nil, "HEADSTART_TIMING is not set; see there"))
struct SpeedTests {
    static let adapters: [AdapterDesign] = [
        .lora(LoRASettings(rank: 8)), .prefix(length: 16, mlp: 0), .bottleneck(width: 48),
    ]

    @Test(arguments: [1, 2], Precision.allCases)
    func `full fine-tuning of MiniLM`(threads: Int, precision: Precision) throws {
        try measure(nil, precision, threads: threads) { _ in true }
    }

    @Test(arguments: adapters, [1, 2])
    func `adapters over a MiniLM that stays`(adapter: AdapterDesign, threads: Int) throws {
        try measure(adapter, .fp32, threads: threads) { $0.isAdapter || $0.place == .head }
    }

    /// Lengths as SST-2's sentences have them: 32 a batch, 13 tokens on average.
    private func measure(
        _ adapter: AdapterDesign?, _ precision: Precision, threads: Int, moving: (Parameter) -> Bool
    ) throws {
        let compute = Compute(threads: threads)
        let backbone = try Backbone(directory: #require(Given.minilm))
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2, adapter: adapter)
        let store = try ParameterStore(table: table, backbone: backbone, moving: moving)
        let model = Model(store: store, compute: compute, precision: precision)
        store.drawInitialValues(seed: 1)
        var (tokens, learning, updating) = (0, Duration.zero, Duration.zero)
        var processorTime = clock()
        for step in 1...60 {
            let batch = makeBatch(step)
            let dropout = DropoutContext(seed: 1, step: step, hidden: 0.1, attention: 0.1, classifier: 0.1)
            if step == 11 { processorTime = clock() }
            let start = ContinuousClock.now
            learn(model, batch, dropout)
            let middle = ContinuousClock.now
            let norm = store.arena.squaredGradientNorm(compute).squareRoot()
            store.arena.update(AdamW(), number: step, rate: 2e-5, gradientScale: min(1, 1 / norm), compute)
            store.publishValues()
            guard step > 10 else { continue }
            tokens += batch.tokenCount
            learning += middle - start
            updating += ContinuousClock.now - middle
        }
        let seconds = (learning + updating) / .seconds(1)
        print(
            "\(adapter.map(String.init(describing:)) ?? "all"), \(precision), \(BLASCore.current), \(threads) threads:",
            "\(Int(Double(tokens) / seconds)) tokens/s;",
            "\(Int(Double(tokens) / (Double(clock() - processorTime) / Double(CLOCKS_PER_SEC)))) a second of processor time;",
            "a step of \(tokens / 50) tokens: \(learning / 50) forward and backward, \(updating / 50) optimizer")
    }

    private func makeBatch(_ step: Int) -> PackedBatch {
        let random = CounterRandom(seed: 7, purpose: RandomPurpose.order, step: step)
        var batch = PackedBatch()
        var position = 0
        for example in 0..<32 {
            let length = 3 + random.below(20, position)
            let ids = (1...length).map { Int32(1000 + random.below(20_000, position + $0)) }
            batch.append(ids: ids, example: step * 32 + example)
            position += length + 1
        }
        return batch
    }

    private func learn(_ model: Model, _ batch: PackedBatch, _ dropout: DropoutContext) {
        let logits = model.forward(batch, dropout: dropout)
        var gradients = [Float](repeating: 0, count: logits.count)
        gradients.withUnsafeMutableBufferPointer {
            _ = Loss.crossEntropy(
                logits: logits, labels: [Int32](repeating: 1, count: batch.exampleCount), scale: 1 / 32, gradients: $0)
        }
        gradients.withUnsafeBufferPointer { model.backward($0) }
    }
}
