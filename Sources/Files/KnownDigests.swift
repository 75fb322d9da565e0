import Synchronization

/// The digests of files that this process has read. A file is read again once it was written to or replaced.
package final class KnownDigests: Sendable {
    /// Those of the whole process: a model that was compared with its digest is not read again for it.
    package static let ofProcess = KnownDigests()

    private let known = Mutex<[String: (stamp: Disk.Stamp, digest: Digest)]>([:])

    package init() {}

    package func digest(of path: String) throws(FileError) -> (digest: Digest, byteCount: Int) {
        guard let stamp = Disk.stamp(of: path) else { throw FileError(.read, path) }
        if let known = known.withLock({ $0[path] }), known.stamp == stamp { return (known.digest, stamp.byteCount) }
        let digest = try Disk.digest(of: path)
        // What was written to meanwhile has a digest that is nobody's.
        if Disk.stamp(of: path) == stamp { known.withLock { $0[path] = (stamp, digest) } }
        return (digest, stamp.byteCount)
    }
}
