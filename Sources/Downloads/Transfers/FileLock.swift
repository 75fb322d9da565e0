import Files
import Foundation

/// A lock by a file, held by one process at a time and gone with it; the kind that `huggingface_hub` takes.
enum FileLock {
    /// - Parameter name: what the others would be fetching.
    static func hold(
        _ path: String, named name: String, _ observer: any DownloadObserver, _ body: () throws -> Void
    ) throws {
        try Directory.make(Path.folder(of: path))
        // Small files are there before anybody could read that.
        var tries = 0
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw FileError(.write, path) }
            defer { close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 {
                // Whoever held it before may have removed it, and then it keeps nobody out.
                guard isStill(path, descriptor) else { continue }
                return try body()
            }
            // A file system that knows no locks: what comes is compared with its digest in any case.
            guard errno == EWOULDBLOCK || errno == EINTR else { return try body() }
            tries += 1
            if tries == 5 { observer.noted("\(name): another process fetches it; waiting for that") }
            try observer.sleep(0.2)
        }
    }

    private static func isStill(_ path: String, _ descriptor: Int32) -> Bool {
        var (held, named) = (stat(), stat())
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }
}
