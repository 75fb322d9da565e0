import Experiments
import Files
import Numerics
import TestKit
import Testing
import Training

struct DataOrderTests {
    @Test func `every epoch visits each example once, in an order of its own`() {
        let first = DataOrder.order(epoch: 0, count: 100, seed: 7, shuffle: .everyEpoch)
        let second = DataOrder.order(epoch: 1, count: 100, seed: 7, shuffle: .everyEpoch)
        #expect(first.sorted() == Array(0..<100))
        #expect(second.sorted() == Array(0..<100))
        #expect(first != second)
        #expect(first != Array(0..<100))
    }

    @Test func `an order is a function of seed and epoch alone`() {
        let order = { DataOrder.order(epoch: 3, count: 50, seed: $0, shuffle: .everyEpoch) }
        #expect(order(1) == order(1))
        #expect(order(1) != order(2))
    }

    @Test func `without shuffling the file's order stays`() {
        #expect(DataOrder.order(epoch: 5, count: 4, seed: 1, shuffle: .never) == [0, 1, 2, 3])
    }

    @Test func `an order that is drawn once is that of every epoch`() {
        let order = { DataOrder.order(epoch: $0, count: 100, seed: $1, shuffle: .once) }
        #expect(order(0, 7) == DataOrder.order(epoch: 0, count: 100, seed: 7, shuffle: .everyEpoch))
        #expect(order(5, 7) == order(0, 7))
        #expect(order(0, 8) != order(0, 7))
    }

    @Test(arguments: [1, 2, 3, 4, 9])
    func `each example of a batch goes to exactly one rank, and tokens are shared evenly`(ranks: Int) {
        let batch = [11, 4, 7, 0, 2, 9, 5, 3]
        let length = { (example: Int) in 10 + example % 5 * 7 }
        let shares = (0..<ranks).map { DataOrder.share(of: batch, lengths: length, rank: $0, of: ranks) }
        #expect(shares.flatMap { $0 }.sorted() == batch.sorted())
        let tokens = shares.map { $0.reduce(0) { $0 + length($1) } }
        #expect(tokens.max()! - tokens.min()! <= 38, "the longest example bounds the difference")
        for share in shares {
            #expect(share == batch.filter { share.contains($0) }, "a rank keeps the batch's order")
        }
    }

    @Test func `parts are contiguous and cover everything`() {
        let parts = (0..<3).map { DataOrder.part(of: 8, rank: $0, of: 3) }
        #expect(parts == [0..<2, 2..<5, 5..<8])
    }

    @Test func `a validation split takes its share once and by seed`() {
        let all = Array(0..<50)
        let split = DataOrder.split(all, validation: 0.2, seed: 3)
        #expect(split.validation.count == 10)
        #expect((split.training + split.validation).sorted() == all)
        #expect(split.validation != DataOrder.split(all, validation: 0.2, seed: 4).validation)
        #expect(DataOrder.split(all, validation: nil, seed: 3).training == all)
    }

    @Test func `stages of different seeds hold out the same where a seed is given for that`() {
        var recipe = Recipe()
        recipe.validation = 0.1
        let split = { (seed: UInt64) in DataOrder.split(count: 250, by: recipe, seed: seed).validation }
        #expect(split(1) != split(0))
        let own = split(7)
        recipe.validationSeed = 7
        #expect(split(1) == own && split(0) == own && own.count == 25)
    }

    /// What to freeze takes n examples and splits these; RTE has 2,490.
    @Test(arguments: [
        (100, ValidationBase.samples, 80, 20), (2000, .samples, 1600, 400), (9999, .samples, 1992, 498),
        (100, .all, 100, 498), (2000, .all, 1992, 498),
    ])
    func `samples are split, or drawn from what a split leaves`(
        samples: Int, base: ValidationBase, training: Int, validation: Int
    ) {
        var recipe = Recipe()
        recipe.samples = samples
        recipe.validation = 0.2
        recipe.validationBase = base
        recipe.batch = 1
        recipe.budget = .epochs(1)
        let split = DataOrder.split(count: 2490, by: recipe, seed: 5)
        #expect(split.training.count == training && split.validation.count == validation)
        #expect(Set(split.training).isDisjoint(with: split.validation))
        #expect(split.training == split.training.sorted() && split.validation == split.validation.sorted())
        let task = PlannedTask(
            definition: TinyTask.definition, content: Digest(of: []), trainCount: 2490)
        #expect(recipe.steps(on: task) == training, "the plan counts what is trained on")
        guard base == .samples, samples < 2490 else { return }
        // The rule, written out: a seeded shuffle's first n, of which a second one's first fifth is held out.
        let drawn = CounterRandom(seed: 5, purpose: RandomPurpose.samples).permutation(2490)[..<samples].sorted()
        let held = CounterRandom(seed: 5, purpose: RandomPurpose.split).permutation(samples)[..<(samples / 5)]
        #expect(split.validation == held.sorted().map { drawn[$0] })
        #expect(Set(split.training).union(split.validation) == Set(drawn))
    }
}
