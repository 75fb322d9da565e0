import Experiments
import Files
import Reports
import Testing

/// Into what worker groups hosts are divided.
struct GroupSizesTests {
    private static let sizes = [1, 2, 4, 8]

    private static func key(_ place: Int) -> StageKey {
        StageKey(rawValue: Digest(of: [UInt8(place / 256), UInt8(place % 256)]))
    }

    /// Numbers without end that follow from a seed.
    private struct Numbers {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
    }

    /// A sweep of short stages and some long ones, a third of which start from others; twice as many ranks save less than
    /// half of the time.
    private func sweep(_ seed: UInt64) -> [(key: StageKey, inputs: [StageKey], seconds: [Double])] {
        var numbers = Numbers(state: seed)
        return (0..<10 + numbers.below(60)).map { place in
            let alone = Double(1 + numbers.below(100) * (numbers.below(6) == 0 ? 20 : 1))
            let inputs = place > 0 && numbers.below(3) == 0 ? [Self.key(numbers.below(place))] : []
            return (Self.key(place), inputs, Self.sizes.map { alone * (0.1 + 0.9 / Double($0)) })
        }
    }

    private func divided(
        _ sweep: [(key: StageKey, inputs: [StageKey], seconds: [Double])], _ count: Int, ranks: Int = 8
    ) throws -> GroupSizes {
        try #require(
            GroupSizes(ListSchedule(sweep, sizes: Self.sizes), on: GroupSizes.Hosts(count: count, ranks: ranks)))
    }

    @Test(arguments: UInt64(1)...20) func `no division is faster than the work and the longest way allow`(seed: UInt64)
        throws
    {
        let sweep = sweep(seed)
        var ways: [StageKey: Double] = [:]
        for stage in sweep {
            ways[stage.key] = (stage.inputs.compactMap { ways[$0] }.max() ?? 0) + (stage.seconds.min() ?? 0)
        }
        let longest = try #require(ways.values.max())
        for hosts in [1, 3, 8, 20] {
            let sizes = try divided(sweep, hosts)
            for division in sizes.fixed + [sizes.best] {
                let work = sweep.reduce(0) { sum, stage in
                    sum + division.pools.map { stage.seconds[$0.ranks.trailingZeroBitCount] * Double($0.ranks) }.min()!
                }
                #expect(division.seconds >= longest - 1e-9)
                #expect(division.seconds >= work / Double(8 * hosts) - 1e-9)
                #expect(division.idle >= -1e-9 && division.idle < 1)
            }
        }
    }

    @Test(arguments: UInt64(1)...20) func `the choice is never worse than groups that are all alike`(seed: UInt64)
        throws
    {
        for hosts in [1, 2, 5, 16] {
            let sizes = try divided(sweep(seed), hosts)
            #expect(sizes.fixed.count == 4)
            #expect(sizes.fixed.allSatisfy { sizes.best.seconds <= $0.seconds })
        }
    }

    @Test(arguments: UInt64(1)...20) func `twice as many hosts take no longer`(seed: UInt64) throws {
        let seconds = try [1, 2, 4, 8, 16, 32].map { try divided(sweep(seed), $0).best.seconds }
        #expect(zip(seconds, seconds.dropFirst()).allSatisfy { $0.0 >= $0.1 })
    }

    @Test func `many short stages get small groups, few long ones wide groups, and both get both`() throws {
        let stages = { (count: Int, from: Int, seconds: Double) in
            (from..<from + count).map { place in
                (Self.key(place), [StageKey](), Self.sizes.map { seconds * (0.1 + 0.9 / Double($0)) })
            }
        }
        let short = stages(1280, 0, 10)
        let long = stages(4, 1280, 1600)
        #expect(try divided(short, 4).best.pools.map(\.ranks) == [1])
        #expect(try divided(long, 4).best.pools.map(\.ranks) == [8])
        let both = try divided(short + long, 8).best
        #expect(both.pools.map(\.ranks).count == 2 && both.pools.allSatisfy { $0.stages >= 4 })
    }

    @Test func `a wide group helps with what smaller ones would do, and never the other way round`() throws {
        // On groups of one rank the long stage would take 100 seconds.
        let schedule = [
            (Self.key(0), [StageKey](), [100.0, 10]), (Self.key(1), [], [20, 11]), (Self.key(2), [], [20, 11]),
        ]
        let sizes = try #require(
            GroupSizes(ListSchedule(schedule, sizes: [1, 2]), on: GroupSizes.Hosts(count: 3, ranks: 1)))
        #expect(sizes.best.seconds == 21)
        #expect(sizes.best.pools.map(\.groups) == [1, 1])
        // Trained were 10 and 11 seconds on two ranks, and 20 on one.
        #expect(abs(sizes.best.idle - (1 - 62.0 / 63)) < 1e-9)
    }

    @Test func `a stage goes only where it fits, and a sweep that fits nowhere has no division`() throws {
        let sweep = [
            (Self.key(0), [StageKey](), [.infinity, .infinity, 5, 3]), (Self.key(1), [], [1, 1, 1, 1.0]),
        ]
        let sizes = try divided(sweep, 2)
        #expect(sizes.fixed.map(\.pools.first?.ranks) == [4, 8])
        #expect(sizes.best.seconds == 3)
        let nowhere = ListSchedule([(Self.key(0), [], [Double.infinity])], sizes: [1])
        #expect(GroupSizes(nowhere, on: GroupSizes.Hosts(count: 2, ranks: 1)) == nil)
        #expect(GroupSizes(ListSchedule([], sizes: [1]), on: GroupSizes.Hosts(count: 2, ranks: 1)) == nil)
    }

    @Test func `groups lie within hosts, or on whole ones`() throws {
        let sweep = [(Self.key(0), [StageKey](), [8.0, 4, 2, 1])]
        let sizes = try divided(sweep, 3, ranks: 6)
        #expect(sizes.fixed.flatMap(\.pools).map(\.groups) == [18, 9, 3, 1])
    }

    @Test func `the plan says how hosts are divided best`() throws {
        let sample = try Sample(methods: ["finetune"], seeds: [1, 2, 3])
        let forecast = { (ranks: Double) in
            Dictionary(
                uniqueKeysWithValues: sample.plan.stages.map {
                    ($0.key, StageForecast(seconds: 3600 * (0.5 + 0.5 / ranks), fixedSeconds: 0, peakBytes: 1))
                })
        }
        let snapshot = SweepSnapshot(sample.plan, [])
        let hosts = GroupSizes.Hosts(count: 2, ranks: 2)
        let sizes = try #require(GroupSizes(snapshot, on: hosts, forecasts: [1: forecast(1), 2: forecast(2)]))
        let lines = PlanListing(snapshot, groupSizes: sizes).text().split(separator: "\n").suffix(6)
        #expect(
            Array(lines) == [
                "on 2 hosts with 2 ranks each:", "worker groups        take about  idle",
                "───────────────────  ──────────  ────", "4 groups of 1 rank   2 h 00 min  25 %",
                "2 groups of 2 ranks  2 h 15 min   0 %",
                "4 groups of 1 rank end soonest, in about 2 h 00 min",
            ])
        #expect(GroupSizes(snapshot, on: hosts, forecasts: [1: forecast(1), 2: [:]]) == nil)
        #expect(GroupSizes.sizes(on: GroupSizes.Hosts(count: 8, ranks: 16), for: sample.plan).last == 32)
    }
}
