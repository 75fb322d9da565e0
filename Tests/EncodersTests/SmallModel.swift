import Encoders
import Experiments
import Foundation
import Numerics
import Safetensors
import TestKit

/// A small encoder with random weights and sizes that fill no vector, in a folder as transformers would write it.
struct SmallModel: Sendable {
    var configuration: EncoderConfiguration
    /// What is written into config.json beside or instead of the sizes; values are JSON.
    var settings: [String: String] = [:]
    /// How the file names a tensor; nil leaves it out.
    var fileName: @Sendable (String) -> String? = { $0 }
    /// The tensors' type in the file: F32, F16 or BF16.
    var type = ElementType.f32

    static let bert = SmallModel(
        configuration: EncoderConfiguration(
            family: .bert, vocabulary: 31, hidden: 12, layers: 2, heads: 3, intermediate: 21, positions: 40))
    static let roberta = SmallModel(
        configuration: EncoderConfiguration(
            family: .roberta, vocabulary: 31, hidden: 20, layers: 3, heads: 2, intermediate: 17, positions: 42,
            types: 1,
            layerNormEpsilon: 1e-5, padToken: 1))

    func write(to folder: TemporaryFolder) throws {
        let sizes = [
            "model_type": "\"\(configuration.family)\"", "vocab_size": "\(configuration.vocabulary)",
            "hidden_size": "\(configuration.hidden)", "num_hidden_layers": "\(configuration.layers)",
            "num_attention_heads": "\(configuration.heads)", "intermediate_size": "\(configuration.intermediate)",
            "max_position_embeddings": "\(configuration.positions)", "type_vocab_size": "\(configuration.types)",
            "layer_norm_eps": "\(configuration.layerNormEpsilon)", "pad_token_id": "\(configuration.padToken)",
            "hidden_act": "\"gelu\"",
        ].merging(settings) { $1 }
        let lines = sizes.sorted { $0.key < $1.key }.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
        try folder.write("{\(lines)}", to: "config.json")
        let words = values().compactMap { parameter, floats in
            fileName(parameter.name).map { ($0, parameter.shape, encoded(floats)) }
        }
        let tensors = words.map { name, shape, bytes in
            bytes.withUnsafeBytes { TensorSource(name: name, type: type, shape: shape, bytes: copied($0)) }
        }
        try SafetensorsWriter.write(tensors, to: folder["model.safetensors"])
    }

    func backbone(in folder: TemporaryFolder) throws -> Backbone {
        try write(to: folder)
        return try Backbone(directory: folder.path)
    }

    /// The values of the backbone's parameters, its pooler included, exact in bfloat16: LayerNorm weights around 1, the others around 0.
    func values() -> [(Parameter, [Float])] {
        ParameterTable(configuration: configuration, head: .pooled, outputs: 1).parameters
            .filter { $0.place != .head }.enumerated().map { index, parameter in
                let random = CounterRandom(seed: 4, purpose: RandomPurpose.split, example: index)
                let mean = parameter.role == .normWeight ? 1.0 : 0.0
                let floats = (0..<parameter.count).map { position -> Float in
                    Float(((mean + 0.3 * random.normal(position)) * 64).rounded() / 64)
                }
                return (parameter, floats)
            }
    }

    private func encoded(_ floats: [Float]) -> [UInt8] {
        switch type {
        case .bf16: floats.flatMap { littleEndian(UInt16($0.bitPattern >> 16)) }
        case .f16: floats.flatMap { littleEndian(half($0)) }
        default: floats.flatMap { littleEndian($0.bitPattern) }
        }
    }

    private func littleEndian(_ word: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }

    /// For multiples of 1/64 below 32, which half precision holds exactly.
    private func half(_ value: Float) -> UInt16 {
        guard value != 0 else { return 0 }
        let sign: UInt16 = value < 0 ? 0x8000 : 0
        return sign | UInt16(Int(value.exponent) + 15) << 10 | UInt16(value.significandBitPattern >> 13)
    }

    /// Lives as long as the process, which the writer's borrowing asks for.
    private func copied(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
        copy.copyMemory(from: bytes)
        return UnsafeRawBufferPointer(copy)
    }
}

/// A model to try things with, and the folder that it is mapped from.
struct TestModel {
    let model: Model
    private let folder: TemporaryFolder

    init(
        _ small: SmallModel, head: HeadDesign = .hf, readout: ReadoutForm = .first, outputs: Int = 2,
        isLogistic: Bool = false, adapter: AdapterDesign? = nil, precision: Precision = .fp32, threads: Int = 1,
        recomputes: Bool = false, overlays: [SafetensorsFile] = [], moving: (Parameter) -> Bool = { _ in true }
    ) throws {
        folder = try TemporaryFolder()
        let backbone = try small.backbone(in: folder)
        let table = ParameterTable(
            configuration: backbone.configuration, head: head, readout: readout, outputs: outputs,
            isLogistic: isLogistic, adapter: adapter)
        let store = try ParameterStore(table: table, backbone: backbone, overlays: overlays, moving: moving)
        model = Model(
            store: store, compute: Compute(threads: threads), precision: precision, recomputes: recomputes)
        store.drawInitialValues(seed: 2)
    }

    /// The mean cross-entropy of label 1 in every row of the head, and its gradients in the arena.
    @discardableResult
    func learn(
        _ batch: PackedBatch, dropout: DropoutContext? = nil, _ visit: FrozenStates.Visit? = nil
    ) -> Double {
        let logits = model.forward(batch, dropout: dropout, visit)
        var gradients = [Float](repeating: 0, count: logits.count)
        let labels = [Int32](repeating: 1, count: batch.headRows.count)
        let loss = gradients.withUnsafeMutableBufferPointer {
            Loss.crossEntropy(logits: logits, labels: labels, scale: 1 / Double(labels.count), gradients: $0)
        }
        gradients.withUnsafeBufferPointer { model.backward($0) }
        return loss
    }

    func loss(_ batch: PackedBatch, dropout: DropoutContext?) -> Double {
        let labels = [Int32](repeating: 1, count: batch.headRows.count)
        return Loss.crossEntropy(
            logits: model.forward(batch, dropout: dropout), labels: labels, scale: 1 / Double(labels.count))
    }
}

/// Sequences of these lengths with random tokens, the types of a pair where the model has two.
/// - Parameter readout: of a sequence with so many tokens.
func makeBatch(
    _ lengths: [Int], _ configuration: EncoderConfiguration, firstExample: Int = 0,
    readout: (Int) -> Readout = { _ in .first }
) -> PackedBatch {
    var batch = PackedBatch()
    for (index, length) in lengths.enumerated() {
        let example = firstExample + index
        let random = CounterRandom(seed: 8, purpose: RandomPurpose.order, example: example)
        let ids = (0..<length).map { Int32(2 + random.below(configuration.vocabulary - 2, $0)) }
        let types = (0..<length).map { Int32(configuration.types > 1 && $0 > length / 2 ? 1 : 0) }
        batch.append(ids: ids, types: types, example: example, readout: readout(length))
    }
    return batch
}

let someDropout = DropoutContext(seed: 3, step: 5, hidden: 0.2, attention: 0.2, classifier: 0.2, adapter: 0.2)
