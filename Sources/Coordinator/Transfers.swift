import Experiments
import Files
import Foundation
import Ledger
import Messages
import Transport

/// Moves bytes between workers and the store: artifacts in chunks, and logs. It decides nothing, and all that it does
/// happens on a thread of its own: the loop asks, and takes the outcomes when the bell rings.
final class Transfers {
    /// Rings when outcomes wait.
    let bell: Bell
    private let artifacts: ContentStore
    private let logs: StageLogs
    private let requests: DiskQueue<Outcome>
    /// Reads whole artifacts that nobody waits for, seldom.
    private let checks: DiskQueue<Outcome>
    /// Artifacts that workers have announced, by what an upload names.
    private var announced: [ArtifactID: Announcement] = [:]
    /// How many requests of each worker are not answered yet.
    private var open: [WorkerID: Int] = [:]

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
        /// What lay in the artifact's place were other bytes than its name says; they are set aside.
        case damaged(ArtifactID)
        /// The store refused to read or to write. Who asked asks again.
        case refused(FileError, by: WorkerID?)
        /// Lines of a log are lost.
        case logRefused(FileError)
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
        requests = DiskQueue("headstart.transfers") { bell.ring() }
        checks = DiskQueue("headstart.checks") { bell.ring() }
    }

    func takeOutcomes() -> [Outcome] {
        bell.silence()
        let outcomes = requests.takeOutcomes() + checks.takeOutcomes()
        for outcome in outcomes {
            switch outcome {
            case .answer(_, let worker), .refused(_, let worker?):
                open[worker] = open[worker].flatMap { $0 > 1 ? $0 - 1 : nil }
            case .publication, .removed, .damaged, .refused, .logRefused: break
            }
        }
        return outcomes
    }

    /// Waits until what was heard is on the disk.
    func drain() { requests.drain() }

    // MARK: What workers ask for

    func handle(_ message: FromWorker, bytes: [UInt8]) {
        switch message.body {
        case .offer(let claim, let artifact): resume(artifact, for: message.worker, claim)
        case .upload(let id, let offset):
            guard let artifact = announced[id]?.artifact else {
                return request(for: message.worker) { _ in Answer(message: .missing(artifact: id)) }
            }
            request(for: message.worker) { artifacts throws(FileError) in
                let reception = try artifacts.receive(
                    bytes, of: id.rawValue, byteCount: artifact.byteCount, at: offset)
                return Answer(reception, of: artifact)
            }
        case .fetch(let id, let offset): fetch(id, at: offset, for: message.worker)
        case .log(let claim, let offset, let text):
            requests.perform { [logs] in
                do throws(FileError) {
                    try logs.append(text, at: offset, to: claim.stage, claim.attempt)
                    return nil
                } catch {
                    return .logRefused(error)
                }
            }
        case .hello, .ready, .heartbeat, .evaluated, .curve, .finished, .failed, .goodbye: break
        }
    }

    /// Says from which byte on the store needs the artifact.
    func resume(_ artifact: ArtifactReference, for worker: WorkerID, _ claim: Claim) {
        announced[artifact.id] = Announcement(artifact: artifact, claim: claim)
        request(for: worker) { artifacts throws(FileError) in
            Answer(try artifacts.resume(artifact.id.rawValue, byteCount: artifact.byteCount), of: artifact)
        }
    }

    private func fetch(_ id: ArtifactID, at offset: Int, for worker: WorkerID) {
        request(for: worker) { artifacts throws(FileError) in
            if try artifacts.condition(of: id.rawValue) == .damaged { try artifacts.setAside(id.rawValue) }
            guard let bytes = try artifacts.read(id.rawValue, offset: offset, count: chunkByteLimit) else {
                return Answer(message: .missing(artifact: id), gone: id)
            }
            return Answer(message: .chunk(artifact: id, offset: offset, byteCount: bytes.count), bytes: bytes)
        }
    }

    private func request(
        for worker: WorkerID, _ body: @escaping @Sendable (ContentStore) throws(FileError) -> Answer
    ) {
        guard open[worker, default: 0] < requestLimit else { return }
        open[worker, default: 0] += 1
        requests.perform { [artifacts] in
            do throws(FileError) {
                return .answer(try body(artifacts), to: worker)
            } catch {
                return .refused(error, by: worker)
            }
        }
    }

    // MARK: What the coordinator asks for

    /// Those artifacts that lie in the store, by name. Their bytes are compared in the background.
    func held(_ references: [ArtifactReference]) -> Set<ArtifactID> {
        guard !references.isEmpty else { return [] }
        let names = artifacts.names()
        let held = references.filter { names.contains($0.id.rawValue) }
        Self.check(held[...], in: artifacts, checks)
        return Set(held.map(\.id))
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
            do throws(FileError) {
                switch try artifacts.condition(of: reference.id.rawValue, byteCount: reference.byteCount) {
                case .whole, .missing: return nil
                case .damaged:
                    try artifacts.setAside(reference.id.rawValue)
                    return .damaged(reference.id)
                }
            } catch {
                // Whoever asks for the artifact meets the same refusal.
                return nil
            }
        }
    }

    /// Reads an artifact that is to be published.
    func publish(_ artifact: ArtifactReference) {
        requests.perform { [artifacts] in
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
        let over = announced.filter { $0.value.claim == claim }.keys
        for id in over {
            announced[id] = nil
            requests.perform { [artifacts] in
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
        requests.perform { [artifacts] in
            do throws(FileError) {
                for id in ids { try Disk.remove(artifacts.path(of: id.rawValue)) }
                return .removed(ids)
            } catch {
                return .refused(error, by: nil)
            }
        }
    }

    /// Removes what an earlier life of the coordinator had let go and did not come to remove. Before anyone uploads.
    func removeDiscarded(_ ids: Set<ArtifactID>) throws(LedgerError) {
        guard !ids.isEmpty else { return }
        let names = artifacts.names()
        do throws(FileError) {
            for id in ids where names.contains(id.rawValue) { try Disk.remove(artifacts.path(of: id.rawValue)) }
        } catch {
            throw LedgerError(error)
        }
    }

    /// Lets go the uploads that nobody has gone on with for a day.
    func removeAbandonedUploads() {
        requests.perform { [artifacts] in
            do throws(FileError) {
                try artifacts.removeAbandoned(before: Date(timeIntervalSinceNow: -86_400))
                return nil
            } catch {
                return .refused(error, by: nil)
            }
        }
    }

    /// Finds out whether as much as a chunk can be written.
    func probe() throws(FileError) {
        try Directory.make(artifacts.root)
        let path = "\(artifacts.root)/probe"
        defer { unlink(path) }
        try Disk.open(path, O_TRUNC) { file throws(FileError) in
            try file.write([UInt8](repeating: 0, count: chunkByteLimit))
            try file.synchronize()
        }
    }
}

/// Requests of one worker that may wait for the disk; what it says again meanwhile is dropped.
private let requestLimit = 4

extension Transfers.Answer {
    fileprivate init(_ reception: ContentStore.Reception, of artifact: ArtifactReference) {
        switch reception {
        case .partial(let upTo): self.init(message: .received(artifact: artifact.id, upTo: upTo))
        case .corrupt: self.init(message: .received(artifact: artifact.id, upTo: 0))
        case .complete:
            self.init(message: .received(artifact: artifact.id, upTo: artifact.byteCount), stored: artifact.id)
        }
    }
}
