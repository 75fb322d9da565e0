import Experiments
import Files
import Foundation
import Ledger
import Messages
import Transport

/// Moves bytes between workers and the store: artifacts in chunks, and logs. It decides nothing, and all that it does
/// happens on threads of its own: the loop asks, and takes the outcomes when the bell rings.
///
/// What fits into one chunk has threads to itself, so that no head waits behind a backbone, and several, so that a file
/// system writes what they ask for together; whatever concerns one artifact is done by one thread.
final class Transfers {
    /// Rings when outcomes wait.
    let bell: Bell
    let artifacts: ContentStore
    private let sources = SourceFiles()
    private let logs: StageLogs
    private let small: [DiskQueue<Outcome>]
    let large: DiskQueue<Outcome>
    /// Reads whole artifacts that nobody waits for, seldom.
    let checks: DiskQueue<Outcome>
    /// Artifacts that workers have announced, by what an upload names.
    private var announced: [ArtifactID: Announcement] = [:]
    /// The same by attempt.
    private var announcements: [Claim: Set<ArtifactID>] = [:]
    /// How many requests of each worker are not answered yet.
    private var open: [WorkerID: Int] = [:]
    private var underWay = ChunksUnderWay()
    /// How often it is being looked for what the ledger says is in the store.
    var lookUps = 0

    private struct Announcement {
        let artifact: ArtifactReference
        let claim: Claim
    }

    enum Outcome: Sendable {
        case answer(Answer, to: WorkerID)
        /// An artifact to publish, with its bytes.
        case publication(ArtifactReference, bytes: [UInt8])
        /// What was let go is gone. A worker may have been told meanwhile that it is there.
        case removed([ArtifactID])
        /// What the ledger says is in the store and is not.
        case absent([ArtifactID])
        /// What lay in the artifact's place were other bytes than its name says; they are set aside.
        case damaged(ArtifactID)
        /// The store refused to read or to write. Who asked asks again.
        case refused(FileError, by: WorkerID?)
        /// Lines of a log are lost.
        case logRefused(FileError)
        /// Whether artifacts can be written.
        case probed(FileError?)
    }

    struct Answer: Sendable {
        var message: ToWorker
        var bytes: [UInt8]?
        /// An artifact that is in the store as of now.
        var stored: ArtifactID?
        /// An artifact that is not in the store, though a worker was told of it.
        var gone: ArtifactID?
    }

    init(store: String) throws(TransportError) {
        let bell = try Bell()
        self.bell = bell
        artifacts = ContentStore(store: store)
        logs = StageLogs(store: store)
        small = (0..<smallQueueCount).map { DiskQueue("headstart.transfers.\($0)") { bell.ring() } }
        large = DiskQueue("headstart.transfers.large") { bell.ring() }
        checks = DiskQueue("headstart.checks") { bell.ring() }
    }

    func takeOutcomes() -> [Outcome] {
        bell.silence()
        let outcomes = (small + [large, checks]).flatMap { $0.takeOutcomes() }
        for outcome in outcomes {
            switch outcome {
            case .answer(_, let worker): endRequest(of: worker)
            case .refused(_, let worker?):
                underWay.forget(worker)
                endRequest(of: worker)
            case .absent: lookUps -= 1
            case .publication, .removed, .damaged, .refused, .logRefused, .probed: break
            }
        }
        return outcomes
    }

    private func endRequest(of worker: WorkerID) { open[worker] = open[worker].flatMap { $0 > 1 ? $0 - 1 : nil } }

    /// Waits until what was heard is on the disk.
    func drain() {
        // Small things may be found to be large ones.
        for queue in small { queue.drain() }
        large.drain()
    }

    // MARK: What workers ask for

    /// - Parameter peer: the connection that the message came on.
    func handle(_ message: FromWorker, bytes: [UInt8], from peer: Peer, at now: Timestamp) {
        let worker = message.worker
        switch message.body {
        case .offer(let claim, let artifact): resume(artifact, for: worker, claim)
        case .upload(let id, let offset):
            guard let artifact = announced[id]?.artifact else {
                return request(for: worker, small(id)) { _ in Answer(message: .missing(artifact: id)) }
            }
            request(for: worker, lane(artifact)) { artifacts throws(FileError) in
                let reception = try artifacts.receive(
                    bytes, of: id.rawValue, byteCount: artifact.byteCount, at: offset)
                return Answer(reception, of: artifact)
            }
        case .fetch(let id, let offset):
            let chunk = ChunksUnderWay.Chunk(artifact: id, offset: offset, peer: peer)
            if underWay.begin(chunk, to: worker, at: now) { fetch(id, at: offset, for: worker) }
        case .list(let content):
            request(for: worker, large) { [sources] _ in
                switch sources.list(content) {
                case .files(let manifest): Answer(manifest, of: content)
                case .refused(let reason): Answer(message: .unlisted(content: content, reason: reason))
                }
            }
        case .log(let claim, let offset, let text):
            small(claim.stage).perform { [logs] in
                do throws(FileError) {
                    try logs.append(text, at: offset, to: claim.stage, claim.attempt)
                    return nil
                } catch {
                    return .logRefused(error)
                }
            }
        // Whoever asks for work, or leaves, waits for no chunk.
        case .hello, .ready, .goodbye: underWay.forget(worker)
        case .heartbeat, .evaluated, .curve, .finished, .failed: break
        }
    }

    /// The chunk never left: its worker asks for it again.
    func unsent(to worker: WorkerID) { underWay.forget(worker) }

    /// Whose bytes one chunk holds goes ahead of the rest.
    private func lane(_ artifact: ArtifactReference) -> DiskQueue<Outcome> {
        artifact.byteCount <= chunkByteLimit ? small(artifact.id) : large
    }

    /// - Parameter subject: what is done in turn.
    private func small(_ subject: some Hashable) -> DiskQueue<Outcome> {
        small[Int(UInt(bitPattern: subject.hashValue) % UInt(small.count))]
    }

    /// Says from which byte on the store needs the artifact.
    func resume(_ artifact: ArtifactReference, for worker: WorkerID, _ claim: Claim) {
        announced[artifact.id] = Announcement(artifact: artifact, claim: claim)
        announcements[claim, default: []].insert(artifact.id)
        request(for: worker, lane(artifact)) { artifacts throws(FileError) in
            Answer(try artifacts.resume(artifact.id.rawValue, byteCount: artifact.byteCount), of: artifact)
        }
    }

    private func fetch(_ id: ArtifactID, at offset: Int, for worker: WorkerID) {
        guard isAdmitted(worker) else { return underWay.forget(worker) }
        let read = { @Sendable [artifacts, sources] () throws(FileError) -> Answer in
            if try artifacts.condition(of: id.rawValue) == .damaged { try artifacts.setAside(id.rawValue) }
            if let bytes = try artifacts.read(id.rawValue, offset: offset, count: chunkByteLimit) {
                return Answer(chunk: bytes, of: id, at: offset)
            }
            if let bytes = try sources.read(id, offset: offset, count: chunkByteLimit) {
                return Answer(chunk: bytes, of: id, at: offset)
            }
            return Answer(message: .missing(artifact: id), gone: id)
        }
        inLane(of: id) { .init(for: worker, read) }
    }

    /// Does on the small files' thread, or on the large ones', what concerns an artifact whose length only the disk knows.
    private func inLane(of id: ArtifactID, _ work: @escaping @Sendable () -> Outcome?) {
        small(id).perform { [artifacts, large] in
            if let byteCount = Disk.byteCount(of: artifacts.path(of: id.rawValue)), byteCount <= chunkByteLimit {
                return work()
            }
            large.perform(work)
            return nil
        }
    }

    private func request(
        for worker: WorkerID, _ lane: DiskQueue<Outcome>,
        _ body: @escaping @Sendable (ContentStore) throws(FileError) -> Answer
    ) {
        guard isAdmitted(worker) else { return }
        lane.perform { [artifacts] in Outcome(for: worker) { () throws(FileError) in try body(artifacts) } }
    }

    /// Counts a request, unless too many of the worker's wait already.
    private func isAdmitted(_ worker: WorkerID) -> Bool {
        guard open[worker, default: 0] < requestLimit else { return false }
        open[worker, default: 0] += 1
        return true
    }

    // MARK: What the coordinator asks for

    /// Lets workers have the files that a sweep was planned from.
    func offer(_ plan: SweepPlan) { sources.add(plan.inputSources) }

    /// Reads an artifact that is to be published.
    func publish(_ artifact: ArtifactReference) {
        lane(artifact).perform { [artifacts] in
            do throws(FileError) {
                let bytes = try artifacts.read(artifact.id.rawValue, offset: 0, count: artifact.byteCount)
                return bytes.map { .publication(artifact, bytes: $0) }
            } catch {
                // A broadcast saves a question, no more.
                return nil
            }
        }
    }

    /// What came of artifacts that nobody will send the rest of goes.
    func forgetUploads(of claim: Claim) {
        for id in announcements.removeValue(forKey: claim) ?? [] {
            guard let announcement = announced[id], announcement.claim == claim else { continue }
            announced[id] = nil
            lane(announcement.artifact).perform { [artifacts] in
                do throws(FileError) {
                    try artifacts.forget(id.rawValue)
                    return nil
                } catch {
                    return .refused(error, by: nil)
                }
            }
        }
    }

    /// Removes artifacts that the ledger has let go.
    func remove(_ ids: [ArtifactID]) {
        for id in ids {
            inLane(of: id) { [artifacts] in
                do throws(FileError) {
                    try Disk.remove(artifacts.path(of: id.rawValue))
                    return .removed([id])
                } catch {
                    return .refused(error, by: nil)
                }
            }
        }
    }

    /// Removes what an earlier life of the coordinator had let go and did not come to remove, ahead of all that is asked
    /// for later. Nobody was told that it is there.
    func removeDiscarded(_ ids: Set<ArtifactID>) {
        guard !ids.isEmpty else { return }
        large.perform { [artifacts] in
            let names = artifacts.names()
            do throws(FileError) {
                for id in ids where names.contains(id.rawValue) { try Disk.remove(artifacts.path(of: id.rawValue)) }
                return nil
            } catch {
                return .refused(error, by: nil)
            }
        }
        for queue in small {
            queue.perform { [large] in
                large.drain()
                return nil
            }
        }
    }

    /// Lets go the uploads that nobody has gone on with for a day.
    func removeAbandonedUploads() {
        large.perform { [artifacts] in
            do throws(FileError) {
                try artifacts.removeAbandoned(before: Date(timeIntervalSinceNow: -86_400))
                return nil
            } catch {
                return .refused(error, by: nil)
            }
        }
    }

    /// Finds out whether as much as a chunk can be written.
    func probe() {
        small[0].perform { [artifacts] in
            do throws(FileError) {
                try Directory.make(artifacts.root)
                let path = "\(artifacts.root)/probe"
                defer { unlink(path) }
                try Disk.open(path, O_TRUNC) { file throws(FileError) in
                    try file.write([UInt8](repeating: 0, count: chunkByteLimit))
                    try file.synchronize()
                }
                return .probed(nil)
            } catch {
                return .probed(error)
            }
        }
    }
}

/// Threads for what fits into one chunk.
private let smallQueueCount = 4

/// Requests of one worker that may wait for the disk; what it says again meanwhile is dropped.
private let requestLimit = 4

extension Transfers.Outcome {
    fileprivate init(for worker: WorkerID, _ body: () throws(FileError) -> Transfers.Answer) {
        do throws(FileError) {
            self = .answer(try body(), to: worker)
        } catch {
            self = .refused(error, by: worker)
        }
    }
}

extension Transfers.Answer {
    fileprivate init(_ manifest: FileManifest, of content: Digest) {
        let message = ToWorker.manifest(content: content, files: manifest)
        do throws(MessageError) {
            _ = try message.encoded()
            self.init(message: message)
        } catch {
            let reason = "its \(manifest.files.count) files are more than a message can list"
            self.init(message: .unlisted(content: content, reason: reason))
        }
    }

    fileprivate init(chunk bytes: [UInt8], of id: ArtifactID, at offset: Int) {
        self.init(message: .chunk(artifact: id, offset: offset, byteCount: bytes.count), bytes: bytes)
    }

    fileprivate init(_ reception: ContentStore.Reception, of artifact: ArtifactReference) {
        switch reception {
        case .partial(let upTo): self.init(message: .received(artifact: artifact.id, upTo: upTo))
        case .corrupt: self.init(message: .received(artifact: artifact.id, upTo: 0))
        case .elsewhere: self.init(message: .received(artifact: artifact.id, upTo: 0))
        case .complete:
            self.init(message: .received(artifact: artifact.id, upTo: artifact.byteCount), stored: artifact.id)
        }
    }
}
