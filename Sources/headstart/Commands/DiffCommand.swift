import ArgumentParser
import Experiments
import Ledger
import Reports

struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Says in what two sweeps of a store, or two of its stages, differ.",
        discussion: """
            Each is a sweep's name, NAME~1 for the settings it had before, or the first digits of a stage's key. What \
            differs is told by the names of the settings, with the old value and the new one, and by the digests of \
            model and data.

            EXAMPLE
              headstart diff reviews~1 reviews --store results
              headstart diff 3f9a 77b0 --store results
            """)

    @Argument(help: "A sweep, or a stage's key.", completion: .sweeps)
    var old: String

    @Argument(help: "The one to hold against it.", completion: .sweeps)
    var new: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let names = Set(try ledger.headings().map(\.name))
        let areSweeps = [old, new].map { names.contains(SweepReference($0).name) }
        let listing: DifferenceListing
        if areSweeps == [false, false], let stages = try stages(ledger) {
            listing = DifferenceListing(
                stages.0.name, stages.1.name,
                try StageDifferences(stages.0, stages.1) { try ledger.knownStage($0) }.differences)
        } else {
            let sweeps = (try ledger.sweep(named: old).plan, try ledger.sweep(named: new).plan)
            listing = DifferenceListing(old, new, try SweepDifferences(sweeps.0, sweeps.1).differences)
        }
        if output.json { return try Screen.json(listing) }
        try Screen.line(listing.text(width: Screen.width))
    }

    /// - Returns: nil where neither is a stage.
    private func stages(_ ledger: LedgerReader) throws -> (StageDifferences.Known, StageDifferences.Known)? {
        let areKeys = try [old, new].map { try !ledger.stages(keyPrefix: $0.lowercased()).isEmpty }
        guard areKeys.contains(true) else { return nil }
        let known = try [old, new].map { digits in
            let key = try ledger.stage(beginning: digits).key
            guard let known = try ledger.knownStage(key) else { throw ledger.missingPlan(of: key) }
            return known
        }
        return (known[0], known[1])
    }
}

extension LedgerReader {
    /// A stage as the plan has it that first asked for it; nil where there is none.
    func knownStage(_ key: StageKey) throws -> StageDifferences.Known? {
        try plan(containing: key).flatMap { StageDifferences.Known(key, in: $0) }
    }
}
