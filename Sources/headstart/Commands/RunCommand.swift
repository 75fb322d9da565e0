import ArgumentParser
import Coordinator
import Experiments
import Files
import Foundation
import Ledger
import Logging
import Reports
import Transport
import Worker

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
    @OptionGroup var fetching: FetchOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var groups: SpanningGroupOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var serving: ServingOptions
    @OptionGroup var telling: NotifyOptions
    @OptionGroup var log: LogOptions

    func run() throws {
        try Machine.demandDescriptors()
        let dashboard = try serving.begin(store)
        defer { dashboard?.stop() }
        let sweep = try sweep.prepare(fetching: fetching) { try Screen.line($0.summary(width: Screen.width)) }
        let logger = log.logger("groups", level: .warning)
        let stop = try StopRequest()
        let listener = stop.listenToSignals(beforeExit: ProcessTree.killDescendants)
        let threads = try groups.settings([]).threadsPerRank
        let foresight = Foresight(threads: [threads], limitsMemory: false)
        let coordinator = try Coordinator(
            plans: [sweep], store: store.store, settings: try settings(foresight),
            // What becomes of stages is on the display.
            logger: log.logger("coordinator", level: .error), prepare: SweepOptions.prepare(for: store.store, foresight)
        )
        try sweep.give(to: ContentStore(store: store.store))
        let forecasts = Forecasts(ranks: groups.ranks, threads: threads, memoryBytes: groups.node.memory?.bytes)
        let display = ProgressDisplay(from: try snapshot(coordinator), forecast: { try forecasts.stages(of: $0) })
        try Screen.line("Sweep \(display.sweep): \(display.stageCount), in \(store.store).")
        if let remark = try LedgerReader(store: store.store).remarkOnModels(of: coordinator.plans[0]) {
            Screen.note(remark)
        }
        try withExtendedLifetime(listener) {
            if try !coordinator.isFinished(waitingFor: stop) { try work(coordinator, display, until: stop, logger) }
        }
        try Screen.line("\n" + ResultTable(try snapshot(coordinator)).rendered(.text, width: Screen.width))
        let ledger = try LedgerReader(store: store.store)
        // Those, too, that were handed in meanwhile.
        for plan in coordinator.plans { try SweepOutcome(plan, ledger).check(stoppedBy: stop.signal) }
    }

    /// The sweep as far as it is planned.
    private func snapshot(_ coordinator: Coordinator) throws -> SweepSnapshot {
        try LedgerReader(store: store.store).snapshot(of: coordinator.plans[0])
    }

    /// Starts the groups, and ends when they and the coordinator have: the coordinator goes on while a group runs that
    /// may have something to deliver.
    private func work(
        _ coordinator: Coordinator, _ display: ProgressDisplay, until stop: StopRequest, _ logger: Logger
    ) throws {
        let groupsDone = try StopRequest()
        let local = LocalGroups(
            try groups.settings(workerArguments(coordinator.endpoint)), logger: logger, until: stop,
            whenDone: groupsDone)
        // A group that comes up as the last stage ends would wait for a coordinator that is gone.
        defer { stop.request() }
        let announcer = Announcer(telling)
        defer { announcer.finish() }
        try coordinator.run(until: groupsDone) { status in
            display.show(status)
            announcer.look(at: status)
        }
        stop.request()
        try local.join()
    }

    /// The groups are children of this command, so what an earlier life of it left behind is gone within a moment.
    private func settings(_ foresight: Foresight) throws -> CoordinatorSettings {
        var settings = CoordinatorSettings(listen: try endpoint())
        settings.needs = { foresight.needs(of: $0) }
        settings.scheduler.adoptionMilliseconds = 1_000
        settings.scheduler.heartbeatMilliseconds = 2_000
        settings.scheduler.leaseMilliseconds = 15_000
        policy.apply(to: &settings)
        settings.farewellMilliseconds = 5_000
        return settings
    }

    /// A socket in the store where its path is short enough for one, else a free port that only this machine reaches.
    private func endpoint() throws -> Endpoint {
        try Directory.make(store.store)
        let path = Path.absolute(store.store)
        do {
            return try Endpoint("ipc://\(path)/coordinator.socket")
        } catch TransportError.badEndpoint {
            return try Endpoint("tcp://127.0.0.1:*")
        }
    }

    private func workerArguments(_ endpoint: Endpoint) -> [String] {
        let work = Path.absolute(store.store) + "/work"
        return ["--coordinator", "\(endpoint)", "--work", work]
    }
}
