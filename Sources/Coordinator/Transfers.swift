import Experiments
import Files
import Foundation
import Ledger
import Messages
import Transport

/// Moves bytes between workers and the store: artifacts in chunks, and logs. It decides nothing, and all that it does
/// happens on threads of its own: the loop asks, and takes the outcomes when the bell rings.
///
/// What fits into one chunk has a thread to itself, so that no head waits behind a backbone; whatever concerns one artifact
/// is done by one thread.
final class Transfers {
    /// Rings when outcomes wait.
    let bell: Bell
    private let artifacts: ContentStore
    private let sources = SourceFiles()
    private let logs: StageLogs
    private let small: DiskQueue<Outcome>
    private let large: DiskQueue<Outcome>
    /// Reads whole artifacts that nobody waits for, seldom.
    private let checks: DiskQueue<Outcome>
    /// Artifacts that workers have announced, by what an upload names.
    private var announced: [ArtifactID: Announcement] = [:]
    /// The same by attempt.
    private var announcements: [Claim: Set<ArtifactID>] = [:]
    /// How many requests of each worker are not answered yet.
    private var open: [WorkerID: Int] = [:]
    private var underWay = ChunksUnderWay()
    /// How often it is being looked for what the ledger says is in the store.
    private var lookUps = 0

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
        small = DiskQueue("headstart.transfers") { bell.ring() }
        large = DiskQueue("headstart.transfers.large") { bell.ring() }
        checks = DiskQueue("headstart.checks") { bell.ring() }
    }

    func takeOutcomes() -> [Outcome] {
        bell.silence()
        let outcomes = small.takeOutcomes() + large.takeOutcomes() + checks.takeOutcomes()
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
        small.drain()
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
                return request(for: worker, small) { _ in Answer(message: .missing(artifact: id)) }
            }
            request(for: worker, lane(artifact.byteCount)) { artifacts throws(FileError) in
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
            small.perform { [logs] in
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
    private func lane(_ byteCount: Int) -> DiskQueue<Outcome> { byteCount <= chunkByteLimit ? small : large }

    /// Says from which byte on the store needs the artifact.
    func resume(_ artifact: ArtifactReference, for worker: WorkerID, _ claim: Claim) {
        announced[artifact.id] = Announcement(artifact: artifact, claim: claim)
        announcements[claim, default: []].insert(artifact.id)
        request(for: worker, lane(artifact.byteCount)) { artifacts throws(FileError) in
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
        small.perform { [artifacts, large] in
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

    /// Whether it may still turn out that some artifact is not in the store.
    var isLooking: Bool { lookUps > 0 }

    /// Those artifacts that lie in the store, as the ledger has it: whether they do is looked up in the background, and
    /// their bytes are compared after that.
    /// - Parameter discarded: what the store has let go, of which something may be here all the same.
    func held(_ references: [ArtifactReference], besides discarded: Set<ArtifactID>) -> Set<ArtifactID> {
        let kept = references.filter {
            !discarded.contains($0.id) || Disk.byteCount(of: artifacts.path(of: $0.id.rawValue)) == $0.byteCount
        }
        guard !kept.isEmpty else { return [] }
        lookUps += 2
        large.perform { [artifacts] in
            .absent(
                kept.filter { Disk.byteCount(of: artifacts.path(of: $0.id.rawValue)) != $0.byteCount }.map(\.id))
        }
        compare(kept)
        return Set(kept.map(\.id))
    }

    /// Compares artifacts with their names: the first of them at once, so that a small store heals before the sweep ends,
    /// and the others little by little.
    private func compare(_ references: [ArtifactReference]) {
        var bytes = 0
        let first = references.prefix { reference in
            bytes += reference.byteCount
            return bytes <= comparedAtOnce
        }
        for reference in first { checks.perform { [artifacts] in Self.outcome(of: reference, in: artifacts) } }
        checks.perform { .absent([]) }
        Self.check(references[first.endIndex...], in: artifacts, checks)
    }

    /// nil where nothing is wrong with it.
    private static func outcome(of reference: ArtifactReference, in artifacts: ContentStore) -> Outcome? {
        do throws(FileError) {
            guard try artifacts.condition(of: reference.id.rawValue, byteCount: reference.byteCount) == .damaged else {
                return nil
            }
            try artifacts.setAside(reference.id.rawValue)
            return .damaged(reference.id)
        } catch {
            // Whoever asks for the artifact meets the same refusal.
            return nil
        }
    }

    /// Compares one artifact after another with its name. It rests as long as it reads: others need the disk, too.
    private static func check(
        _ references: ArraySlice<ArtifactReference>, in artifacts: ContentStore, _ checks: DiskQueue<Outcome>
    ) {
        guard let reference = references.first else { return }
        checks.perform { [weak checks] in
            let start = ContinuousClock.now
            defer {
                usleep(UInt32(min(start.duration(to: .now) / .microseconds(1), 1e6)))
                if let checks { check(references.dropFirst(), in: artifacts, checks) }
            }
            return outcome(of: reference, in: artifacts)
        }
    }

    /// Reads an artifact that is to be published.
    func publish(_ artifact: ArtifactReference) {
        lane(artifact.byteCount).perform { [artifacts] in
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
            lane(announcement.artifact.byteCount).perform { [artifacts] in
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
        small.perform { [large] in
            large.drain()
            return nil
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
        small.perform { [artifacts] in
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

/// Bytes of artifacts that are compared with their names before a sweep may end.
private let comparedAtOnce = 256 << 20

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
