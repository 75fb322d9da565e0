package import Experiments
import Numerics

/// Which examples a step trains on and which rank takes which of them.
package enum DataOrder {
    /// The order in which an epoch visits `count` examples.
    /// It is a function of seed and epoch, so any epoch's order is known without the ones before it.
    package static func order(epoch: Int, count: Int, seed: UInt64, shuffle: Shuffle) -> [Int] {
        switch shuffle {
        case .everyEpoch: CounterRandom(seed: seed, purpose: RandomPurpose.order, step: epoch).permutation(count)
        case .once: CounterRandom(seed: seed, purpose: RandomPurpose.order, step: 0).permutation(count)
        case .never: Array(0..<count)
        }
    }

    /// The places of `count` examples that a recipe trains on, and those that it holds out to select on.
    package static func split(
        count: Int, by recipe: Recipe, seed: UInt64
    ) -> (training: [Int], validation: [Int]) {
        let all = Array(0..<count)
        let splitSeed = recipe.validationSeed ?? seed
        switch recipe.validationBase {
        case .all:
            let (training, validation) = split(all, validation: recipe.validation, seed: splitSeed)
            return (sample(recipe.samples, of: training, seed: seed), validation)
        case .samples:
            return split(sample(recipe.samples, of: all, seed: seed), validation: recipe.validation, seed: splitSeed)
        }
    }

    /// The examples that are trained on, and those of the share drawn by seed to select on; both in the file's order,
    /// and neither empty where there are two examples.
    package static func split(
        _ examples: [Int], validation share: Double?, seed: UInt64
    ) -> (training: [Int], validation: [Int]) {
        guard let share else { return (examples, []) }
        let held = Recipe.heldOut(share, of: examples.count)
        let drawn = CounterRandom(seed: seed, purpose: RandomPurpose.split).permutation(examples.count)
        return (drawn[held...].sorted().map { examples[$0] }, drawn[..<held].sorted().map { examples[$0] })
    }

    /// So many of the examples, drawn by seed and in the file's order; all where there are not more.
    package static func sample(_ count: Int?, of examples: [Int], seed: UInt64) -> [Int] {
        guard let count, count < examples.count else { return examples }
        let drawn = CounterRandom(seed: seed, purpose: RandomPurpose.samples).permutation(examples.count)
        return drawn[..<count].sorted().map { examples[$0] }
    }

    /// The examples of a global batch that one rank takes: the longest first, each to the rank with the fewest tokens
    /// so far. Every example goes to exactly one rank; a rank keeps them in the batch's order.
    package static func share(
        of batch: [Int], lengths: (Int) -> Int, rank: Int, of ranks: Int
    ) -> [Int] {
        guard ranks > 1 else { return batch }
        var tokens = [Int](repeating: 0, count: ranks)
        var mine: [Int] = []
        let longestFirst = batch.indices.sorted { (-lengths(batch[$0]), $0) < (-lengths(batch[$1]), $1) }
        for place in longestFirst {
            let lightest = tokens.indices.min { (tokens[$0], $0) < (tokens[$1], $1) } ?? 0
            tokens[lightest] += lengths(batch[place])
            if lightest == rank { mine.append(place) }
        }
        return mine.sorted().map { batch[$0] }
    }

    /// The contiguous part of `count` things that one rank works on.
    package static func part(of count: Int, rank: Int, of ranks: Int) -> Range<Int> {
        count * rank / ranks..<count * (rank + 1) / ranks
    }
}
