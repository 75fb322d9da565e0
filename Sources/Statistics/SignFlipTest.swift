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
            var sum = 0.0
            drawSigns(draw, differences.count) { index, isMinus in
                sum += isMinus ? -differences[index] : differences[index]
            }
            return abs(sum) >= threshold
        }
        return Double(hits + 1) / Double(draws + 1)
    }

    @inline(__always)
    fileprivate static func drawSigns(_ draw: Int, _ count: Int, _ body: (_ index: Int, _ isMinus: Bool) -> Void) {
        let random = CounterRandom(seed: 0, purpose: RandomPurpose.signs, example: draw)
        for start in stride(from: 0, to: count, by: 32) {
            var signs = random.bits(start / 32)
            for index in start..<min(start + 32, count) {
                body(index, signs & 1 != 0)
                signs >>= 1
            }
        }
    }
}

/// The test of differences less a constant, for many constants: what a drawn pattern makes of the differences and of the
/// constant is summed up once.
struct ShiftedSignFlipTest {
    private let differences: [Double]
    private let draws: Int
    /// Of each pattern the sum of the differences, and that of its signs; none where all patterns are counted.
    private let patterns: [(sum: Double, signs: Double)]

    init(_ differences: [Double], draws: Int) {
        self.differences = differences
        self.draws = draws
        patterns = (0..<(differences.count > SignFlipTest.exactLimit ? draws : 0)).map { draw in
            var (sum, signs) = (0.0, 0.0)
            SignFlipTest.drawSigns(draw, differences.count) { index, isMinus in
                sum += isMinus ? -differences[index] : differences[index]
                signs += isMinus ? -1 : 1
            }
            return (sum, signs)
        }
    }

    /// Whether the test does not reject that all pairs differ by this much.
    func isKept(_ shift: Double) -> Bool { pValue(less: shift) >= SignFlipTest.level }

    private func pValue(less shift: Double) -> Double {
        let shifted = differences.map { $0 - shift }
        // Where a difference is 0 its sign is none, and other patterns are drawn.
        guard !patterns.isEmpty, !shifted.contains(0) else { return SignFlipTest(shifted, draws: draws).pValue }
        let threshold = abs(shifted.reduce(0, +)) - 1e-12 * shifted.map(abs).reduce(0, +)
        if threshold <= 0 { return 1 }
        let hits = patterns.count { abs($0.sum - shift * $0.signs) >= threshold }
        return Double(hits + 1) / Double(draws + 1)
    }
}
