import ArgumentParser
import Experiments
import Messages

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says why stages of a running sweep wait, or how they ended, and what would help.",
        discussion: """
            It asks the coordinator; the first digits of a key will do.

            EXAMPLE
              headstart explain 3f9a --store results
            """)

    @Argument(help: "The first digits of a stage's key.", completion: .stages)
    var key: String

    @OptionGroup var client: ClientOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        guard case .explanations(let stages) = try client.ask(.explain(StageSelector(key: key))) else {
            throw WorkFailed("the coordinator gave another answer")
        }
        guard !stages.isEmpty else { throw BadRequest("no stage's key begins with \(key)") }
        if output.json { return try Screen.json(["stages": stages]) }
        for stage in stages {
            let name = "\(stage.task) \(stage.stage) seed \(stage.seed), \(stage.key.short)"
            try Screen.line("\(name): \(stage.state.rawValue); \(stage.reason)")
            if let remedy = stage.remedy { try Screen.line("  \(remedy)") }
        }
    }
}
