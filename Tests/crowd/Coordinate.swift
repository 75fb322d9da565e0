import ArgumentParser
import Coordinator
import Experiments
import Files
import Foundation
import Logging
import Transport

/// Runs the real coordinator on a synthetic sweep. Says in a line of JSON how long it took to start, once it listens.
struct Coordinate: ParsableCommand {
    @Option var store: String
    @Option(help: "Stages of the sweep.") var stages: Int
    @Option(help: "So many of the last stages yield a head.") var heads = 0
    @Option(help: "Seconds of a lease.") var lease = 60

    private struct Start: Encodable {
        /// Until the plan was made, which no real coordinator does.
        let secondsOfPlanning: Double
        /// From the plan to the open sockets.
        let secondsToStart: Double
        /// Where workers connect.
        let endpoint: String
    }

    func run() throws {
        Descriptors.raiseLimit()
        let begin = ContinuousClock.now
        let plan = makeSweep(stages: stages, heads: heads)
        let planned = ContinuousClock.now
        var settings = CoordinatorSettings(listen: .tcp(host: "127.0.0.1", port: nil))
        settings.scheduler.leaseMilliseconds = Int64(lease) * 1000
        settings.scheduler.heartbeatMilliseconds = min(5000, Int64(lease) * 1000 / 3)
        let stop = try StopRequest()
        let listener = stop.listenToSignals()
        // As `headstart coordinator` logs.
        let logger = Logger(label: "coordinator") { StreamLogHandler.standardError(label: $0) }
        let coordinator = try Coordinator(plans: [plan], store: store, settings: settings, logger: logger)
        try say(
            Start(
                secondsOfPlanning: begin.duration(to: planned) / .seconds(1),
                secondsToStart: planned.duration(to: .now) / .seconds(1), endpoint: "\(coordinator.endpoint)"))
        _ = try withExtendedLifetime(listener) { try coordinator.run(until: stop) }
    }
}

/// Writes a line of JSON at once.
func say(_ value: some Encodable) throws {
    try FileHandle.standardOutput.write(contentsOf: CanonicalJSON.encode(value) + Data("\n".utf8))
}
