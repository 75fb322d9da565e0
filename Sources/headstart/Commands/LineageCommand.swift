import ArgumentParser
import Experiments
import Ledger
import Reports

struct LineageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lineage",
        abstract: "Says where a number comes from: the digests of all that went into its stage.",
        discussion: """
            Model, data, recipe, program, and the same of the stages that it starts from, with the artifacts that came \
            from them. `headstart results --per-seed` has the key of each number's stage.

            EXAMPLE
              headstart lineage 3f9a --store results
            """)

    @Argument(help: "The first digits of a stage's key.", completion: .stages)
    var key: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let lineage = try ledger.lineage(of: try ledger.stage(beginning: key.lowercased()).key)
        if output.json { return try Screen.json(lineage) }
        try Screen.line(lineage.text(width: Screen.width))
    }
}

extension LedgerReader {
    func lineage(of key: StageKey) throws -> Lineage {
        guard let plan = try plan(containing: key) else { throw missingPlan(of: key) }
        let endTimes = try endTimes()
        return try lineage(of: key, in: plan, endTimes)
    }

    /// - Parameters:
    ///   - plan: one that has the stage; what it starts from may be in others.
    ///   - endTimes: when each finished stage was.
    func lineage(of key: StageKey, in plan: SweepPlan, _ endTimes: [StageKey: Timestamp]) throws -> Lineage {
        func known(_ key: StageKey) throws -> Lineage.Known {
            let planned = try StageDifferences.Known(key, in: plan) ?? knownStage(key)
            guard let planned, let record = try stage(key) else { throw missingPlan(of: key) }
            return Lineage.Known(planned, record, endedAt: endTimes[key])
        }
        return try Lineage(try known(key), known: known)
    }

    func missingPlan(of key: StageKey) -> WorkFailed {
        WorkFailed(
            "\(store): the plan of stage \(key.short) is missing from the ledger; run its sweep again on this store")
    }
}
