import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Numerics
import Tasks
import TestKit
import Training

/// A tiny model and task in a folder of their own, and stages of them run on one rank.
final class Bench {
    let folder: TemporaryFolder
    let backbone: Digest
    let task: Digest
    let definition: TaskDefinition
    var modelDirectory: String { folder["model"] }
    var dataDirectory: String { folder["data"] }

    /// - Parameters:
    ///   - files: of the task, in the data folder.
    ///   - change: what is done to the model's folder before anything reads it.
    init(
        _ definition: TaskDefinition = TinyTask.definition, files: [String: String] = [:],
        model change: (TemporaryFolder) throws -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        try TinyModel.write(to: folder["model"])
        try change(folder)
        try TinyTask.write(to: folder["data"])
        for (name, text) in files { try folder.write(text, to: "data/\(name)") }
        self.definition = definition
        backbone = try Backbone(directory: folder["model"]).contentDigest()
        task = try Dataset.contentDigest(definition, in: folder["data"])
    }

    func recipe(_ change: (inout Recipe) -> Void = { _ in }) -> Recipe {
        var recipe = Recipe()
        recipe.batch = 8
        recipe.learningRate = 1e-3
        recipe.maxLength = 32
        recipe.budget = .epochs(2)
        change(&recipe)
        return recipe
    }

    func job(
        _ recipe: Recipe, seed: UInt64 = 1, of task: Digest? = nil, inputs: [ArtifactKind: String] = [:],
        into output: String, work: String = "work", outputs: Set<ArtifactKind> = [.head, .backbone]
    ) throws -> StageJob {
        let edges = inputs.keys.map { StageInput(kind: $0, from: StageKey(rawValue: Digest(of: [1]))) }
        let specification = StageSpecification(
            backbone: backbone, task: task ?? self.task, recipe: recipe, seed: seed, inputs: edges)
        return StageJob(
            planned: PlannedStage(
                key: try specification.key(), specification: specification, task: definition.name, label: "test",
                outputs: outputs),
            task: definition, modelDirectory: modelDirectory, dataDirectory: dataDirectory, inputs: inputs,
            workDirectory: folder[work], outputDirectory: folder[output])
    }

    func run(
        _ job: StageJob, observer: Recorder = Recorder(), threads: Int = 1, checkpointSeconds: Double = 60,
        clock: PhaseClock? = nil
    ) throws -> StageOutcome {
        let node = NodeSettings(ranks: 1, threads: threads, host: "test", blasCore: "test")
        let compute = Compute(threads: threads)
        compute.clock = clock
        let trainer = StageTrainer(
            communicator: SoloCommunicator(), node: node, compute: compute, checkpointSeconds: checkpointSeconds)
        return try trainer.run(job, observer: observer)
    }
}

extension Bench {
    /// A stage as it lies in its run's folder.
    /// - Parameter base: the folder of the model, as its record names it.
    func trained(_ job: StageJob, base: String? = nil) throws -> TrainedStage {
        let outcome = try run(job)
        return TrainedStage(
            record: TrainedStage.Record(
                label: "test", specification: job.specification,
                model: ModelLocation(name: "tiny", path: base ?? modelDirectory, content: backbone), task: definition,
                result: outcome.result), files: outcome.files)
    }

    /// Runs a stage on ranks that are threads of this process.
    static func run(_ job: StageJob, ranks count: Int, bucketCount: Int = 1 << 20) throws -> StageOutcome {
        try ThreadRanks(size: count).run { communicator in
            let node = NodeSettings(ranks: count, threads: 1, host: "test", blasCore: "test")
            let trainer = StageTrainer(
                communicator: communicator, node: node, compute: Compute(threads: 1), bucketCount: bucketCount)
            return try trainer.run(job, observer: Recorder())
        }
    }
}

/// Keeps what a stage tells, and stops it when asked to.
final class Recorder: StageObserver {
    var losses: [Double] = []
    var evaluations: [Evaluation] = []
    var notes: [String] = []
    /// As it was told last.
    var curve = TrainingCurve()
    var stopAfter: Int?

    init(stopAfter: Int? = nil) { self.stopAfter = stopAfter }

    func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double) { losses.append(loss) }
    func evaluated(_ evaluation: Evaluation) { evaluations.append(evaluation) }
    func drew(_ curve: TrainingCurve) { self.curve = curve }
    func noted(_ sentence: String) { notes.append(sentence) }
    var shouldStop: Bool { stopAfter.map { losses.count + 1 >= $0 } ?? false }
}
