package import Foundation
import Synchronization

/// Files that are known by the SHA-256 of their bytes: ROOT/ab/abcdef.... No byte is handed out before the whole file was
/// compared with its name in this process. What is still coming lies in ROOT/partial/ and goes on where it stopped.
package struct ContentStore: Sendable {
    package let root: String
    private let isCache: Bool
    private let comparisons = Comparisons()
    private let claims = Claims()

    /// What became of the bytes that came.
    package enum Reception: Hashable, Sendable {
        /// The file goes on at this byte.
        case partial(upTo: Int)
        /// The file is in place.
        case complete
        /// The bytes are not those that were announced; what came so far is thrown away.
        case corrupt
        /// Another process that shares the cache receives the file now. Ask again.
        case elsewhere
    }

    /// How the file in a place compares with its name.
    package enum Condition: Hashable, Sendable {
        case missing, whole
        /// Its bytes are others, or cannot be read.
        case damaged
    }

    /// - Parameter isCache: whether all that is here can be had again. Several processes may then receive into the root at
    ///   once, each file only one of them, and nothing waits until it is on the disk for good.
    package init(root: String, isCache: Bool = false) {
        self.root = root
        self.isCache = isCache
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
        if isCache {
            guard try claim(digest) else { return .elsewhere }
            // Whoever had it may have been done after the look above.
            if try isWhole(digest, byteCount: byteCount) {
                claims.remove(digest)
                try forget(digest)
                return .complete
            }
        }
        let received = received(of: digest)
        let isNext = offset == received && bytes.count <= byteCount - received
        if isNext { try append(bytes, to: digest, at: offset) }
        let upTo = isNext ? received + bytes.count : received
        return upTo < byteCount ? .partial(upTo: upTo) : try complete(digest)
    }

    /// Lets go what came of a file that nobody will send the rest of.
    package func forget(_ digest: Digest) throws(FileError) { try Disk.remove(partialPath(of: digest)) }

    /// Takes what has come of a file for this process. A process that is gone leaves it to the next one.
    private func claim(_ digest: Digest) throws(FileError) -> Bool {
        let path = partialPath(of: digest)
        if claims.hold(digest) {
            Disk.touch(path)
            return true
        }
        try Directory.make(partial)
        guard try Disk.claim(path, idleSeconds: Claims.seconds) else { return false }
        claims.insert(digest)
        return true
    }

    /// Says that this process still waits for the next bytes of a file.
    package func keepClaim(on digest: Digest) { if claims.hold(digest) { Disk.touch(partialPath(of: digest)) } }

    /// Where this process alone may put a file together that it adopts then.
    package func draft(of digest: Digest) throws(FileError) -> String {
        try Directory.make(partial)
        return "\(partial)/\(digest).\(getpid())"
    }

    private func received(of digest: Digest) -> Int { Disk.byteCount(of: partialPath(of: digest)) ?? 0 }

    private func append(_ bytes: [UInt8], to digest: Digest, at offset: Int) throws(FileError) {
        try Directory.make(partial)
        try Disk.open(partialPath(of: digest)) { file throws(FileError) in try file.write(bytes, at: offset) }
    }

    /// Verifies the whole file and moves it into place, or throws it away.
    private func complete(_ digest: Digest) throws(FileError) -> Reception {
        let partial = partialPath(of: digest)
        defer { claims.remove(digest) }
        do throws(FileError) {
            guard try Disk.digest(of: partial) == digest else {
                try Disk.remove(partial)
                return try isWhole(digest) ? .complete : .corrupt
            }
            try Disk.rename(partial, to: place(of: digest), isDurable: !isCache)
        } catch {
            // Another process that took the claim over may have been done first.
            guard try isWhole(digest) else { throw error }
            return .complete
        }
        remember(digest)
        return .complete
    }

    private func remember(_ digest: Digest) {
        if let stamp = Disk.stamp(of: path(of: digest)) { comparisons.insert(digest, stamp) }
    }

    private var partial: String { "\(root)/partial" }

    private func partialPath(of digest: Digest) -> String { "\(partial)/\(digest)" }

    private func place(of digest: Digest) throws(FileError) -> String {
        let path = path(of: digest)
        try Directory.make(Path.folder(of: path))
        return path
    }

    // MARK: What was left behind

    /// Removes the partial files that no byte was added to since the moment given: nobody will go on with them.
    package func removeAbandoned(before moment: Date) throws(FileError) {
        for name in Directory.names(in: partial) {
            let path = "\(partial)/\(name)"
            guard let stamp = Disk.stamp(of: path), stamp.modified < moment else { continue }
            try Disk.remove(path)
        }
    }
}

/// The files that this process receives into a cache. Others take one over once it was not touched for a while.
private final class Claims: Sendable {
    /// Some heartbeats, at each of which a claim is kept.
    static let seconds = 20.0

    private let touched = Mutex<[Digest: ContinuousClock.Instant]>([:])

    /// Touches a claim.
    /// - Returns: whether there is one that nobody can have taken over.
    func hold(_ digest: Digest) -> Bool {
        touched.withLock { touched in
            let now = ContinuousClock.now
            guard let last = touched[digest], last.duration(to: now) < .seconds(Self.seconds) else { return false }
            touched[digest] = now
            return true
        }
    }

    func insert(_ digest: Digest) { touched.withLock { $0[digest] = .now } }
    func remove(_ digest: Digest) { touched.withLock { $0[digest] = nil } }
}

/// Which files were compared with their names in this process, and what they looked like then.
private final class Comparisons: Sendable {
    private let stamps = Mutex<[Digest: Disk.Stamp]>([:])

    func include(_ digest: Digest, _ stamp: Disk.Stamp) -> Bool { stamps.withLock { $0[digest] == stamp } }
    func insert(_ digest: Digest, _ stamp: Disk.Stamp) { stamps.withLock { $0[digest] = stamp } }
}
