import ArgumentParser
import Experiments
import Ledger
import Messages
import Reports

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows where a sweep stands: stages by state, what runs where and how fast, what failed and why.",
        discussion: """
            What runs is asked of the coordinator. Without one the store alone tells; what ran when it ended goes on when \
            the sweep is started again.

            EXAMPLE
              headstart status --store results
            """)

    @OptionGroup var client: ClientOptions

    @Option(
        name: .long, help: ArgumentHelp("The sweep; the one asked for last otherwise.", valueName: "name"),
        completion: .sweeps)
    var sweep: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        var report: CoordinatorReport?
        if case .status(let answer)? = try client.askIfThere(.status, seconds: client.store == nil ? 10 : 2) {
            report = answer
        }
        if let store = client.store {
            let ledger = try LedgerReader(store: store)
            let summary = try ledger.summary(of: ledger.heading(named: sweep))
            let forecasts = summary.states[.finished] == nil ? [:] : Forecasts.kept(of: summary.plan, on: summary.nodes)
            let listing = StatusListing(
                summary, secondsLeft: summary.secondsLeft(forecasts), weight: try ledger.weights()[summary.plan.name],
                report, isWorkedOn: report != nil || StoreUse.isInUse(store), trouble: StoreUse.trouble(of: store))
            if output.json { return try Screen.json(listing) }
            try Screen.line(listing.text(width: Screen.width))
        } else if let report {
            if output.json { return try Screen.json(report) }
            try Screen.line(CoordinatorListing(report).text)
        } else {
            throw WorkFailed("no coordinator answers at \(client.coordinator ?? ""); does one run there?")
        }
    }
}
