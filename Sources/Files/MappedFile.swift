import Foundation

/// A file's bytes, read-only and shared by all processes of a host. A pipe, whose bytes come but once, is refused.
package final class MappedFile: Sendable {
    package let path: String
    package let count: Int
    // The mapping is never written to and lives as long as the object, so it may be read from any thread.
    nonisolated(unsafe) private let start: UnsafeMutableRawPointer?

    package init(path: String) throws(FileError) {
        self.path = path
        let descriptor = try Disk.openToRead(path)
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(.read, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw status.st_mode & S_IFMT == S_IFDIR
                ? FileError(.read, path, code: EISDIR)
                : FileError(.read, path, code: ESPIPE, because: "is a pipe or a device; copy what it gives into a file")
        }
        count = Int(status.st_size)
        guard count > 0 else {
            start = nil
            return
        }
        guard let mapping = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), mapping != MAP_FAILED else {
            throw FileError(.read, path)
        }
        start = mapping
    }

    deinit { if let start { munmap(start, count) } }

    /// Valid while the file object lives, which ends with its last use: read them in `withBytes` unless the file
    /// is kept in a property.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

    /// The bytes, with the file kept alive while `body` reads them.
    package func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(self) { () throws(Failure) in try body(bytes) }
    }

    package func copy() -> [UInt8] { withBytes { Array($0) } }

    package func digest() -> Digest {
        var hasher = Digest.Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }
}
