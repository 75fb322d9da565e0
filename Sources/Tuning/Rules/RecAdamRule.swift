import CKernels
import Encoders
import Experiments
import Foundation
import Numerics

/// RecAdam (Chen et al. 2020, algorithm 1) of the backbone: λ(t) of the optimizer's step, and a decoupled pull of
/// η (1 - λ(t)) γ towards θ0. AdamW's decay is part of that step, or acts after both.
struct RecAdamRule: StepRule {
    private let arena: Arena
    private let segments: [PulledSegment]
    private let settings: RecAdam
    private let weightDecay: Double
    private let compute: Compute
    private let before: FloatBuffer

    init(
        _ arena: Arena, _ segments: [PulledSegment], _ settings: RecAdam, weightDecay: Double, _ compute: Compute
    ) {
        self.arena = arena
        self.segments = segments
        self.settings = settings
        self.weightDecay = weightDecay
        self.compute = compute
        before = FloatBuffer(count: arena.count)
    }

    func beforeUpdate(step: Int) {
        for segment in segments {
            let start = segment.range.lowerBound
            segment.forEachPass(compute) { part in
                let place = start + part.lowerBound
                (before.start + place).update(from: arena.values.baseAddress! + place, count: part.count)
            }
        }
    }

    func afterUpdate(step: Int, rate: Double) {
        let share = 1 / (1 + exp(-settings.rate * (Double(step + 1) - settings.start)))
        let pull = rate * (1 - share) * settings.strength
        for segment in segments {
            let start = segment.range.lowerBound
            let keep = settings.decay == .whole && segment.parameter.decays ? 1 - rate * weightDecay : 1
            segment.forEachPass(compute) { part in
                let place = start + part.lowerBound
                recadam_step(
                    part.count, Float(share), Float(pull), Float(keep), before.start + place,
                    segment.origin + part.lowerBound,
                    arena.values.baseAddress! + place)
            }
        }
    }
}
