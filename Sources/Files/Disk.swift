package import Foundation

/// The one gate for the system calls that write: what they leave half done is finished here, and what they refuse
/// becomes a `FileError`.
package enum Disk {
    /// Opens a file for writing, made where it is missing, and closes it after `body`.
    ///
    /// - Parameter name: what errors call the file, where that is not its path.
    package static func open<Result>(
        _ path: String, _ flags: Int32 = 0, mode: mode_t = 0o644, as name: String? = nil,
        _ body: (Output) throws(FileError) -> Result
    ) throws(FileError) -> Result {
        let descriptor = Foundation.open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode)
        guard descriptor >= 0 else { throw FileError(.write, name ?? path) }
        defer { close(descriptor) }
        return try body(Output(descriptor, name ?? path))
    }

    /// Puts a file in another's place. A crash at any instant leaves the old file there or the new one, whole.
    package static func rename(_ file: String, to path: String) throws(FileError) {
        try synchronize(file, as: path)
        guard Foundation.rename(file, path) == 0 else { throw FileError(.write, path) }
        let directory = (path as NSString).deletingLastPathComponent
        try synchronize(directory.isEmpty ? "." : directory, as: path)
    }

    private static func synchronize(_ path: String, as name: String) throws(FileError) {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, name) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(.write, name) }
    }

    /// - Returns: nil where there is no file.
    package static func byteCount(of path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
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
