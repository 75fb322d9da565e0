import Encoders
import Experiments
import Files
import Foundation
import Safetensors
import Tuning

/// Writes what a stage has learned as artifact files. Equal parameters give equal bytes: nothing in a file tells when
/// or where it was made.
struct ArtifactFiles {
    private let stage: PreparedStage
    private let job: StageJob

    init(_ stage: PreparedStage, _ job: StageJob) {
        self.stage = stage
        self.job = job
    }

    /// The head always, the backbone's share where the job asks for it.
    func write() throws -> (references: [ArtifactReference], files: [ArtifactKind: String]) {
        try FileManager.default.createDirectory(atPath: job.outputDirectory, withIntermediateDirectories: true)
        var references: [ArtifactReference] = []
        var files: [ArtifactKind: String] = [:]
        var kinds: Set<ArtifactKind> = [.head]
        if let kind = stage.recipe.tune.backboneArtifact, kind == .delta || job.outputs.contains(kind) {
            kinds.insert(kind)
        }
        for kind in kinds.sorted() {
            let path = "\(job.outputDirectory)/\(kind.rawValue).safetensors"
            try SafetensorsWriter.write(tensors(of: kind), metadata: metadata(of: kind), to: path)
            let file = try MappedFile(path: path)
            references.append(
                ArtifactReference(id: ArtifactID(rawValue: file.digest()), kind: kind, byteCount: file.count))
            files[kind] = path
        }
        return (references, files)
    }

    private func tensors(of kind: ArtifactKind) -> [TensorSource] {
        let arena = stage.store.arena
        return arena.segments.compactMap { segment in
            let parameter = stage.store.table.parameters[segment.parameter]
            guard (parameter.place == .head) == (kind == .head) else { return nil }
            return TensorSource(
                name: parameter.name, shape: parameter.shape,
                floats: UnsafeBufferPointer(rebasing: arena.values[segment.range]))
        }
    }

    private func metadata(of kind: ArtifactKind) throws -> [String: String] {
        var metadata = ["format": "headstart", "kind": kind.rawValue, "backbone": job.specification.backbone.hex]
        if kind == .head {
            metadata["head"] = stage.recipe.head.description
            if let labels = stage.task.labels {
                metadata["labels"] = String(decoding: try CanonicalJSON.encode(labels), as: UTF8.self)
            }
        }
        return metadata
    }
}

/// A head on its way from one stage into another.
enum HeadFile {
    /// Sets the head's parameters from the file.
    static func load(_ path: String, design: HeadDesign, into store: ParameterStore) throws {
        let file = try SafetensorsFile(path: path)
        guard file.metadata["head"] == design.description else {
            throw StageFailure(
                .badInput,
                """
                \(path): the head is \(file.metadata["head"].map { "'\($0)'" } ?? "of no known design"), the stage \
                asks for '\(design)'; give both stages the same head
                """)
        }
        try store.load(file)
    }
}
