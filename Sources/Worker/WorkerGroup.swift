package import Collectives
import Experiments
import Files
import Foundation
package import Logging
import Messages
import Training

/// One worker group: the ranks of one mpirun, which train the stages that the coordinator hands to rank 0.
///
/// Rank 0's main thread takes orders from the network thread and tells the other ranks; they wait for its commands.
/// Then all of them train, each on its main thread.
package final class WorkerGroup {
    private let communicator: any Communicator
    private let runner: any StageRunner
    private let settings: WorkerSettings
    private let logger: Logger

    package init(
        communicator: any Communicator, runner: any StageRunner, settings: WorkerSettings, logger: Logger
    ) {
        self.communicator = communicator
        self.runner = runner
        self.settings = settings
        self.logger = logger
    }

    /// Works until the coordinator dismisses the group or a signal asks it to leave; both are a good end.
    /// - Parameter shouldLeave: takes the place of the signals.
    /// - Throws: `WorkerError` for ends that people should hear of, `FileError` for a work directory that cannot be
    ///   used, `MPIError` when the ranks have lost each other: then the process is to end at once.
    package func run(until shouldLeave: (@Sendable () -> Bool)? = nil) throws {
        if shouldLeave == nil { StopSignal.watch() }
        ParentWatch.start(watchesSignals: shouldLeave == nil, grace: settings.patience.leaving)
        let cache = WorkCache(settings.workDirectory, byteLimit: settings.cacheByteLimit)
        try cache.prepare()
        let files = try GroupFiles(communicator, cache)
        if communicator.rank == 0 {
            try lead(cache, files, until: shouldLeave ?? { StopSignal.isRaised })
        } else {
            try follow(cache.artifacts, files)
        }
    }

    private func lead(
        _ cache: WorkCache, _ files: GroupFiles, until shouldLeave: @escaping @Sendable () -> Bool
    ) throws {
        Beginning.announce()
        let worker = WorkerID.new(key: settings.credentials?.own.publicKey)
        let mailbox = try Mailbox()
        let network = NetworkThread(
            worker, settings: settings, cache: cache, mailbox: mailbox, logger: logger, shouldLeave: shouldLeave)
        let (store, outputs) = (cache.artifacts, cache.outputs(of: worker))
        defer { removeDirectory(outputs) }
        while true {
            switch mailbox.nextOrder() {
            case .train(let assignment, let provisions):
                removeDirectory(outputs)
                let inputs = assignment.inputs
                let job = job(for: assignment, outputDirectory: outputs)
                try command(.train(job, inputs: inputs, provisions))
                mailbox.post(
                    try perform(store, observer: MailObserver(mailbox)) { try files.share(job, inputs, provisions) })
            case .end(let ending):
                try command(.end)
                network.join()
                if case .failed(let error) = ending { throw error }
                return
            }
        }
    }

    private func follow(_ store: ContentStore, _ files: GroupFiles) throws {
        while true {
            switch try CanonicalJSON.decode(GroupCommand.self, from: Data(communicator.waitForCommand())) {
            case .train(let job, let inputs, let provisions):
                _ = try perform(store, observer: SilentObserver()) { try files.share(job, inputs, provisions) }
            case .end: return
            }
        }
    }

    private func command(_ command: GroupCommand) throws {
        try communicator.sendCommand([UInt8](try CanonicalJSON.encode(command)))
    }

    /// Trains a job on this rank. A failure of the stage is a report, not an error.
    /// - Parameter job: gives it, once what it needs is on this rank's host.
    private func perform(
        _ store: ContentStore, observer: any StageObserver, _ job: () throws -> StageJob
    ) throws -> Report {
        do {
            return .trained(try keep(try runner.run(try job(), observer: observer), in: store))
        } catch let failure as StageFailure {
            // The ranks have lost each other: whatever they did next would fail, or hang.
            if let failure = communicator.failure { throw failure }
            return .failed(failure)
        }
    }

    /// Moves the files of the result from rank 0's folder into its store, from which they are delivered.
    private func keep(_ outcome: StageOutcome, in store: ContentStore) throws(StageFailure) -> StageResult {
        guard communicator.rank == 0 else { return outcome.result }
        do throws(FileError) {
            for artifact in outcome.result.artifacts {
                guard let file = outcome.files[artifact.kind] else { continue }
                try store.adopt(file, as: artifact.id.rawValue, byteCount: artifact.byteCount)
            }
            return outcome.result
        } catch {
            throw StageFailure(classifying: error)
        }
    }

    /// What is to be trained; where it lies is each host's matter.
    private func job(for assignment: Assignment, outputDirectory: String) -> StageJob {
        StageJob(
            planned: assignment.planned, task: assignment.task, modelDirectory: assignment.model.path,
            dataDirectory: assignment.dataDirectory, inputs: [:], workDirectory: settings.workDirectory,
            outputDirectory: outputDirectory, batchParts: assignment.batchParts)
    }

    private func removeDirectory(_ path: String) {
        do {
            if Directory.isThere(path) { try FileManager.default.removeItem(atPath: path) }
        } catch {
            logger.warning("a directory of results cannot be removed", metadata: ["error": "\(error)"])
        }
    }
}

/// What rank 0 tells the other ranks.
private enum GroupCommand: Codable {
    case train(StageJob, inputs: [ArtifactReference], [Provision])
    case end
}
