import ArgumentParser
import Files
import Foundation
import Tasks

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Fetches and makes datasets.",
        subcommands: [DataFetchCommand.self, DataDemoCommand.self])
}

struct DataDemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Writes two small tasks from a grammar of its own, for a machine without datasets.",
        discussion: """
            One task has single sentences, the other pairs. Every machine writes the same bytes.

            EXAMPLE
              headstart data demo --out demo
            """)

    @Option(name: .long, help: ArgumentHelp("Where to write them; made where it is missing.", valueName: "directory"))
    var out: String

    func run() throws {
        try Directory.make(out)
        try DemoTasks.write(to: out)
        try Screen.line("Wrote \(DemoTasks.definitions.map(\.name).joined(separator: ", ")) to \(out).")
    }
}
