import ArgumentParser
import Experiments
import Files
import Foundation
import Transport
import Worker

/// How a worker group reaches its coordinator, and what it finds on its host.
struct WorkerOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The coordinator's address, as tcp://10.0.0.1:5555.", valueName: "url"))
    var coordinator: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Where checkpoints and all that is fetched are kept, for all groups of the host; ~/.cache/headstart/work \
            otherwise.
            """, valueName: "directory"))
    var work: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The pretrained model on this host, if not where it was planned; fetched where it is not here.",
            valueName: "directory"))
    var model: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The datasets on this host, if not where they were planned; fetched where they are not here.",
            valueName: "directory"))
    var data: String?

    @Option(name: .long, help: ArgumentHelp("This worker's secret key, made by 'headstart keys'.", valueName: "file"))
    var key: String?

    @Option(name: .long, help: ArgumentHelp("The coordinator's public key.", valueName: "file"))
    var coordinatorKey: String?

    func validate() throws {
        if (key == nil) != (coordinatorKey == nil) {
            throw ValidationError("--key and --coordinator-key go together")
        }
        if cache < 1 { throw ValidationError("--cache must be 1 or more") }
        if standstill < 1 { throw ValidationError("--standstill must be 1 or more") }
        if let idleLimit, idleLimit < 1 { throw ValidationError("--idle-limit must be 1 or more") }
    }

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the work directory may keep of artifacts, features and checkpoints; the least recently used go first.",
            valueName: "GiB"))
    var cache = 32

    @Option(name: .long, help: "Seconds to wait for a coordinator that has not answered yet.")
    var patience = 30

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Seconds without a sign of a group amid its training after which it is given up as stuck.",
            visibility: .hidden))
    var standstill = 600

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            How long this job may take, in seconds or as 4:00:00 or 2-12:00:00; SLURM_JOB_END_TIME and PBS_WALLTIME tell it otherwise. Before \
            that is over, groups write a checkpoint and leave.
            """, valueName: "time"))
    var timeLimit: TimeLimit?

    @Option(
        name: .long,
        help: ArgumentHelp("Leave after so many seconds in which there was no stage to train.", valueName: "seconds"))
    var idleLimit: Int?

    func settings(_ node: NodeSettings) throws -> WorkerSettings {
        var settings = WorkerSettings(
            coordinator: try Endpoint(coordinator), workDirectory: workDirectory, node: node)
        if let key, let coordinatorKey {
            settings.credentials = Credentials(
                own: try CurveKeyPair(path: key), server: try CurvePublicKey(path: coordinatorKey))
        }
        settings.patience.firstAnswer = .seconds(patience)
        settings.patience.standstill = .seconds(standstill)
        settings.patience.work = idleLimit.map { .seconds($0) }
        settings.lifetime = JobEnd.time(timeLimit).map { .seconds($0 - Date.now.timeIntervalSince1970) }
        settings.cacheByteLimit = cache << 30
        settings.modelDirectory = model
        settings.dataDirectory = data
        return settings
    }

    /// The same options as another process is told them; when the job ends it learns from `JobEnd`.
    var arguments: [String] {
        let optional = [
            ("--model", model), ("--data", data), ("--key", key), ("--coordinator-key", coordinatorKey),
            ("--idle-limit", idleLimit.map { "\($0)" }),
        ]
        return [
            "--coordinator", coordinator, "--work", workDirectory, "--patience", "\(patience)", "--cache", "\(cache)",
            "--standstill", "\(standstill)",
        ]
            + optional.flatMap { name, value in value.map { [name, $0] } ?? [] }
    }

    private var workDirectory: String {
        if let work { return Path.absolute(work) }
        return "\(Machine.cache)/work"
    }
}
