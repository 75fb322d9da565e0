import ArgumentParser
import Collectives
import Experiments
import Files
import Ledger
import Training

struct RetrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrain",
        abstract: "Trains a stage of a store again, to have its whole model.",
        discussion: """
            With the stages that it starts from, as the sweep had them; its result in the store stays as it is. Killed and \
            started again, the command continues. `predict`, `evaluate` and `export` then take the folder.

            EXAMPLE
              headstart retrain --run 3fa2c1 --store results --out runs/3fa2c1
            """)

    @Option(
        name: .customLong("run"), help: ArgumentHelp("The key of a stage; its first digits will do.", valueName: "key"),
        completion: .stages)
    var stage: String

    @OptionGroup var store: StoreOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long,
        help: ArgumentHelp("Where the pretrained model is, if it has moved since.", valueName: "directory"))
    var model: String?

    @Option(
        name: .long, help: ArgumentHelp("Where the datasets are, if they have moved since.", valueName: "directory"))
    var data: String?

    @Option(name: .long, help: ArgumentHelp("The run's folder; made where it is missing.", valueName: "directory"))
    var out: String

    func run() throws {
        let ledger = try LedgerReader(store: store.store)
        let known = try ledger.stage(beginning: stage)
        let key = known.key
        guard let plan = try ledger.plan(containing: key)?.alone(key) else { throw ledger.missingPlan(of: key) }
        let threads = node.threadCount(ranks: 1)
        let trainer = StageTrainer(
            communicator: SoloCommunicator(), node: .here(ranks: 1, threads: threads),
            compute: try Machine.compute(threads: threads))
        let moved = plan.moved(model: model.map(Path.absolute), data: data.map(Path.absolute))
        let given = try givenFiles(plan, in: ContentStore(store: ledger.store))
        let trained = try MethodRun(moved, directory: out, givenFiles: given).run(
            trainer, SoloCommunicator(), observer: TrainingProgress(json: output.json))
        let before = known.result
        if output.json { return }
        let record = trained.record
        let score = record.result.scored(record.task.metrics[0], on: .dev)?.figure ?? "none"
        let was = before?.scored(record.task.metrics[0], on: .dev)?.figure
        let isSame = before?.parameters == record.result.parameters
        let comparison = isSame ? ", to the bit what it was" : was.map { " (it was \($0))" } ?? ""
        try Screen.line("\(record.task.metrics[0].rawValue) \(score)\(comparison); the run is in \(out)")
    }

    /// What the stages took from files, as the store has kept it.
    private func givenFiles(_ plan: SweepPlan, in artifacts: ContentStore) throws -> [ArtifactReference: String] {
        var files: [ArtifactReference: String] = [:]
        for artifact in plan.stages.flatMap(\.specification.given) {
            guard let path = try artifacts.checkedPath(of: artifact) else {
                throw WorkFailed(
                    "\(store.store): lacks the \(artifact.kind.rawValue) that the stage was given; run its sweep again, "
                        + "which brings it")
            }
            files[artifact] = path
        }
        return files
    }
}
