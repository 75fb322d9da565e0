package import Foundation

/// The one gate for the system calls that read and write: what they leave half done is finished here, and what they
/// refuse becomes a `FileError`.
package enum Disk {
    /// Opens a file for writing, made where it is missing, and closes it after `body`. Some file systems say only then that
    /// what was written is not kept.
    ///
    /// - Parameter name: what errors call the file, where that is not its path.
    package static func open<Result>(
        _ path: String, _ flags: Int32 = 0, mode: mode_t = 0o644, as name: String? = nil,
        _ body: (Output) throws(FileError) -> Result
    ) throws(FileError) -> Result {
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode)
        guard descriptor >= 0 else { throw FileError(.write, name ?? path) }
        let result: Result
        do throws(FileError) {
            result = try body(Output(descriptor, name ?? path))
        } catch {
            close(descriptor)
            throw error
        }
        guard close(descriptor) == 0 else { throw FileError(.write, name ?? path) }
        return result
    }

    /// Puts a file in another's place. A crash at any instant leaves the old file there or the new one, whole.
    ///
    /// - Parameter isDurable: whether to wait until that is on the disk for good. Without it a crash of the machine may
    ///   leave the new file's name with other bytes behind it.
    package static func rename(_ file: String, to path: String, isDurable: Bool = true) throws(FileError) {
        if isDurable { try synchronize(file, as: path) }
        guard Foundation.rename(file, path) == 0 else { throw FileError(.write, path) }
        guard isDurable else { return }
        try synchronize(Path.folder(of: path), as: path)
    }

    private static func synchronize(_ path: String, as name: String) throws(FileError) {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, name) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(.write, name) }
    }

    /// Takes a file that only one process at a time is to write to: makes it, or takes it over where nobody touched it for
    /// so long.
    static func claim(_ path: String, idleSeconds: Double) throws(FileError) -> Bool {
        let made = Foundation.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if made >= 0 { return close(made) == 0 }
        guard errno == EEXIST else { throw FileError(.write, path) }
        let descriptor = Foundation.open(path, O_RDWR | O_CLOEXEC)
        // It has just been moved to its place.
        if descriptor < 0, errno == ENOENT { return false }
        guard descriptor >= 0 else { throw FileError(.write, path) }
        defer { close(descriptor) }
        // Of two that come at once the second finds it touched.
        guard flock(descriptor, LOCK_EX) == 0 else { throw FileError(.write, path) }
        guard let last = use(of: path)?.at, last < Date(timeIntervalSinceNow: -idleSeconds) else { return false }
        touch(path)
        return true
    }

    /// Makes a symbolic link, unless the path is one already.
    package static func link(_ path: String, to target: String) throws(FileError) {
        guard symlink(target, path) == 0 || errno == EEXIST else { throw FileError(.write, path) }
    }

    /// A file that is not there is removed already.
    package static func remove(_ path: String) throws(FileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw FileError(.write, path) }
    }

    // MARK: Reading

    /// - Returns: nil where there is no file.
    package static func byteCount(of path: String) -> Int? { stamp(of: path)?.byteCount }

    /// Whether a file is there, and neither a folder nor a pipe.
    package static func isPlainFile(_ path: String) -> Bool {
        status(of: path).map { $0.st_mode & S_IFMT == S_IFREG } ?? false
    }

    /// The paths that a pattern of the shell matches, in the order of their names.
    package static func files(matching pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0 else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
    }

    /// What changes when a file is written to or replaced.
    package struct Stamp: Hashable, Sendable {
        package let byteCount: Int
        package let file: Identity
        private let seconds: Int
        private let nanoseconds: Int

        fileprivate init(_ status: stat) {
            byteCount = Int(status.st_size)
            file = Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        }

        /// When a byte of it was written last.
        package var modified: Date { Date(timeIntervalSince1970: Double(seconds)) }
    }

    /// - Returns: nil where there is no file.
    package static func stamp(of path: String) -> Stamp? { status(of: path).map(Stamp.init) }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return stat(path, &status) == 0 ? status : nil
    }

    /// How large a file is, and when it was written or touched last; nil where there is no file.
    package static func use(of path: String) -> (byteCount: Int, at: Date)? {
        guard let status = status(of: path) else { return nil }
        let seconds = max(status.st_atim.tv_sec, status.st_mtim.tv_sec)
        return (Int(status.st_size), Date(timeIntervalSince1970: Double(seconds)))
    }

    /// What is free for this process on the file system that the path lies on; nil where the system does not tell.
    package static func freeBytes(at path: String) -> Int? {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail) * Int(status.f_frsize) : nil
    }

    /// Notes that a file is in use now, where the system allows it; its content's time stays.
    package static func touch(_ path: String) {
        let omit = timespec(tv_sec: 0, tv_nsec: 0x3FFF_FFFE)  // UTIME_OMIT, a macro that Swift does not see
        let now = timespec(tv_sec: 0, tv_nsec: 0x3FFF_FFFF)  // UTIME_NOW
        _ = utimensat(AT_FDCWD, path, [now, omit], 0)
    }

    /// A file, whatever its name and content become.
    package struct Identity: Hashable, Sendable {
        fileprivate let device: UInt64
        fileprivate let inode: UInt64
    }

    /// - Returns: up to `count` bytes from the offset on, none behind the end.
    package static func read(_ path: String, offset: Int = 0, count: Int = .max) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        guard offset >= 0 else { return bytes }
        try readPieces(path, from: offset, count: count) { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// The digest of a whole file. It is read and not mapped: one that is cut meanwhile is an error or another digest, and
    /// not the end of the process.
    package static func digest(of path: String) throws(FileError) -> Digest {
        var hasher = Digest.Hasher()
        try readPieces(path) { hasher.update($0) }
        return hasher.finish()
    }

    /// All that a file holds, or a pipe until nobody writes to it any more; "-" is standard input. It waits for a pipe, so
    /// it is for what a person has named.
    ///
    /// - Parameter limit: the most bytes there may be.
    package static func readToEnd(_ path: String, atMost limit: Int = 1 << 32) throws(FileError) -> [UInt8] {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.read, path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        try readPieces(of: descriptor, path) { piece throws(FileError) in
            guard bytes.count + piece.count <= limit else {
                throw FileError(.read, path, code: EFBIG, because: "it has more than \(limit >> 20) MiB")
            }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }

    /// Opens what should be a file, without waiting for anybody where it is a pipe.
    static func openToRead(_ path: String) throws(FileError) -> Int32 {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(.read, path) }
        return descriptor
    }

    /// Hands all bytes of a file over, a piece at a time.
    package static func readPieces(
        _ path: String, from offset: Int = 0, count: Int = .max,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        let descriptor = try openToRead(path)
        defer { close(descriptor) }
        guard offset == 0 || lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { throw FileError(.read, path) }
        try readPieces(of: descriptor, path, count: count, body)
    }

    private static func readPieces(
        of descriptor: Int32, _ path: String, count: Int = .max,
        _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
    ) throws(FileError) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: min(max(count, 1), 1 << 18), alignment: 64)
        defer { piece.deallocate() }
        var done = 0
        while done < count {
            let found = Foundation.read(descriptor, piece.baseAddress, min(piece.count, count - done))
            if found < 0, errno == EINTR { continue }
            guard found >= 0 else { throw FileError(.read, path) }
            if found == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: piece[..<found]))
            done += found
        }
    }
}

/// An open file, or a stream, that is written to.
package struct Output {
    package let descriptor: Int32
    private let name: String

    package init(_ descriptor: Int32, _ name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Writes all of the bytes.
    ///
    /// - Parameter offset: where they go; without it, on from where the last ones went.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int? = nil) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count =
                if let offset { pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done)) } else {
                    Foundation.write(descriptor, rest.baseAddress, rest.count)
                }
            guard count > 0 || (count < 0 && errno == EINTR) else { throw FileError(.write, name) }
            done += max(0, count)
        }
    }

    package func write(_ bytes: [UInt8], at offset: Int? = nil) throws(FileError) {
        try bytes.span.bytes.withUnsafeBytes { bytes throws(FileError) in try write(bytes, at: offset) }
    }

    package func synchronize() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError(.write, name) }
    }
}
