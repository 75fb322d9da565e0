import ArgumentParser
import Experiments
import Files
import Ledger

struct LedgerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Checks a store's ledger, or copies it while it is in use.",
        subcommands: [LedgerCheckCommand.self, LedgerBackupCommand.self])
}

struct LedgerCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Finds out whether all that the ledger says fits together and every artifact is whole.",
        discussion: """
            It changes nothing. Exit status 1 where something is wrong.

            EXAMPLE
              headstart ledger check --store results
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let problems = try ledger.problems() + artifactProblems(ledger)
        if output.json {
            try Screen.json(["problems": problems])
        } else {
            for problem in problems { try Screen.line(problem) }
        }
        guard problems.isEmpty else {
            throw WorkFailed("\(store.store): \(counted(problems.count, "problem"))")
        }
        if !output.json { try Screen.line("\(store.store): all is well.") }
    }

    /// What a run on the store would make anew.
    private func artifactProblems(_ ledger: LedgerReader) throws -> [String] {
        let artifacts = ContentStore(store: store.store)
        let discarded = try ledger.discarded()
        return try ledger.stages(keyPrefix: "").flatMap { stage in
            try (stage.result?.artifacts ?? []).compactMap { artifact in
                let what = "stage \(stage.key.short): its \(artifact.kind.rawValue)"
                switch try artifacts.condition(of: artifact.id.rawValue, byteCount: artifact.byteCount) {
                case .whole: return nil
                case .missing: return discarded.contains(artifact.id) ? nil : "\(what) is missing"
                case .damaged: return "\(what) was changed: \(artifacts.path(of: artifact.id.rawValue))"
                }
            }
        }
    }
}

struct LedgerBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Writes the ledger as it is at this moment into one file, also while a sweep runs.",
        discussion: """
            To use it, put it in a store of its own as ledger.sqlite. Artifacts lie beside it by their hashes.

            EXAMPLE
              headstart ledger backup --store results --to ledger-monday.sqlite
            """)

    @OptionGroup var store: StoreOptions

    @Option(name: .long, help: ArgumentHelp("The file to write; it must not exist yet.", valueName: "file"))
    var to: String

    func run() throws {
        try LedgerReader(store: store.store).backUp(to: to)
        try Screen.line("Wrote \(to).")
    }
}
