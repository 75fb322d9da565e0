import CKernels
import Encoders
import Experiments
import Numerics
import Safetensors

/// Child-Tuning_F (Xu et al. 2021, section 2.2): in each step, every entry's gradient times Bernoulli(p) / p.
struct FreeChildTuning: StepRule {
    private let arena: Arena
    private let segments: [PulledSegment]
    private let share: Double
    private let seed: UInt64
    private let compute: Compute

    init(_ arena: Arena, _ segments: [PulledSegment], share: Double, seed: UInt64, _ compute: Compute) {
        self.arena = arena
        self.segments = segments
        self.share = share
        self.seed = seed
        self.compute = compute
    }

    func adjustGradients(step: Int) {
        guard share < 1 else { return }
        let threshold = UInt32(min((1 - share) * 0x1p32, 0xFFFF_FFFF))
        for segment in segments {
            let gradients = arena.gradients.baseAddress! + segment.range.lowerBound
            let random = CounterRandom(
                seed: seed, purpose: RandomPurpose.childTuning, step: step, example: segment.index)
            segment.forEachPass(compute, random) { part, bits in
                drop_gradient(part.count, bits, threshold, Float(1 / share), gradients + part.lowerBound)
            }
        }
    }
}

/// Child-Tuning_D (Xu et al. 2021, section 2.3): of the layers' entries, those whose Fisher information is at or above
/// the (1-p) quantile keep their gradient, the others get none, for the whole stage. Embeddings, pooler and head are
/// free.
/// Decay still acts on all entries, as in the authors' code.
struct DrivenChildTuning: StepRule {
    private let arena: Arena
    private let compute: Compute
    /// For each segment the places, within it, of the entries without gradient.
    private let still: [(start: Int, places: [Int32])]

    init(
        _ store: ParameterStore, _ segments: [PulledSegment], share: Double, _ statistics: SafetensorsFile,
        _ compute: Compute
    ) throws(ModelError) {
        arena = store.arena
        self.compute = compute
        let entries = BackboneEntries(store.table)
        let scores = try entries.values(in: statistics)
        let layers = segments.filter { if case .layer = $0.parameter.place { true } else { false } }
        let scoresOfSegments = layers.map { segment in
            let all = entries.scores(ofParameter: segment.index, in: scores)
            return segment.entries.map { $0.map { all[all.startIndex + Int($0)] } } ?? Array(all)
        }
        let threshold = EntrySelection.quantile(1 - share, of: scoresOfSegments.flatMap(\.self))
        still = zip(layers, scoresOfSegments).map { segment, scores in
            (segment.range.lowerBound, scores.indices.filter { scores[$0] < threshold }.map { Int32($0) })
        }
    }

    func adjustGradients(step: Int) {
        let gradients = arena.gradients.baseAddress!
        for (start, places) in still {
            compute.forEach(places.count, grain: Arena.blockCount) { part in
                for place in part { gradients[start + Int(places[place])] = 0 }
            }
        }
    }
}
