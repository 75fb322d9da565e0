import Experiments
import Testing

struct ReductionCostTests {
    private let cost = ReductionCost(bytesPerSecond: 1e9, latency: 1e-5)

    @Test func `a rank sends nearly twice what it gives, whatever the number of ranks`() {
        #expect(cost.seconds(bytes: 1 << 20, ranks: 1) == 0)
        // 2 messages of half a bucket each.
        #expect(abs(cost.seconds(bytes: 1 << 20, ranks: 2) - (2e-5 + 0x1p20 / 1e9)) < 1e-12)
        // Three buckets, 7 other ranks.
        let bytes = 10 << 20
        #expect(abs(cost.seconds(bytes: bytes, ranks: 8) - (42e-5 + 1.75 * Double(bytes) / 1e9)) < 1e-12)
        #expect(cost.seconds(bytes: 0, ranks: 8) == 0)
    }

    @Test func `what the backward pass hides costs nothing, but for what is final at its end`() {
        let late = cost.seconds(bytes: 1 << 20, ranks: 4)
        let whole = cost.seconds(bytes: 100 << 20, ranks: 4)
        #expect(cost.exposedSeconds(bytes: 100 << 20, late: 1 << 20, ranks: 4, behind: 10) == late)
        #expect(cost.exposedSeconds(bytes: 100 << 20, late: 1 << 20, ranks: 4, behind: 0) == whole)
        #expect(cost.exposedSeconds(bytes: 100 << 20, late: 1 << 20, ranks: 4, behind: 0.01) == whole - 0.01)
        #expect(cost.exposedSeconds(bytes: 100 << 20, late: 1 << 20, ranks: 1, behind: 0.01) == 0)
    }

    @Test func `it is found again from what was measured`() throws {
        let sums = [1 << 12, 1 << 16, 1 << 20, 1 << 24, 1 << 26].flatMap { bytes in
            [2, 4].map { ranks in
                ReductionCost.Measured(bytes: bytes, ranks: ranks, seconds: cost.seconds(bytes: bytes, ranks: ranks))
            }
        }
        let found = try #require(ReductionCost(fitting: sums))
        #expect(abs(found.bytesPerSecond / cost.bytesPerSecond - 1) < 1e-6)
        #expect(abs(found.latency / cost.latency - 1) < 1e-6)
    }

    @Test func `a latency is never below nothing, and one sum alone tells no cost`() throws {
        let measured = { (bytes: Int, seconds: Double) in
            ReductionCost.Measured(bytes: bytes, ranks: 2, seconds: seconds)
        }
        let found = try #require(ReductionCost(fitting: [measured(1000, 1e-6), measured(1 << 22, 0x1p22 / 1e8)]))
        #expect(found.latency == 0 && found.bytesPerSecond > 1e8)
        #expect(ReductionCost(fitting: [measured(1 << 20, 0.1)]) == nil)
        #expect(ReductionCost(fitting: [measured(1 << 20, 0.1), measured(1 << 21, 0)]) == nil)
        #expect(ReductionCost(fitting: []) == nil)
    }
}
