import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Safetensors
import Tasks

/// First-token features of a task under one backbone: computed once by all ranks together, kept in the work directory
/// for the other seeds and methods that ask for the same.
struct FeatureStore {
    /// All that decides the features, and nothing else.
    private struct Identity: Encodable {
        let semantics = semanticsVersion
        let backbone: Digest
        let task: Digest
        let maxLength: Int
        let truncation: Truncation
        let inputs: [StageInput]
    }

    private let path: String
    private let communicator: any Communicator

    init(_ job: StageJob, _ communicator: any Communicator) throws(StageFailure) {
        let specification = job.specification
        let identity = Identity(
            backbone: specification.backbone, task: specification.task, maxLength: specification.recipe.maxLength,
            truncation: specification.recipe.truncation, inputs: specification.inputs.filter { $0.kind != .head })
        do {
            path = "\(job.workDirectory)/features/\(try Digest(ofCanonicalJSON: identity)).safetensors"
        } catch {
            throw StageFailure(classifying: error)
        }
        self.communicator = communicator
    }

    func features(_ model: Model, _ material: Material) throws(StageFailure) -> Features {
        let kept = try communicator.agree { communicator.rank == 0 ? read(material, model) : nil }
        do {
            let isKept = try !communicator.broadcast(kept == nil ? [] : [1], from: 0).isEmpty
            if isKept { return try share(kept) }
            let features = try compute(model, material)
            try communicator.agree { if communicator.rank == 0 { try write(features) } }
            return features
        } catch {
            throw StageFailure(classifying: error)
        }
    }

    private func compute(_ model: Model, _ material: Material) throws -> Features {
        let train = try compute(model, material.train)
        let dev = try compute(model, material.dev)
        return Features(width: train.count / material.train.count, train: train, dev: dev)
    }

    private func compute(_ model: Model, _ data: [EncodedExample]) throws -> [Float] {
        let mine = Array(DataOrder.part(of: data.count, rank: communicator.rank, of: communicator.size))
        let rows = packs(of: mine, lengths: { data[$0].ids.count }).flatMap { pack in
            Array(model.features(PackedBatch(mine[pack], from: data)))
        }
        return try communicator.gatherFloats(rows)
    }

    /// - Returns: nil where nothing usable is kept; what cannot be read is computed and written anew.
    private func read(_ material: Material, _ model: Model) -> Features? {
        let width = model.store.table.configuration.hidden
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file: SafetensorsFile
        do { file = try SafetensorsFile(path: path) } catch { return nil }
        guard let train = file.tensor(named: "train"), let dev = file.tensor(named: "dev"),
            train.shape == [material.train.count, width], dev.shape == [material.dev.count, width],
            let trainRows = train.floats(), let devRows = dev.floats()
        else { return nil }
        return Features(width: width, train: trainRows, dev: devRows)
    }

    private func write(_ features: Features) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        let tensor = { (name: String, rows: [Float]) in
            TensorSource(name: name, shape: [rows.count / features.width, features.width], floats: rows)
        }
        try SafetensorsWriter.write([tensor("train", features.train), tensor("dev", features.dev)], to: path)
    }

    /// Rank 0's features on every rank.
    private func share(_ features: Features?) throws -> Features {
        guard communicator.size > 1 else { return features ?? Features(width: 0, train: [], dev: []) }
        let sizes = try communicator.sum(
            [features?.width, features?.train.count, features?.dev.count].map { Double($0 ?? 0) }
        ).map { Int($0) }
        var train = features?.train ?? [Float](repeating: 0, count: sizes[1])
        var dev = features?.dev ?? [Float](repeating: 0, count: sizes[2])
        try train.withUnsafeMutableBufferPointer { try communicator.broadcast($0, from: 0) }
        try dev.withUnsafeMutableBufferPointer { try communicator.broadcast($0, from: 0) }
        return Features(width: sizes[0], train: train, dev: dev)
    }
}
