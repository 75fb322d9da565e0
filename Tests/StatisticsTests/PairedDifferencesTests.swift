import Statistics
import Testing

struct PairedDifferencesTests {
    @Test func `wins, losses, ties and the mean go over all pairs`() throws {
        let pairs = try #require(PairedDifferences([[1, -1, 0], [], [3, 2]]))
        #expect(pairs.strata.count == 2, "a stratum without pairs is none")
        #expect((pairs.wins, pairs.losses, pairs.ties) == (3, 1, 1))
        #expect(pairs.mean == 1)
        #expect(abs((pairs.deviation ?? 0) - 2.5.squareRoot()) < 1e-15, "one rounding of a square root")
        #expect(PairedDifferences([[], []]) == nil)
        #expect(PairedDifferences([[1]])?.deviation == nil)
    }

    @Test func `the bootstrap is that of SciPy on twenty pairs`() throws {
        let interval = try #require(PairedDifferences([SignFlipTests.twenty])?.bootstrapInterval())
        // scipy.stats.bootstrap((d,), np.mean, method='percentile', n_resamples=1_000_000) gives 0.1774 and 0.6825. With
        // 10,000 samples its own bounds move by up to 0.006 from seed to seed.
        #expect(abs(interval.lowerBound - 0.1774) < 0.008)
        #expect(abs(interval.upperBound - 0.6825) < 0.008)
    }

    @Test func `pairs are drawn within their stratum`() throws {
        let strata = [[1.0, 2, 4], [101.0, 103, 108]]
        let interval = try #require(PairedDifferences(strata)?.bootstrapInterval())
        // Every sample there can be: three of the first stratum and three of the second, 729 in all.
        let sums = strata.map { stratum in
            stratum.flatMap { a in stratum.flatMap { b in stratum.map { a + b + $0 } } }
        }
        let means = sums[0].flatMap { left in sums[1].map { (left + $0) / 6 } }.sorted()
        // The bounds are a step of a distribution whose steps lie up to 0.34 apart.
        #expect(abs(interval.lowerBound - means[18]) < 0.35)
        #expect(abs(interval.upperBound - means[710]) < 0.35)
        #expect(interval.lowerBound > 50, "as many of each stratum as it has")
    }

    @Test func `equal differences have no spread, and a lone pair has no interval`() {
        #expect(PairedDifferences([[0.5, 0.5, 0.5]])?.bootstrapInterval() == 0.5...0.5)
        #expect(PairedDifferences([[0.5, 0.7], [0.1]])?.bootstrapInterval() == nil)
    }

    @Test func `the pairs to show a difference follow from its mean and deviation`() throws {
        // Mean 1, and squares that sum to 40 over 7 degrees of freedom.
        let pairs = try #require(
            PairedDifferences([[3, -1, 3, -1, 3, -1, 1 + 8.0.squareRoot(), 1 - 8.0.squareRoot()]]))
        #expect(abs((pairs.deviation ?? 0) - (40.0 / 7).squareRoot()) < 1e-12)
        #expect(pairs.pairsToShowIt == 45, "(2.801585)² · 40 / 7 = 44.85")
        #expect(PairedDifferences([[1, 1.1, 0.9]])?.pairsToShowIt == 6, "fewer can never show anything")
        #expect(PairedDifferences([[1, -1]])?.pairsToShowIt == nil)
        #expect(PairedDifferences([[1]])?.pairsToShowIt == nil)
    }

    @Test func `the bootstrap over examples is NumPy's`() throws {
        // numpy.quantile of Matthews' correlation over 400,000 samples of these 100 pairs gives 0.357 and 0.704.
        let expected = (0..<100).map { $0 < 60 ? 1 - $0 % 2 : 1 }
        let predicted = expected.enumerated().map {
            ($0.offset % 7 == 0) != ($0.offset % 11 == 0) ? 1 - $0.element : $0.element
        }
        let score: ([Int]) -> Double? = { places in
            let count = { (label: Int, said: Int) in
                Double(places.count { expected[$0] == label && predicted[$0] == said })
            }
            let (a, b, c, d) = (count(1, 1), count(1, 0), count(0, 1), count(0, 0))
            return (a * d - b * c) / ((a + b) * (a + c) * (d + b) * (d + c)).squareRoot()
        }
        let interval = try #require(bootstrapInterval(examples: 100, resamples: 10_000, score))
        #expect(abs(interval.lowerBound - 0.3571) < 0.01)
        #expect(abs(interval.upperBound - 0.7043) < 0.01)
        #expect(bootstrapInterval(examples: 5, resamples: 10) { _ in 0.5 } == 0.5...0.5)
    }

    @Test func `a resample without a score is left out of the interval`() {
        #expect(bootstrapInterval(examples: 5, resamples: 10) { $0[0] == 0 ? nil : 0.5 } == 0.5...0.5)
        #expect(bootstrapInterval(examples: 5, resamples: 10) { _ in nil } == nil)
    }
}
