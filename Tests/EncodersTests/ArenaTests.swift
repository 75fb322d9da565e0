import Encoders
import Numerics
import Testing

struct ArenaTests {
    private let compute = Compute(threads: 2)

    /// The word embedding's rows without gradient and moments take a shorter way; the bits must be the same.
    @Test func `rows that were never touched are updated as all others`() throws {
        let (sparse, full) = (try TestModel(.bert), try TestModel(.bert))
        for step in 1...4 {
            let batch = makeBatch([2, 3], SmallModel.bert.configuration, firstExample: 10 * step)
            for test in [sparse, full] { test.learn(batch, dropout: someDropout) }
            let rows = try #require(full.model.store.arena.rows)
            rows.touchAll()
            for test in [sparse, full] {
                test.model.store.arena.update(AdamW(weightDecay: 0.1), number: step, rate: 0.01, compute)
                test.model.store.publishValues()
            }
        }
        #expect(sparse.model.store.arena.values.elementsEqual(full.model.store.arena.values))
        #expect(sparse.model.store.arena.secondMoments.elementsEqual(full.model.store.arena.secondMoments))
    }

    @Test func `a step clears all gradients and marks`() throws {
        let test = try TestModel(.bert)
        test.learn(makeBatch([5, 9], SmallModel.bert.configuration))
        let arena = test.model.store.arena
        let rows = try #require(arena.rows)
        #expect(rows.touched.contains(1) && rows.touched.contains(0))
        arena.update(AdamW(), number: 1, rate: 0.01, compute)
        #expect(arena.gradients.allSatisfy { $0 == 0 })
        #expect(rows.touched.allSatisfy { $0 == 0 })
    }

    @Test func `the norm is that of all gradients`() throws {
        let test = try TestModel(.bert)
        test.learn(makeBatch([5, 9], SmallModel.bert.configuration))
        let arena = test.model.store.arena
        let expected = arena.gradients.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(arena.squaredGradientNorm(compute) / expected - 1) < 1e-12)
    }

    @Test func `decay acts on matrices and embeddings alone`() throws {
        let test = try TestModel(.bert)
        let arena = test.model.store.arena
        let initial = Array(arena.values)
        arena.update(AdamW(weightDecay: 0.5), number: 1, rate: 0.1, compute)
        for segment in arena.segments {
            let role = test.model.store.table.parameters[segment.parameter].role
            let keep: Float = role == .matrix || role == .embedding ? Float(1 - 0.1 * 0.5) : 1
            #expect(segment.range.allSatisfy { arena.values[$0] == initial[$0] * keep })
        }
    }

    /// In double precision, with `decay` 0.9 and two layers:
    ///
    ///     ps = [torch.nn.Parameter(torch.tensor([1.0, -0.5])) for _ in range(4)]
    ///     groups = [{"params": [p], "lr": 0.01 * 0.9**k} for p, k in zip(ps, (3, 2, 1, 0))]
    ///     optimizer = torch.optim.AdamW(groups, weight_decay=0.1)
    ///     for step in range(5):
    ///         for p in ps: p.grad = torch.tensor([0.3 - 0.1 * step, 0.2 * step])
    ///         optimizer.step()
    @Test func `the rate falls from layer to layer as that of parameter groups in PyTorch`() throws {
        let expected: [[Float]] = [
            [0.9668673100678011, -0.5225451145976765], [0.963192732489624, -0.5250473342420824],
            [0.9591114696842431, -0.5278269234770293], [0.9545787094320011, -0.5309145476792516],
        ]
        let store = try TestModel(.bert).model.store
        let arena = store.arena
        let starts = try [Parameter.Place.embeddings, .layer(0), .layer(1), .head].map { place in
            try #require(
                arena.segments.first {
                    let parameter = store.table.parameters[$0.parameter]
                    return parameter.place == place && parameter.decays
                }
            ).range.lowerBound
        }
        for start in starts { (arena.values[start], arena.values[start + 1]) = (1, -0.5) }
        for step in 0..<5 {
            for start in starts {
                arena.gradients[start] = 0.3 - 0.1 * Float(step)
                arena.gradients[start + 1] = 0.2 * Float(step)
            }
            arena.rows?.touchAll()
            arena.update(
                AdamW(weightDecay: 0.1), number: step + 1, rate: 0.01, shares: store.rateShares(layerDecay: 0.9),
                compute)
        }
        for (start, values) in zip(starts, expected) {
            for (place, value) in values.enumerated() { #expect(abs(arena.values[start + place] - value) < 1e-6) }
        }
        #expect(store.rateShares(layerDecay: 1).isEmpty)
    }

    @Test func `moments that were restored are used again`() throws {
        let (first, second) = (try TestModel(.bert), try TestModel(.bert))
        let batches = (1...2).map { makeBatch([5, 9], SmallModel.bert.configuration, firstExample: 10 * $0) }
        first.learn(batches[0])
        first.model.store.arena.update(AdamW(), number: 1, rate: 0.01, compute)
        let (from, to) = (first.model.store.arena, second.model.store.arena)
        for block in [\Arena.values, \.firstMoments, \.secondMoments] {
            _ = to[keyPath: block].update(from: from[keyPath: block])
        }
        to.momentsWereRestored()
        for test in [first, second] { test.model.store.publishValues() }
        for test in [first, second] {
            test.learn(batches[1])
            test.model.store.arena.update(AdamW(), number: 2, rate: 0.01, compute)
        }
        #expect(from.values.elementsEqual(to.values))
    }

    @Test func `segments follow the table without gaps`() throws {
        let arena = try TestModel(.bert).model.store.arena
        #expect(arena.segments.map(\.range.lowerBound) == [0] + arena.segments.dropLast().map(\.range.upperBound))
        #expect(arena.segments.last?.range.upperBound == arena.count)
        #expect(arena.segments.map(\.parameter) == Array(arena.segments.indices))
        #expect(Int(bitPattern: arena.values.baseAddress).isMultiple(of: 64))
    }
}
