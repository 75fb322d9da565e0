import Experiments
import Files
import Foundation
import Messages
import TestKit
import Testing
import Transport

/// What a coordinator gives to hosts that lack the model and the data, and how it gives large files.
struct ServingTests {
    let store: TemporaryFolder
    /// Where the sweep was planned from.
    let folder: TemporaryFolder

    init() throws {
        (store, folder) = (try TemporaryFolder(), try TemporaryFolder())
        try folder.write("{}", to: "model/config.json")
        try folder.write("weights", to: "model/model.safetensors")
        try folder.write("of this machine", to: "model/notes.txt")
        try folder.write("a\tlabel\nx\t0\n", to: "data/train.tsv")
        try folder.write("a\tlabel\ny\t1\n", to: "data/dev.tsv")
    }

    /// Read without the help of what a coordinator in this process remembers.
    private func manifest(_ files: [(name: String, path: String)]) throws -> FileManifest {
        try FileManifest(
            files.map { name, path in
                let id = ArtifactID(rawValue: try Disk.digest(of: folder[path]))
                return FileManifest.File(name: name, id: id, byteCount: Disk.byteCount(of: folder[path]) ?? 0)
            })
    }

    private func modelManifest() throws -> FileManifest {
        try manifest([
            ("config.json", "model/config.json"), ("model.safetensors", "model/model.safetensors"),
        ])
    }

    private func dataManifest() throws -> FileManifest {
        try manifest([("train/1/train.tsv", "data/train.tsv"), ("dev/1/dev.tsv", "data/dev.tsv")])
    }

    private func plan() throws -> SweepPlan {
        let model = ModelLocation(
            name: "m", path: folder["model"], content: try #require(try modelManifest().modelContent))
        let task = PlannedTask(
            definition: anyTask, content: try #require(try dataManifest().content(asDataOf: anyTask)), trainCount: 1)
        return SweepPlan(
            name: "served", model: model, dataDirectory: folder["data"], tasks: [task], stages: try makePlan().stages,
            rows: [])
    }

    private func list(_ content: Digest, by worker: FakeWorker) throws -> ToWorker {
        try worker.ask(FromWorker(.list(content: content), from: worker.id), for: \.isListing).message
    }

    private func read(_ file: FileManifest.File, by worker: FakeWorker) throws -> [UInt8]? {
        let fetch = FromWorker(.fetch(artifact: file.id, offset: 0), from: worker.id)
        let answer = try worker.ask(fetch) { $0.isChunk || $0 == .missing(artifact: file.id) }
        return answer.bytes
    }

    @Test func `the files that a sweep was planned from are listed and read, and no others`() throws {
        let plan = try plan()
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let content = plan.model.content
        #expect(try list(content, by: worker) == .manifest(content: content, files: try modelManifest()))
        let data = plan.tasks[0].content
        #expect(try list(data, by: worker) == .manifest(content: data, files: try dataManifest()))
        for file in try modelManifest().files + dataManifest().files {
            let bytes = try #require(try read(file, by: worker))
            #expect(Digest(of: bytes) == file.id.rawValue && bytes.count == file.byteCount)
        }
        let notes = try manifest([("notes.txt", "model/notes.txt")]).files[0]
        #expect(try read(notes, by: worker) == nil)
        guard case .unlisted(_, let reason) = try list(Digest(of: [9]), by: worker) else {
            Issue.record("a digest that nobody planned was listed")
            return
        }
        #expect(reason == "it is in none of this coordinator's sweeps")
        try coordinator.end()
    }

    @Test func `a file that was changed since is not given for the planned one`() throws {
        let (plan, files) = (try plan(), try modelManifest().files)
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        _ = try list(plan.model.content, by: worker)
        try folder.write("other weights", to: "model/model.safetensors")
        #expect(try read(files[1], by: worker) == nil)
        guard case .unlisted(_, let reason) = try list(plan.model.content, by: worker) else {
            Issue.record("another model was listed for the planned one")
            return
        }
        #expect(reason.hasPrefix("\(folder["model"]): model 'm' is not the one there"), "\(reason)")
        try coordinator.end()
    }

    @Test func `a coordinator that starts again gives the files that an earlier life has listed`() throws {
        let (plan, files) = (try plan(), try modelManifest().files)
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        #expect(try read(files[1], by: worker) == Array("weights".utf8))
        try coordinator.end()
    }

    // MARK: Large files and slow readers

    /// A gigabyte that takes no room on the disk.
    private func enlarge() throws {
        #expect(truncate(folder["model/model.safetensors"], 1 << 30) == 0)
    }

    @Test func `a gigabyte that is read for one worker holds up no heartbeat and no head of another`() throws {
        try enlarge()
        let plan = try plan()
        let coordinator = try RunningCoordinator([plan], store: store)
        let (slow, other) = (
            try FakeWorker("worker-1", at: store.endpoint), try FakeWorker("worker-2", at: store.endpoint)
        )
        try slow.greet()
        let head = Array("a head".utf8)
        let reference = ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: head)), kind: .head, byteCount: head.count)
        try other.finishFirst(yielding: (head, reference))
        let second = try other.getAssignment()
        // To list it the coordinator reads all of it.
        try slow.say(FromWorker(.list(content: plan.model.content), from: slow.id))
        for _ in 1...5 {
            try other.ask(FromWorker(.heartbeat(claim: second.claim, progress: nil), from: other.id)) {
                $0 == .renewed(claim: second.claim)
            }
        }
        let fetched = try other.ask(
            FromWorker(.fetch(artifact: reference.id, offset: 0), from: other.id), for: \.isChunk)
        #expect(fetched.bytes == head)
        #expect(try slow.count(\.isListing) == 0, "the gigabyte was read before all that")
        let listing = try slow.hear(\.isListing).message
        #expect(listing == .manifest(content: plan.model.content, files: try modelManifest()))
        try coordinator.end()
    }

    @Test func `a worker that receives slowly has one chunk under way, however often it asks`() throws {
        try enlarge()
        let plan = try plan()
        let weights = try modelManifest().files[1]
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        for _ in 1...20 { try worker.say(FromWorker(.fetch(artifact: weights.id, offset: 0), from: worker.id)) }
        let next = FromWorker(.fetch(artifact: weights.id, offset: chunkByteLimit), from: worker.id)
        let first = ToWorker.chunk(artifact: weights.id, offset: 0, byteCount: chunkByteLimit)
        try worker.hear { $0 == first }
        // Answers come in the order of their questions.
        let answer = try worker.ask(next, for: \.isChunk)
        #expect(answer.message == .chunk(artifact: weights.id, offset: chunkByteLimit, byteCount: chunkByteLimit))
        #expect(answer.bytes?.count == chunkByteLimit)
        #expect(try worker.count(\.isChunk) == 0)
        // Whoever connects again may have lost it, and is answered again.
        let again = try FakeWorker("worker-1", at: store.endpoint)
        try again.greet()
        #expect(try again.ask(next, for: \.isChunk).bytes?.count == chunkByteLimit)
        try coordinator.end()
    }
}

extension ToWorker {
    fileprivate var isListing: Bool {
        switch self {
        case .manifest, .unlisted: true
        default: false
        }
    }

    fileprivate var isChunk: Bool { if case .chunk = self { true } else { false } }
}
