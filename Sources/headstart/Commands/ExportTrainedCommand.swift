import ArgumentParser
import Ledger
import Numerics
import Training

struct ExportTrainedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trained",
        abstract: "Writes what was trained for transformers and peft, or a whole sweep as a folder to hand on.",
        discussion: """
            LoRA, prefixes and biases become an adapter of peft, and a whole model of transformers with --merge; all else is \
            a whole model. Where transformers has no class for the head, as for `mlp`, modeling_headstart.py has it, which \
            trust_remote_code=True loads. The folder's README.md says how, and has scores, recipe and digests.

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
            valueName: "name"), completion: .sweeps)
    var sweep: String?

    @Option(
        name: .long, help: ArgumentHelp("The largest artifact that goes with a sweep, in MB.", valueName: "megabytes"))
    var largest = 10.0

    @Flag(name: .long, help: "Write a whole model, also of what could be an adapter.")
    var merge = false

    func validate() throws {
        guard sweep == nil || !merge else { throw ValidationError("--merge is for a run's model, not for --sweep") }
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
        let compute = try Machine.compute(threads: 1)
        let model = try TrainedModel(try trained.trained(), modelDirectory: trained.model, compute: compute)
        switch try HuggingFaceExport(model, isMerging: merge, compute: compute).write(to: to) {
        case .model(let name): try Screen.line("Wrote \(to), a model of transformers (\(name)).")
        case .adapter: try Screen.line("Wrote \(to), an adapter of peft; --merge would write a whole model.")
        }
    }
}
