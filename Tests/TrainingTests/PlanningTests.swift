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
        _ job: StageJob, ranks: Int = 1, _ speed: HostSpeed? = nil
    ) throws -> StageForecast {
        let stage = job.planned
        let plan = SweepPlan(
            name: "sweep", model: ModelLocation(name: "tiny", path: "", content: stage.specification.backbone),
            dataDirectory: "",
            tasks: [PlannedTask(definition: job.task, content: stage.specification.task, trainCount: 64)],
            stages: [stage], rows: [])
        let costs = SweepCosts(
            plan, backbone, ranks: ranks, lengths: { _, recipe in try lengths(recipe) }, speed: { _ in speed })
        return try #require(try costs.forecasts()[stage.key])
    }

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

    @Test func `nobody says how long a stage takes on a host that was not measured`() throws {
        let forecast = try forecast(try bench.job(bench.recipe(), into: "out"))
        #expect(forecast.seconds == nil && forecast.peakBytes > 1 << 20)
    }

    @Test func `a tiny model is measured within a second, and every phase of it takes its time`() throws {
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
            KeptSpeeds.Key(processor: "x", threads: threads, backbone.configuration, .fp32)
        }
        #expect(kept.speed(key(1)) == nil)
        try kept.keep(speed(of: .head), key(1))
        try kept.keep(speed(of: .optimizer), key(2))
        #expect(kept.speed(key(1)) == speed(of: .head) && kept.speed(key(2)) == speed(of: .optimizer))
        try bench.folder.write("{\"speeds\": 1", to: "cache/speeds.json")
        #expect(kept.speed(key(1)) == nil)
        try kept.keep(speed(of: .head), key(1))
        #expect(kept.speed(key(1)) == speed(of: .head))
    }

    @Test func `lengths are kept as they were read`() throws {
        let kept = KeptLengths(folder: bench.folder["cache"])
        let (recipe, digest) = (bench.recipe(), Digest(of: [1]))
        #expect(try kept.lengths(model: digest, task: digest, recipe) == nil)
        let read = try lengths(recipe)
        try kept.keep(read, model: digest, task: digest, recipe)
        #expect(try kept.lengths(model: digest, task: digest, recipe) == read)
        let shorter = bench.recipe { $0.maxLength = 5 }
        #expect(try kept.lengths(model: digest, task: digest, shorter) == nil)
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
