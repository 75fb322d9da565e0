import Collectives
import Encoders
import Experiments
import Foundation
import Numerics
import Tasks

/// The steps of one stage on one rank, in step with the other ranks of its group.
///
/// A step is: gradients of this rank's share of the batch, summed over the ranks in rank order, as far as may be while
/// they are computed; clipping; AdamW. All ranks hold equal parameters before and after, which every evaluation checks.
final class TrainingLoop {
    private let stage: PreparedStage
    private let communicator: any Communicator
    private let observer: any StageObserver
    private let checkpoint: Checkpoint
    private let checkpointSeconds: Double
    private let warmUpSteps: Int
    private let compute: Compute
    private let optimizer: AdamW
    private let reduction: GradientReduction
    /// Whether gradients are summed while the backward pass goes on.
    private let overlaps: Bool
    private let measurements: Measurements
    /// What part of the rate each segment of the arena has; empty where all have the whole.
    private let rateShares: [Double]
    private var state = TrainingState()
    private var bestValues: [Float]?
    private var order: (epoch: Int, examples: [Int]) = (-1, [])
    private var clock = ContinuousClock.now
    private var lastCheckpoint = ContinuousClock.now

    init(
        _ stage: PreparedStage, _ communicator: any Communicator, _ compute: Compute, _ observer: any StageObserver,
        checkpoint: Checkpoint, checkpointSeconds: Double, bucketCount: Int, warmUpSteps: Int
    ) {
        self.stage = stage
        self.communicator = communicator
        self.observer = observer
        self.checkpoint = checkpoint
        self.checkpointSeconds = checkpointSeconds
        self.warmUpSteps = warmUpSteps
        self.compute = compute
        let settings = stage.recipe.optimizer
        optimizer = AdamW(
            beta1: settings.beta1, beta2: settings.beta2, epsilon: settings.epsilon, weightDecay: settings.weightDecay,
            isDecoupled: settings.kind != .adam)
        reduction = GradientReduction(
            stage.store, communicator, as: stage.recipe.allreduce.wireFormat, bucketCount: bucketCount)
        overlaps = !stage.rules.contains(where: \.changesOwnGradients)
        measurements = Measurements(stage, communicator)
        rateShares = stage.store.rateShares(layerDecay: stage.recipe.layerDecay)
    }

    /// Trains to the last step, from the last checkpoint where there is one.
    /// - Returns: the state at the end; the arena holds the selected parameters.
    func run() throws -> TrainingState {
        try measurements.begin(&state)
        try resume()
        clock = .now
        lastCheckpoint = .now
        // Also of a stage that diverges, or is stopped.
        defer { if communicator.rank == 0, !state.curve.isEmpty { observer.drew(state.curve) } }
        while state.step < stage.schedule.steps {
            let started = ContinuousClock.now
            let tokens = state.tokens
            let (norm, mustStop) = try trainOneStep()
            let seconds = started.duration(to: .now).inSeconds
            state.stepSeconds += seconds
            report()
            draw(norm: norm, tokens: state.tokens - tokens, seconds: seconds)
            if state.step == warmUpSteps, state.step < stage.schedule.steps { state.countAnew() }
            if state.step == stage.schedule.steps { try stage.finish() }
            measurements.finishedStep(&state)
            if stage.schedule.evaluates(after: state.step) { try evaluate() }
            if state.step == stage.schedule.steps || isOutOfPatience { break }
            if mustStop {
                saveCheckpoint()
                throw StageFailure(.stopped, "stopped after step \(state.step) of \(stage.schedule.steps)")
            }
            if lastCheckpoint.duration(to: .now) > .seconds(checkpointSeconds) { saveCheckpoint() }
        }
        state.seconds += takeSeconds()
        if let bestValues {
            _ = stage.store.arena.values.update(fromContentsOf: bestValues)
            stage.store.publishValues()
        }
        try measurements.end(&state)
        return state
    }

    // MARK: - One step

    /// - Returns: the gradient's norm before it was clipped, and whether rank 0 was asked to stop.
    private func trainOneStep() throws -> (norm: Double, mustStop: Bool) {
        let step = state.step
        let batch = globalBatch(ofStep: step)
        let mine = DataOrder.share(
            of: batch, lengths: { self.stage.data.train[$0].tokenCount }, rank: communicator.rank,
            of: communicator.size)
        let weight = stage.lossWeight(of: batch)
        let scale = stage.recipe.loss == .sum ? 1 : 1 / weight
        var loss = 0.0
        var tokens = 0
        for rule in stage.rules { rule.begin(step: step) }
        for pass in 0..<stage.passes {
            let part = DataOrder.part(of: mine.count, rank: pass, of: stage.passes)
            let isLast = pass == stage.passes - 1
            let sums = stage.learner.learn(mine[part], step: step, scale: scale) { place in
                if overlaps, isLast { compute.phase(.allreduce) { reduction.begin(from: place) } }
            }
            loss += sums.loss
            tokens += sums.tokens
        }
        stage.store.collectGradients(compute)
        for rule in stage.rules { rule.end(step: step) }
        let wantsStop = communicator.rank == 0 && observer.shouldStop
        let sums = try compute.phase(.allreduce) {
            state.reducedBytes += try reduction.finish()
            return try communicator.sum([loss, Double(tokens), wantsStop ? 1 : 0])
        }
        let meanLoss = sums[0] / weight
        let norm = try update(step, meanLoss: meanLoss)
        state.add(loss: meanLoss, tokens: Int(sums[1]))
        return (norm, sums[2] > 0)
    }

    /// Clips the gradients as `clip_grad_norm_` of PyTorch does, and takes the optimizer's step.
    /// - Returns: the gradients' norm before.
    private func update(_ step: Int, meanLoss: Double) throws -> Double {
        let arena = stage.store.arena
        for rule in stage.rules { rule.adjustGradients(step: step) }
        measurements.gradientsAreReady(&state)
        let norm = arena.squaredGradientNorm(compute).squareRoot()
        guard meanLoss.isFinite, norm.isFinite else {
            throw try stage.divergence(
                "step \(step + 1): the loss is \(told(meanLoss)) and the gradient's norm \(told(norm))")
        }
        let scale = stage.recipe.clip.map { min(1, $0 / (norm + 1e-6)) } ?? 1
        let rate = stage.schedule.learningRate(ofStep: step)
        for rule in stage.rules { rule.beforeUpdate(step: step) }
        arena.update(optimizer, number: step + 1, rate: rate, shares: rateShares, gradientScale: scale, compute)
        for rule in stage.rules { rule.afterUpdate(step: step, rate: rate) }
        stage.store.publishValues()
        return norm
    }

    private func globalBatch(ofStep step: Int) -> [Int] {
        let epoch = stage.schedule.epoch(ofStep: step)
        if order.epoch != epoch {
            let places = DataOrder.order(
                epoch: epoch, count: stage.trainingExamples.count, seed: stage.seed, shuffle: stage.recipe.shuffle)
            order = (epoch, places.map { stage.trainingExamples[$0] })
        }
        return Array(order.examples[stage.schedule.batch(ofStep: step)])
    }

    private func report() {
        guard communicator.rank == 0 else { return }
        observer.progressed(
            step: state.step, of: stage.schedule.steps, loss: state.lastLoss, tokensPerSecond: state.tokensPerSecond)
    }

    /// Adds the step that was taken to the stage's curve.
    private func draw(norm: Double, tokens: Int, seconds: Double) {
        let rate = stage.schedule.learningRate(ofStep: state.step - 1)
        let hasPoint = state.curve.add(
            .init(
                step: state.step, loss: state.lastLoss, learningRate: rate, gradientNorm: norm, tokens: tokens,
                seconds: seconds))
        if hasPoint, communicator.rank == 0 { observer.drew(state.curve) }
    }

    // MARK: - Evaluation

    private func evaluate() throws {
        try checkReplicas()
        let (scores, confusion) = try compute.evaluating { try Evaluator(communicator).scores(of: stage) }
        let evaluation = Evaluation(
            step: state.step, epoch: Double(state.step) / Double(stage.schedule.stepsPerEpoch),
            trainingLoss: state.takeMeanLoss(), scores: scores, confusion: confusion)
        state.latest = evaluation
        try measurements.evaluated(evaluation, &state)
        select(evaluation)
        guard communicator.rank == 0 else { return }
        observer.evaluated(evaluation)
        guard isOutOfPatience, state.step < stage.schedule.steps else { return }
        observer.noted(
            "ending after step \(state.step) of \(stage.schedule.steps), since the score was no better in "
                + "\(state.evaluationsWithoutGain) evaluations")
    }

    /// Keeps the evaluation and its parameters where they are the best so far. Selection looks at the validation split
    /// where there is one.
    private func select(_ evaluation: Evaluation) {
        guard stage.recipe.selection != .last else { return }
        let merit = stage.selectionMerit(evaluation)
        let highest = state.best.map(stage.selectionMerit)
        let isGain = highest.map { merit > $0 } ?? true
        state.evaluationsWithoutGain = isGain ? 0 : state.evaluationsWithoutGain + 1
        guard isGain || merit == highest && stage.recipe.selection == .latestBest else { return }
        state.best = evaluation
        bestValues = Array(stage.store.arena.values)
    }

    /// Every rank has the same scores, and so the same answer.
    private var isOutOfPatience: Bool { stage.recipe.patience.map { state.evaluationsWithoutGain >= $0 } ?? false }

    private func checkReplicas() throws {
        guard communicator.size > 1 else { return }
        let digest = stage.parametersDigest()
        guard try communicator.allEqual([UInt8](digest.hex.utf8)) else {
            throw StageFailure(
                .node,
                """
                step \(state.step): the ranks' parameters differ, so an allreduce or a processor computed wrongly; \
                run `headstart doctor` on each host of the group
                """)
        }
    }

    // MARK: - Checkpoints

    /// Rank 0 reads the checkpoint, and all ranks get what it holds.
    private func resume() throws {
        let found = try checkpoint.resume(
            stage.store.arena, communicator, observer, of: stage.schedule.steps, where: measurements.fit)
        guard let found else { return }
        (state, bestValues) = (found.state, found.bestValues)
        stage.store.publishValues()
    }

    private func saveCheckpoint() {
        lastCheckpoint = .now
        state.seconds += takeSeconds()
        guard communicator.rank == 0 else { return }
        checkpoint.save(.init(state: state, bestValues: bestValues), stage.store.arena, observer)
    }

    private func takeSeconds() -> Double {
        let now = ContinuousClock.now
        defer { clock = now }
        return clock.duration(to: now).inSeconds
    }
}

extension Precision {
    /// What gradients are sent as.
    var wireFormat: WireFormat {
        switch self {
        case .fp32: .fp32
        case .bf16: .bf16
        }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

/// A number that may be none, in as many digits as a person reads.
private func told(_ value: Double) -> String { value.isNaN ? "not a number" : String(format: "%.3g", value) }
