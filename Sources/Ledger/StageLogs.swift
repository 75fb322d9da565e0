package import Experiments
import Files
import Foundation

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

    /// Adds what is new in a text that begins at this byte of the worker's log; repetitions change nothing. Where
    /// lines before it were lost on the way, it follows what is there.
    package func append(
        _ text: String, at offset: Int, to stage: StageKey, _ attempt: Attempt
    ) throws(LedgerError) {
        let path = path(of: stage, attempt)
        do {
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        } catch {
            throw .file(FileError(.write, path))
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(FileError(.write, path)) }
        defer { close(descriptor) }
        let size = Int(lseek(descriptor, 0, SEEK_END))
        let known = offset >= 0 && offset < size ? size - offset : 0
        let bytes = Array(Array(text.utf8).dropFirst(known).prefix(max(0, Self.byteLimit - size)))
        guard write(descriptor, bytes, bytes.count) == bytes.count else {
            let error = FileError(.write, path)
            throw error.isDiskFull ? .diskFull(path: path) : .file(error)
        }
    }
}
