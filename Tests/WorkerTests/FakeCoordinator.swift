import Experiments
import Files
import Foundation
import Messages
import Transport

/// A coordinator that hands out the stages it is given and answers as the protocol says, unless a test interferes.
final class FakeCoordinator {
    struct Answer {
        let message: ToWorker
        var bytes: [UInt8]?
    }

    let endpoint: Endpoint
    private let router: Router
    private let publisher: Publisher
    /// Those still to be handed out.
    var stages: [Assignment]
    /// What is known by its digest: inputs, and what was uploaded.
    var store: [ArtifactID: [UInt8]] = [:]
    /// What a worker is told of the model or the data that it asks for.
    var manifests: [Digest: FileManifest] = [:]
    private(set) var heard: [FromWorker] = []
    private(set) var results: [StageResult] = []
    private(set) var failures: [StageFailure] = []
    private var greeted: Set<WorkerID> = []
    /// The answers to those who ask for work again: a worker repeats what was not answered at once.
    private var repeated: [WorkerID: Answer] = [:]
    /// The attempts whose end was noted, which may be told again as well.
    private var settled: Set<Claim> = []
    /// Takes the place of the answer to a message: nil for the usual one, none for one that got lost.
    var interfere: (FromWorker) -> [Answer]? = { _ in nil }

    init(at endpoint: Endpoint = .tcp(host: "127.0.0.1", port: nil), stages: [Assignment] = []) throws {
        let context = try Context()
        router = try Router(in: context, limits: MessageLimits(frameBytes: 1 << 21))
        publisher = try Publisher(in: context, limits: MessageLimits(frameBytes: 1 << 21))
        self.endpoint = try bindPair(router, publisher, at: endpoint)
        self.stages = stages
    }

    /// Answers workers until the condition holds.
    /// - Returns: whether it came to hold within `seconds`.
    func serve(within seconds: Double = 120, until condition: () -> Bool) throws -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while !condition() {
            guard Date() < end else { return false }
            _ = try poll([router], timeoutMilliseconds: 20)
            while let (peer, frames) = try router.receive() {
                let message = try FromWorker.decode(Data(frames[0]))
                heard.append(message)
                if message.body != .ready { repeated[message.worker] = nil }
                for answer in interfere(message) ?? answers(to: message, frames.count > 1 ? frames[1] : []) {
                    let frame = [UInt8](try answer.message.encoded())
                    _ = try router.send([frame] + (answer.bytes.map { [$0] } ?? []), to: peer)
                }
            }
        }
        return true
    }

    func publish(_ broadcast: Broadcast, bytes: [UInt8]) throws {
        try publisher.send([[UInt8](try broadcast.encoded()), bytes])
    }

    private func answers(to message: FromWorker, _ bytes: [UInt8]) -> [Answer] {
        if case .hello = message.body {
            greeted.insert(message.worker)
            return [Answer(message: .welcome(heartbeatMilliseconds: 100))]
        }
        guard greeted.contains(message.worker) else { return [Answer(message: .unknownWorker)] }
        if case .ready = message.body {
            let answer =
                repeated[message.worker] ?? Answer(message: stages.isEmpty ? .dismissed : .assign(stages.removeFirst()))
            repeated[message.worker] = answer
            return [answer]
        }
        switch message.body {
        case .heartbeat(let claim, _): return [Answer(message: .renewed(claim: claim))]
        case .list(let content):
            let answer: ToWorker =
                if let manifest = manifests[content] { .manifest(content: content, files: manifest) } else {
                    .unlisted(content: content, reason: "there is none")
                }
            return [Answer(message: answer)]
        case .fetch(let artifact, let offset): return [chunk(of: artifact, from: offset)]
        case .offer(_, let artifact):
            store[artifact.id, default: []] += []
            return [received(artifact.id)]
        case .upload(let artifact, let offset):
            if offset == store[artifact, default: []].count { store[artifact, default: []] += bytes }
            return [received(artifact)]
        case .finished(let claim, let result):
            let absent = result.artifacts.filter { store[$0.id]?.count != $0.byteCount }
            guard absent.isEmpty else { return absent.map { received($0.id) } }
            if settled.insert(claim).inserted { results.append(result) }
            return [Answer(message: .settled(claim: claim, refusal: nil))]
        case .failed(let claim, let failure):
            if settled.insert(claim).inserted { failures.append(failure) }
            return [Answer(message: .settled(claim: claim, refusal: nil))]
        case .hello, .ready, .evaluated, .curve, .log, .goodbye: return []
        }
    }

    /// Has the files of the model and of the data to give.
    func holdInputs() throws {
        for files in [InputFiles.model, InputFiles.data] {
            for bytes in files.values { store[reference(bytes).id] = bytes }
        }
        manifests[try InputFiles.modelContent()] = try InputFiles.manifest(InputFiles.model)
        manifests[try InputFiles.dataContent()] = try InputFiles.manifest(InputFiles.data)
    }

    private func received(_ artifact: ArtifactID) -> Answer {
        Answer(message: .received(artifact: artifact, upTo: store[artifact, default: []].count))
    }

    func chunk(of artifact: ArtifactID, from offset: Int) -> Answer {
        guard let bytes = store[artifact] else { return Answer(message: .missing(artifact: artifact)) }
        let part = Array(bytes[min(offset, bytes.count)..<min(bytes.count, offset + chunkByteLimit)])
        return Answer(
            message: .chunk(artifact: artifact, offset: offset, byteCount: part.count), bytes: part)
    }
}

extension FromWorker {
    /// The message's name on the wire.
    var name: String {
        switch body {
        case .hello: "hello"
        case .ready: "ready"
        case .heartbeat: "heartbeat"
        case .evaluated: "evaluated"
        case .curve: "curve"
        case .log: "log"
        case .list: "list"
        case .fetch: "fetch"
        case .offer: "offer"
        case .upload: "upload"
        case .finished: "finished"
        case .failed: "failed"
        case .goodbye: "goodbye"
        }
    }
}
