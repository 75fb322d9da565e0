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

    /// The head and what is small always, a whole backbone and a mask where the job asks for them, and the log where
    /// something was measured.
    func write(_ state: TrainingState) throws -> (references: [ArtifactReference], files: [ArtifactKind: String]) {
        try Directory.make(job.outputDirectory)
        var references: [ArtifactReference] = []
        var files: [ArtifactKind: String] = [:]
        for kind in kinds.sorted() {
            let path = "\(job.outputDirectory)/\(kind.rawValue).safetensors"
            try SafetensorsWriter.write(tensors(of: kind), metadata: metadata(of: kind), to: path)
            references.append(try reference(to: path, kind))
            files[kind] = path
        }
        if var log = state.log {
            let path = "\(job.outputDirectory)/\(ArtifactKind.log.rawValue).safetensors"
            let bytes = references.reduce(0) { $0 + $1.byteCount }
            if log.measures.contains(.cost) { log.cost = StageCost(of: stage, state, artifactBytes: bytes) }
            try StageLogFile.write(log, of: stage, backbone: job.specification.backbone, to: path)
            references.append(try reference(to: path, .log))
            files[.log] = path
        }
        return (references, files)
    }

    private func reference(to path: String, _ kind: ArtifactKind) throws -> ArtifactReference {
        let file = try MappedFile(path: path)
        return ArtifactReference(id: ArtifactID(rawValue: file.digest()), kind: kind, byteCount: file.count)
    }

    private var kinds: Set<ArtifactKind> {
        if stage.recipe.estimate != nil { return job.planned.outputs.intersection([.statistics, .pretraining]) }
        let onDemand: Set<ArtifactKind> = stage.kept == nil ? [.backbone] : [.backbone, .mask]
        let demanded = job.planned.outputs.union(job.planned.keptIfBest).intersection(onDemand)
        return job.specification.leaves.subtracting(onDemand).union(demanded).union([.head])
    }

    private func tensors(of kind: ArtifactKind) throws -> [TensorSource] {
        let parameters = stage.store.table.parameters
        switch kind {
        case .head: return whole(parameters.indices.filter { parameters[$0].place == .head })
        case .adapter: return whole(parameters.indices.filter { parameters[$0].isAdapter })
        case .backbone: return whole(parameters.indices.filter { parameters[$0].isOfBackbone })
        case .delta: return try delta()
        case .mask: return mask()
        case .statistics, .pretraining: return statistics()
        case .log: preconditionFailure("a log is written from what was measured")
        }
    }

    private func whole(_ indices: [Int]) -> [TensorSource] {
        indices.map { index in
            let parameter = stage.store.table.parameters[index]
            return TensorSource(name: parameter.name, shape: parameter.shape, floats: stage.store.values(index))
        }
    }

    /// What moved, and what came with a delta that the stage started from and stayed. A parameter that both concern is
    /// written as a whole.
    private func delta() throws -> [TensorSource] {
        let store = stage.store
        let earlier = try job.inputs[.delta].map { try SafetensorsFile(path: $0) }
        var tensors: [TensorSource] = []
        var written: Set<String> = []
        for segment in store.arena.segments where store.table.parameters[segment.parameter].isOfBackbone {
            let parameter = store.table.parameters[segment.parameter]
            let kept = stage.kept?[segment.parameter]
            if kept == .fixed { continue }
            if let entries = kept?.entries ?? segment.entries, earlier?.names(parameter) != true {
                tensors += sparse(parameter, entries, store.values(segment.parameter))
            } else {
                tensors += whole([segment.parameter])
            }
            written.insert(parameter.name)
        }
        guard let earlier else { return tensors }
        let stayed = store.table.parameters.indices.filter { index in
            let parameter = store.table.parameters[index]
            return !written.contains(parameter.name) && earlier.names(parameter)
        }
        return tensors + whole(stayed)
    }

    private func sparse(
        _ parameter: Parameter, _ entries: [Int32], _ values: UnsafeBufferPointer<Float>
    ) -> [TensorSource] {
        [
            TensorSource(name: parameter.name + SparseTensor.indices, indices: entries),
            TensorSource(
                name: parameter.name + SparseTensor.values, shape: [entries.count],
                floats: entries.map { values[Int($0)] }),
        ]
    }

    private func mask() -> [TensorSource] {
        let parameters = stage.store.table.parameters
        return zip(parameters, stage.kept ?? []).compactMap { parameter, kept in
            guard parameter.isOfBackbone, let entries = kept.entries else { return nil }
            return TensorSource(name: parameter.name + SparseTensor.indices, indices: entries)
        }
    }

    private func statistics() -> [TensorSource] {
        let store = stage.store
        return store.arena.segments.compactMap { segment in
            let parameter = store.table.parameters[segment.parameter]
            guard parameter.isOfBackbone else { return nil }
            return TensorSource(
                name: parameter.name, shape: parameter.shape,
                floats: UnsafeBufferPointer(rebasing: store.arena.squareSums[segment.range]))
        }
    }

    private func metadata(of kind: ArtifactKind) throws -> [String: String] {
        try Self.metadata(
            of: kind, backbone: job.specification.backbone, head: stage.recipe.head, task: stage.task,
            adapter: stage.store.table.adapter)
    }

    /// What an artifact's file says of itself.
    /// - Parameter backbone: the digest of the pretrained model that it belongs to.
    static func metadata(
        of kind: ArtifactKind, backbone: Digest, head: HeadDesign, task: TaskDefinition, adapter: AdapterDesign?
    ) throws -> [String: String] {
        var metadata = ["format": "headstart", "kind": kind.rawValue, "backbone": backbone.hex]
        if kind == .head {
            metadata["head"] = head.description
            metadata["labels"] = try task.labelsAsJSON
        }
        if kind == .adapter { metadata["adapter"] = adapter?.description }
        return metadata
    }
}

extension TaskDefinition {
    /// nil where there are none.
    var labelsAsJSON: String? {
        get throws { try labels.map { String(decoding: try CanonicalJSON.encode($0), as: UTF8.self) } }
    }
}

/// A head on its way from one stage into another.
enum HeadFile {
    /// Sets the head's parameters from the file, those that are wanted.
    static func load(
        _ path: String, design: HeadDesign, into store: ParameterStore,
        where isWanted: (Parameter) -> Bool = { _ in true }
    ) throws {
        let file = try SafetensorsFile(path: path)
        guard file.metadata["head"] == design.description else {
            throw StageFailure(
                .badInput,
                """
                \(path): the head is \(file.metadata["head"].map { "'\($0)'" } ?? "of no known design"), the stage \
                asks for '\(design)'; give both stages the same head
                """)
        }
        try store.load(file, where: isWanted)
    }
}
