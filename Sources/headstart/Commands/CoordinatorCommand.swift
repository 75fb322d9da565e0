import ArgumentParser
import Coordinator
import Experiments

struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Hands out a sweep's stages to the workers of other hosts.",
        discussion: """
            It ends when every stage has. Killed and started again on the same store, it goes on where the ledger \
            stands. An address that other machines can reach needs keys, or --insecure.

            EXAMPLE
              headstart coordinator configs/ehft-small.yaml --data data --store results \\
                --listen tcp://10.0.0.1:5555 --key keys/coordinator --admitted keys/workers.pub
            """)

    @OptionGroup var sweep: SweepOptions
    @OptionGroup var store: StoreOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var log: LogOptions

    func run() throws {
        let settings = try listen.settings()
        let plan = try sweep.plan()
        let stop = try StopRequest()
        let listener = stop.listenToSignals()
        let coordinator = try Coordinator(
            plans: [plan], store: store.store, settings: settings, logger: log.logger("coordinator"))
        try Screen.line("Sweep \(plan.name): \(plan.stages.count) stages; workers connect to \(coordinator.endpoint).")
        try withExtendedLifetime(listener) { _ = try coordinator.run(until: stop) }
        try SweepOutcome(plan, store: store.store).check()
    }
}
