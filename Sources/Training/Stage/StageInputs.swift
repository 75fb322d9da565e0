import Experiments
import Safetensors

/// The artifacts that a stage starts from.
enum StageInputs {
    /// Opens and checks the files that concern the backbone; the head's is for `HeadFile`.
    static func open(_ job: StageJob) throws -> [ArtifactKind: SafetensorsFile] {
        var files: [ArtifactKind: SafetensorsFile] = [:]
        for (kind, path) in job.inputs where kind != .head {
            let file = try SafetensorsFile(path: path)
            guard file.metadata["kind"] == kind.rawValue, file.metadata["backbone"] == job.specification.backbone.hex
            else {
                throw StageFailure(
                    .badInput,
                    """
                    \(path): is no \(kind.rawValue) of this model, but \(file.metadata["kind"] ?? "something") of another; \
                    run the sweep that makes it with this model
                    """)
            }
            files[kind] = file
        }
        return files
    }

    /// What is added to the backbone: by the stage itself, or by an earlier one whose adapter it takes over.
    static func adapter(_ tune: Tune, _ files: [ArtifactKind: SafetensorsFile]) throws -> AdapterDesign? {
        if case .adapter(let design) = tune {
            try check(files[.adapter], is: design)
            return design
        }
        guard let file = files[.adapter] else { return nil }
        guard let design = file.metadata["adapter"].flatMap({ AdapterDesign($0) }) else {
            throw StageFailure(.badInput, "\(file.path): does not say which adapter it is; train its stage again")
        }
        return design
    }

    private static func check(_ file: SafetensorsFile?, is design: AdapterDesign) throws {
        guard let file, file.metadata["adapter"] != design.description else { return }
        throw StageFailure(
            .badInput,
            """
            \(file.path): the adapter is '\(file.metadata["adapter"] ?? "unknown")', the stage tunes '\(design)'; give \
            both stages the same
            """)
    }

    /// What earlier stages made of the backbone; a later one goes before an earlier one.
    static func overlays(_ files: [ArtifactKind: SafetensorsFile]) -> [SafetensorsFile] {
        [ArtifactKind.backbone, .delta, .adapter].compactMap { files[$0] }
    }
}
