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
        let kept = try communicator.agree { communicator.rank == 0 ? read(material) : nil }
        do {
            if try communicator.broadcast(kept == nil ? [] : [1], from: 0).isEmpty {
                let features = try compute(model, material)
                if communicator.rank == 0 { try write(features) }
                return features
            }
            return try share(kept)
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
            var batch = PackedBatch()
            for example in mine[pack] {
                batch.append(ids: data[example].ids, types: data[example].types, example: example)
            }
            return Array(model.features(batch))
        }
        return try communicator.gatherFloats(rows)
    }

    /// - Returns: nil where nothing usable is kept.
    private func read(_ material: Material) -> Features? {
        guard FileManager.default.fileExists(atPath: path), let file = try? SafetensorsFile(path: path),
            let train = file.tensor(named: "train"), let dev = file.tensor(named: "dev"),
            train.shape.count == 2, train.shape[0] == material.train.count, dev.shape[0] == material.dev.count,
            let trainRows = train.floats(), let devRows = dev.floats()
        else { return nil }
        return Features(width: train.shape[1], train: trainRows, dev: devRows)
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
