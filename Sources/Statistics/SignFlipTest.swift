import Experiments
import Numerics

/// The paired permutation test (Fisher 1935): if neither of two methods were better, each difference could as well have
/// had the other sign. The p-value is the share of all sign patterns whose sum is at least as far from 0 as the one that
/// was observed: two-sided, and without any assumption on the distribution.
package struct SignFlipTest: Hashable, Sendable {
    package let pValue: Double
    /// Patterns that were drawn; nil where all were counted.
    package let draws: Int?

    /// The level below which a difference counts as shown.
    package static let level = 0.05
    /// Differences other than 0 up to which all patterns are counted.
    package static let exactLimit = 40

    package init(_ differences: [Double], draws: Int = 100_000) {
        // A difference of 0 is the same with either sign.
        let differences = differences.filter { $0 != 0 }
        // Sums that are equal but for rounding count as equal.
        let slack = 1e-12 * differences.map(abs).reduce(0, +)
        let threshold = abs(differences.reduce(0, +)) - slack
        if threshold <= 0 {
            pValue = 1
            self.draws = nil
        } else if differences.count <= Self.exactLimit {
            pValue = Self.shareBeyond(threshold, differences)
            self.draws = nil
        } else {
            pValue = Self.drawnShareBeyond(threshold, differences, draws)
            self.draws = draws
        }
    }

    /// The smallest p-value that this many differences other than 0 can have.
    package static func leastValue(pairs: Int) -> Double {
        pairs == 0 ? 1 : Double(sign: .plus, exponent: 1 - pairs, significand: 1)
    }

    /// The fewest pairs with which one of so many tests can fall below the level after Holm's correction: 6 for a single
    /// one, as of 2⁶ patterns two are as extreme as can be.
    package static func leastPairs(of tests: Int = 1) -> Int {
        var pairs = 1
        while Double(tests) * leastValue(pairs: pairs) >= level { pairs += 1 }
        return pairs
    }
}

extension SignFlipTest {
    /// Counts all patterns by halves: the sums of each half's patterns are sorted, and for each sum of one half those of
    /// the other that reach the threshold with it are the rest of the list from some place on, which only moves down.
    private static func shareBeyond(_ threshold: Double, _ differences: [Double]) -> Double {
        let middle = differences.count / 2
        let left = signedSums(differences[..<middle])
        let right = signedSums(differences[middle...])
        var count = 0
        var place = right.count
        for sum in left {
            while place > 0, sum + right[place - 1] >= threshold { place -= 1 }
            count += right.count - place
        }
        // Patterns come in pairs of opposite signs, so as many lie beyond the threshold on the other side.
        return 2 * Double(count) / (Double(left.count) * Double(right.count))
    }

    /// Sorted at every difference, as sorting joins two lists that are sorted already in one pass.
    private static func signedSums(_ differences: ArraySlice<Double>) -> [Double] {
        differences.reduce(into: [0.0]) { sums, difference in
            sums = (sums.map { $0 - difference } + sums.map { $0 + difference }).sorted()
        }
    }

    /// The observed pattern counts as one of those drawn, so that the value is never 0 (Phipson and Smyth 2010).
    private static func drawnShareBeyond(_ threshold: Double, _ differences: [Double], _ draws: Int) -> Double {
        let hits = (0..<draws).count { draw in
            let random = CounterRandom(seed: 0, purpose: RandomPurpose.signs, example: draw)
            var sum = 0.0
            for start in stride(from: 0, to: differences.count, by: 32) {
                var signs = random.bits(start / 32)
                for index in start..<min(start + 32, differences.count) {
                    sum += signs & 1 == 0 ? differences[index] : -differences[index]
                    signs >>= 1
                }
            }
            return abs(sum) >= threshold
        }
        return Double(hits + 1) / Double(draws + 1)
    }
}
