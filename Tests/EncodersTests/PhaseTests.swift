import Encoders
import Experiments
import Numerics
import TestKit
import Testing

/// What a step's work consists of, as it counts it itself.
struct PhaseTests {
    private let tokens = 24

    /// The readings of one step of a small model, and its gradients.
    private func step(
        _ clock: PhaseClock?, moving: @escaping (Parameter) -> Bool = { _ in true }
    ) throws -> [Float] {
        let folder = try TemporaryFolder()
        let backbone = try SmallModel.bert.backbone(in: folder)
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
        let store = try ParameterStore(table: table, backbone: backbone, moving: moving)
        store.drawInitialValues(seed: 1)
        let compute = Compute(threads: 1)
        compute.clock = clock
        let model = Model(store: store, compute: compute)
        var batch = PackedBatch()
        for example in 0..<3 { batch.append(ids: (1...8).map { Int32($0 + example) }, example: example) }
        let outputs = model.forward(batch)
        withExtendedLifetime(Array(outputs)) { $0.withUnsafeBufferPointer { model.backward($0) } }
        return Array(store.arena.gradients)
    }

    /// Multiplications and additions of one pass through the linear layers of all layers, of which the last one computes
    /// for first tokens alone all but keys and values.
    private var gigaflopOfPass: Double {
        let sizes = SmallModel.bert.configuration
        let (hidden, wide) = (sizes.hidden, sizes.intermediate)
        let (others, keysValues) = (2 * hidden * hidden + 2 * hidden * wide, 2 * hidden * hidden)
        return 2 * Double(tokens * (others + keysValues) + tokens * keysValues + 3 * others) / 1e9
    }

    @Test func `full tuning multiplies each weight three times`() throws {
        let clock = PhaseClock()
        _ = try step(clock)
        let read = clock.read()
        for phase in [Phase.forwardProducts, .inputGradients, .weightGradients] {
            #expect(abs(read[phase]!.gigaflop / gigaflopOfPass - 1) < 1e-9, "\(phase)")
        }
    }

    @Test func `biases alone need no gradient of a weight`() throws {
        let clock = PhaseClock()
        _ = try step(clock) { $0.role == .bias }
        let read = clock.read()
        #expect(read[.weightGradients]!.gigaflop == 0 && read[.biasGradients]!.seconds > 0)
        #expect(abs(read[.forwardProducts]!.gigaflop / gigaflopOfPass - 1) < 1e-9)
    }

    @Test func `counting changes no bit`() throws {
        #expect(try step(PhaseClock()) == step(nil))
    }
}
