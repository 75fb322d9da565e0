import ArgumentParser
import Experiments
import Ledger
import Reports

struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The folder of the ledger, the artifacts and the logs.", valueName: "directory"))
    var store: String
}

/// One sweep of a store.
struct StoredSweepOptions: ParsableArguments {
    @OptionGroup var store: StoreOptions

    @Option(name: .long, help: ArgumentHelp("The sweep; the one asked for last otherwise.", valueName: "name"))
    var sweep: String?

    func snapshot() throws -> SweepSnapshot {
        let ledger = try LedgerReader(store: store.store)
        guard let plan = try ledger.plan(named: sweep) else {
            let names = Set(try ledger.sweeps().map(\.plan.name)).sorted().joined(separator: ", ")
            throw BadRequest(
                "\(store.store): no sweep '\(sweep ?? "")' here; there are: \(names.isEmpty ? "none" : names)")
        }
        return try ledger.snapshot(of: plan)
    }
}

extension LedgerReader {
    /// Where a sweep stands. Stages the ledger has not met wait.
    func snapshot(of plan: SweepPlan) throws -> SweepSnapshot {
        SweepSnapshot(plan, try stages(of: plan))
    }
}
