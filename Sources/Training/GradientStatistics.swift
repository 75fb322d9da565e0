import CKernels
import Collectives
import Encoders
import Experiments
import Foundation
import Numerics
import Tasks
import Tuning

/// Gathers the mean over examples or batches of the squared gradients of the backbone's entries: the diagonal of the
/// Fisher information (methods.md; Sung et al. 2021, eq. 3 for the observed label, eq. 2 for the model's own). Dropout is
/// off, and nothing moves.
///
/// The sums stand in the arena's second moments, which nothing else needs here.
struct GradientStatistics {
    private let stage: PreparedStage
    private let communicator: any Communicator
    private let observer: any StageObserver
    private let compute: Compute
    private let estimate: Estimate

    init(
        _ stage: PreparedStage, _ estimate: Estimate, _ communicator: any Communicator, _ compute: Compute,
        _ observer: any StageObserver
    ) {
        self.stage = stage
        self.estimate = estimate
        self.communicator = communicator
        self.compute = compute
        self.observer = observer
    }

    /// - Returns: the state at the end; its loss is the mean over the units.
    func run() throws -> TrainingState {
        let started = ContinuousClock.now
        let units = self.units
        let mine = DataOrder.part(of: units.count, rank: communicator.rank, of: communicator.size)
        var loss = 0.0
        var tokens = 0
        for (done, unit) in units[mine].enumerated() {
            let sums = add(unit)
            loss += sums.loss
            tokens += sums.tokens
            guard communicator.rank == 0 else { continue }
            // It is short beside training; stopped, it begins anew.
            if observer.shouldStop { break }
            observer.progressed(step: done + 1, of: mine.count, loss: sums.loss, tokensPerSecond: 0)
        }
        let wasStopped = communicator.rank == 0 && observer.shouldStop
        let sums = try communicator.sum([loss, Double(tokens), wasStopped ? 1 : 0])
        guard sums[2] == 0 else { throw StageFailure(.stopped, "stopped while gathering statistics") }
        try communicator.sum(stage.store.arena.secondMoments)
        let squares = stage.store.arena.secondMoments
        scale_by(squares.count, 1 / Float(units.count), squares.baseAddress)
        var state = TrainingState()
        (state.step, state.lastLoss, state.tokens) = (units.count, sums[0] / Double(units.count), Int(sums[1]))
        state.seconds = started.duration(to: .now).inSeconds
        state.stepSeconds = state.seconds
        return state
    }

    /// Examples, or batches in the file's order.
    private var units: [ArraySlice<Int>] {
        let size = estimate.unit == .example ? 1 : stage.recipe.batch
        let examples = stage.trainingExamples
        return stride(from: 0, to: examples.count, by: size).map { examples[$0..<min($0 + size, examples.count)] }
    }

    /// Adds the squared gradient of the unit's mean loss.
    private func add(_ unit: ArraySlice<Int>) -> (loss: Double, tokens: Int) {
        switch estimate.label {
        case .gold:
            let labels = Double(stage.labelCount(of: unit))
            let sums = stage.learner.learn(unit, step: 0, scale: 1 / labels)
            stage.store.arena.moveSquaresToSecondMoments(weight: 1, clip: estimate.clip, compute)
            return (sums.loss / labels, sums.tokens)
        case .expected: return addExpectation(over: unit)
        }
    }

    /// Σ over the labels of the model's probability times the squared gradient with that label; of a batch, that of its
    /// examples one by one.
    private func addExpectation(over unit: ArraySlice<Int>) -> (loss: Double, tokens: Int) {
        var total = (loss: 0.0, tokens: 0)
        for example in unit {
            let outputs = stage.learner.outputs(of: example)
            let highest = outputs.max() ?? 0
            let exponentials = outputs.map { exp(Double($0 - highest)) }
            let sum = exponentials.reduce(0, +)
            for (label, exponential) in exponentials.enumerated() {
                let sums = stage.learner.learn(example, as: label)
                stage.store.arena.moveSquaresToSecondMoments(
                    weight: exponential / sum / Double(unit.count), clip: estimate.clip, compute)
                total.loss += sums.loss * exponential / sum / Double(unit.count)
                total.tokens += sums.tokens
            }
        }
        return total
    }
}
