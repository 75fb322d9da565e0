import Encoders
import Experiments
import Foundation
import Numerics
import Safetensors
import TestKit
import Testing

/// One folder that scripts/parity wrote; see scripts/encoder_parity.py.
struct ReferenceCase {
    struct Description: Decodable {
        struct Example: Decodable {
            let ids: [Int32]
            let types: [Int32]
            let label: Double
        }

        struct Optimizer: Decodable {
            let rate, beta1, beta2, epsilon, weightDecay, clip: Double
        }

        let head: String
        let outputs: Int
        let adapter: String?
        let optimizer: Optimizer
        let batches: [[Example]]
        let losses: [Double]
    }

    let name: String
    let description: Description
    private let folder: String

    private static let directory = Given.reference("encoders")

    /// The folders there are; none where scripts/parity was not run.
    static let names: [String] = {
        guard let directory, let entries = try? FileManager.default.contentsOfDirectory(atPath: directory) else {
            return []
        }
        return entries.filter { FileManager.default.fileExists(atPath: "\(directory)/\($0)/case.json") }.sorted()
    }()

    /// Those of models without adapter.
    static let plainNames = names.filter { name in !["lora", "prefix", "adapter"].contains { name.contains($0) } }

    init(_ name: String) throws {
        self.name = name
        folder = "\(Self.directory ?? "")/\(name)"
        description = try JSONDecoder().decode(
            Description.self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/case.json")))
    }

    func tensors(_ file: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: "\(folder)/\(file).safetensors")
    }

    /// The model with the initial head and adapter, everything moving.
    func makeModel(_ compute: Compute, _ precision: Precision = .fp32) throws -> Model {
        let isSaved = FileManager.default.fileExists(atPath: "\(folder)/config.json")
        let backbone = try Backbone(directory: isSaved ? folder : #require(Given.minilm))
        guard let head = HeadDesign(description.head) else { throw CocoaError(.coderReadCorrupt) }
        let table = ParameterTable(
            configuration: backbone.configuration, head: head, outputs: description.outputs,
            adapter: try description.adapter.map { try AdapterDesign(spelled: $0) })
        let store = try ParameterStore(
            table: table, backbone: backbone, overlays: [try tensors("head")], moving: { _ in true })
        return Model(store: store, compute: compute, precision: precision)
    }

    func pack(_ step: Int) -> PackedBatch {
        var batch = PackedBatch()
        for (number, example) in description.batches[step].enumerated() {
            batch.append(ids: example.ids, types: example.types, example: number)
        }
        return batch
    }

    /// Forward and backward over one batch; adds to the gradients and returns the mean loss.
    func learn(_ model: Model, step: Int) -> Double {
        learn(model, pack(step), description.batches[step].map(\.label))
    }

    /// The same over one example of the first batch, had it this label.
    func learn(_ model: Model, example number: Int, as label: Double) {
        let example = description.batches[0][number]
        var batch = PackedBatch()
        batch.append(ids: example.ids, types: example.types, example: 0)
        _ = learn(model, batch, [label])
    }

    /// The probabilities of the labels of an example of the first batch.
    func probabilities(_ model: Model, example number: Int) -> [Double] {
        let example = description.batches[0][number]
        var batch = PackedBatch()
        batch.append(ids: example.ids, types: example.types, example: 0)
        let exponentials = model.forward(batch).map { exp(Double($0)) }
        return exponentials.map { $0 / exponentials.reduce(0, +) }
    }

    private func learn(_ model: Model, _ batch: PackedBatch, _ labels: [Double]) -> Double {
        let logits = model.forward(batch)
        var gradients = [Float](repeating: 0, count: logits.count)
        let loss = gradients.withUnsafeMutableBufferPointer { gradients in
            description.outputs == 1
                ? Loss.squaredError(
                    outputs: logits, targets: labels.map(Float.init), scale: 1 / Double(labels.count),
                    gradients: gradients)
                : Loss.crossEntropy(
                    logits: logits, labels: labels.map { Int32($0) }, scale: 1 / Double(labels.count),
                    gradients: gradients)
        }
        gradients.withUnsafeBufferPointer { model.backward($0) }
        return loss
    }
}

/// |a - b| / |b| with Frobenius norms; infinite where the counts differ.
func relativeError(_ values: some Collection<Float>, _ expected: some Collection<Float>) -> Double {
    guard values.count == expected.count else { return .infinity }
    var (difference, size) = (0.0, 0.0)
    for (value, reference) in zip(values, expected) {
        difference += (Double(value) - Double(reference)) * (Double(value) - Double(reference))
        size += Double(reference) * Double(reference)
    }
    return (difference / max(size, .leastNormalMagnitude)).squareRoot()
}

extension SafetensorsFile {
    /// The numbers of a tensor; none where there is no such tensor, which no comparison passes.
    subscript(name: String) -> [Float] { tensor(named: name)?.floats() ?? [] }
}
