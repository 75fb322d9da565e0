import Collectives
import Testing

struct ReductionCostTests {
    private let cost = ReductionCost(bytesPerSecond: 1e9, latency: 1e-5)

    @Test func `a rank sends nearly twice what it gives, whatever the number of ranks`() {
        #expect(cost.seconds(1 << 18, ranks: 1, as: .fp32) == 0)
        // 2 messages of half a bucket each.
        #expect(abs(cost.seconds(1 << 18, ranks: 2, as: .fp32) - (2e-5 + 0x1p20 / 1e9)) < 1e-12)
        // Three buckets, 7 other ranks.
        let numbers = 5 << 19
        #expect(abs(cost.seconds(numbers, ranks: 8, as: .fp32) - (42e-5 + 1.75 * Double(4 * numbers) / 1e9)) < 1e-12)
        #expect(cost.seconds(0, ranks: 8, as: .fp32) == 0)
    }

    @Test func `bfloat16 halves the bytes, and the messages are as many`() {
        let numbers = 5 << 19
        #expect(abs(cost.seconds(numbers, ranks: 8, as: .bf16) - (42e-5 + 1.75 * Double(2 * numbers) / 1e9)) < 1e-12)
    }

    /// 25 buckets, and a quarter of one that is late.
    private func step(late: Int = 1 << 18, behind hidden: Double) -> ReductionCost.Step {
        ReductionCost.Step(numbers: (25 << 20) + late, lateNumbers: late, hiddenSeconds: hidden)
    }

    @Test func `what the backward pass hides costs nothing, but for what is final at its end`() {
        let late = cost.seconds(1 << 18, ranks: 4, as: .fp32)
        let whole = cost.seconds((25 << 20) + (1 << 18), ranks: 4, as: .fp32)
        #expect(cost.exposedSeconds(of: step(behind: 10), ranks: 4) == late)
        #expect(cost.exposedSeconds(of: step(behind: 0), ranks: 4) == whole)
        #expect(cost.exposedSeconds(of: step(behind: 0.01), ranks: 4) == whole - 0.01)
        #expect(cost.exposedSeconds(of: step(behind: 0.01), ranks: 1) == 0)
    }

    @Test func `numbers that fill no bucket are summed at the end`() {
        let small = ReductionCost.Step(numbers: 1000, lateNumbers: 0, hiddenSeconds: 10)
        #expect(cost.exposedSeconds(of: small, ranks: 4) == cost.seconds(1000, ranks: 4, as: .fp32))
        let more = ReductionCost.Step(numbers: (3 << 20) + 1000, lateNumbers: 0, hiddenSeconds: 10)
        #expect(cost.exposedSeconds(of: more, ranks: 4) == cost.seconds(1000, ranks: 4, as: .fp32))
    }

    @Test func `what every rank tells all others grows with their number`() {
        var telling = step(behind: 10)
        telling.gatheredBytes = 30_000
        for ranks in [2, 64] {
            let silent = cost.exposedSeconds(of: step(behind: 10), ranks: ranks)
            let more = cost.exposedSeconds(of: telling, ranks: ranks) - silent
            #expect(abs(more - Double(ranks - 1) * (1e-5 + 3e-5)) < 1e-9)
        }
    }

    @Test func `a rank's own part of a sum is never hidden, and is found again from a step`() {
        var half = cost
        half.overlap = 0.5
        let (whole, late) = (
            cost.seconds((25 << 20) + (1 << 18), ranks: 2, as: .fp32), cost.seconds(1 << 18, ranks: 2, as: .fp32)
        )
        let exposed = half.exposedSeconds(of: step(behind: 10), ranks: 2)
        #expect(abs(exposed - (0.5 * whole + 0.5 * late)) < 1e-12)
        #expect(abs(half.overlap(of: step(behind: 10), ranks: 2, exposedSeconds: exposed) - 0.5) < 1e-9)
        #expect(half.overlap(of: step(behind: 10), ranks: 2, exposedSeconds: 2 * whole) == 0)
        #expect(half.overlap(of: step(behind: 10), ranks: 2, exposedSeconds: 0) == 1)
    }

    @Test func `it is found again from what was measured`() throws {
        let sums = [1 << 10, 1 << 14, 1 << 18, 1 << 22, 1 << 24].flatMap { numbers in
            [2, 4].map { ranks in
                ReductionCost.Measured(
                    numbers: numbers, ranks: ranks, seconds: cost.seconds(numbers, ranks: ranks, as: .fp32))
            }
        }
        let found = try #require(ReductionCost(fitting: sums))
        #expect(abs(found.bytesPerSecond / cost.bytesPerSecond - 1) < 1e-6)
        #expect(abs(found.latency / cost.latency - 1) < 1e-6)
    }

    @Test func `a latency is never below nothing, and one sum alone tells no cost`() throws {
        let measured = { (numbers: Int, seconds: Double) in
            ReductionCost.Measured(numbers: numbers, ranks: 2, seconds: seconds)
        }
        let found = try #require(ReductionCost(fitting: [measured(250, 1e-6), measured(1 << 20, 0x1p22 / 1e8)]))
        #expect(found.latency == 0 && found.bytesPerSecond > 1e8)
        #expect(ReductionCost(fitting: [measured(1 << 18, 0.1)]) == nil)
        #expect(ReductionCost(fitting: [measured(1 << 18, 0.1), measured(1 << 19, 0)]) == nil)
        #expect(ReductionCost(fitting: []) == nil)
    }
}
