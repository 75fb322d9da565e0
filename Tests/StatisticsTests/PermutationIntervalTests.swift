import Numerics
import Statistics
import Testing

struct PermutationIntervalTests {
    private enum Purpose: UInt32 { case count, differences, shift }

    /// The bounds by the definition: with the difference c taken off all pairs, a sign pattern that turns the pairs of a
    /// set round is at least as extreme as the one observed, on its side, where the mean of the set lies beyond c, and
    /// the empty set always is. So the test keeps c from the k-th smallest mean to the k-th largest, with
    /// 2 (k + 1) / 2ⁿ the first share that is not below 0.05.
    private func enumerated(_ differences: [Double]) -> ClosedRange<Double>? {
        let means = (1..<(1 << differences.count)).map { set in
            let chosen = differences.indices.filter { set >> $0 & 1 == 1 }
            return chosen.map { differences[$0] }.reduce(0, +) / Double(chosen.count)
        }.sorted()
        let patterns = Double(1 << differences.count)
        let rank = (0...means.count).first { 2 * Double($0 + 1) / patterns >= 0.05 } ?? 0
        return rank == 0 ? nil : means[rank - 1]...means[means.count - rank]
    }

    @Test(arguments: [6, 7, 9, 12]) func `the bounds are those of all sets of pairs`(count: Int) throws {
        for differences in [Array(SignFlipTests.twenty[..<count]), Array(SignFlipTests.twenty[(20 - count)...])] {
            let expected = try #require(enumerated(differences))
            let interval = try #require(PairedDifferences([differences])?.permutationInterval())
            // Halving 40 times leaves 2e-12 of the spread, and sums that are equal but for 1e-12 count as equal.
            #expect(abs(interval.lowerBound - expected.lowerBound) < 1e-10)
            #expect(abs(interval.upperBound - expected.upperBound) < 1e-10)
        }
    }

    @Test func `six pairs that all differ reach from the least to the most`() throws {
        let interval = try #require(PairedDifferences([[0.3, 0.1, 0.2], [0.6, 0.5, 0.4]])?.permutationInterval())
        #expect(abs(interval.lowerBound - 0.1) < 1e-10 && abs(interval.upperBound - 0.6) < 1e-10)
    }

    @Test func `with too few pairs there are no bounds, where the bootstrap has some without 0`() throws {
        let three = try #require(PairedDifferences([[0.008, 0.03, 0.088]]))
        #expect(SignFlipTest(three.all).pValue == 0.25)
        #expect(three.interval(by: .permutation) == nil)
        #expect(try #require(three.interval(by: .bootstrap)).lowerBound > 0, "which is what contradicted p")
        #expect(PairedDifferences([[1, 1, 1, 1, 1]])?.permutationInterval() == nil)
    }

    @Test func `of so many pairs that patterns are drawn the interval ends where the test begins to reject`() throws {
        let differences = (0..<50).map { pair in
            Double(CounterRandom(seed: 3, purpose: Purpose.differences, example: pair).below(1_000, 0)) / 1_000 - 0.4
        }
        let interval = try #require(PairedDifferences([differences])?.permutationInterval())
        for (bound, outwards) in [(interval.lowerBound, -1e-4), (interval.upperBound, 1e-4)] {
            let pValue = { (shift: Double) in SignFlipTest(differences.map { $0 - shift }).pValue }
            #expect(pValue(bound - outwards) >= SignFlipTest.level && pValue(bound + outwards) < SignFlipTest.level)
        }
    }

    @Test func `differences that are equal are a point`() {
        #expect(PairedDifferences([[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]])?.permutationInterval() == 0.5...0.5)
        #expect(PairedDifferences([[0, 0, 0, 0, 0, 0]])?.permutationInterval() == 0...0)
    }

    @Test func `a bound that is 0 but for rounding is 0`() throws {
        // Three of the 127 sets are not rejected at 0: those of the two ties.
        let interval = try #require(PairedDifferences([[0, 0.1, 0.2, 0.3, 0, 0.1, 0.2]])?.permutationInterval())
        #expect(interval.lowerBound == 0)
    }

    /// Scores of an evaluation set with few examples: differences are multiples of 1/56, so ties and zeros abound, and
    /// sums are equal but for rounding.
    @Test func `the interval leaves out 0 exactly where p is below the level`() throws {
        var (contradictions, excluding, unbounded) = (0, 0, 0)
        for trial in 0..<1_500 {
            let draws = { (purpose: Purpose) in CounterRandom(seed: 1, purpose: purpose, example: trial) }
            let count = 2 + draws(.count).below(10, 0)
            let shift = draws(.shift).below(5, 0)
            let differences = (0..<count).map { pair in
                let first = draws(.differences).below(9, 2 * pair) + shift
                let second = draws(.differences).below(9, 2 * pair + 1)
                return Double(40 + first) / 56 - Double(40 + second) / 56
            }
            let pairs = try #require(PairedDifferences([differences]))
            let pValue = SignFlipTest(differences).pValue
            let interval = pairs.permutationInterval()
            let leavesOutZero = interval.map { !$0.contains(0) } ?? false
            if leavesOutZero != (pValue < SignFlipTest.level) { contradictions += 1 }
            if leavesOutZero { excluding += 1 }
            if interval == nil { unbounded += 1 }
            #expect((interval == nil) == (count < SignFlipTest.leastPairs()))
            #expect(interval?.contains(pairs.mean) ?? true)
        }
        #expect(contradictions == 0)
        #expect(excluding > 200 && unbounded > 300, "\(excluding) and \(unbounded): the trials are of all kinds")
    }

    @Test func `the interval holds the true difference in at least 95 of 100 trials`() throws {
        let trials = 1_000
        let held = try (0..<trials).count { trial in
            let random = CounterRandom(seed: 2, purpose: Purpose.differences, example: trial)
            let pairs = try #require(PairedDifferences([(0..<8).map { 0.3 + random.normal($0) }]))
            return try #require(pairs.permutationInterval()).contains(0.3)
        }
        // Of 2⁸ patterns 12 are rejected: 95.3 %, and the share deviates by 0.67 % over so many trials.
        #expect(abs(Double(held) / Double(trials) - (1 - 12.0 / 256)) < 0.02, "\(held)")
    }

    @Test func `drawn patterns do not contradict their interval either`() throws {
        for shift in 0..<6 {
            let random = CounterRandom(seed: 3, purpose: Purpose.differences, example: shift)
            // Every fifth is a tie.
            let differences = (0..<50).map { $0 % 5 == 0 ? 0 : random.normal($0) + 0.1 * Double(shift) }
            let pairs = try #require(PairedDifferences([differences]))
            let test = SignFlipTest(differences, draws: 999)
            let interval = try #require(pairs.permutationInterval(draws: 999))
            #expect(interval.contains(0) == (test.pValue >= SignFlipTest.level))
            // The interval of Student's t with 49 degrees of freedom is what many pairs come to; a thousand draws move
            // a bound by a few hundredths.
            let half = 2.0096 * (pairs.deviation ?? 0) / 50.0.squareRoot()
            #expect(abs(interval.lowerBound - (pairs.mean - half)) < 0.06)
            #expect(abs(interval.upperBound - (pairs.mean + half)) < 0.06)
        }
    }
}
