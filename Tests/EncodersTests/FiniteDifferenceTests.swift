import Encoders
import Experiments
import Numerics
import Safetensors
import TestKit
import Testing

/// Every parameter's gradient against a central difference of the loss along it, with dropout on, each parameter alone:
/// all others do not move, so that the backward pass stops where it may. (The kernels are differentiated one by one in
/// NumericsTests.)
struct FiniteDifferenceTests {
    static let designs: [HeadDesign] = [.linear, .mlp(width: 9), .hf, .pooled]

    @Test(arguments: designs)
    func `BERT's gradients are derivatives`(head: HeadDesign) throws { try check(.bert, head) }

    @Test(arguments: designs)
    func `RoBERTa's gradients are derivatives`(head: HeadDesign) throws { try check(.roberta, head) }

    @Test(arguments: designs)
    func `gradients of one score for two classes are derivatives`(head: HeadDesign) throws {
        try check(.bert, head, isLogistic: true)
    }

    struct ReadoutCase: Sendable {
        let form: ReadoutForm
        /// Of a sequence with so many tokens.
        let readout: @Sendable (Int) -> Readout
    }

    static let readouts = [
        ReadoutCase(form: .tokens) { .tokens((0..<$0).filter { $0.isMultiple(of: 2) }) },
        ReadoutCase(form: .spans(compared: false)) { .spans(0..<($0 + 1) / 2, $0 - 1..<$0) },
        ReadoutCase(form: .spans(compared: true)) { .spans(0..<($0 + 1) / 2, $0 - 1..<$0) },
    ]

    @Test(arguments: readouts)
    func `gradients pass through every readout`(readout: ReadoutCase) throws { try check(.bert, .linear, readout) }

    @Test(arguments: [SmallModel.bert, .roberta])
    func `gradients pass through the head of the pretraining`(small: SmallModel) throws {
        try check(small, .hf, Self.readouts[0])
    }

    private func check(
        _ small: SmallModel, _ head: HeadDesign, _ readout: ReadoutCase = ReadoutCase(form: .first) { _ in .first },
        isLogistic: Bool = false
    ) throws {
        let table = ParameterTable(
            configuration: small.configuration, head: head, readout: readout.form, outputs: 2, isLogistic: isLogistic)
        let lengths = readout.form == .first ? [5, 1, 12, 3] : [5, 12, 4]
        let batch = makeBatch(lengths, small.configuration, readout: readout.readout)
        let folder = try TemporaryFolder()
        let head = try writeHead(table, to: folder["head.safetensors"])
        for parameter in table.parameters {
            let test = try TestModel(
                small, head: table.head, readout: table.readout, isLogistic: isLogistic, overlays: [head],
                moving: { $0.name == parameter.name })
            // The same added to all keys changes no softmax: that gradient is 0.
            expectDerivative(test, batch, parameter.name, isZero: parameter.name.hasSuffix("key.bias"))
        }
    }

    /// Initial heads are so small that hardly any gradient passes them; these weights are of order 1/2.
    private func writeHead(_ table: ParameterTable, to path: String) throws -> SafetensorsFile {
        let tensors = table.parameters.filter { $0.place == .head }.enumerated().map { index, parameter in
            let random = CounterRandom(seed: 9, purpose: RandomPurpose.headInitialization, example: index)
            var floats = (0..<parameter.count).map { Float(0.5 * random.normal($0)) }
            // Half of ReLU's units are on and half off, far from the kink, where there is no derivative.
            if parameter.name == "head.dense.bias", case .mlp = table.head {
                floats = floats.indices.map { $0.isMultiple(of: 2) ? 8 : -8 }
            }
            return TensorSource(name: parameter.name, shape: parameter.shape, floats: floats)
        }
        try SafetensorsWriter.write(tensors, to: path)
        return try SafetensorsFile(path: path)
    }
}
