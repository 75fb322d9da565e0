package import Experiments
import Files
import Foundation

/// The content-addressed files of a store: STORE/artifacts/ab/abcdef..., named by the SHA-256 of their bytes. What is
/// in place is whole and verified; uploads that are not lie in STORE/artifacts/partial/ and go on where they stopped.
package struct ArtifactStore: Sendable {
    private let root: String

    /// What became of a chunk.
    package enum Reception: Hashable, Sendable {
        /// The upload goes on at this byte.
        case partial(upTo: Int)
        /// The artifact is in the store.
        case complete
        /// The bytes are not those that were announced; what came so far is thrown away.
        case corrupt
    }

    package init(store: String) {
        root = "\(store)/artifacts"
    }

    package func path(of id: ArtifactID) -> String {
        "\(root)/\(id.description.prefix(2))/\(id)"
    }

    package func contains(_ id: ArtifactID) -> Bool { access(path(of: id), F_OK) == 0 }

    package func add(_ bytes: [UInt8], kind: ArtifactKind) throws(LedgerError) -> ArtifactReference {
        let reference = ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: bytes)), kind: kind, byteCount: bytes.count)
        guard !contains(reference.id) else { return reference }
        try makeDirectory(for: path(of: reference.id))
        try onDisk { () throws(FileError) in try AtomicFile.write(Data(bytes), to: path(of: reference.id)) }
        return reference
    }

    package func add(file: String, kind: ArtifactKind) throws(LedgerError) -> ArtifactReference {
        let mapped = try onDisk { () throws(FileError) in try MappedFile(path: file) }
        let reference = ArtifactReference(
            id: ArtifactID(rawValue: mapped.digest()), kind: kind, byteCount: mapped.count)
        guard !contains(reference.id) else { return reference }
        try makeDirectory(for: path(of: reference.id))
        try onDisk { () throws(FileError) in
            try AtomicFile.write(to: path(of: reference.id)) { append throws(FileError) in
                try mapped.withBytes(append)
            }
        }
        return reference
    }

    /// - Returns: up to `count` bytes from the offset on, none behind the end; nil when the artifact is not here.
    package func read(_ id: ArtifactID, offset: Int, count: Int) throws(LedgerError) -> [UInt8]? {
        guard contains(id) else { return nil }
        let mapped = try onDisk { () throws(FileError) in try MappedFile(path: path(of: id)) }
        guard offset >= 0, offset < mapped.count else { return [] }
        return mapped.withBytes { Array($0[offset...].prefix(max(0, count))) }
    }

    /// How many bytes of the artifact are here: all of them, or those of an upload that stopped.
    private func receivedCount(of artifact: ArtifactReference) -> Int {
        if contains(artifact.id) { return artifact.byteCount }
        var status = stat()
        return stat(partialPath(of: artifact.id), &status) == 0 ? Int(status.st_size) : 0
    }

    /// Where the upload of an announced artifact goes on.
    package func resume(_ artifact: ArtifactReference) throws(LedgerError) -> Reception {
        try receive([], of: artifact, at: receivedCount(of: artifact))
    }

    /// Takes the next chunk of an upload. A chunk that does not begin where the upload stands changes nothing.
    package func receive(
        _ bytes: [UInt8], of artifact: ArtifactReference, at offset: Int
    ) throws(LedgerError) -> Reception {
        guard !contains(artifact.id) else { return .complete }
        guard artifact.byteCount >= 0 else { return .corrupt }
        let received = receivedCount(of: artifact)
        let isNext = offset == received && bytes.count <= artifact.byteCount - received
        if isNext { try append(bytes, to: artifact.id, at: offset) }
        let upTo = isNext ? received + bytes.count : received
        return upTo < artifact.byteCount ? .partial(upTo: upTo) : try complete(artifact)
    }

    private func partialPath(of id: ArtifactID) -> String { "\(root)/partial/\(id)" }

    private func append(_ bytes: [UInt8], to id: ArtifactID, at offset: Int) throws(LedgerError) {
        let path = partialPath(of: id)
        try makeDirectory(for: path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(FileError(.write, path)) }
        defer { close(descriptor) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                pwrite(descriptor, buffer.baseAddress?.advanced(by: done), bytes.count - done, off_t(offset + done))
            }
            guard count > 0 || errno == EINTR else { throw failure(FileError(.write, path)) }
            done += max(count, 0)
        }
    }

    /// Verifies the whole upload and moves it into place.
    private func complete(_ artifact: ArtifactReference) throws(LedgerError) -> Reception {
        let partial = partialPath(of: artifact.id)
        if artifact.byteCount == 0 { try append([], to: artifact.id, at: 0) }
        let digest = try onDisk { () throws(FileError) in try MappedFile(path: partial).digest() }
        guard digest == artifact.id.rawValue else {
            unlink(partial)
            return .corrupt
        }
        let path = path(of: artifact.id)
        try makeDirectory(for: path)
        try synchronize(partial)
        guard rename(partial, path) == 0 else { throw failure(FileError(.write, path)) }
        try synchronize((path as NSString).deletingLastPathComponent)
        return .complete
    }

    private func synchronize(_ path: String) throws(LedgerError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(FileError(.write, path)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(FileError(.write, path)) }
    }

    private func makeDirectory(for path: String) throws(LedgerError) {
        let directory = (path as NSString).deletingLastPathComponent
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw failure(FileError(.write, directory))
        }
    }

    private func onDisk<Value>(_ body: () throws(FileError) -> Value) throws(LedgerError) -> Value {
        do {
            return try body()
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: FileError) -> LedgerError {
        error.isDiskFull ? .diskFull(path: error.path) : .file(error)
    }
}
