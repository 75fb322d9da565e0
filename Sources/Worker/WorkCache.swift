package import Experiments
package import Files
import Foundation
import Training

/// What a work directory keeps for later: artifacts, features and checkpoints. It may be shared by the groups of a host,
/// and is bounded: what was not used for longest goes first.
package struct WorkCache: Sendable {
    package let artifacts: ContentStore
    let directory: String
    private let byteLimit: Int

    package init(_ directory: String, byteLimit: Int) {
        self.directory = directory
        self.byteLimit = byteLimit
        artifacts = ContentStore(root: "\(directory)/artifacts", isCache: true)
    }

    /// Removes what earlier processes of this host have left half done, and makes room.
    package func prepare() throws(FileError) {
        try Directory.make(artifacts.root)
        try artifacts.removeAbandoned(before: Date(timeIntervalSinceNow: -abandonedSeconds))
        for name in Directory.names(in: outputs) where WorkerID(rawValue: name).isOver {
            try Directory.remove("\(outputs)/\(name)")
        }
        for name in Directory.names(in: said) where WorkerID(rawValue: name).isOver {
            try Disk.remove("\(said)/\(name)")
        }
        try trim()
    }

    private var outputs: String { "\(directory)/outputs" }

    /// What supervisors have kept of their groups' words, named by the supervisor.
    private var said: String { "\(directory)/said" }

    /// Where the results of a worker lie until they are delivered.
    func outputs(of worker: WorkerID) -> String { "\(outputs)/\(worker)" }

    // MARK: Artifacts

    func resume(_ file: WantedFile) throws(FileError) -> ContentStore.Reception {
        try used(file.id, try artifacts.resume(file.id.rawValue, byteCount: file.byteCount))
    }

    func receive(
        _ bytes: [UInt8], of file: WantedFile, at offset: Int
    ) throws(FileError) -> ContentStore.Reception {
        try used(file.id, try artifacts.receive(bytes, of: file.id.rawValue, byteCount: file.byteCount, at: offset))
    }

    /// - Returns: whether the bytes are the artifact's.
    package func add(_ bytes: [UInt8], as artifact: ArtifactReference) throws(FileError) -> Bool {
        guard try artifacts.add(bytes, as: artifact.id.rawValue) else { return false }
        _ = try used(artifact.id, .complete)
        return true
    }

    private func used(
        _ id: ArtifactID, _ reception: ContentStore.Reception
    ) throws(FileError) -> ContentStore.Reception {
        if reception == .complete {
            noteUse(of: id)
            try trim()
        }
        return reception
    }

    /// Moves a file that this process has put together into its place.
    func adopt(_ file: String, as wanted: WantedFile) throws(FileError) {
        try artifacts.adopt(file, as: wanted.id.rawValue, byteCount: wanted.byteCount)
        _ = try used(wanted.id, .complete)
    }

    /// What is in use is let go last, and not at all while that is said again and again.
    func noteUse(of id: ArtifactID) { Disk.touch(artifacts.path(of: id.rawValue)) }

    /// What a person is told where a disk of this host refuses.
    func failure(_ error: any Error) -> StageFailure {
        guard let error = error as? FileError else { return StageFailure(classifying: error) }
        let host = WorkerID.host
        let advice = "name another folder with --work"
        if error.isDiskFull {
            return StageFailure(.diskFull, "\(host): \(directory): the disk is full; free space there, or \(advice)")
        }
        return StageFailure(.node, "\(host): \(error)\(error.operation == .write ? "; mend that, or \(advice)" : "")")
    }

    // MARK: Models and data

    /// A folder in which the files of a manifest have their names, all of them links into the cache.
    func layOut(_ manifest: FileManifest, of content: Digest) throws(FileError) -> String {
        let folder = "\(inputs)/\(content)"
        try Directory.make(folder)
        Disk.touch(folder)
        for file in manifest.files {
            let path = "\(folder)/\(file.name)"
            try Directory.make(Path.folder(of: path))
            let depth = 2 + file.name.utf8.count { $0 == UInt8(ascii: "/") }
            let up = String(repeating: "../", count: depth)
            let target = artifacts.path(of: file.id.rawValue).dropFirst(directory.count + 1)
            try Disk.link(path, to: up + target)
        }
        return folder
    }

    private var inputs: String { "\(directory)/inputs" }

    // MARK: Room

    /// Lets the checkpoint of a stage go that has ended.
    func forget(_ stage: StageKey) throws(FileError) { try StageTrainer.removeCheckpoint(of: stage, in: directory) }

    /// Lets go what was not used for longest until the rest is within the limit; what was used a moment ago stays.
    func trim() throws(FileError) {
        var files = kept.compactMap { path in Disk.use(of: path).map { (path: path, bytes: $0.byteCount, at: $0.at) } }
        var byteCount = files.reduce(0) { $0 + $1.bytes }
        guard byteCount > byteLimit else { return }
        files.sort { ($0.at, $0.path) < ($1.at, $1.path) }
        let inUse = Date(timeIntervalSinceNow: -inUseSeconds)
        for file in files where byteCount > byteLimit && file.at < inUse {
            try Disk.remove(file.path)
            byteCount -= file.bytes
        }
        try removeBrokenInputs(unusedSince: inUse)
    }

    /// Lets the folders go that link to a file that is gone; whoever needs one lays it out again.
    private func removeBrokenInputs(unusedSince moment: Date) throws(FileError) {
        for folder in Directory.names(in: inputs).map({ "\(inputs)/\($0)" }) {
            guard let last = Disk.use(of: folder)?.at, last < moment else { continue }
            if !Directory.files(under: folder).allSatisfy(Disk.isPlainFile) { try Directory.remove(folder) }
        }
    }

    private var kept: [String] {
        [artifacts.root, "\(directory)/features", "\(directory)/checkpoints"].flatMap(Directory.files(under:))
    }
}

/// Files that came in part are gone on with within a day.
private let abandonedSeconds = 86_400.0
/// A stage that is handed out finds what it was told is here, even if others fill the cache meanwhile.
private let inUseSeconds = 600.0

extension WorkerID {
    /// Whether it names a process of this host that is no more, or an earlier one with this process's number.
    fileprivate var isOver: Bool {
        guard rawValue.hasPrefix("\(Self.host)-"),
            let process = rawValue.dropFirst(Self.host.count + 1).split(separator: "-").first.flatMap({ pid_t($0) })
        else { return false }
        return process == getpid() || (kill(process, 0) != 0 && errno == ESRCH)
    }
}
