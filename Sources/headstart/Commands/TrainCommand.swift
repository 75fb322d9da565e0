import ArgumentParser
import Collectives
import Configuration
import Experiments
import Files
import Foundation
import Numerics
import Reports
import Tasks
import Training

struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Runs one method on one task here, without a coordinator.",
        discussion: """
            The run's folder then holds run.json and the artifacts, for `predict` and `export`. Killed and started \
            again, the command continues. With --json each step and each evaluation is a line, and the last line is \
            the result.

            EXAMPLE
              headstart train --model minilm-l6 --task rte --data data --method lp-ft --seed 1 \\
                --set epochs=3 --set batch=16 --out runs/rte-1

            SETTINGS, each as --set key=value
            \(Settings.help)
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .long, help: "The task: a name in tasks.yaml.", completion: .tasks)
    var task: String

    @Option(
        name: .long, help: ArgumentHelp("A method of methods.yaml, as eh-ft-bitfit.", valueName: "name"),
        completion: .methods)
    var method: String?

    @Option(name: .long, help: ArgumentHelp("One stage that tunes all, head or bitfit.", valueName: "spec"))
    var tune: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the stage of --tune starts from, as \"adapter: runs/a, head: runs/a\": paths with a /.",
            valueName: "kinds and paths"))
    var from: String?

    @Option(name: .long, help: "The seed of all that is left to chance.")
    var seed: UInt64 = 1

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("A training setting; may be repeated.", valueName: "key=value"), completion: .settings)
    var settings: [String] = []

    @Option(name: .long, help: "Processes that train together on this machine, under mpirun.")
    var ranks = 1

    @Flag(
        name: .long,
        help: "Show at the end what the seconds went to, and how near that is to what the processor can do.")
    var phases = false

    @Option(name: .long, help: "Steps at the beginning that tokens a second leave out, as measurements of speed do.")
    var warmUpSteps = 0

    @Option(name: .long, help: "Seconds between two checkpoints.")
    var checkpointSeconds = 60.0

    @Option(
        name: .long, help: ArgumentHelp("The run's folder; made where it is missing.", valueName: "directory"),
        completion: .directory)
    var out: String

    func validate() throws {
        if (method == nil) == (tune == nil) { throw ValidationError("give either --method or --tune") }
        if from != nil, tune == nil { throw ValidationError("--from goes with --tune; a method says it itself") }
        if ranks < 1 { throw ValidationError("--ranks must be 1 or more") }
        if warmUpSteps < 0 { throw ValidationError("--warm-up-steps must be 0 or more") }
        guard 0...1e9 ~= checkpointSeconds else {
            throw ValidationError("--checkpoint-seconds must be a number from 0 to 1e9")
        }
        var isFolder: ObjCBool = false
        guard !out.isEmpty, !FileManager.default.fileExists(atPath: out, isDirectory: &isFolder) || isFolder.boolValue
        else { throw ValidationError("--out must be a folder, which '\(out)' is not") }
    }

    func run() throws {
        let sweep = try sweep()
        let plan = try sweep.plan()
        if ranks > 1, !MPILaunch.isRank { try MPILaunch.become(ranks: ranks) }
        Machine.takeCores(threads: node.threads)
        let communicator = try Communicators.start()
        let compute = try Machine.compute(threads: node.threadCount(ranks: communicator.size))
        compute.clock = phases ? PhaseClock() : nil
        let progress = TrainingProgress(json: output.json)
        let trained = try train(plan, sweep.givenFiles, communicator, compute, progress)
        let readings = compute.clock?.read()
        try Communicators.finish(communicator)
        guard communicator.rank == 0 else { return }
        try report(trained, plan, readings.map { listing($0, steps: progress.steps, plan, compute) })
    }

    private func sweep() throws -> PreparedSweep {
        let named: SingleMethod? = method.map { .named($0) } ?? tune.map { .tuning($0, from: from) }
        guard let named else { throw BadRequest("give either --method or --tune") }
        let request = try SweepRequest.single(
            model: model.model, task: task, method: named, seed: seed, keep: .all, catalogs: try data.catalogs(),
            overrides: settings.map(Override.init))
        // Under mpirun it was shown before.
        let show: ((DataCheck) throws -> Void)? =
            output.json || MPILaunch.isRank ? nil : { try Screen.line($0.summary(width: Screen.width)) }
        return try request.prepare(
            dataDirectory: try data.directory(), fetching: model.fetching, show: show)
    }

    private func train(
        _ plan: SweepPlan, _ givenFiles: [ArtifactReference: String], _ communicator: any Communicator,
        _ compute: Compute, _ progress: TrainingProgress
    ) throws -> TrainedStage {
        let here = NodeSettings.here(
            ranks: communicator.size, threads: node.threadCount(ranks: communicator.size))
        let trainer = StageTrainer(
            communicator: communicator, node: here, compute: compute, checkpointSeconds: checkpointSeconds,
            memoryBytes: node.memory?.bytes, warmUpSteps: warmUpSteps)
        return try MethodRun(plan, directory: out, givenFiles: givenFiles).run(
            trainer, communicator, observer: progress)
    }

    private func listing(
        _ readings: [Phase: PhaseClock.Reading], steps: Int, _ plan: SweepPlan, _ compute: Compute
    ) -> PhaseListing {
        compute.clock = nil
        let isRounded = plan.stages.contains { $0.specification.recipe.precision == .bf16 }
        return PhaseListing(
            readings, steps: steps, threads: compute.threads,
            peaks: .init(
                gigaflops: compute.peakGigaflops(isRounded ? .bf16 : .fp32), gigabytes: compute.peakGigabytes()))
    }

    fileprivate struct Summary {
        let task: String
        let method: String
        let seed: UInt64
        let metric: Metric
        /// nil where it is undefined.
        let score: Double?
        /// What is said of every example where it is one label alone.
        let onlyLabel: String?
        let steps: Int
        let seconds: Double
        let tokens: Int
        let tokensPerSecond: Double
        let trainable: Int
        let finalLoss: Double
        /// The digest of every entry that moved.
        let parameters: Digest
        let artifacts: [ArtifactReference]
        let phases: PhaseListing?
    }

    private func report(_ trained: TrainedStage, _ plan: SweepPlan, _ phases: PhaseListing?) throws {
        let result = trained.record.result
        let metric = trained.record.task.metrics[0]
        let summary = Summary(
            task: task, method: plan.rows[0].method, seed: seed, metric: metric, score: result.score(metric, on: .dev),
            onlyLabel: result.onlyLabel(of: trained.record.task), steps: result.steps, seconds: result.seconds,
            tokens: result.tokens,
            tokensPerSecond: result.tokensPerSecond, trainable: result.trainable, finalLoss: result.finalLoss,
            parameters: result.parameters, artifacts: result.artifacts,
            phases: phases)
        if output.json { return try Screen.json(summary) }
        let score = result.scored(metric, on: .dev)?.figure ?? "none"
        try Screen.line(
            """
            \(metric.rawValue) \(score) on \(task) (\(summary.method), seed \(seed)): \(result.steps) steps, \
            \(Int(result.seconds)) s, \(Int(result.tokensPerSecond)) tokens/s; the run is in \(out)
            """)
        if let collapse = result.collapse(on: trained.record.task) {
            try Screen.line("The model \(collapse) of dev: it has learned nothing but that; a lower lr may help.")
        }
        if let phases { try Screen.line("\n" + phases.text(width: Screen.width)) }
    }
}

extension TrainCommand.Summary: Encodable {
    func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "task": task, "method": method, "seed": seed, "metric": metric, "score": score, "onlyLabel": onlyLabel,
            "steps": steps, "seconds": seconds, "tokens": tokens, "tokensPerSecond": tokensPerSecond,
            "trainable": trainable, "finalLoss": finalLoss, "parameters": parameters, "artifacts": artifacts,
            "phases": phases,
        ])
    }
}
