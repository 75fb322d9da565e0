import ArgumentParser
import Encoders
import Experiments
import Ledger
import Reports
import Tasks

struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Shows the stages a sweep would run, shared ones once, and what is already done.",
        discussion: """
            EXAMPLE
              headstart plan configs/ehft-small.yaml --data data --store results
              headstart plan configs/ehft-small.yaml --data data --hosts 8 --cores 16
            """)

    @OptionGroup var sweep: SweepOptions
    @OptionGroup var fetching: FetchOptions
    @OptionGroup var groups: GroupOptions
    @OptionGroup var others: HostOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long, help: ArgumentHelp("The store whose finished stages count as done.", valueName: "directory"),
        completion: .directory)
    var store: String?

    @Flag(
        name: .customLong("no-measure"),
        help: "Do not measure how fast this machine is; where that is not known yet, the plan says no hours.")
    var measuresNothing = false

    func run() throws {
        if output.json {
            return try Screen.json(try listing(of: try sweep.prepare(fetching: fetching)))
        }
        var checks: [DataCheck] = []
        let listing = try listing(of: try sweep.prepare(fetching: fetching) { checks.append($0) })
        try Screen.line(listing.text(width: Screen.width) + "\n")
        for check in checks { try Screen.line(check.summary(width: Screen.width)) }
    }

    private func listing(of sweep: any GrowingPlan) throws -> PlanListing {
        var snapshot = try snapshot(of: sweep)
        let settings = try groups.settings([])
        let forecasts = Forecasts(
            ranks: groups.ranks, threads: others.threads(groups.node) ?? settings.threadsPerRank,
            memoryBytes: groups.node.memory?.bytes, reads: true, measures: !measuresNothing, speed: others.speed)
        snapshot.forecasts = try forecasts.stages(of: snapshot.plan)
        let workers = PlanListing.Workers(
            groups: groups.groups, ranks: groups.ranks, threads: settings.threadsPerRank,
            memoryBytes: groups.node.memory?.bytes ?? Machine.memoryBytes / (groups.groups * groups.ranks),
            sums: forecasts.remarkOnSums)
        let configuration = try Backbone(directory: snapshot.plan.model.path).configuration
        let groupSizes = try others.hosts(groups.node).flatMap { try forecasts.groupSizes(for: snapshot, on: $0) }
        return PlanListing(snapshot, workers: workers, groupSizes: groupSizes) { stage in
            guard let task = snapshot.plan.task(named: stage.task)?.definition else { return 0 }
            return ParameterTable(configuration: configuration, recipe: stage.specification.recipe, task: task)
                .parameters.filter(\.isOfBackbone).reduce(0) { $0 + $1.shape.reduce(4, *) }
        }
    }

    /// A store that is not there yet has nothing done.
    private func snapshot(of sweep: any GrowingPlan) throws -> SweepSnapshot {
        guard let store else { return SweepSnapshot(try sweep.plan(), []) }
        do {
            let ledger = try LedgerReader(store: store)
            return try ledger.snapshot(of: try sweep.plan { try ledger.known(of: $0) })
        } catch LedgerError.missing {
            return SweepSnapshot(try sweep.plan(), [])
        }
    }
}
