package import Foundation

/// Writes files so that a reader, or a crash at any instant, finds the old file or the new one and nothing between:
/// a temporary file beside the target, fsync, rename, fsync of the directory.
package enum AtomicFile {
    package static func write(_ data: Data, to path: String) throws(FileError) {
        try write(to: path) { append throws(FileError) in
            try data.bytes.withUnsafeBytes { bytes throws(FileError) in try append(bytes) }
        }
    }

    /// - Parameter body: is handed a function that appends bytes.
    package static func write(
        to path: String,
        _ body: (_ append: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) -> Void
    ) throws(FileError) {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(.write, path) }
        var isOpen = true
        do throws(FileError) {
            try body { bytes throws(FileError) in try writeAll(bytes, to: descriptor, path) }
            guard fsync(descriptor) == 0 else { throw FileError(.write, path) }
            isOpen = false
            guard close(descriptor) == 0 else { throw FileError(.write, path) }
            guard rename(temporary, path) == 0 else { throw FileError(.write, path) }
        } catch {
            if isOpen { close(descriptor) }
            unlink(temporary)
            throw error
        }
        try synchronizeDirectory(of: path)
    }

    private static func writeAll(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String
    ) throws(FileError) {
        var rest = bytes
        while let start = rest.baseAddress, rest.count > 0 {
            let written = Foundation.write(descriptor, start, rest.count)
            if written < 0 {
                if errno == EINTR { continue }
                throw FileError(.write, path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    private static func synchronizeDirectory(of path: String) throws(FileError) {
        let directory = (path as NSString).deletingLastPathComponent
        let descriptor = open(directory.isEmpty ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(.write, path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(.write, path) }
    }
}
