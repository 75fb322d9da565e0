import Experiments
import Files
import Synchronization
import Training

/// The files that sweeps were planned from, for workers whose hosts lack them. Who asks names digests, never a path: a file
/// is read because a planned digest follows from it, and only while its bytes are those of then.
final class SourceFiles: Sendable {
    private let known = Mutex(Known())

    private struct Known {
        /// Sweeps may have been planned from several copies.
        var sources: [Digest: [InputSource]] = [:]
        var paths: [ArtifactID: String] = [:]
        /// What was listed in this life.
        var listed: Set<Digest> = []
    }

    enum Listing: Sendable {
        case files(FileManifest)
        case refused(reason: String)
    }

    func add(_ sources: [InputSource]) {
        known.withLock { known in
            for source in sources where known.sources[source.content]?.contains(source) != true {
                known.sources[source.content, default: []].append(source)
                known.listed.remove(source.content)
            }
        }
    }

    // MARK: On a disk's thread

    /// Reads the files, unless this process has read them before.
    func list(_ content: Digest) -> Listing {
        var reason = "it is in none of this coordinator's sweeps"
        let sources = known.withLock { known -> [InputSource] in
            guard let sources = known.sources[content] else { return [] }
            known.listed.insert(content)
            return sources
        }
        for source in sources {
            do {
                let (manifest, paths) = (try source.manifest(), try source.namedFiles().map(\.path))
                known.withLock { known in
                    for (file, path) in zip(manifest.files, paths) { known.paths[file.id] = path }
                }
                return .files(manifest)
            } catch {
                reason = "\(error)"
            }
        }
        return .refused(reason: reason)
    }

    /// - Returns: nil where no source has a file of this digest.
    func read(_ id: ArtifactID, offset: Int, count: Int) throws(FileError) -> [UInt8]? {
        guard let path = path(of: id),
            try KnownDigests.ofProcess.digest(of: path).digest == id.rawValue
        else { return nil }
        return try Disk.read(path, offset: offset, count: count)
    }

    /// An earlier life of the coordinator may have listed it: what this one has not yet is read for that, once, whatever
    /// workers ask for.
    private func path(of id: ArtifactID) -> String? {
        let unlisted = known.withLock { known in Set(known.sources.keys).subtracting(known.listed).sorted() }
        for content in unlisted {
            if let path = known.withLock({ $0.paths[id] }) { return path }
            _ = list(content)
        }
        return known.withLock { $0.paths[id] }
    }
}
