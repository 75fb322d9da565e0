package import Experiments
package import Files
import Foundation

extension ContentStore {
    /// The artifacts of a store, in STORE/artifacts.
    package init(store: String) { self.init(root: "\(store)/artifacts") }
}

/// What workers printed: STORE/logs/<stage key>/attempt-N.log.
package struct StageLogs: Sendable {
    private let root: String
    /// The most bytes kept of one attempt; a worker that prints without end does not fill the disk.
    package static let byteLimit = 16 << 20

    package init(store: String) {
        root = "\(store)/logs"
    }

    package func path(of stage: StageKey, _ attempt: Attempt) -> String {
        "\(root)/\(stage)/attempt-\(attempt).log"
    }

    /// Writes a text that begins at this byte of the worker's log; repetitions change nothing. Where lines before it were
    /// lost on the way, zeros stand in their place until they are told again.
    package func append(
        _ text: String, at offset: Int, to stage: StageKey, _ attempt: Attempt
    ) throws(FileError) {
        guard (0..<Self.byteLimit).contains(offset) else { return }
        let path = path(of: stage, attempt)
        try Directory.make(Path.folder(of: path))
        let bytes = Array(text.utf8.prefix(Self.byteLimit - offset))
        try Disk.open(path) { file throws(FileError) in try file.write(bytes, at: offset) }
    }
}
