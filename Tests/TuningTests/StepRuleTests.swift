import Encoders
import Experiments
import Numerics
import Safetensors
import TestKit
import Testing
import Tuning

/// The passes of the methods against plain double-precision renderings of their formulas.
struct StepRuleTests {
    private let store: ParameterStore
    private let pretrained: [Double]
    private let folder: TemporaryFolder
    private let compute = Compute(threads: 2)

    init() throws {
        folder = try TemporaryFolder()
        try TinyModel.write(to: folder["model"])
        let backbone = try Backbone(directory: folder["model"])
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
        store = try ParameterStore(table: table, backbone: backbone) { _ in true }
        pretrained = store.arena.values.map(Double.init)
        let random = CounterRandom(seed: 9, purpose: RandomPurpose.order)
        for entry in store.arena.values.indices {
            store.arena.values[entry] += Float(0.1 * random.normal(2 * entry))
            store.arena.gradients[entry] = Float(random.normal(2 * entry + 1))
        }
    }

    private var values: [Double] { store.arena.values.map(Double.init) }
    private var gradients: [Double] { store.arena.gradients.map(Double.init) }

    /// The entries of the arena that belong to parameters of the backbone of a kind.
    private func entries(_ isMeant: (Parameter) -> Bool = { _ in true }) -> Set<Int> {
        Set(
            store.arena.segments.filter {
                let parameter = store.table.parameters[$0.parameter]
                return parameter.isOfBackbone && isMeant(parameter)
            }.flatMap { Array($0.range) })
    }

    private func rule(_ regularization: Regularization, statistics: SafetensorsFile? = nil) throws -> any StepRule {
        try #require(
            try regularization.rules(
                store, seed: 3, files: statistics.map { [.statistics: $0] } ?? [:], weightDecay: 0.3, compute
            ).first)
    }

    @Test func `the penalties add their gradients to those of the loss, of the backbone alone`() throws {
        let (before, values) = (gradients, values)
        try rule(Regularization(l1: 0.01, l2: 0.3)).adjustGradients(step: 0)
        let backbone = entries()
        for (entry, gradient) in gradients.enumerated() {
            let distance = values[entry] - pretrained[entry]
            let sign = distance > 0 ? 1.0 : distance < 0 ? -1 : 0
            let expected = before[entry] + (backbone.contains(entry) ? 0.01 * sign + 2 * 0.3 * distance : 0)
            #expect(abs(gradient - expected) <= 1e-6 * max(1, abs(expected)))
        }
    }

    @Test(arguments: [MixoutGradient.exact, .reference], [MixoutLayers.backbone, .all])
    func `mixout mixes weights, keeps their expectation, and passes the gradient of what it mixed`(
        gradient: MixoutGradient, layers: MixoutLayers
    ) throws {
        let p = 0.7
        var settings = Regularization(mixout: p)
        settings.mixoutGradient = gradient
        settings.mixoutLayers = layers
        let first = values
        let mixout = try rule(settings)
        for entry in store.arena.values.indices { store.arena.values[entry] += 0.01 * Float(entry % 7) }
        let (own, ownGradients) = (values, gradients)
        mixout.begin(step: 4)
        let mixed = values
        mixout.end(step: 4)
        #expect(values == own, "the arena's own values are back")
        let head = Set(
            store.arena.segments.filter { store.table.parameters[$0.parameter].name == "head.out.weight" }
                .flatMap { Array($0.range) })
        let matrices = entries { $0.role == .matrix }.union(layers == .all ? head : [])
        var back = 0
        for entry in mixed.indices {
            guard matrices.contains(entry) else {
                #expect(mixed[entry] == own[entry] && gradients[entry] == ownGradients[entry])
                continue
            }
            let origin = head.contains(entry) ? first[entry] : pretrained[entry]
            let dropped = (origin - p * origin) / (1 - p)
            let kept = (own[entry] - p * origin) / (1 - p)
            let isBack = gradients[entry] == 0
            back += isBack ? 1 : 0
            #expect(abs(mixed[entry] - (isBack ? dropped : kept)) < 1e-5)
            let scale = gradient == .exact ? 1 / (1 - p) : 1
            #expect(
                isBack || abs(gradients[entry] - ownGradients[entry] * scale) < 1e-5 * abs(ownGradients[entry]) * scale)
        }
        // Five standard deviations of a binomial count.
        let count = Double(matrices.count)
        #expect(abs(Double(back) - p * count) < 5 * (count * p * (1 - p)).squareRoot())
    }

    @Test(arguments: Precision.allCases)
    func `the network computes with what is mixed, for one step`(precision: Precision) throws {
        let model = Model(store: store, compute: compute, precision: precision)
        var batch = PackedBatch()
        batch.append(ids: [2, 7, 9, 3], example: 0)
        let logits = { Array(model.forward(batch)) }
        let own = logits()
        let mixout = try rule(Regularization(mixout: 0.7))
        mixout.begin(step: 4)
        let mixed = logits()
        let fresh = Model(store: store, compute: compute, precision: precision)
        #expect(mixed == Array(fresh.forward(batch)))
        mixout.end(step: 4)
        #expect(mixed != own)
        #expect(logits() == own)
    }

    @Test func `mixout by inputs sets whole columns back`() throws {
        var settings = Regularization(mixout: 0.5)
        settings.mixoutMask = .input
        let mixout = try rule(settings)
        mixout.begin(step: 0)
        mixout.end(step: 0)
        let segment = try #require(
            store.arena.segments.first { store.table.parameters[$0.parameter].name.hasSuffix("query.weight") })
        let inputs = store.table.parameters[segment.parameter].shape[1]
        let isBack = segment.range.map { store.arena.gradients[$0] == 0 }
        for place in isBack.indices { #expect(isBack[place] == isBack[place % inputs]) }
        #expect(Set(isBack).count == 2)
    }

    @Test func `free child-tuning keeps a share of the gradients and their expectation`() throws {
        let before = gradients
        try rule(Regularization(child: .free(share: 0.3))).adjustGradients(step: 2)
        let backbone = entries()
        var kept = 0
        for (entry, gradient) in gradients.enumerated() {
            if !backbone.contains(entry) {
                #expect(gradient == before[entry])
            } else if gradient != 0 {
                kept += 1
                #expect(abs(gradient - before[entry] / 0.3) < 1e-5 * abs(gradient))
            }
        }
        let count = Double(backbone.count)
        #expect(abs(Double(kept) - 0.3 * count) < 5 * (count * 0.3 * 0.7).squareRoot())
    }

    @Test func `driven child-tuning keeps the gradients at or above the quantile, and those of embeddings and head`()
        throws
    {
        let random = CounterRandom(seed: 5, purpose: RandomPurpose.order)
        var scores: [String: [Float]] = [:]
        for parameter in store.table.parameters where parameter.isOfBackbone {
            scores[parameter.name] = (0..<parameter.count).map { Float(random.uniform($0 + scores.count * 100_000)) }
        }
        let path = folder["statistics.safetensors"]
        try SafetensorsWriter.write(
            store.table.parameters.filter(\.isOfBackbone).map {
                TensorSource(name: $0.name, shape: $0.shape, floats: scores[$0.name]!)
            }, to: path)
        let before = gradients
        try rule(
            Regularization(child: .driven(share: 0.2)), statistics: try SafetensorsFile(path: path)
        ).adjustGradients(step: 0)
        let layers = store.table.parameters.filter { $0.isOfBackbone && $0.place != .embeddings }
        let sorted = layers.flatMap { scores[$0.name]! }.sorted()
        let place = 0.8 * Double(sorted.count - 1)
        let (low, high) = (Double(sorted[Int(place)]), Double(sorted[Int(place) + 1]))
        let threshold = low + (place - place.rounded(.down)) * (high - low)
        for segment in store.arena.segments {
            let parameter = store.table.parameters[segment.parameter]
            for (place, entry) in segment.range.enumerated() {
                let isFree = parameter.place == .head || parameter.place == .embeddings
                let isKept = isFree || Double(scores[parameter.name]![place]) >= threshold
                #expect(gradients[entry] == (isKept ? before[entry] : 0))
            }
        }
    }

    @Test func `a mask laid after clipping leaves the gradients to the norm, and masks them before the update`() throws
    {
        let before = gradients
        let child = try rule(Regularization(child: .free(share: 0.3, mask: .afterClipping)))
        child.adjustGradients(step: 2)
        #expect(gradients == before)
        child.beforeUpdate(step: 2)
        let after = gradients
        for entry in store.arena.gradients.indices { store.arena.gradients[entry] = Float(before[entry]) }
        try rule(Regularization(child: .free(share: 0.3))).adjustGradients(step: 2)
        #expect(gradients == after && after != before)
    }

    @Test func `recadam anneals from the pull to pretrained values to the optimizer's own step`() throws {
        let settings = RecAdam(rate: 0.5, start: 3, strength: 20)
        let recadam = try rule(Regularization(recadam: settings))
        let before = values
        recadam.beforeUpdate(step: 1)
        for entry in store.arena.values.indices { store.arena.values[entry] += 0.01 }
        let stepped = values
        recadam.afterUpdate(step: 1, rate: 0.02)
        // λ(2) = 1 / (1 + exp(-0.5 (2 - 3)))
        let share = 1 / (1 + 1.6487212707001282)
        let backbone = entries()
        for (entry, value) in values.enumerated() {
            let own = before[entry] + share * (stepped[entry] - before[entry])
            let pulled = own - 0.02 * (1 - share) * 20 * (own - pretrained[entry])
            #expect(abs(value - (backbone.contains(entry) ? pulled : stepped[entry])) < 1e-6)
        }
    }

    /// RecAdam.py of its authors: λ of Adam's step, the pull, and then `p.add_(-lr * weight_decay, p)`.
    @Test func `recadam's decay is not annealed where its authors' code is followed`() throws {
        let recadam = try rule(
            Regularization(recadam: RecAdam(rate: 0.5, start: 3, strength: 20, decay: .whole)))
        let before = values
        recadam.beforeUpdate(step: 1)
        // AdamW's own update: the decay first, then a step of 0.01.
        let (rate, share) = (0.02, 1 / (1 + 1.6487212707001282))
        let decaying = Set(
            store.arena.segments.filter { store.table.parameters[$0.parameter].decays }.flatMap { Array($0.range) })
        let keep = { (entry: Int) in decaying.contains(entry) ? 1 - rate * 0.3 : 1 }
        for entry in store.arena.values.indices {
            store.arena.values[entry] = Float(keep(entry) * before[entry] + 0.01)
        }
        let stepped = values
        recadam.afterUpdate(step: 1, rate: rate)
        let backbone = entries()
        for (entry, value) in values.enumerated() {
            var expected = before[entry] + share * 0.01
            expected -= rate * (1 - share) * 20 * (expected - pretrained[entry])
            expected *= keep(entry)
            #expect(abs(value - (backbone.contains(entry) ? expected : stepped[entry])) < 1e-6)
        }
    }

    @Test func `a random subset is exact, ascending, and another one for another seed`() {
        for (count, total) in [(1, 10), (3, 10), (9, 10), (10, 10), (1000, 100_000)] {
            let chosen = EntrySelection.drawn(count, of: total, seed: 1)
            #expect(chosen.count == count)
            #expect(chosen == Array(Set(chosen)).sorted())
            #expect(chosen.allSatisfy { 0 <= $0 && $0 < total })
        }
        #expect(
            EntrySelection.drawn(50, of: 1000, seed: 1) != EntrySelection.drawn(50, of: 1000, seed: 2))
    }

    @Test(arguments: [Pick.highest, .lowest])
    func `a ranking takes what sorting would take`(pick: Pick) {
        let random = CounterRandom(seed: 2, purpose: RandomPurpose.order)
        // Few different values, so that ties are decided too.
        let scores = (0..<5000).map { Float(random.below(700, $0)) / 7 }
        for count in [1, 17, 2500, 5000] {
            let sorted = scores.indices.sorted {
                let (one, other) = pick == .highest ? (-scores[$0], -scores[$1]) : (scores[$0], scores[$1])
                return (one, $0) < (other, $1)
            }
            #expect(EntrySelection.ranked(count, by: scores, pick) == sorted.prefix(count).sorted())
        }
    }
}
