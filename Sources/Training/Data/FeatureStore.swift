import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Safetensors
import Tasks

/// What a task's head sees of the final states of one backbone: computed once by all ranks together, kept in the work
/// directory for the other seeds and methods that ask for the same.
struct FeatureStore {
    /// The most that is worth keeping: 1 GiB.
    private static let byteLimit = 1 << 30

    /// Whether the features never change and are few enough to be kept; otherwise the encoder runs in every step.
    static func holds(_ data: EncodedDataset, _ model: Model) -> Bool {
        let rows = data.files.reduce(0) { $0 + data.rowCount(of: $1) }
        return data.masking == nil && holds(rows: rows, width: model.featureWidth)
    }

    /// Whether so many features are few enough.
    static func holds(rows: Int, width: Int) -> Bool { rows * width * MemoryLayout<Float>.stride <= byteLimit }

    private let path: String
    private let communicator: any Communicator

    init(_ job: StageJob, _ communicator: any Communicator) throws(StageFailure) {
        do {
            let digest = try Digest(ofCanonicalJSON: FeatureIdentity(job.specification))
            path = "\(job.workDirectory)/features/\(digest).safetensors"
        } catch {
            throw StageFailure(classifying: error)
        }
        self.communicator = communicator
    }

    func features(_ model: Model, _ data: EncodedDataset) throws(StageFailure) -> Features {
        let kept = try communicator.agree { communicator.rank == 0 ? read(data, model) : nil }
        do {
            let isKept = try !communicator.broadcast(kept == nil ? [] : [1], from: 0).isEmpty
            if isKept { return try share(kept, data, model) }
            let features = try Features(model.featureWidth, of: data) { try compute(model, data[$0]) }
            try communicator.agree { if communicator.rank == 0 { try write(features) } }
            return features
        } catch {
            throw StageFailure(classifying: error)
        }
    }

    /// [rows, featureWidth] of all examples, on every rank.
    private func compute(_ model: Model, _ data: [EncodedExample]) throws -> [Float] {
        let mine = Array(DataOrder.part(of: data.count, rank: communicator.rank, of: communicator.size))
        return try communicator.gatherFloats(model.features(of: mine, in: data))
    }

    /// - Returns: nil where nothing usable is kept; what cannot be read is computed and written anew.
    private func read(_ data: EncodedDataset, _ model: Model) -> Features? {
        let file: SafetensorsFile
        do {
            guard try Disk.read(digestPath) == Array(Disk.digest(of: path).hex.utf8) else { return nil }
            file = try SafetensorsFile(path: path)
        } catch {
            return nil
        }
        Disk.touch(path)
        var rows: [DataFile: [Float]] = [:]
        for part in data.files {
            guard let tensor = file.tensor(named: "\(part)"),
                tensor.shape == [data.rowCount(of: part), model.featureWidth], let values = tensor.floats()
            else { return nil }
            rows[part] = values
        }
        return Features(model.featureWidth, of: data) { rows[$0] ?? [] }
    }

    private func write(_ features: Features) throws {
        try Directory.make(Path.folder(of: path))
        let tensors = features.files.map { file in
            let rows = features[file].values
            return TensorSource(
                name: "\(file)", shape: [rows.count / features.width, features.width], floats: rows)
        }
        try SafetensorsWriter.write(tensors, to: path)
        try AtomicFile.write(Data(Disk.digest(of: path).hex.utf8), to: digestPath)
    }

    /// What the file was when it was written: a bit that flips on the disk must not become a score.
    private var digestPath: String { "\(path).sha256" }

    /// Rank 0's features on every rank.
    private func share(_ kept: Features?, _ data: EncodedDataset, _ model: Model) throws -> Features {
        try Features(model.featureWidth, of: data) { file in
            let count = data.rowCount(of: file) * model.featureWidth
            var values = kept?[file].values ?? [Float](repeating: 0, count: count)
            try values.withUnsafeMutableBufferPointer { try communicator.broadcast($0, from: 0) }
            return values
        }
    }
}

/// All that decides the features that a stage's head sees, and nothing else.
struct FeatureIdentity: Hashable, Encodable {
    private let semantics: Int
    private let backbone: Digest
    private let task: Digest
    private let maxLength: Int
    private let truncation: Truncation
    private let precision: Precision
    private let inputs: [StageInput]
    @Implied<Empty<ArtifactReference>> private var given: [ArtifactReference]

    init(_ specification: StageSpecification) {
        semantics = specification.semantics
        backbone = specification.backbone
        task = specification.task
        maxLength = specification.recipe.maxLength
        truncation = specification.recipe.truncation
        precision = specification.recipe.precision
        inputs = specification.inputs.filter { $0.kind != .head }
        given = specification.given.filter { $0.kind != .head }
    }
}

extension EncodedDataset {
    fileprivate func rowCount(of file: DataFile) -> Int { self[file].reduce(0) { $0 + $1.rowCount } }
}

/// What the head sees of the files of a task.
struct Features {
    /// Numbers in a row.
    let width: Int
    /// Those that the task has.
    let files: [DataFile]
    private let rows: [Rows]

    /// - Parameter values: [rows, width] of a file, row-major.
    init(_ width: Int, of data: EncodedDataset, _ values: (DataFile) throws -> [Float]) rethrows {
        self.width = width
        files = data.files
        rows = try data.files.map { Rows(try values($0), of: data[$0]) }
    }

    /// The rows of a file's examples, one after the other.
    struct Rows {
        /// [rows, width]
        let values: [Float]
        /// The row at which each example begins, and the number of rows.
        let starts: [Int]

        init(_ values: [Float], of examples: [EncodedExample]) {
            self.values = values
            starts = examples.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rowCount) }
        }
    }

    subscript(file: DataFile) -> Rows {
        guard let place = files.firstIndex(of: file) else { preconditionFailure("the task has no \(file) file") }
        return rows[place]
    }
}
