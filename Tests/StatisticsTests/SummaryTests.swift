import Statistics
import Testing

struct SummaryTests {
    @Test func `mean and deviation are those of the textbook`() throws {
        // NIST's example of a sample standard deviation: 2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and squares that sum to 32.
        let summary = try #require(Summary([2, 4, 4, 4, 5, 5, 7, 9]))
        #expect(summary.mean == 5)
        #expect(abs((summary.deviation ?? 0) - (32.0 / 7).squareRoot()) < 1e-15, "one rounding of a square root")
    }

    @Test func `numbers far from zero lose no digits`() throws {
        let summary = try #require(Summary([1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16]))
        #expect(summary.mean == 1e9 + 10)
        #expect(abs((summary.deviation ?? 0) - 30.0.squareRoot()) < 1e-12, "one rounding of a square root")
    }

    @Test func `a single score has no deviation, and no score no mean`() {
        #expect(Summary([0.5])?.mean == 0.5)
        #expect(Summary([0.5])?.deviation == nil)
        #expect(Summary([]) == nil)
    }

    @Test func `equal scores deviate by nothing`() {
        #expect(Summary([0.1, 0.1, 0.1])?.deviation == 0)
    }
}
