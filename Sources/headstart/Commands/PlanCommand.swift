import ArgumentParser
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
            """)

    @OptionGroup var sweep: SweepOptions
    @OptionGroup var fetching: FetchOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .long, help: ArgumentHelp("The store whose finished stages count as done.", valueName: "directory"))
    var store: String?

    func run() throws {
        if output.json {
            return try Screen.json(PlanListing(try snapshot(of: try sweep.prepare(fetching: fetching))))
        }
        var checks: [DataCheck] = []
        let listing = PlanListing(try snapshot(of: try sweep.prepare(fetching: fetching) { checks.append($0) }))
        try Screen.line(listing.text(width: Screen.width) + "\n")
        for check in checks { try Screen.line(check.summary(width: Screen.width)) }
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
