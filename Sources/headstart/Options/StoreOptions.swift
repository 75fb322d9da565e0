import ArgumentParser

struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The folder of the ledger, the artifacts and the logs.", valueName: "directory"))
    var store: String
}
