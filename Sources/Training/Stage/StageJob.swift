package import Experiments

/// All that a group of ranks needs to train one stage; equal on every rank.
package struct StageJob: Codable, Sendable {
    package var planned: PlannedStage
    package var task: TaskDefinition
    package var modelDirectory: String
    package var dataDirectory: String
    /// The file of each artifact the stage starts from.
    package var inputs: [ArtifactKind: String]
    /// Where the checkpoint and the computed features are kept between attempts.
    package var workDirectory: String
    /// Where the artifacts of the result are written.
    package var outputDirectory: String
    /// In how many times more parts than the recipe says a batch is worked off, since it took too much memory.
    package var batchParts: Int

    package init(
        planned: PlannedStage, task: TaskDefinition, modelDirectory: String, dataDirectory: String,
        inputs: [ArtifactKind: String], workDirectory: String, outputDirectory: String, batchParts: Int = 1
    ) {
        self.planned = planned
        self.task = task
        self.modelDirectory = modelDirectory
        self.dataDirectory = dataDirectory
        self.inputs = inputs
        self.workDirectory = workDirectory
        self.outputDirectory = outputDirectory
        self.batchParts = batchParts
    }

    package var stage: StageKey { planned.key }
    package var specification: StageSpecification { planned.specification }
}

/// A finished stage: its result, and the files of the artifacts that the result names.
package struct StageOutcome: Sendable {
    package let result: StageResult
    package let files: [ArtifactKind: String]

    package init(result: StageResult, files: [ArtifactKind: String]) {
        self.result = result
        self.files = files
    }
}

/// Hears how a stage goes on, on rank 0 only.
package protocol StageObserver: AnyObject {
    func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double)
    func evaluated(_ evaluation: Evaluation)
    /// The stage's curve has another whole point, or is all that there will be of it.
    func drew(_ curve: TrainingCurve)
    /// A sentence for the stage's log.
    func noted(_ sentence: String)
    /// A forward pass is about to begin, in a step or outside of all steps.
    func worked()
    /// Whether the stage is to end after this step; its checkpoint is written then.
    var shouldStop: Bool { get }
}

extension StageObserver {
    package func drew(_ curve: TrainingCurve) {}
    package func worked() {}
}
