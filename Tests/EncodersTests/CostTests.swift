import Encoders
import Experiments
import Numerics
import TestKit
import Testing

/// What a step is said to consist of, against what it counts itself.
struct CostTests {
    /// One way to train the small model.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var head = HeadDesign.hf
        var readout = ReadoutForm.first
        var outputs = 2
        var adapter: AdapterDesign?
        var precision = Precision.fp32
        var recomputes = false
        /// Parameters of which some entries move.
        var partial: (@Sendable (Parameter) -> Bool)?
        var moving: @Sendable (Parameter) -> Bool = { _ in true }

        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let added: @Sendable (Parameter) -> Bool = { $0.isAdapter || $0.place == .head }
        let top: @Sendable (Parameter) -> Bool = { $0.place >= .layer(2) }
        return [
            Case(name: "all"),
            Case(name: "all, recomputed", recomputes: true),
            Case(name: "all in bf16", head: .mlp(width: 9), precision: .bf16),
            Case(name: "bitfit", moving: { $0.place == .head || $0.role == .bias || $0.role == .normBias }),
            Case(name: "layernorm", moving: { $0.place == .head || $0.role == .normWeight || $0.role == .normBias }),
            Case(name: "head", head: .linear, moving: { $0.place == .head }),
            Case(name: "top layer", recomputes: true, moving: top),
            Case(name: "layers but the embeddings", recomputes: true, moving: { $0.place >= .layer(0) }),
            Case(name: "pooler", head: .pooled, moving: { $0.place >= .pooler }),
            Case(
                name: "only the last LayerNorm",
                moving: {
                    $0.place == .head || $0.name.hasPrefix("encoder.layer.2.output.L")
                }),
            Case(
                name: "some entries", partial: { $0.place < .head },
                moving: { $0.place == .head }),
            Case(name: "lora", adapter: .lora(LoRASettings(rank: 3)), moving: added),
            Case(
                name: "lora everywhere, recomputed",
                adapter: .lora(LoRASettings(rank: 3, modules: Set(LoRAModule.allCases))), recomputes: true,
                moving: added),
            Case(name: "prefix", adapter: .prefix(length: 5, mlp: 0), moving: added),
            Case(name: "prefix by a network", adapter: .prefix(length: 5, mlp: 7), moving: added),
            Case(name: "adapter", adapter: .bottleneck(width: 4), moving: added),
            Case(name: "tags", head: .linear, readout: .tokens, outputs: 4),
            Case(name: "hidden words", readout: .tokens, outputs: 31),
        ]
    }()

    private let lengths = [3, 9, 14, 1]

    @Test(arguments: cases) func `a step counts what the plan says`(_ example: Case) throws {
        let small = SmallModel.roberta
        let folder = try TemporaryFolder()
        let backbone = try small.backbone(in: folder)
        let table = ParameterTable(
            configuration: backbone.configuration, head: example.head, readout: example.readout,
            outputs: example.outputs, adapter: example.adapter)
        let parts = table.parameters.map { parameter -> TrainablePart in
            if example.partial?(parameter) == true { return .entries([0, 2]) }
            return example.moving(parameter) ? .whole : .fixed
        }
        let compute = Compute(threads: 1)
        let store = try ParameterStore(table: table, backbone: backbone, parts: parts)
        let model = Model(store: store, compute: compute, precision: example.precision, recomputes: example.recomputes)
        let batch = makeBatch(lengths, small.configuration) { tokens in
            example.readout == .tokens ? .tokens(Array(0..<tokens)) : .first
        }
        let moving = zip(table.parameters, parts).map { parameter, part in
            part == .fixed ? 0 : part.entries?.count ?? parameter.count
        }
        let costs = NetworkCosts(
            table, moving: moving, precision: example.precision, recomputes: example.recomputes)
        let sizes = BatchSizes(lengths: lengths, headRows: batch.headRows.count)

        let first = try counted(compute) { try step(model, batch) }
        let second = try counted(compute) { try step(model, batch) }
        let words = Double(Set(batch.tokens).count)
        var work = costs.pass(sizes, isTrained: true)
        work += costs.update(touchedRows: words, activeRows: words)
        try expect(second, is: work)
        work += costs.beginning
        try expect(first, is: work)
        _ = model.outputs(of: batch)
        let read = counted(compute) { _ = model.outputs(of: batch) }
        try expect(read, is: costs.pass(sizes, isTrained: false))
    }

    private func step(_ model: Model, _ batch: PackedBatch) throws {
        let outputs = Array(model.forward(batch))
        outputs.withUnsafeBufferPointer { model.backward($0) }
        model.store.collectGradients(model.compute)
        _ = model.store.arena.squaredGradientNorm(model.compute)
        model.store.arena.update(AdamW(), number: 1, rate: 1e-3, model.compute)
        model.store.publishValues()
    }

    private func counted(_ compute: Compute, _ body: () throws -> Void) rethrows -> [Phase: PhaseClock.Reading] {
        let clock = PhaseClock()
        compute.clock = clock
        defer { compute.clock = nil }
        try body()
        return clock.read()
    }

    private func expect(_ readings: [Phase: PhaseClock.Reading], is work: Work) throws {
        for phase in Phase.allCases where phase != .other {
            let reading = try #require(readings[phase])
            #expect(abs(reading.gigaflop - work[phase].gigaflop) <= 1e-9 * reading.gigaflop, "\(phase)")
            #expect(abs(reading.gigabytes - work[phase].gigabytes) <= 1e-9 * reading.gigabytes, "\(phase)")
        }
    }
}
