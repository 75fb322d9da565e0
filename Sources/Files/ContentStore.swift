import Foundation

/// Files that are known by the SHA-256 of their bytes: ROOT/ab/abcdef.... What is in place is whole and verified. What
/// is still coming lies in ROOT/partial/ and goes on where it stopped.
package struct ContentStore: Sendable {
    private let root: String
    /// Follows the digest in the name of a partial file.
    private let partialSuffix: String

    /// What became of the bytes that came.
    package enum Reception: Hashable, Sendable {
        /// The file goes on at this byte.
        case partial(upTo: Int)
        /// The file is in place.
        case complete
        /// The bytes are not those that were announced; what came so far is thrown away.
        case corrupt
    }

    /// - Parameter isShared: whether several processes receive into the root at once; then each has partial files of
    ///   its own.
    package init(root: String, isShared: Bool = false) {
        self.root = root
        partialSuffix = isShared ? ".\(getpid())" : ""
    }

    package func path(of digest: Digest) -> String { "\(root)/\(digest.hex.prefix(2))/\(digest)" }

    /// - Parameter byteCount: nil takes a file of any length for the one meant.
    package func contains(_ digest: Digest, byteCount: Int? = nil) -> Bool {
        guard let found = Disk.byteCount(of: path(of: digest)) else { return false }
        return byteCount ?? found == found
    }

    /// - Returns: up to `count` bytes from the offset on, none behind the end; nil when the file is not here.
    package func read(_ digest: Digest, offset: Int, count: Int) throws(FileError) -> [UInt8]? {
        guard contains(digest) else { return nil }
        let file = try MappedFile(path: path(of: digest))
        guard offset >= 0, offset < file.count else { return [] }
        return file.withBytes { Array($0[offset...].prefix(max(0, count))) }
    }

    /// Keeps bytes that came all at once.
    /// - Returns: whether they are those that the digest names.
    package func add(_ bytes: [UInt8], as digest: Digest) throws(FileError) -> Bool {
        guard Digest(of: bytes) == digest else { return false }
        guard !contains(digest, byteCount: bytes.count) else { return true }
        try AtomicFile.write(Data(bytes), to: place(of: digest))
        return true
    }

    /// Moves a file that this process has just written, and whose digest it knows, into its place.
    package func adopt(_ file: String, as digest: Digest, byteCount: Int) throws(FileError) {
        guard Disk.byteCount(of: file) == byteCount else {
            throw FileError(.write, path(of: digest), code: Disk.byteCount(of: file) == nil ? ENOENT : EIO)
        }
        try Disk.rename(file, to: place(of: digest))
    }

    // MARK: Files that come in pieces

    /// Where a file that was announced goes on.
    package func resume(_ digest: Digest, byteCount: Int) throws(FileError) -> Reception {
        try receive([], of: digest, byteCount: byteCount, at: received(of: digest))
    }

    /// Takes the next bytes of a file. Bytes that do not begin where it stands change nothing.
    package func receive(
        _ bytes: [UInt8], of digest: Digest, byteCount: Int, at offset: Int
    ) throws(FileError) -> Reception {
        guard !contains(digest, byteCount: byteCount) else { return .complete }
        guard byteCount >= 0 else { return .corrupt }
        let received = received(of: digest)
        let isNext = offset == received && bytes.count <= byteCount - received
        if isNext { try append(bytes, to: digest, at: offset) }
        let upTo = isNext ? received + bytes.count : received
        return upTo < byteCount ? .partial(upTo: upTo) : try complete(digest)
    }

    private func received(of digest: Digest) -> Int { Disk.byteCount(of: partialPath(of: digest)) ?? 0 }

    private func append(_ bytes: [UInt8], to digest: Digest, at offset: Int) throws(FileError) {
        try Directory.make("\(root)/partial")
        try Disk.open(partialPath(of: digest)) { file throws(FileError) in try file.write(bytes, at: offset) }
    }

    /// Verifies the whole file and moves it into place, or throws it away.
    private func complete(_ digest: Digest) throws(FileError) -> Reception {
        let partial = partialPath(of: digest)
        guard try MappedFile(path: partial).digest() == digest else {
            unlink(partial)
            return .corrupt
        }
        try Disk.rename(partial, to: place(of: digest))
        return .complete
    }

    private func partialPath(of digest: Digest) -> String { "\(root)/partial/\(digest)\(partialSuffix)" }

    private func place(of digest: Digest) throws(FileError) -> String {
        let path = path(of: digest)
        try Directory.make((path as NSString).deletingLastPathComponent)
        return path
    }

    /// Makes a root that is shared ready: removes the partial files of processes that are no more.
    package func prepare() throws(FileError) {
        let directory = "\(root)/partial"
        try Directory.make(directory)
        // What cannot be listed is left lying: it harms nobody.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] {
            guard let process = name.split(separator: ".").last.flatMap({ pid_t($0) }) else { continue }
            if process == getpid() || (kill(process, 0) != 0 && errno == ESRCH) { unlink("\(directory)/\(name)") }
        }
    }
}
