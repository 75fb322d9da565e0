import Collectives
import Experiments
import Files
import Foundation
import Messages
import Synchronization
import TestKit
import Testing
import Training
import Transport
import Worker

/// Hosts that have neither the model nor the data.
struct FetchingTests {
    /// Trains where the files are those that the stage was planned with.
    @Sendable private static func train(
        _ job: StageJob, _ observer: any StageObserver
    ) throws(StageFailure) -> StageOutcome {
        for (name, bytes) in InputFiles.model {
            guard FileManager.default.contents(atPath: "\(job.modelDirectory)/\(name)") == Data(bytes) else {
                throw StageFailure(.badInput, "\(job.modelDirectory)/\(name) is missing or another one")
            }
        }
        for (name, bytes) in [(job.task.train, InputFiles.data["train/1/train.tsv"])] {
            guard FileManager.default.contents(atPath: "\(job.dataDirectory)/\(name)") == bytes.map({ Data($0) }) else {
                throw StageFailure(.badInput, "\(job.dataDirectory)/\(name) is missing or another one")
            }
        }
        return try finish(job, head: [1])
    }

    private func coordinator(_ stages: Int = 1) throws -> FakeCoordinator {
        let coordinator = try FakeCoordinator(stages: try (0..<stages).map { try assignment(seed: UInt64($0)) })
        try coordinator.holdInputs()
        return coordinator
    }

    private func fetches(_ coordinator: FakeCoordinator) -> [(artifact: ArtifactID, offset: Int)] {
        coordinator.heard.compactMap {
            if case .fetch(let artifact, let offset) = $0.body { (artifact, offset) } else { nil }
        }
    }

    private func logs(_ coordinator: FakeCoordinator) -> String {
        coordinator.heard.compactMap { if case .log(_, _, let text) = $0.body { text } else { nil } }.joined()
    }

    @Test func `a host without model and data fetches them, and a second group there fetches nothing`() throws {
        let work = try TemporaryFolder()
        let coordinator = try coordinator()
        let first = try RunningWorker(coordinator.endpoint, in: work.path, hasInputs: false, Self.train)
        #expect(try coordinator.serve { first.hasEnded })
        #expect(coordinator.failures.isEmpty && coordinator.results.count == 1)
        // Four files, of which one has two chunks.
        #expect(fetches(coordinator).count == 5)
        let byteCount = (Array(InputFiles.model.values) + Array(InputFiles.data.values)).reduce(0) { $0 + $1.count }
        #expect(logs(coordinator).contains("fetched \(byteCount) bytes from the coordinator"))

        let next = try self.coordinator()
        let second = try RunningWorker(next.endpoint, in: work.path, hasInputs: false, Self.train)
        #expect(try next.serve { second.hasEnded })
        #expect(next.failures.isEmpty && next.results.count == 1)
        #expect(fetches(next).isEmpty && !logs(next).contains("fetched"))
    }

    @Test func `of groups that begin at once each file is fetched by one`() throws {
        let work = try TemporaryFolder()
        let coordinator = try coordinator(3)
        let workers = try (0..<3).map { _ in
            try RunningWorker(coordinator.endpoint, in: work.path, hasInputs: false, Self.train)
        }
        #expect(try coordinator.serve { workers.allSatisfy(\.hasEnded) })
        #expect(coordinator.failures.isEmpty && coordinator.results.count == 3, "\(coordinator.failures)")
        #expect(fetches(coordinator).count == 5, "\(fetches(coordinator))")
    }

    @Test func `a model of other bytes is named and not used`() throws {
        let coordinator = try coordinator()
        let other = try TemporaryFolder()
        try InputFiles.write(to: other)
        try other.write("{ }", to: "model/config.json")
        let worker = try RunningWorker(coordinator.endpoint, hasInputs: false, Self.train) { settings in
            settings.modelDirectory = other["model"]
            settings.dataDirectory = other["data"]
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.results.count == 1, "\(coordinator.failures)")
        // A log that was not acknowledged in time comes again.
        let lines = Set(logs(coordinator).split(separator: "\n"))
        #expect(
            lines.filter { $0.hasPrefix("\(other["model"]): ") && $0.contains("is not used") }.count == 1, "\(lines)")
        // The data were right where they are.
        #expect(Set(fetches(coordinator).map(\.artifact)) == Set(InputFiles.model.values.map { reference($0).id }))
    }

    @Test func `files that the planned digest does not follow from are not even asked for`() throws {
        let coordinator = try coordinator()
        var files = InputFiles.model
        files["config.json"] = Array("{ }".utf8)
        coordinator.manifests[try InputFiles.modelContent()] = try InputFiles.manifest(files)
        let worker = try RunningWorker(coordinator.endpoint, hasInputs: false, Self.train)
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.failures.map(\.cause) == [.node] && fetches(coordinator).isEmpty)
        #expect(coordinator.failures.first?.message.contains("files of something else") == true)
    }

    @Test func `what the coordinator has not either is one sentence that says what to do`() throws {
        let coordinator = try coordinator()
        coordinator.manifests = [:]
        let worker = try RunningWorker(coordinator.endpoint, hasInputs: false, Self.train)
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.failures.map(\.cause) == [.node])
        let message = coordinator.failures.first?.message ?? ""
        #expect(message.contains("model 'm' is not on this host") && message.contains("--model"), "\(message)")
    }

    @Test func `a download that broke off goes on where it stood`() throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: folder["socket"])
        var first: FakeCoordinator? = try FakeCoordinator(at: endpoint, stages: [assignment()])
        try first?.holdInputs()
        first?.interfere = { message in
            // The second chunk of the weights never comes.
            if case .fetch(_, let offset) = message.body, offset > 0 { [] } else { nil }
        }
        let worker = try RunningWorker(endpoint, hasInputs: false, Self.train)
        #expect(try first?.serve { first?.heard.contains { $0.isSecondChunk } ?? true } == true)
        first = nil
        let second = try FakeCoordinator(at: endpoint)
        try second.holdInputs()
        #expect(try second.serve { worker.hasEnded })
        #expect(second.results.count == 1, "\(second.failures)")
        let weights = reference(InputFiles.model["model.safetensors"] ?? []).id
        #expect(fetches(second).filter { $0.artifact == weights }.allSatisfy { $0.offset == chunkByteLimit })
    }

    @Test func `ranks of other hosts get the files from rank 0, each host once`() throws {
        let coordinator = try coordinator()
        let ranks = ThreadRanks(size: 3)
        let (here, there) = (try TemporaryFolder(), try TemporaryFolder())
        let runs = Counter()
        let train: @Sendable (StageJob, any StageObserver) throws(StageFailure) -> StageOutcome = {
            job, observer throws(StageFailure) in
            runs.add()
            return try Self.train(job, observer)
        }
        let workers = try [here, there, there].enumerated().map { rank, folder in
            try RunningWorker(
                coordinator.endpoint, in: folder.path, hasInputs: false,
                communicator: { ranks.communicator(rank) }, train)
        }
        #expect(try coordinator.serve { workers.allSatisfy(\.hasEnded) })
        #expect(runs.value == 3 && coordinator.results.count == 1, "\(coordinator.failures)")
        #expect(fetches(coordinator).count == 5)
        #expect(FileManager.default.fileExists(atPath: there["inputs/\(try InputFiles.modelContent())/config.json"]))
    }

    @Test func `a rank of another host works in a folder of its own, and keeps within its limit there`() throws {
        let coordinator = try coordinator()
        let ranks = ThreadRanks(size: 2)
        let folders = [try TemporaryFolder(), try TemporaryFolder()]
        let old = timespec(tv_sec: Int(Date().timeIntervalSince1970) - 7200, tv_nsec: 0)
        for folder in folders {
            let path = try folder.write("features of another sweep", to: "features/old.safetensors")
            #expect(utimensat(AT_FDCWD, path, [old, old], 0) == 0)
        }
        let seen = Mutex<[String]>([])
        let workers = try folders.enumerated().map { rank, folder in
            try RunningWorker(
                coordinator.endpoint, in: folder.path, hasInputs: false, communicator: { ranks.communicator(rank) },
                { job, observer throws(StageFailure) in
                    seen.withLock { $0.append(job.workDirectory) }
                    return try Self.train(job, observer)
                }, changing: { $0.cacheByteLimit = 1 << 20 })
        }
        #expect(try coordinator.serve { workers.allSatisfy(\.hasEnded) })
        #expect(coordinator.results.count == 1, "\(coordinator.failures)")
        #expect(seen.withLock { Set($0) } == Set(folders.map(\.path)))
        #expect(folders.map { Directory.names(in: $0["features"]) } == [[], []])
    }

    /// /dev/full takes no byte.
    @Test func `a full disk of another host is told with the host's name and what to do`() throws {
        let coordinator = try coordinator()
        let ranks = ThreadRanks(size: 2)
        let folders = [try TemporaryFolder(), try TemporaryFolder()]
        let weights = reference(InputFiles.model["model.safetensors"] ?? []).id
        let draft = folders[1]["artifacts/partial/\(weights).\(getpid())"]
        try Directory.make(Path.folder(of: draft))
        // Once the group has begun, which lets go what nobody has written to for a day.
        coordinator.interfere = { _ in
            symlink("/dev/full", draft)
            return nil
        }
        let workers = try folders.enumerated().map { rank, folder in
            try RunningWorker(
                coordinator.endpoint, in: folder.path, hasInputs: false, communicator: { ranks.communicator(rank) },
                Self.train)
        }
        #expect(try coordinator.serve { workers.allSatisfy(\.hasEnded) })
        #expect(coordinator.failures.map(\.cause) == [.diskFull])
        let host = ProcessInfo.processInfo.hostName.prefix(100)
        let sentence = "\(host): \(folders[1].path): the disk is full; free space there, or name another folder"
        #expect(coordinator.failures.first?.message == "\(sentence) with --work")
    }

    @Test func `what a stage is trained with stays in use for as long as it is trained`() throws {
        let coordinator = try coordinator()
        let worker = try RunningWorker(coordinator.endpoint, hasInputs: false) { job, observer throws(StageFailure) in
            let weights = "\(job.modelDirectory)/model.safetensors"
            let old = timespec(tv_sec: Int(Date().timeIntervalSince1970) - 7200, tv_nsec: 0)
            guard utimensat(AT_FDCWD, weights, [old, old], 0) == 0 else { throw StageFailure(.node, weights) }
            let isUsed = eventually {
                Disk.use(of: weights).map { $0.at > Date(timeIntervalSinceNow: -60) } ?? false
            }
            guard isUsed else { throw StageFailure(.node, "nobody uses \(weights)") }
            return try Self.train(job, observer)
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.results.count == 1, "\(coordinator.failures)")
    }
}

extension FromWorker {
    fileprivate var isSecondChunk: Bool { if case .fetch(_, let offset) = body { offset > 0 } else { false } }
}
