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
                    "\(path): is no \(kind.rawValue) of this model, but \(file.metadata["kind"] ?? "something") of another"
                )
            }
            files[kind] = file
        }
        return files
    }

    /// What earlier stages made of the backbone; a later one goes before an earlier one.
    static func overlays(_ files: [ArtifactKind: SafetensorsFile]) -> [SafetensorsFile] {
        [ArtifactKind.backbone, .delta, .adapter].compactMap { files[$0] }
    }
}
