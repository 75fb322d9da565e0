import CKernels
import Collectives
import Encoders
import Experiments
import Numerics
import Tasks
import Tuning

/// Adds up over examples or batches the squared gradients of the backbone's entries: the diagonal of the Fisher
/// information (Sung et al. 2021, eq. 3 for the observed label, eq. 2 for the model's own), or with `examples=sum` that
/// of all examples together. Nothing moves, and without `mode=train` nothing drops out.
///
/// The sums stand in the arena, where an optimizer would have its moments.
struct GradientStatistics {
    private let stage: PreparedStage
    private let communicator: any Communicator
    private let observer: any StageObserver
    private let compute: Compute
    private let estimate: Estimate
    private let checkpoint: Checkpoint
    private let checkpointSeconds: Double

    init(
        _ stage: PreparedStage, _ estimate: Estimate, _ communicator: any Communicator, _ compute: Compute,
        _ observer: any StageObserver, checkpoint: Checkpoint, checkpointSeconds: Double
    ) {
        self.checkpoint = checkpoint
        self.checkpointSeconds = checkpointSeconds
        self.stage = stage
        self.estimate = estimate
        self.communicator = communicator
        self.compute = compute
        self.observer = observer
    }

    /// Gathers to the last unit, from the last checkpoint where there is one.
    /// - Returns: the state at the end; its loss is the mean over the units of that over their labels.
    func run() throws -> TrainingState {
        let (units, arena) = (self.units, stage.store.arena)
        var state = try checkpoint.resume(arena, communicator, observer, of: units.count)?.state ?? TrainingState()
        var saved = ContinuousClock.now
        while state.step < units.count {
            let started = ContinuousClock.now
            let round = units[state.step..<min(state.step + Self.unitsInRound, units.count)]
            let mustStop = try gather(round, of: units.count, into: &state)
            state.seconds += started.duration(to: .now).inSeconds
            let isDue = saved.duration(to: .now) > .seconds(checkpointSeconds)
            guard state.step < units.count, mustStop || isDue else { continue }
            if communicator.rank == 0 { checkpoint.save(.init(state: state), arena, observer) }
            saved = .now
            if mustStop { throw StageFailure(.stopped, "stopped after unit \(state.step) of \(units.count)") }
        }
        let sums = arena.squareSums
        if estimate.examples == .mean { scale_by(sums.count, 1 / Float(units.count), sums.baseAddress) }
        (state.lastLoss, state.stepSeconds) = (state.lossSum / Double(units.count), state.seconds)
        return state
    }

    /// Units between two sums over the ranks. Where a checkpoint falls changes no bit, since sums are made after as many
    /// units with and without one.
    private static let unitsInRound = 64

    /// Adds one round to the sums.
    /// - Returns: whether rank 0 was asked to stop.
    private func gather(
        _ round: ArraySlice<ArraySlice<Int>>, of count: Int, into state: inout TrainingState
    ) throws -> Bool {
        let arena = stage.store.arena
        var loss = 0.0
        var tokens = 0
        for place in DataOrder.part(of: round.count, rank: communicator.rank, of: communicator.size) {
            let number = round.startIndex + place
            let sums = add(round[number], number: number)
            loss += sums.loss
            tokens += sums.tokens
        }
        let wantsStop = communicator.rank == 0 && observer.shouldStop
        let sums = try communicator.sum([loss, Double(tokens), wantsStop ? 1 : 0])
        try communicator.sum(arena.roundSums)
        arena.endRound(compute)
        state.step += round.count
        state.lossSum += sums[0]
        state.tokens += Int(sums[1])
        if communicator.rank == 0 {
            let mean = state.lossSum / Double(state.step)
            observer.progressed(step: state.step, of: count, loss: mean, tokensPerSecond: 0)
        }
        return sums[2] > 0
    }

    /// Examples or batches, in the order of the file or in one drawn by seed.
    private var units: [ArraySlice<Int>] {
        let size = estimate.unit == .example ? 1 : stage.recipe.batch
        let shuffle: Shuffle = estimate.mode == .train ? .once : .never
        let order = DataOrder.order(
            epoch: 0, count: stage.trainingExamples.count, seed: stage.seed, shuffle: shuffle)
        let examples = order.map { stage.trainingExamples[$0] }
        return stride(from: 0, to: examples.count, by: size).map { examples[$0..<min($0 + size, examples.count)] }
    }

    /// Adds the squared gradient of the unit's loss.
    /// - Parameter number: of the unit, by which what drops out is drawn.
    private func add(_ unit: ArraySlice<Int>, number: Int) -> (loss: Double, tokens: Int) {
        switch estimate.label {
        case .gold:
            let labels = stage.lossWeight(of: unit)
            let step = estimate.mode == .train ? number : 0
            let sums = stage.learner.learn(unit, step: step, scale: addsTokens ? 1 : 1 / labels)
            stage.store.arena.addSquaresToRound(weight: 1, clip: estimate.clip, compute)
            return (sums.loss / labels, sums.tokens)
        case .expected: return addExpectation(over: unit)
        }
    }

    /// Whether a unit's loss is the sum of its labels' losses, not their mean.
    private var addsTokens: Bool { estimate.unit == .batch ? stage.recipe.loss == .sum : estimate.tokens == .sum }

    /// Σ over the labels of the model's probability times the squared gradient with that label; of a batch, that of its
    /// examples one by one.
    private func addExpectation(over unit: ArraySlice<Int>) -> (loss: Double, tokens: Int) {
        var total = (loss: 0.0, tokens: 0)
        for example in unit {
            let outputs = stage.learner.outputs(of: example)
            let (exponentials, sum) = exponentials(of: outputs)
            for (label, exponential) in exponentials.enumerated() {
                let sums = stage.learner.learn(example, as: label)
                stage.store.arena.addSquaresToRound(
                    weight: exponential / sum / Double(unit.count), clip: estimate.clip, compute)
                total.loss += sums.loss * exponential / sum / Double(unit.count)
                total.tokens += sums.tokens
            }
        }
        return total
    }
}
