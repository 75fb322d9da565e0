import ArgumentParser
import Coordinator
import Experiments
import Files
import Foundation
import Ledger
import Reports
import Transport

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a sweep on this machine: coordinator, worker groups, progress, then the table.",
        discussion: """
            Stages that the store has are not run again. Ctrl-C stops with everything resumable, and so does a crash: \
            the same command continues.

            EXAMPLE
              headstart run configs/ehft-small.yaml --data data --store results --groups 2
            """)

    @OptionGroup var sweep: SweepOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var groups: GroupOptions
    @OptionGroup var log: LogOptions

    func run() throws {
        let plan = try sweep.plan()
        let logger = log.logger("run", level: .warning)
        let (stop, groupsDone) = (try StopRequest(), try StopRequest())
        let listener = stop.listenToSignals()
        let coordinator = try Coordinator(plans: [plan], store: store.store, settings: try settings(), logger: logger)
        let display = ProgressDisplay(plan, from: try LedgerReader(store: store.store).snapshot(of: plan))
        try Screen.line("Sweep \(plan.name): \(plan.stages.count) stages, in \(store.store).")
        try withExtendedLifetime(listener) {
            let local = LocalGroups(
                try groups.settings(workerArguments(coordinator.endpoint)), logger: logger, until: stop,
                whenDone: groupsDone)
            defer { stop.request() }
            try coordinator.run(until: groupsDone, onChange: display.show)
            try local.join()
        }
        let snapshot = try LedgerReader(store: store.store).snapshot(of: plan)
        try Screen.line("\n" + ResultTable(snapshot).rendered(.text, width: Screen.width))
        try SweepOutcome(plan, store: store.store).check()
    }

    /// A socket in the store where its path is short enough for one, else a free port that only this machine reaches.
    private func settings() throws -> CoordinatorSettings {
        try Directory.make(store.store)
        let path = URL(fileURLWithPath: store.store).standardizedFileURL.path
        do {
            return CoordinatorSettings(listen: try Endpoint("ipc://\(path)/coordinator.socket"))
        } catch TransportError.badEndpoint {
            return CoordinatorSettings(listen: try Endpoint("tcp://127.0.0.1:*"))
        }
    }

    private func workerArguments(_ endpoint: Endpoint) -> [String] {
        let work = URL(fileURLWithPath: store.store).standardizedFileURL.path + "/work"
        return ["--coordinator", "\(endpoint)", "--work", work]
    }
}
