import ArgumentParser
import Numerics
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what was trained for transformers and peft.",
        discussion: """
            LoRA, prefixes and biases become an adapter of peft, and a whole model of transformers with --merge; all else is \
            a whole model. Where transformers has no class for the head, as for `mlp`, modeling_headstart.py has it, which \
            trust_remote_code=True loads. The folder's README.md says how, and has scores, recipe and digests.

            EXAMPLE
              headstart export --run runs/rte-1 --to rte-model
            """)

    @OptionGroup var trained: RunOptions

    @Option(name: .long, help: ArgumentHelp("The directory to write; it must not exist yet.", valueName: "directory"))
    var to: String

    @Flag(name: .long, help: "Write a whole model, also of what could be an adapter.")
    var merge = false

    func run() throws {
        let compute = try Machine.compute(threads: 1)
        let model = try TrainedModel(try trained.trained(), modelDirectory: trained.model, compute: compute)
        switch try HuggingFaceExport(model, isMerging: merge, compute: compute).write(to: to) {
        case .model(let name): try Screen.line("Wrote \(to), a model of transformers (\(name)).")
        case .adapter: try Screen.line("Wrote \(to), an adapter of peft; --merge would write a whole model.")
        }
    }
}
