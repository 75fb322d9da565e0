import CKernels
import Encoders
import Experiments
import Numerics

/// Mixout (Lee et al. 2020, eq. 5) of linear layers: for one step each weight is back at its pretrained value, or one of the
/// head at its first value, with probability p, and the result is scaled so that its expectation is the weight itself:
/// W' = (M∘W0 + (1-M)∘W - p W0) / (1-p). The mask is the same for all examples of a step, and so on all ranks.
struct Mixout: StepRule {
    private let store: ParameterStore
    private let segments: [PulledSegment]
    private let probability: Double
    private let mask: MixoutMask
    private let gradientScale: Float
    private let seed: UInt64
    private let compute: Compute
    /// The arena's own values while the network computes with mixed ones.
    private let saved: FloatBuffer

    init(
        _ store: ParameterStore, _ segments: [PulledSegment], probability: Double, mask: MixoutMask,
        gradient: MixoutGradient,
        seed: UInt64, _ compute: Compute
    ) {
        self.store = store
        self.segments = segments.filter { $0.parameter.role == .matrix }
        self.probability = probability
        self.mask = mask
        gradientScale = gradient == .exact ? Float(1 / (1 - probability)) : 1
        self.seed = seed
        self.compute = compute
        saved = FloatBuffer(count: store.arena.count)
    }

    private var arena: Arena { store.arena }
    private var threshold: UInt32 { UInt32(probability * 0x1p32) }

    func begin(step: Int) {
        for segment in segments {
            let values = arena.values.baseAddress! + segment.range.lowerBound
            let saved = saved.start + segment.range.lowerBound
            forEachDecision(segment, step) { part, bits in
                (saved + part.lowerBound).update(from: values + part.lowerBound, count: part.count)
                mixout_blend(
                    part.count, bits, threshold, Float(probability), Float(1 / (1 - probability)),
                    segment.origin + part.lowerBound, saved + part.lowerBound, values + part.lowerBound)
            }
        }
        store.valuesChanged()
    }

    var changesOwnGradients: Bool { true }

    /// The gradient of W is (1-M)/(1-p) times that of W'.
    func end(step: Int) {
        for segment in segments {
            let start = segment.range.lowerBound
            forEachDecision(segment, step) { part, bits in
                let place = start + part.lowerBound
                (arena.values.baseAddress! + place).update(from: saved.start + place, count: part.count)
                drop_gradient(part.count, bits, threshold, gradientScale, arena.gradients.baseAddress! + place)
            }
        }
        store.valuesChanged()
    }

    /// Parts of a segment with the random bits of each of their entries.
    private func forEachDecision(
        _ segment: PulledSegment, _ step: Int, _ body: (Range<Int>, UnsafePointer<UInt32>) -> Void
    ) {
        let random = CounterRandom(seed: seed, purpose: RandomPurpose.mixout, step: step, example: segment.index)
        switch mask {
        case .entry: segment.forEachPass(compute, random, body)
        case .input:
            let inputs = segment.parameter.shape[1]
            let row = random.bits(count: inputs)
            row.withUnsafeBufferPointer { row in
                compute.forEach(segment.range.count / inputs, grain: Grain.rows) { rows in
                    for number in rows { body(number * inputs..<(number + 1) * inputs, row.baseAddress!) }
                }
            }
        }
    }
}
