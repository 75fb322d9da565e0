import ArgumentParser
import Ledger
import Numerics
import Training

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what was trained as a Hugging Face directory, or a whole sweep as a folder to hand on.",
        discussion: """
            With the head `hf`, and BERT with `pooled`, transformers loads it as a complete sequence classification model; \
            otherwise it is the backbone, and head.safetensors lies beside it.

            EXAMPLE
              headstart export --run runs/rte-1 --to rte-model
              headstart export --sweep reviews --store results --to reviews-bundle
            """)

    @OptionGroup var trained: RunOptions

    @Option(name: .long, help: ArgumentHelp("The directory to write; it must not exist yet.", valueName: "directory"))
    var to: String

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Instead of a run, a sweep of the store: its configuration, tasks, results, versions and small artifacts.",
            valueName: "name"))
    var sweep: String?

    @Option(
        name: .long, help: ArgumentHelp("The largest artifact that goes with a sweep, in MB.", valueName: "megabytes"))
    var largest = 10.0

    func validate() throws {
        guard sweep == nil || trained.run == nil else { throw ValidationError("give either --run or --sweep") }
        guard sweep == nil || trained.store != nil else {
            throw ValidationError("--sweep is one of a store; give --store")
        }
        guard (0...1e6).contains(largest) else { throw ValidationError("--largest must be from 0 to 1000000") }
    }

    func run() throws {
        if let sweep, let store = trained.store {
            let ledger = try LedgerReader(store: store)
            try SweepBundle(try ledger.snapshot(ofSweep: sweep), ledger, limit: Int(largest * 1e6)).write(to: to)
            return try Screen.line("Wrote \(to).")
        }
        let model = try TrainedModel(
            try trained.trained(), modelDirectory: trained.model, compute: try Machine.compute(threads: 1))
        try HuggingFaceExport(model).write(to: to)
        try Screen.line("Wrote \(to).")
    }
}
