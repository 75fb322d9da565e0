import ArgumentParser
import Experiments
import Messages
import Reports

struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "Shows who works for a running coordinator: hosts, groups, stages, when they were last heard.",
        discussion: """
            It asks the coordinator, in its store or over the network.

            EXAMPLE
              headstart workers --store results
            """)

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard case .status(let report) = try client.ask(.status) else {
            throw WorkFailed("the coordinator gave another answer")
        }
        if output.json { return try Screen.json(["workers": report.workers]) }
        try Screen.line(CoordinatorListing(report).workers)
    }
}
