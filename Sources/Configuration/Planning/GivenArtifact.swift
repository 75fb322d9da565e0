package import Experiments

/// An artifact that a stage takes from a file or folder instead of from a stage. How it is read depends on the head that
/// the stage has, and on its task.
package struct GivenArtifact: Hashable, Sendable {
    package let kind: ArtifactKind
    /// As it is written; relative to the sweep file's folder.
    package let path: String
    package let head: HeadDesign
    package let isLogistic: Bool
    package let task: String

    /// What of a recipe decides how the artifact is read.
    package var recipe: Recipe {
        var recipe = Recipe()
        recipe.head = head
        recipe.isLogistic = isLogistic
        return recipe
    }
}

extension SweepRequest {
    /// All that stages take from files, each once.
    package var given: [GivenArtifact] {
        var given: [GivenArtifact] = []
        for run in runs {
            for index in run.stages.indices {
                for artifact in run.given(ofStage: index) where !given.contains(artifact) { given.append(artifact) }
            }
        }
        return given
    }
}

extension SweepRequest.Run {
    /// What a stage takes from files.
    func given(ofStage index: Int) -> [GivenArtifact] {
        let stage = stages[index]
        return stage.inputs.sorted { $0.key < $1.key }.compactMap { kind, source in
            guard case .file(let path) = source else { return nil }
            return GivenArtifact(
                kind: kind, path: path, head: stage.recipe.head, isLogistic: stage.recipe.isLogistic,
                task: stage.task ?? task)
        }
    }
}

/// What the files turned out to be.
package struct GivenArtifacts: Sendable {
    private let references: [GivenArtifact: ArtifactReference]
    /// Where the bytes of each lie.
    let files: [ArtifactReference: String]
    /// What the sweep calls each.
    let paths: [ArtifactReference: String]

    /// - Parameter read: for each the artifact and where its bytes lie.
    package init(_ read: [(given: GivenArtifact, reference: ArtifactReference, file: String)] = []) {
        references = Dictionary(read.map { ($0.given, $0.reference) }) { $1 }
        files = Dictionary(read.map { ($0.reference, $0.file) }) { $1 }
        paths = Dictionary(read.map { ($0.reference, $0.given.path) }) { first, _ in first }
    }

    func reference(_ artifact: GivenArtifact) throws(ConfigurationError) -> ArtifactReference {
        guard let reference = references[artifact] else {
            throw ConfigurationError(
                "'\(artifact.path)' was not read for head '\(artifact.head)', so the sweep cannot be planned")
        }
        return reference
    }
}
