import CKernels
import Encoders
import Numerics

/// c₁·Σ|θ-θ0| + c₂·Σ(θ-θ0)² over the backbone, as part of the loss: its gradient joins that of the batch before clipping.
/// The reported loss is the task's alone.
struct DistancePenalty: StepRule {
    private let arena: Arena
    private let segments: [PulledSegment]
    private let l1: Float
    private let l2: Float
    private let compute: Compute

    init(_ arena: Arena, _ segments: [PulledSegment], l1: Double, l2: Double, _ compute: Compute) {
        self.arena = arena
        self.segments = segments
        self.l1 = Float(l1)
        self.l2 = Float(l2)
        self.compute = compute
    }

    func adjustGradients(step: Int) {
        // Every row of the word embedding that has moved is pulled, whether the batch has its word or not.
        arena.rows?.touchAll()
        for segment in segments {
            let values = arena.values.baseAddress! + segment.range.lowerBound
            let gradients = arena.gradients.baseAddress! + segment.range.lowerBound
            segment.forEachPass(compute) { part in
                let (start, first) = (part.lowerBound, segment.origin + part.lowerBound)
                if l1 > 0 { add_l1_gradient(part.count, l1, values + start, first, gradients + start) }
                if l2 > 0 { add_l2_gradient(part.count, l2, values + start, first, gradients + start) }
            }
        }
    }
}
