/// Differences between paired scores, those of each stratum (a task) by themselves: pairs of one stratum are alike, pairs
/// of different strata need not be.
package struct PairedDifferences: Hashable, Sendable {
    /// No stratum is empty.
    package let strata: [[Double]]
    /// The differences of all strata, in their order.
    package let all: [Double]

    /// - Returns: nil where there is no pair at all.
    package init?(_ strata: [[Double]]) {
        self.strata = strata.filter { !$0.isEmpty }
        all = strata.flatMap { $0 }
        if all.isEmpty { return nil }
    }

    /// Every pair counts the same.
    package var mean: Double { all.reduce(0, +) / Double(all.count) }

    /// Around the mean of all pairs, with n - 1 in the denominator; nil for a single pair.
    package var deviation: Double? {
        guard all.count > 1 else { return nil }
        let mean = mean
        let squares = all.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        return (squares / Double(all.count - 1)).squareRoot()
    }

    package var wins: Int { all.count { $0 > 0 } }
    package var losses: Int { all.count { $0 < 0 } }
    package var ties: Int { all.count { $0 == 0 } }
}

extension PairedDifferences {
    /// The pairs that would show a difference of this mean and deviation at a two-sided level of 0.05 with a chance of
    /// 0.8, by the normal approximation; nil where no number of pairs would, or nothing is known of the deviation.
    package var pairsToShowIt: Int? {
        // With the 0.8 quantile of the normal distribution.
        let quantiles = normalBound + 0.841621
        guard let deviation, mean != 0 else { return nil }
        let ratio = quantiles * deviation / mean
        let pairs = (ratio * ratio).rounded(.up)
        guard pairs < 1e9 else { return nil }
        return max(SignFlipTest.leastPairs(), Int(pairs))
    }
}
