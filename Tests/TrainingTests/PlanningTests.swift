import Collectives
import Encoders
import Experiments
import Files
import Foundation
import Numerics
import Tasks
import TestKit
import Testing
import Tokenizers
import Training

/// What stages are said to take.
struct PlanningTests {
    private let bench: Bench
    private let backbone: Backbone

    init() throws {
        bench = try Bench()
        backbone = try Backbone(directory: bench.modelDirectory)
    }

    /// A speed at which a phase takes a second for 10^9 operations, and no other anything.
    private func speed(of phase: Phase) -> HostSpeed {
        HostSpeed(
            trained: [phase: .init(perGigaflop: 1)],
            read: Dictionary(uniqueKeysWithValues: Phase.allCases.map { ($0, .init()) }))
    }

    private func lengths(_ recipe: Recipe) throws -> TaskLengths {
        let dataset = try Dataset.load(TinyTask.definition, in: bench.dataDirectory)
        return try TaskLengths(dataset, with: try loadTokenizer(directory: bench.modelDirectory), recipe)
    }

    private func forecast(
        _ job: StageJob, ranks: Int = 1, reduction: ReductionCost = Self.free, memoryBytes: Int? = nil,
        _ speed: HostSpeed? = nil, rowsAreIndependent: Bool = Compute.rowsAreIndependent(.fp32)
    ) throws -> StageForecast {
        let costs = SweepCosts(
            plan([job]), backbone, ranks: ranks, reduction: reduction, memoryBytes: memoryBytes,
            lengths: { _, recipe in try lengths(recipe) }, speed: { _ in speed },
            rowsAreIndependent: { _ in rowsAreIndependent })
        return try #require(try costs.forecasts()[job.planned.key])
    }

    private func plan(_ jobs: [StageJob]) -> SweepPlan {
        SweepPlan(
            name: "sweep", model: ModelLocation(name: "tiny", path: "", content: bench.backbone), dataDirectory: "",
            tasks: [PlannedTask(definition: bench.definition, content: bench.task, trainCount: 64)],
            stages: jobs.map(\.planned), rows: [])
    }

    /// Sums that take no time.
    private static let free = ReductionCost(bytesPerSecond: .infinity, latency: 0)

    @Test(
        arguments: [Tune.all, .bitfit, .parameters(.top(layers: 1)), .adapter(.lora(LoRASettings(rank: 2)))],
        [nil, 0.0])
    func `a whole stage multiplies what is said`(tune: Tune, dropout: Double?) throws {
        let recipe = bench.recipe {
            $0.tune = tune
            $0.dropout = dropout
            // The last batch of an epoch is smaller, and so is the last part of each.
            $0.batch = 10
            $0.accumulation = 3
        }
        let job = try bench.job(recipe, into: "out")
        let clock = PhaseClock()
        _ = try bench.run(job, clock: clock)
        let read = clock.read()
        for phase in [Phase.forwardProducts, .inputGradients, .weightGradients, .attention, .adapters] {
            let seconds = try #require(try forecast(job, speed(of: phase)).seconds)
            #expect(abs(seconds - read[phase]!.gigaflop) <= 1e-6 * read[phase]!.gigaflop, "\(phase)")
        }
    }

    @Test func `two ranks have half of the work each, but not of the optimizer's`() throws {
        let job = try bench.job(bench.recipe(), into: "out")
        let seconds = { (ranks: Int, phase: Phase) in
            try #require(try forecast(job, ranks: ranks, speed(of: phase)).seconds)
        }
        let (one, two) = (try seconds(1, .weightGradients), try seconds(2, .weightGradients))
        #expect(abs(one / two - 2) < 1e-9)
        let bytes = HostSpeed(trained: [.optimizer: .init(perGigabyte: 1)], read: [:])
        #expect(try forecast(job, ranks: 2, bytes).seconds! > 0.9 * forecast(job, bytes).seconds!)
    }

    @Test func `several ranks take longer by what their sums cost, one does not`() throws {
        let slow = ReductionCost(bytesPerSecond: 1e6, latency: 0.5)
        let speed = speed(of: .head)
        let job = { (change: (inout Recipe) -> Void) in
            try bench.job(
                bench.recipe {
                    $0.budget = .steps(5)
                    change(&$0)
                }, into: "out")
        }
        let added = { (ranks: Int, job: StageJob) in
            try #require(try forecast(job, ranks: ranks, reduction: slow, speed).seconds)
                - #require(try forecast(job, ranks: ranks, speed).seconds)
        }
        #expect(try added(1, job { _ in }) == 0)
        // What moves fills one bucket: 2 messages, and of 2 ranks each sends half and the other half of the sum.
        let lora = try job { $0.tune = .adapter(.lora(LoRASettings(rank: 2))) }
        let moving = try Double(bench.run(lora).result.trainable)
        #expect(abs(try added(2, lora) - 5 * (1 + moving * 4 / 1e6)) < 1e-9)
        let rounded = try job {
            $0.tune = .adapter(.lora(LoRASettings(rank: 2)))
            $0.allreduce = .bf16
        }
        #expect(abs(try added(2, rounded) - 5 * (1 + moving * 2 / 1e6)) < 1e-9)
        // Of the word embedding few rows are sent.
        let all = try job { _ in }
        #expect(try added(2, all) < 5 * (2 + Double(bench.run(all).result.trainable) * 4 / 1e6))
        #expect(try added(8, all) > added(2, all))
    }

    @Test func `stages that differ in the learning rate alone are reckoned once`() throws {
        let jobs = try [1e-3, 1e-4].map { rate in try bench.job(bench.recipe { $0.learningRate = rate }, into: "out") }
        var asked = 0
        let costs = SweepCosts(
            plan(jobs), backbone, lengths: { _, recipe in try lengths(recipe) },
            speed: { _ in
                asked += 1
                return speed(of: .head)
            })
        let forecasts = try costs.forecasts()
        #expect(jobs.allSatisfy { forecasts[$0.planned.key] != nil } && asked == 1)
    }

    @Test func `features that are too many to be kept are computed in every step`() throws {
        let job = try bench.job(
            bench.recipe {
                $0.tune = .head
                $0.budget = .steps(3)
            }, into: "out")
        let seconds = { (examples: Int) in
            let text = String(decoding: try JSONEncoder().encode(try lengths(job.specification.recipe)), as: UTF8.self)
            let more = text.replacing(/"count":\d+/, with: "\"count\":\(examples)")
            let lengths = try JSONDecoder().decode(TaskLengths.self, from: Data(more.utf8))
            let costs = SweepCosts(
                plan([job]), backbone, lengths: { _, _ in lengths }, speed: { _ in speed(of: .forwardProducts) })
            return try #require(try costs.forecasts()[job.planned.key]?.seconds)
        }
        #expect(try seconds(64) == 0)
        // 32 numbers each.
        #expect(try seconds(10_000_000) > 0)
    }

    /// Of stages with a frozen layer, over which nothing drops out.
    private func jobWithFrozenLayer() throws -> StageJob {
        try bench.job(
            bench.recipe {
                $0.tune = .parameters(.top(layers: 1))
                $0.dropout = 0
                $0.budget = .steps(60)
                $0.evaluations = 30
            }, into: "out")
    }

    @Test func `states of frozen layers that are too many are computed in every evaluation`() throws {
        let job = try jobWithFrozenLayer()
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(try lengths(job.specification.recipe)), as: UTF8.self)
        let seconds = { (examples: Int) in
            let more = text.replacing(/"dev":\{"count":\d+/, with: "\"dev\":{\"count\":\(examples)")
            let lengths = try JSONDecoder().decode(TaskLengths.self, from: Data(more.utf8))
            let costs = SweepCosts(
                plan([job]), backbone, lengths: { _, _ in lengths }, speed: { _ in HostSpeed(gigaflops: 1) })
            return try #require(try costs.forecasts()[job.planned.key]?.seconds)
        }
        // 128 bytes a token: a gigabyte, and more than four.
        #expect(try seconds(20_000_000) > 25 * seconds(1_000_000))
        #expect(try seconds(1_000_000) < 2.1 * seconds(500_000))
    }

    @Test func `states of training examples are kept only where they are the same in any batch`() throws {
        let job = try jobWithFrozenLayer()
        let seconds = { (rowsAreIndependent: Bool) in
            try #require(
                try forecast(job, speed(of: .forwardProducts), rowsAreIndependent: rowsAreIndependent).seconds)
        }
        #expect(try seconds(false) > 1.2 * seconds(true))
    }

    @Test func `what stages take by ranks, and the least memory, are what forecasts come to`() throws {
        let job = try bench.job(bench.recipe { $0.batch = 8 }, into: "out")
        let text = String(decoding: try JSONEncoder().encode(try lengths(job.specification.recipe)), as: UTF8.self)
        let unread = text.replacing(/"secondsToRead":[-+.e\d]+/, with: "\"secondsToRead\":0")
        let lengths = try JSONDecoder().decode(TaskLengths.self, from: Data(unread.utf8))
        let costs = { (ranks: Int) in
            SweepCosts(
                plan([job]), backbone, ranks: ranks, reduction: Self.free, lengths: { _, _ in lengths },
                speed: { _ in HostSpeed(gigaflops: 1) })
        }
        let seconds = try #require(try costs(1).seconds(onRanks: [1, 2, 4])[job.planned.key])
        let forecasts = try [1, 2, 4].map { try #require(try costs($0).forecasts()[job.planned.key]) }
        #expect(seconds == forecasts.map { ($0.seconds ?? 0) + $0.fixedSeconds } && seconds[2] < seconds[0])
        let least = try #require(try costs(1).leastBytes()[job.planned.key])
        #expect(try forecast(job, memoryBytes: least).fits && !forecast(job, memoryBytes: least - 1).fits)
    }

    @Test func `a rank has an example or none, however many ranks there are`() throws {
        let job = try bench.job(bench.recipe { $0.batch = 4 }, into: "out")
        let seconds = { (ranks: Int) in
            try #require(try forecast(job, ranks: ranks, speed(of: .weightGradients)).seconds)
        }
        #expect(try seconds(4) == seconds(16) && seconds(4) < 0.3 * seconds(1))
    }

    @Test func `what fits in no way into the memory is said beforehand`() throws {
        let job = try bench.job(bench.recipe(), into: "out")
        #expect(try forecast(job, memoryBytes: 1 << 30).fits)
        #expect(try !forecast(job, memoryBytes: 1 << 20).fits)
    }

    @Test func `nobody says how long a stage takes on a host that was not measured`() throws {
        let forecast = try forecast(try bench.job(bench.recipe(), into: "out"))
        #expect(forecast.seconds == nil && forecast.peakBytes > 1 << 20)
    }

    @Test func `a tiny model is measured within seconds, and what moves more takes longer`() throws {
        let begin = ContinuousClock.now
        let speed = try Calibration(backbone, .fp32, Compute(threads: 1)).run()
        #expect(begin.duration(to: .now) < .seconds(5), "a second on a machine that does nothing else")
        let job = try bench.job(bench.recipe(), into: "out")
        let all = try #require(try forecast(job, speed).seconds)
        let recorded = try bench.run(job).result.seconds
        #expect(all > 0 && all < 100 * recorded)
        let bitfit = try bench.job(bench.recipe { $0.tune = .bitfit }, into: "bitfit")
        #expect(try forecast(bitfit, speed).seconds! < all)
    }

    @Test func `speeds are kept by what they depend on, and a broken file holds none`() throws {
        let kept = KeptSpeeds(folder: bench.folder["cache"])
        let key = { (threads: Int) in
            KeptSpeeds.Key(
                processor: "x", program: Digest(of: [1]), threads: threads, backbone.configuration, .fp32)
        }
        #expect(kept.speed(key(1)) == nil)
        try kept.keep(speed(of: .head), key(1))
        try kept.keep(speed(of: .optimizer), key(2))
        #expect(kept.speed(key(1)) == speed(of: .head) && kept.speed(key(2)) == speed(of: .optimizer))
        try bench.folder.write("{\"speeds\": 1", to: "cache/speeds.json")
        #expect(kept.speed(key(1)) == nil)
        try kept.keep(speed(of: .head), key(1))
        #expect(kept.speed(key(1)) == speed(of: .head))
        let rebuilt = KeptSpeeds.Key(
            processor: "x", program: Digest(of: [2]), threads: 1, backbone.configuration, .fp32)
        #expect(kept.speed(rebuilt) == nil)
        try kept.keep(speed(of: .optimizer), rebuilt)
        #expect(kept.speed(key(1)) == nil, "of another program nothing is kept")
    }

    @Test func `what sums cost is kept as it was measured last, and a broken file holds nothing`() throws {
        let kept = KeptReduction(folder: bench.folder["cache"])
        #expect(kept.entry == nil)
        for ranks in [2, 4] {
            let entry = KeptReduction.Entry(cost: .assumed, ranks: ranks, hosts: 1)
            try kept.keep(entry)
            #expect(kept.entry == entry)
        }
        try bench.folder.write("{", to: "cache/sums.json")
        #expect(kept.entry == nil)
    }

    @Test func `lengths are kept as they were read, as many as are allowed`() throws {
        let kept = KeptLengths(folder: bench.folder["cache"], mostFiles: 2)
        let identities = [32, 5, 6].map { length in
            TextIdentity(model: bench.backbone, task: bench.task, bench.recipe { $0.maxLength = length })
        }
        #expect(try kept.lengths(identities[0]) == nil)
        let read = try lengths(bench.recipe())
        try kept.keep(read, identities[0])
        #expect(try kept.lengths(identities[0]) == read && kept.lengths(identities[1]) == nil)
        for identity in identities.dropFirst() { try kept.keep(read, identity) }
        #expect(try identities.count { try kept.lengths($0) != nil } == 2)
    }

    @Test func `a rate is found again from what it makes of any work`() throws {
        let rate = HostSpeed.Rate(perRound: 2e-5, perGigaflop: 4e-3, perGigabyte: 0.1)
        let amounts = [(1.0, 5.0, 0.2), (3, 1, 0.4), (9, 40, 0.1), (2, 2, 7)].map {
            Work.Amount(gigaflop: $0.1, gigabytes: $0.2, rounds: $0.0)
        }
        let found = HostSpeed.Rate(amounts.map { ($0, rate.seconds($0)) })
        for amount in amounts { #expect(abs(found.seconds(amount) / rate.seconds(amount) - 1) < 1e-3) }
        #expect(HostSpeed.Rate([]) == HostSpeed.Rate())
    }
}
