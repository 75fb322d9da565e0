import ArgumentParser
import Experiments
import Messages

struct DrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Lets the worker groups of a host finish what they train and leave.",
        discussion: """
            New groups of the host are sent away until --undo.

            EXAMPLE
              headstart drain host-a --store results
            """)

    @Argument(help: "The host's name, as `headstart workers` shows it.")
    var host: String

    @Flag(name: .long, help: "Welcome the host again.")
    var undo = false

    @OptionGroup var client: ClientOptions

    func run() throws {
        guard case .done(let count) = try client.ask(.drain(host: host, isOver: undo)) else {
            throw WorkFailed("the coordinator gave another answer")
        }
        let groups = counted(count, "worker group")
        try Screen.line(
            undo ? "\(host) is welcome again." : "\(groups) of \(host) to leave after the stage at hand.")
    }
}
