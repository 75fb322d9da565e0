import ArgumentParser
import Numerics
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what was trained as a Hugging Face directory.",
        discussion: """
            With the head `hf`, and BERT with `pooled`, transformers loads it as a complete sequence classification model; \
            otherwise it is the backbone, and head.safetensors lies beside it.

            EXAMPLE
              headstart export --run runs/rte-1 --to rte-model
            """)

    @OptionGroup var trained: RunOptions

    @Option(name: .long, help: ArgumentHelp("The directory to write; it must not exist yet.", valueName: "directory"))
    var to: String

    func run() throws {
        let model = try TrainedModel(
            try trained.trained(), modelDirectory: trained.model, compute: try Machine.compute(threads: 1))
        try HuggingFaceExport(model).write(to: to)
        try Screen.line("Wrote \(to).")
    }
}
