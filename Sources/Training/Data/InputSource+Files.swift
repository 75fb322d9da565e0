package import Experiments
import Encoders
import Files
import Tasks

extension InputSource {
    /// Its files where they lie, with what they are called in a manifest.
    package func namedFiles() throws -> [(name: String, path: String)] {
        switch self {
        case .model(let model): ModelFiles.named(in: model.path)
        case .data(let definition, _, let directory): try Dataset.namedFiles(of: definition, in: directory)
        }
    }

    /// The manifest of its files in its directory.
    /// - Throws: `InputSourceError` where these are not the ones of the plan.
    package func manifest() throws -> FileManifest {
        let manifest = try FileManifest(of: try namedFiles())
        guard !manifest.files.isEmpty else { throw InputSourceError.absent(self) }
        guard try manifest.content(as: self) == content else { throw InputSourceError.different(self) }
        return manifest
    }
}

/// Why what lies in a directory is not what stages are planned with.
package enum InputSourceError: Error, CustomStringConvertible, Sendable {
    case absent(InputSource)
    case different(InputSource)

    package var description: String {
        switch self {
        case .absent(let source): "\(source.directory): \(source.name) is not there"
        case .different(let source):
            "\(source.directory): \(source.name) is not the one there that the sweep was planned with"
        }
    }
}
