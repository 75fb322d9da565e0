import Statistics
import Testing

struct SignFlipTests {
    /// Differences and what SciPy 1.16 makes of them:
    ///
    ///     permutation_test((d, zeros(len(d))), lambda x, y, axis: (x - y).sum(axis=axis),
    ///                      permutation_type='samples', vectorized=True, n_resamples=inf).pvalue
    static let references: [([Double], Double)] = [
        ([0.02, 0.01, -0.005, 0.03], 0.25),
        ([0.02, 0.01, 0.005, 0.03, 0.011, 0.007], 0.03125),
        ([1, 1, 1, -1, 1, 1, 1, 1, -1, 1], 0.109375),
        ([0.5, 0, 0.25, -0.125, 0, 0.75, 0.5], 0.125),
        (
            [-0.018, 0.009, -0.027, -0.036, 0, -0.009, -0.018, -0.045, 0.018, -0.009, -0.027, -0.018],
            0.025390625
        ),
        (twenty, 0.0048198699951171875),
    ]

    static let twenty = [
        0.746, 1.222, 0.73, -0.903, 1.305, 0.846, -0.137, 0.981, 0.765, 0.694, 0.428, 0.947, -0.336, 0.237, -0.082,
        0.999, 0.44, 0.108, -0.382, 0.143,
    ]

    @Test(arguments: references) func `the p-value is that of SciPy`(_ differences: [Double], _ expected: Double) {
        let test = SignFlipTest(differences)
        #expect(test.pValue == expected, "both count patterns, and counts over powers of two are exact")
        #expect(test.draws == nil)
        #expect(SignFlipTest(differences.map { -$0 }).pValue == expected, "either side counts")
    }

    @Test func `all patterns of many pairs are counted too`() {
        // Whole numbers, so that the number of patterns for each sum can be had one pair at a time.
        let differences = (0..<SignFlipTest.exactLimit).map { $0 % 7 - ($0 % 5 == 0 ? 4 : 1) }.filter { $0 != 0 }
        var patterns = [0: 1.0]
        for difference in differences {
            var next: [Int: Double] = [:]
            for (sum, count) in patterns {
                next[sum + difference, default: 0] += count
                next[sum - difference, default: 0] += count
            }
            patterns = next
        }
        let observed = abs(differences.reduce(0, +))
        let beyond = patterns.filter { abs($0.key) >= observed }.values.reduce(0, +)
        let expected = beyond / patterns.values.reduce(0, +)
        #expect(expected > 0.0001 && expected < 0.5)
        #expect(SignFlipTest(differences.map(Double.init)).pValue == expected)
    }

    @Test func `sums that differ by rounding alone are equal`() {
        // 0.1 + 0.2 is not 0.3 in binary; the patterns + + - and - - + both have the sum 0 that was observed.
        #expect(SignFlipTest([0.1, 0.2, -0.3]).pValue == 1)
        #expect(SignFlipTest([0.1, 0.2, 0.3]).pValue == 0.25)
    }

    @Test func `more pairs than can be counted are drawn, always the same`() {
        let differences = (0..<2).flatMap { _ in Self.twenty } + [0.1, -0.1, 0.2]
        let test = SignFlipTest(differences)
        #expect(test.draws == 100_000)
        #expect(test == SignFlipTest(differences))
        // The exact value of the forty is 0.00004; a draw in 20,000 or so is as extreme.
        #expect(test.pValue > 0 && test.pValue < 0.0005)
        let even = (0..<60).map { $0 % 2 == 0 ? 1.0 : -0.9 }
        // A sum of 3 where the deviation of the sums is 7.4: two thirds of the normal distribution lie farther out.
        #expect(abs(SignFlipTest(even).pValue - 0.69) < 0.02, "the sums are steps of 0.1 to 2, the normal is smooth")
    }

    @Test func `no difference at all is no evidence`() {
        #expect(SignFlipTest([0, 0, 0]).pValue == 1)
        #expect(SignFlipTest([]).pValue == 1)
    }

    @Test(arguments: 1...8) func `the least value is reached when one method always wins`(pairs: Int) {
        let least = SignFlipTest.leastValue(pairs: pairs)
        #expect(SignFlipTest([Double](repeating: 1, count: pairs)).pValue == least)
        #expect((least < SignFlipTest.level) == (pairs >= SignFlipTest.leastPairs()))
    }
}
