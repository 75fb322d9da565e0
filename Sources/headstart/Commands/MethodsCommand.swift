import ArgumentParser
import Configuration
import Reports

struct MethodsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "methods", abstract: "Lists the methods that are known by name, and shows what one of them does.",
        discussion: """
            They are those of configs/methods.yaml, and of a methods.yaml in the folder that $HEADSTART_CONFIGS names.

            EXAMPLE
              headstart methods
              headstart methods show eh-ft-lora
            """,
        subcommands: [MethodsListCommand.self, MethodsShowCommand.self], defaultSubcommand: MethodsListCommand.self)
}

struct MethodsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the methods: how many stages each has, and what it does.")

    @OptionGroup var output: OutputOptions

    func run() throws {
        let listing = MethodListing(try Catalogs.read().methods.descriptions)
        if output.json { return try Screen.json(listing) }
        try Screen.line(listing.text(width: Screen.width))
    }
}

struct MethodsShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a method: what it does, where it comes from, its stages, and its entry for a sweep file.",
        discussion: """
            EXAMPLE
              headstart methods show eh-ft-lora
            """)

    @Argument(help: "A method of methods.yaml.", completion: .methods)
    var method: String

    @OptionGroup var output: OutputOptions

    func run() throws {
        let sheet = MethodSheet(try Catalogs.read().methods.description(of: method))
        if output.json { return try Screen.json(sheet) }
        try Screen.line(sheet.text(width: Screen.width))
    }
}
