import Experiments
package import Files
import Foundation
import Safetensors

/// A pretrained encoder in a Hugging Face directory, read-only: config.json, model.safetensors and tokenizer files.
/// Single-precision weights are used where they lie in the mapped file, shared by all processes of a host.
package final class Backbone {
    package let directory: String
    package let configuration: EncoderConfiguration
    private let weights: SafetensorsFile
    /// The file's names by those of the parameter table.
    private let fileNames: [String: String]
    /// Values that cannot be used in place, converted once.
    private var converted: [String: FloatsInMemory] = [:]

    package init(directory: String) throws(ModelError) {
        self.directory = directory
        let configuration = try EncoderConfiguration(path: "\(directory)/config.json")
        let weights: SafetensorsFile
        do {
            weights = try SafetensorsFile(path: "\(directory)/model.safetensors")
        } catch {
            throw ModelError(path: error.path, problem: error.problem)
        }
        self.configuration = configuration
        self.weights = weights
        fileNames = Dictionary(
            weights.names.map { (Self.tableName($0, family: configuration.family), $0) }, uniquingKeysWith: { $1 })
    }

    /// The name in the parameter table: without the family's prefix, and with the LayerNorm names of today.
    private static func tableName(_ name: String, family: EncoderConfiguration.Family) -> String {
        var name = Substring(name)
        if name.hasPrefix("\(family.rawValue).") { name = name.dropFirst(family.rawValue.count + 1) }
        if name.hasSuffix(".gamma") { return name.dropLast(5) + "weight" }
        if name.hasSuffix(".beta") { return name.dropLast(4) + "bias" }
        return String(name)
    }

    /// - Returns: nil where the file has no such tensor. The values live as long as the backbone.
    package func values(named name: String, shape: [Int]) throws(ModelError) -> UnsafeBufferPointer<Float>? {
        if let known = converted[name] { return known.values }
        guard let fileName = fileNames[name], let tensor = weights.tensor(named: fileName) else { return nil }
        guard tensor.shape == shape else {
            throw ModelError(
                path: weights.path, problem: "tensor '\(fileName)' is \(tensor.shape), config.json asks for \(shape)")
        }
        if let values = tensor.floatsInPlace { return values }
        guard let floats = tensor.floats() else {
            throw ModelError(
                path: weights.path,
                problem: "tensor '\(fileName)' is \(tensor.type.rawValue); readable are F32, F16 and BF16")
        }
        let memory = FloatsInMemory(floats)
        converted[name] = memory
        return memory.values
    }

    /// The values of a parameter that the file must have.
    func requiredValues(of parameter: Parameter) throws(ModelError) -> UnsafeBufferPointer<Float> {
        if let values = try values(named: parameter.name, shape: parameter.shape) { return values }
        throw ModelError(
            path: weights.path,
            problem:
                "tensor '\(parameter.name)' \(parameter.shape) is missing; the file has \(weights.names.count) tensors"
                + (weights.names.first.map { ", the first is '\($0)'" } ?? ""))
    }

    /// The size of the weights' file.
    package var weightBytes: Int { weights.byteCount }

    /// A tensor of the file in which some value is no finite number; nil where all are numbers.
    package func brokenTensor(of table: ParameterTable) throws(ModelError) -> String? {
        for parameter in table.parameters {
            guard let values = try values(named: parameter.name, shape: parameter.shape) else { continue }
            if !values.allSatisfy(\.isFinite) { return parameter.name }
        }
        return nil
    }

    /// What the file has of the family's own heads: BERT's pooler, with which its head for whole texts begins, and the
    /// head of the pretraining, of which files leave out what it shares with the word embedding.
    /// - Returns: nil for parameters of other heads, and where the file has none.
    func headValues(of parameter: Parameter) throws(ModelError) -> UnsafeBufferPointer<Float>? {
        let words = configuration.family.wordLayers
        let own =
            parameter.name.hasPrefix("head.pooler.")
            || [words.dense, words.norm, words.out].contains {
                parameter.name.hasPrefix("\($0).")
            }
        guard own else { return nil }
        if let values = try values(named: String(parameter.name.dropFirst(5)), shape: parameter.shape) { return values }
        switch parameter.name {
        case "\(words.out).weight": return try values(named: ParameterTable.wordEmbeddings, shape: parameter.shape)
        case "\(words.out).bias": return try values(named: words.bias, shape: parameter.shape)
        default: return nil
        }
    }

    /// Whether the file has the head of the pretraining, and not only what it shares with the word embedding.
    package var hasWordHead: Bool { fileNames["\(configuration.family.wordLayers.dense.dropFirst(5)).weight"] != nil }

    /// The digest of all that decides what the model computes: configuration, weights and tokenizer files.
    package func contentDigest() throws(ModelError) -> Digest {
        guard let content = try FileManifest(ofModelIn: directory).modelContent else {
            throw ModelError(path: directory, problem: "has files that are none of a model's")
        }
        return content
    }
}

extension ModelFiles {
    /// Those that a directory has, with their paths.
    package static func named(in directory: String) -> [(name: String, path: String)] {
        all.map { ($0, "\(directory)/\($0)") }.filter { Disk.byteCount(of: $0.1) != nil }
    }
}

extension FileManifest {
    /// The manifest of the model in a directory.
    package init(ofModelIn directory: String) throws(ModelError) {
        do {
            try self.init(of: ModelFiles.named(in: directory))
        } catch let error as FileError {
            throw ModelError(path: error.path, problem: "cannot read: \(error.reason)")
        } catch {
            throw ModelError(path: directory, problem: "\(error)")
        }
    }
}

/// Numbers at an address that stays.
final class FloatsInMemory {
    let values: UnsafeBufferPointer<Float>

    init(_ floats: [Float]) {
        let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: floats.count)
        _ = memory.initialize(from: floats)
        values = UnsafeBufferPointer(memory)
    }

    deinit { values.deallocate() }
}

/// A pretrained model, an artifact or statistics that cannot be used, and why: in one line, with the file and what in
/// it, or the kind of an artifact where there is no file.
package struct ModelError: Error, Equatable, CustomStringConvertible, Sendable {
    package let path: String
    package let problem: String

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
    }

    package var description: String { "\(path): \(problem)" }
}
