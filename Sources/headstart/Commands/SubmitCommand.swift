import ArgumentParser
import Experiments
import Messages

struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Hands another sweep to a running coordinator.",
        discussion: """
            The words are those of `headstart run`. The coordinator plans the sweep, so paths are those of its machine; they \
            are made absolute here. The sweep shares the store, and so all stages that both need.

            EXAMPLE
              headstart submit configs/more.yaml --data data --store results
            """)

    @OptionGroup var sweep: SweepOptions

    @Option(name: .long, help: ArgumentHelp("The store of the coordinator.", valueName: "directory"))
    var store: String

    func run() throws {
        let reply = try CoordinatorClient.ask(store: store, .submit(arguments: try sweep.arguments), seconds: 600)
        switch reply {
        case .submitted(let name, let count):
            try Screen.line("Sweep \(name) is planned: \(counted(count, "new stage")).")
        case .refused(let reason): throw BadRequest("the coordinator refuses: \(reason)")
        default: throw WorkFailed("no coordinator answers in \(store); does one run there?")
        }
    }
}
