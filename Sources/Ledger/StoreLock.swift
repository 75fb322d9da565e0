import Files
import Foundation

/// Keeps two coordinators off one store: a lock on STORE/lock that the system releases when the process ends, however
/// it ends.
final class StoreLock: Sendable {
    private let descriptor: Int32

    init(store: String) throws(LedgerError) {
        let path = "\(store)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(FileError(.write, path)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let holder = Self.readHolder(descriptor)
            close(descriptor)
            throw .inUse(store: store, holder: holder)
        }
        do throws(FileError) {
            guard ftruncate(descriptor, 0) == 0 else { throw FileError(.write, path) }
            try Output(descriptor, path).write(Array("\(getpid())\n".utf8), at: 0)
        } catch {
            close(descriptor)
            throw LedgerError(error)
        }
    }

    deinit { close(descriptor) }

    private static func readHolder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        let holder = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return holder.isEmpty ? "unknown" : holder
    }
}
