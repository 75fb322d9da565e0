import ArgumentParser
import Coordinator
import Experiments
import Files
import Ledger
import Reports

struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Hands out a sweep's stages to the workers of other hosts.",
        discussion: """
            It ends when every stage has. Killed and started again on the same store, it goes on where the ledger \
            stands. An address that other machines can reach needs keys, or --insecure. Commands such as `headstart status` \
            reach it through its store, and through --control from elsewhere.

            EXAMPLE
              headstart coordinator configs/ehft-small.yaml --data data --store results \\
                --listen tcp://10.0.0.1:5555 --key keys/coordinator --admitted keys/admitted
            """)

    @OptionGroup var sweep: SweepOptions
    @OptionGroup var fetching: FetchOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var policy: PolicyOptions
    @OptionGroup var serving: ServingOptions
    @OptionGroup var telling: NotifyOptions
    @OptionGroup var log: LogOptions

    func run() throws {
        try Machine.demandDescriptors()
        let dashboard = try serving.begin(store)
        defer { dashboard?.stop() }
        let stop = try StopRequest()
        let plans = try work(until: stop)
        let ledger = try LedgerReader(store: store.store)
        for plan in plans { try SweepOutcome(plan, ledger).check(stoppedBy: stop.signal) }
    }

    /// Works to the end; the coordinator's connections are closed when it returns.
    private func work(until stop: StopRequest) throws -> [SweepPlan] {
        var settings = try listen.settings()
        policy.apply(to: &settings)
        let foresight = Foresight(threads: Foresight.likelyThreads)
        settings.needs = { foresight.needs(of: $0) }
        let sweep = try sweep.prepare(fetching: fetching)
        let listener = stop.listenToSignals()
        let coordinator = try Coordinator(
            plans: [sweep], store: store.store, settings: settings, logger: log.logger("coordinator"),
            prepare: SweepOptions.prepare(for: store.store, foresight))
        try sweep.give(to: ContentStore(store: store.store))
        for plan in coordinator.plans {
            let stages = PlanListing.stageCount(plan)
            try Screen.line("Sweep \(plan.name): \(stages); workers connect to \(coordinator.endpoint).")
            if let remark = try LedgerReader(store: store.store).remarkOnModels(of: plan) { Screen.note(remark) }
        }
        let announcer = Announcer(telling)
        defer { announcer.finish() }
        try withExtendedLifetime(listener) {
            _ = try coordinator.run(until: stop, onChange: announcer.isAsked ? { announcer.look(at: $0) } : nil)
        }
        return coordinator.plans
    }
}
