import ArgumentParser
import Experiments
import Ledger
import Reports

struct SweepsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweeps",
        abstract: "Lists a store's sweeps, with all settings that each was run with.",
        discussion: """
            A sweep whose file was changed keeps its name and its past: NAME is what was asked for last, NAME~1 what it \
            was before, and so on. All commands that take --sweep take these names.

            EXAMPLE
              headstart sweeps --store results
              headstart results --store results --sweep reviews~1
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let entries = try ledger.sweeps()
        let listing = SweepListing(
            try zip(entries.references, entries).reversed().map { reference, entry in
                (reference, entry.plannedAt, try ledger.snapshot(of: entry.plan))
            }, isWorkedOn: StoreUse.isInUse(store.store))
        if output.json { return try Screen.json(listing) }
        try Screen.line(listing.text(width: Screen.width))
    }
}
