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
    static let designs: [HeadDesign] = [.linear, .mlp(width: 9), .hf]

    @Test(arguments: designs)
    func `BERT's gradients are derivatives`(head: HeadDesign) throws { try check(.bert, head) }

    @Test(arguments: designs)
    func `RoBERTa's gradients are derivatives`(head: HeadDesign) throws { try check(.roberta, head) }

    private func check(_ small: SmallModel, _ head: HeadDesign) throws {
        let table = ParameterTable(configuration: small.configuration, head: head, outputs: 2)
        let batch = makeBatch([5, 1, 12, 3], small.configuration)
        let folder = try TemporaryFolder()
        let head = try writeHead(table, to: folder["head.safetensors"])
        for parameter in table.parameters {
            let test = try TestModel(
                small, head: table.head, overlays: [head], moving: { $0.name == parameter.name })
            // The same added to all keys changes no softmax: that gradient is 0.
            expectDerivative(test, batch, parameter.name, isZero: parameter.name.hasSuffix("key.bias"))
        }
    }

    /// Initial heads are so small that hardly any gradient passes them; these weights are of order 1/2.
    private func writeHead(_ table: ParameterTable, to path: String) throws -> SafetensorsFile {
        let tensors = table.parameters.filter { $0.place == .head }.enumerated().map { index, parameter in
            let random = CounterRandom(seed: 9, purpose: .headInitialization, example: index)
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
