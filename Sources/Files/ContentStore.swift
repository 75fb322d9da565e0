package import Foundation
import Synchronization

/// Files that are known by the SHA-256 of their bytes: ROOT/ab/abcdef.... No byte is handed out before the whole file was
/// compared with its name in this process. What is still coming lies in ROOT/partial/ and goes on where it stopped.
package struct ContentStore: Sendable {
    package let root: String
    private let isCache: Bool
    /// Follows the digest in the name of a partial file.
    private let partialSuffix: String
    private let comparisons = Comparisons()

    /// What became of the bytes that came.
    package enum Reception: Hashable, Sendable {
        /// The file goes on at this byte.
        case partial(upTo: Int)
        /// The file is in place.
        case complete
        /// The bytes are not those that were announced; what came so far is thrown away.
        case corrupt
    }

    /// How the file in a place compares with its name.
    package enum Condition: Hashable, Sendable {
        case missing, whole
        /// Its bytes are others, or cannot be read.
        case damaged
    }

    /// - Parameter isCache: whether all that is here can be had again. Several processes may then receive into the root at
    ///   once, each into partial files of its own, and nothing waits until it is on the disk for good.
    package init(root: String, isCache: Bool = false) {
        self.root = root
        self.isCache = isCache
        partialSuffix = isCache ? ".\(getpid())" : ""
    }

    package func path(of digest: Digest) -> String { "\(root)/\(digest.hex.prefix(2))/\(digest)" }

    /// Compares the file with its name, once in the life of the process for as long as nobody writes to it.
    ///
    /// - Parameter byteCount: nil takes a file of any length for the one meant.
    package func condition(of digest: Digest, byteCount: Int? = nil) throws(FileError) -> Condition {
        let path = path(of: digest)
        guard let stamp = Disk.stamp(of: path) else { return .missing }
        guard byteCount ?? stamp.byteCount == stamp.byteCount else { return .damaged }
        if comparisons.include(digest, stamp) { return .whole }
        do throws(FileError) {
            guard try Disk.digest(of: path) == digest else { return .damaged }
        } catch {
            if error.isMissing { return .missing }
            // Asked again it would be refused again.
            guard error.isUnreadable else { throw error }
            return .damaged
        }
        comparisons.insert(digest, stamp)
        return .whole
    }

    package func isWhole(_ digest: Digest, byteCount: Int? = nil) throws(FileError) -> Bool {
        try condition(of: digest, byteCount: byteCount) == .whole
    }

    /// What lies here, by name: the bytes were not looked at. A folder is listed once, whatever it holds.
    package func names() -> Set<Digest> {
        Set(
            Directory.names(in: root).filter { $0.utf8.count == 2 }.flatMap { folder in
                Directory.names(in: "\(root)/\(folder)").compactMap(Digest.init(hex:))
            })
    }

    /// Puts a damaged file out of everybody's way: into ROOT/quarantine/, where a person may look at it. A cache lets it go.
    package func setAside(_ digest: Digest) throws(FileError) {
        if isCache { return try Disk.remove(path(of: digest)) }
        try Directory.make(quarantine)
        // It may be one that cannot be opened.
        try Disk.rename(path(of: digest), to: "\(quarantine)/\(digest)", isDurable: false)
    }

    package var quarantine: String { "\(root)/quarantine" }

    /// - Returns: up to `count` bytes from the offset on, none behind the end; nil when the whole file is not here.
    package func read(_ digest: Digest, offset: Int, count: Int) throws(FileError) -> [UInt8]? {
        guard try isWhole(digest) else { return nil }
        return try Disk.read(path(of: digest), offset: offset, count: count)
    }

    /// Keeps bytes that came all at once.
    /// - Returns: whether they are those that the digest names.
    package func add(_ bytes: [UInt8], as digest: Digest) throws(FileError) -> Bool {
        guard Digest(of: bytes) == digest else { return false }
        guard try !isWhole(digest, byteCount: bytes.count) else { return true }
        try AtomicFile.write(Data(bytes), to: place(of: digest), isDurable: !isCache)
        remember(digest)
        return true
    }

    /// Keeps a copy of a file.
    /// - Returns: whether its bytes are those that the digest names.
    package func addCopy(of file: String, as digest: Digest) throws(FileError) -> Bool {
        guard try !isWhole(digest) else { return true }
        guard try Disk.digest(of: file) == digest else { return false }
        try AtomicFile.copy(file, to: place(of: digest))
        return try isWhole(digest)
    }

    /// Moves a file that this process has just written, and whose digest it knows, into its place.
    package func adopt(_ file: String, as digest: Digest, byteCount: Int) throws(FileError) {
        guard Disk.byteCount(of: file) == byteCount else {
            throw FileError(.write, path(of: digest), code: Disk.byteCount(of: file) == nil ? ENOENT : EIO)
        }
        try Disk.rename(file, to: place(of: digest), isDurable: !isCache)
        remember(digest)
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
        switch try condition(of: digest) {
        case .whole: return Disk.byteCount(of: path(of: digest)) == byteCount ? .complete : .corrupt
        case .damaged: try setAside(digest)
        case .missing: break
        }
        guard byteCount >= 0 else { return .corrupt }
        let received = received(of: digest)
        let isNext = offset == received && bytes.count <= byteCount - received
        if isNext { try append(bytes, to: digest, at: offset) }
        let upTo = isNext ? received + bytes.count : received
        return upTo < byteCount ? .partial(upTo: upTo) : try complete(digest)
    }

    /// Lets go what came of a file that nobody will send the rest of.
    package func forget(_ digest: Digest) throws(FileError) { try Disk.remove(partialPath(of: digest)) }

    private func received(of digest: Digest) -> Int { Disk.byteCount(of: partialPath(of: digest)) ?? 0 }

    private func append(_ bytes: [UInt8], to digest: Digest, at offset: Int) throws(FileError) {
        try Directory.make(partial)
        try Disk.open(partialPath(of: digest)) { file throws(FileError) in try file.write(bytes, at: offset) }
    }

    /// Verifies the whole file and moves it into place, or throws it away.
    private func complete(_ digest: Digest) throws(FileError) -> Reception {
        let partial = partialPath(of: digest)
        guard try Disk.digest(of: partial) == digest else {
            try Disk.remove(partial)
            return .corrupt
        }
        try Disk.rename(partial, to: place(of: digest), isDurable: !isCache)
        remember(digest)
        return .complete
    }

    private func remember(_ digest: Digest) {
        if let stamp = Disk.stamp(of: path(of: digest)) { comparisons.insert(digest, stamp) }
    }

    private var partial: String { "\(root)/partial" }

    private func partialPath(of digest: Digest) -> String { "\(partial)/\(digest)\(partialSuffix)" }

    private func place(of digest: Digest) throws(FileError) -> String {
        let path = path(of: digest)
        try Directory.make(Path.folder(of: path))
        return path
    }

    // MARK: What was left behind

    /// Removes the partial files that nobody will go on with: of a cache those of processes that are no more, else those
    /// that no byte was added to since the moment given.
    package func removeAbandoned(before moment: Date) throws(FileError) {
        for name in Directory.names(in: partial) {
            let path = "\(partial)/\(name)"
            guard let stamp = Disk.stamp(of: path) else { continue }
            let isAbandoned =
                if isCache { name.split(separator: ".").last.flatMap { pid_t($0) }.map(isOver) ?? false } else {
                    stamp.modified < moment
                }
            if isAbandoned { try Disk.remove(path) }
        }
    }

    /// A partial file under this process's own number is of an earlier process that had the number.
    private func isOver(_ process: pid_t) -> Bool {
        process == getpid() || (kill(process, 0) != 0 && errno == ESRCH)
    }
}

/// Which files were compared with their names in this process, and what they looked like then.
private final class Comparisons: Sendable {
    private let stamps = Mutex<[Digest: Disk.Stamp]>([:])

    func include(_ digest: Digest, _ stamp: Disk.Stamp) -> Bool { stamps.withLock { $0[digest] == stamp } }
    func insert(_ digest: Digest, _ stamp: Disk.Stamp) { stamps.withLock { $0[digest] = stamp } }
}
