import ArgumentParser
import Experiments
import Ledger
import Messages
import Reports

struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Shows who works for a running coordinator: hosts, groups, stages, when they were last heard.",
        discussion: """
            It asks the coordinator, in its store or over the network. Where it is known how fast this host trains, it says \
            into what worker groups such hosts are divided best for what is left to do.

            EXAMPLE
              headstart workers --store results
            """)

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard case .status(let report) = try client.ask(.status) else {
            throw WorkFailed("the coordinator gave another answer")
        }
        let groupSizes = try groupSizes(for: report.workers)
        if output.json { return try Screen.json(Listing(workers: report.workers, groupSizes: groupSizes)) }
        try Screen.line(CoordinatorListing(report).workers)
        if let groupSizes { try Screen.line("\n\(groupSizes.sentence)") }
    }

    private struct Listing: Encodable {
        let workers: [WorkerStanding]
        let groupSizes: GroupSizes?
    }

    /// How these hosts had better be divided, by what is known of this one; nil where they are not alike, or nobody knows.
    private func groupSizes(for workers: [WorkerStanding]) throws -> GroupSizes? {
        let ranks = Dictionary(workers.map { ($0.node.host, $0.node.ranks) }, uniquingKeysWith: +)
        guard let store = client.store, let first = workers.first, let most = ranks[first.node.host],
            ranks.values.allSatisfy({ $0 == most }), workers.allSatisfy({ $0.node.threads == first.node.threads })
        else { return nil }
        let snapshot = try LedgerReader(store: store).snapshot(ofSweep: nil)
        return try Forecasts(ranks: first.node.ranks, threads: first.node.threads).groupSizes(
            for: snapshot, on: GroupSizes.Hosts(count: ranks.count, ranks: most))
    }
}
