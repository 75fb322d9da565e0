import Experiments
import Files
import Foundation

/// The artifacts that this host holds: WORK/artifacts/ab/abcdef..., named by the SHA-256 of their bytes. What is in
/// place is whole and verified. Processes may share the directory: each downloads into a file of its own.
struct ArtifactCache: Sendable {
    private let root: String

    init(workDirectory: String) throws(FileError) {
        root = "\(workDirectory)/artifacts"
        try Directory.make("\(root)/partial")
        removeAbandonedDownloads()
    }

    func path(of id: ArtifactID) -> String { "\(root)/\(id.description.prefix(2))/\(id)" }

    func contains(_ artifact: ArtifactReference) -> Bool {
        var status = stat()
        return stat(path(of: artifact.id), &status) == 0 && Int(status.st_size) == artifact.byteCount
    }

    /// - Returns: up to `count` bytes from the offset on.
    func read(_ id: ArtifactID, offset: Int, count: Int) throws(FileError) -> [UInt8] {
        let file = try MappedFile(path: path(of: id))
        let start = min(offset, file.count)
        return Array(file.bytes[start..<min(file.count, start + count)])
    }

    /// Moves a file into the cache.
    func adopt(_ file: String, as artifact: ArtifactReference) throws(FileError) {
        let path = try place(of: artifact.id)
        guard rename(file, path) == 0 else { throw FileError(.write, path) }
        guard contains(artifact) else { throw FileError(.write, path, code: EIO) }
    }

    /// Keeps an artifact that came whole.
    /// - Returns: whether the bytes are those that were announced.
    func add(_ bytes: [UInt8], as artifact: ArtifactReference) throws(FileError) -> Bool {
        guard bytes.count == artifact.byteCount, Digest(of: bytes) == artifact.id.rawValue else { return false }
        guard !contains(artifact) else { return true }
        try AtomicFile.write(Data(bytes), to: place(of: artifact.id))
        return true
    }

    // MARK: Downloads

    /// How many bytes of a download are here.
    func received(of artifact: ArtifactReference) -> Int {
        var status = stat()
        return stat(partialPath(of: artifact.id), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Takes the next bytes of a download.
    func append(_ bytes: [UInt8], to artifact: ArtifactReference) throws(FileError) {
        let path = partialPath(of: artifact.id)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(.write, path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw FileError(.write, path) }
            rest = rest.dropFirst(max(0, count))
        }
    }

    /// Puts a whole download in its place, or throws it away.
    /// - Returns: whether the bytes are those that were announced.
    func complete(_ artifact: ArtifactReference) throws(FileError) -> Bool {
        let partial = partialPath(of: artifact.id)
        guard try MappedFile(path: partial).digest() == artifact.id.rawValue else {
            unlink(partial)
            return false
        }
        let path = try place(of: artifact.id)
        guard rename(partial, path) == 0 else { throw FileError(.write, path) }
        return true
    }

    private func partialPath(of id: ArtifactID) -> String { "\(root)/partial/\(id).\(getpid())" }

    private func place(of id: ArtifactID) throws(FileError) -> String {
        let path = path(of: id)
        try Directory.make((path as NSString).deletingLastPathComponent)
        return path
    }

    /// Removes the downloads of processes that are no more.
    private func removeAbandonedDownloads() {
        let directory = "\(root)/partial"
        // What cannot be listed is left lying: it harms nobody.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            guard let process = name.split(separator: ".").last.flatMap({ pid_t($0) }) else { continue }
            if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) { unlink("\(directory)/\(name)") }
        }
    }
}
