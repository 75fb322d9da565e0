package import Collectives
package import Experiments
package import Files
package import Numerics

/// Trains stages, one after another, on the ranks of a group. Every rank makes one and calls it with the same jobs.
package final class StageTrainer {
    private let communicator: any Communicator
    private let node: NodeSettings
    private let compute: Compute
    private let cache = InputCache()
    private let checkpointSeconds: Double
    private let bucketCount: Int
    private let memoryBytes: Int?
    private let warmUpSteps: Int

    /// - Parameters:
    ///   - checkpointSeconds: the time between two checkpoints; a crash repeats at most this much work.
    ///   - bucketCount: gradients that ranks sum at once; changes no bit.
    ///   - memoryBytes: what this process may take, the same on all ranks; nil for what stages ask for.
    ///   - warmUpSteps: of a stage that its tokens a second leave out.
    package init(
        communicator: any Communicator, node: NodeSettings, compute: Compute, checkpointSeconds: Double = 60,
        bucketCount: Int = Buckets.count, memoryBytes: Int? = nil, warmUpSteps: Int = 0
    ) {
        self.bucketCount = bucketCount
        self.memoryBytes = memoryBytes
        self.warmUpSteps = warmUpSteps
        self.communicator = communicator
        self.node = node
        self.compute = compute
        self.checkpointSeconds = checkpointSeconds
    }

    /// Trains one stage to its end, or from its checkpoint on. The artifacts are on disk when it returns, and so is the
    /// checkpoint, until someone says that the result is safe.
    /// - Parameter observer: called on rank 0 only.
    /// - Returns: on other ranks without artifacts and files.
    package func run(_ job: StageJob, observer: any StageObserver) throws(StageFailure) -> StageOutcome {
        let stage = try PreparedStage(
            job, cache: cache, communicator: communicator, compute: compute, memoryBytes: memoryBytes,
            onPass: observer.worked)
        if let sentence = stage.fitting, communicator.rank == 0 { observer.noted(sentence) }
        if stage.drawsWordHead, communicator.rank == 0 {
            observer.noted(
                "the model's file has no head of its pretraining (cls.predictions.* or lm_head.*), so it begins anew")
        }
        let checkpoint = Checkpoint(of: job.stage, in: job.workDirectory)
        let state: TrainingState
        let testScores: [Score]
        do {
            state = try work(on: stage, checkpoint, observer)
            testScores = stage.recipe.estimate == nil ? try Evaluator(communicator).testScores(of: stage) : []
        } catch {
            throw StageFailure(classifying: error)
        }
        return try communicator.agree {
            let written = communicator.rank == 0 ? try ArtifactFiles(stage, job).write(state) : ([], [:])
            return StageOutcome(result: result(of: stage, state, testScores, written.0), files: written.1)
        }
    }

    /// Lets go what another attempt at the stage would go on from.
    package static func removeCheckpoint(of stage: StageKey, in workDirectory: String) throws(FileError) {
        try Checkpoint(of: stage, in: workDirectory).remove()
    }

    private func work(
        on stage: PreparedStage, _ checkpoint: Checkpoint, _ observer: any StageObserver
    ) throws -> TrainingState {
        if let estimate = stage.recipe.estimate {
            return try GradientStatistics(
                stage, estimate, communicator, compute, observer, checkpoint: checkpoint,
                checkpointSeconds: checkpointSeconds
            ).run()
        }
        return try TrainingLoop(
            stage, communicator, compute, observer, checkpoint: checkpoint, checkpointSeconds: checkpointSeconds,
            bucketCount: bucketCount, warmUpSteps: warmUpSteps
        ).run()
    }

    private func result(
        of stage: PreparedStage, _ state: TrainingState, _ testScores: [Score], _ artifacts: [ArtifactReference]
    ) -> StageResult {
        let evaluation = state.best ?? state.latest
        return StageResult(
            scores: (evaluation?.scores ?? []) + testScores, confusion: evaluation?.confusion, steps: state.step,
            finalLoss: state.lastLoss, tokens: state.tokens, seconds: state.seconds,
            tokensPerSecond: state.tokensPerSecond, trainable: stage.store.arena.count,
            parameters: stage.parametersDigest(), artifacts: artifacts, measured: state.log?.measures ?? [],
            node: node)
    }
}
