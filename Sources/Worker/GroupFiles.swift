import Collectives
import Experiments
import Files
import Foundation
import Messages
import Training

/// Brings what a stage is trained on to the hosts of a group. Rank 0 holds all of it; of each other host that lacks something
/// the first rank gets the bytes and keeps them for all ranks there. Where one rank cannot, all fail together.
struct GroupFiles {
    private let communicator: any Communicator
    private let cache: WorkCache
    /// For this rank, the first one of its host.
    private let first: Int

    init(_ communicator: any Communicator, _ cache: WorkCache) throws {
        self.communicator = communicator
        self.cache = cache
        let disk = Disk.stamp(of: cache.artifacts.root).map { "\($0.file)" } ?? ""
        let places = try communicator.gather([UInt8]("\(WorkerID.host) \(disk)".utf8))
        first = places.firstIndex(of: places[communicator.rank]) ?? communicator.rank
    }

    private var store: ContentStore { cache.artifacts }
    private var isFirst: Bool { first == communicator.rank }

    /// - Returns: the job with the paths of this rank's host.
    func share(_ job: StageJob, _ inputs: [ArtifactReference], _ provisions: [Provision]) throws -> StageJob {
        var failure: StageFailure?
        if communicator.rank == 0 { note(&failure) { try Directory.make(job.outputDirectory) } }
        var files = inputs.map { SharedFile($0.id, $0.byteCount, at: store.path(of: $0.id.rawValue)) }
        var areHere: [Bool] = []
        for provision in provisions {
            // Only first ranks look.
            let found = try communicator.gather([isFirst ? (provision.isHere ? 1 : 0) : 2])
            let isHere = found[first] == [1]
            areHere.append(isHere)
            if found.contains([0]) { files += sharedFiles(of: provision, isHere: isHere, &failure) }
        }
        try share(files, &failure)
        var job = job
        job.workDirectory = cache.directory
        job.inputs = Dictionary(inputs.map { ($0.kind, store.path(of: $0.id.rawValue)) }) { first, _ in first }
        for (provision, isHere) in zip(provisions, areHere) {
            note(&failure) { try take(provision, isHere: isHere, into: &job) }
        }
        return try communicator.agree {
            if let failure { throw failure }
            return job
        }
    }

    private func take(_ provision: Provision, isHere: Bool, into job: inout StageJob) throws {
        let content = provision.source.content
        let directory =
            if isHere { provision.source.directory } else { try cache.layOut(provision.manifest, of: content) }
        switch provision.source {
        case .model: job.modelDirectory = directory
        case .data:
            job.dataDirectory = directory
            if !isHere { job.task = provision.manifest.locating(job.task) }
        }
    }

    // MARK: Bytes

    /// A file that hosts may lack.
    private struct SharedFile {
        let id: ArtifactID
        let byteCount: Int
        /// Where it lies on this host, if it does.
        let path: String
        /// Whether it lies outside the cache, where it was found to be right.
        var isOutside = false

        init(_ id: ArtifactID, _ byteCount: Int, at path: String, isOutside: Bool = false) {
            (self.id, self.byteCount, self.path, self.isOutside) = (id, byteCount, path, isOutside)
        }
    }

    /// As many on every rank, whatever fails.
    private func sharedFiles(
        of provision: Provision, isHere: Bool, _ failure: inout StageFailure?
    ) -> [SharedFile] {
        let files = provision.manifest.files
        var paths: [String] = []
        if isHere { note(&failure) { paths = try provision.source.namedFiles().map(\.path) } }
        return files.indices.map { index in
            let (id, byteCount) = (files[index].id, files[index].byteCount)
            return paths.count == files.count
                ? SharedFile(id, byteCount, at: paths[index], isOutside: true)
                : SharedFile(id, byteCount, at: store.path(of: id.rawValue))
        }
    }

    private func share(_ files: [SharedFile], _ failure: inout StageFailure?) throws {
        var isHere = [UInt8](repeating: 1, count: files.count)
        if isFirst {
            for (index, file) in files.enumerated() where !file.isOutside {
                note(&failure) {
                    isHere[index] = try store.isWhole(file.id.rawValue, byteCount: file.byteCount) ? 1 : 0
                    cache.noteUse(of: file.id)
                }
            }
        }
        let all = try communicator.gather(isHere)
        for (index, file) in files.enumerated() where all.contains(where: { $0[index] == 0 }) {
            try broadcast(file, isWanted: isHere[index] == 0, &failure)
        }
    }

    private func broadcast(_ file: SharedFile, isWanted: Bool, _ failure: inout StageFailure?) throws {
        var draft = ""
        if isWanted { note(&failure) { draft = try store.draft(of: file.id.rawValue) } }
        defer { if failure != nil, isWanted { unlink(draft) } }
        for offset in stride(from: 0, to: max(1, file.byteCount), by: pieceByteLimit) {
            var piece: [UInt8] = []
            if communicator.rank == 0 {
                note(&failure) { piece = try Disk.read(file.path, offset: offset, count: pieceByteLimit) }
            }
            piece = try communicator.broadcast(piece, from: 0)
            guard isWanted else { continue }
            note(&failure) {
                try Disk.open(draft, offset == 0 ? O_TRUNC : 0) { output throws(FileError) in
                    try output.write(piece, at: offset)
                }
            }
        }
        guard isWanted else { return }
        note(&failure) {
            guard try Disk.digest(of: draft) == file.id.rawValue else {
                throw StageFailure(.node, "\(WorkerID.host): file \(file.id) came damaged from rank 0")
            }
            try cache.adopt(draft, as: WantedFile(id: file.id, byteCount: file.byteCount))
        }
    }

    /// Keeps this rank's first failure. After it the rank goes along with what all ranks do together, and no further.
    private func note(_ failure: inout StageFailure?, _ body: () throws -> Void) {
        guard failure == nil else { return }
        do { try body() } catch { failure = cache.failure(error) }
    }
}

/// What goes over MPI at once.
private let pieceByteLimit = 16 << 20

extension Provision {
    /// Whether the source's directory has its files on this host.
    fileprivate var isHere: Bool { if case .here = source.finding() { true } else { false } }
}
