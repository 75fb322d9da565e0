import ArgumentParser
import Experiments
import Ledger

struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Keeps a store small.", subcommands: [StoreCleanupCommand.self])
}

struct StoreCleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Shows which artifacts a store can do without, and with --yes removes them.",
        discussion: """
            Scores stay, and so does what a stage that has not finished starts from. Kinds that no --keep names are all \
            kept; what was cut off or set aside always goes. `best` keeps the seed with the best score of each method \
            on each task, `last` the one that finished last. What was removed is made anew only where a new stage \
            starts from it.

            EXAMPLE
              headstart store gc --store results --keep backbone=best --keep head=last
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "What is kept of one kind (\(ArtifactKind.allCases.map(\.rawValue).joined(separator: ", "))): "
                + "\(Retention.allCases.map(\.rawValue).joined(separator: ", ")); may be repeated.",
            valueName: "kind=policy"),
        transform: Self.rule)
    var keep: [(ArtifactKind, Retention)] = []

    @Flag(name: .long, help: "Remove it.")
    var yes = false

    private struct Share: Encodable {
        let what: String
        var files = 0
        var bytes = 0
    }

    private struct Summary: Encodable {
        let shares: [Share]
        let removed: Bool
    }

    func run() throws {
        let policy = Dictionary(keep) { _, last in last }
        guard yes else { return try show(Cleanup(of: LedgerReader(store: store.store), keeping: policy)) }
        // A store that is not there is not made.
        _ = try LedgerReader(store: store.store)
        let ledger = try Ledger(store: store.store)
        let cleanup = try Cleanup(of: ledger.reader, keeping: policy)
        try cleanup.perform(on: ledger)
        try show(cleanup)
    }

    private func show(_ cleanup: Cleanup) throws {
        var shares = ArtifactKind.allCases.map { kind in
            let files = cleanup.discarded.filter { $0.kind == kind }
            return Share(what: kind.rawValue, files: files.count, bytes: files.reduce(0) { $0 + $1.byteCount })
        }
        shares.append(
            Share(
                what: "cut off or set aside", files: cleanup.strays.count,
                bytes: cleanup.strays.reduce(0) { $0 + $1.byteCount }))
        shares.removeAll { $0.files == 0 }
        if output.json { return try Screen.json(Summary(shares: shares, removed: yes)) }
        for share in shares {
            try Screen.line(
                "\(share.what): \(counted(share.files, "file")), \(fixed(Double(share.bytes) / 1e6, 1)) MB")
        }
        guard !shares.isEmpty else { return try Screen.line("There is nothing to remove.") }
        try Screen.line(yes ? "Removed." : "Nothing was removed; the same command with --yes does it.")
    }

    private static func rule(_ text: String) throws -> (ArtifactKind, Retention) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let kind = ArtifactKind(rawValue: parts[0]),
            let policy = Retention(rawValue: parts[1])
        else { throw ValidationError("'\(text)' is no rule; write one like backbone=best") }
        return (kind, policy)
    }
}
