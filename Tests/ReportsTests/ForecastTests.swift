import Experiments
import Files
import Reports
import Testing

/// How long a sweep is said to take.
struct ForecastTests {
    private func snapshot(seconds: Double = 100, finished: Int = 0) throws -> SweepSnapshot {
        let sample = try Sample(methods: ["finetune"], seeds: [1, 2, 3])
        let records = sample.plan.stages.prefix(finished).map { Sample.finished($0.key, []) }
        var snapshot = SweepSnapshot(sample.plan, Array(records))
        for stage in sample.plan.stages {
            snapshot.forecasts[stage.key] = StageForecast(seconds: seconds, fixedSeconds: 2, peakBytes: 3 << 30)
        }
        return snapshot
    }

    @Test func `a forecast tells the time before anything has run`() throws {
        #expect(try snapshot().secondsLeft() == 6 * 102)
        #expect(try snapshot().secondsLeft(groups: 3) == 2 * 102)
    }

    @Test func `what stages have taken corrects the forecast, of others than they as well`() throws {
        // A stage of CB has 24 steps, each of which took half a second.
        let left = try #require(try snapshot(seconds: 6, finished: 1).secondsLeft())
        #expect(abs(left - 5 * (2 * 6 + 2)) < 1e-9)
    }

    @Test func `of a stage that runs, the steps that it has done are not left`() throws {
        var snapshot = try snapshot()
        let stage = snapshot.plan.stages[0]
        let running = StageRecord(
            key: stage.key, standing: .running(on: WorkerID(rawValue: "here-1")), attempts: 1,
            progress: StageProgress(step: 6, steps: 24, loss: 0.5, tokensPerSecond: 100))
        let forecasts = snapshot.forecasts
        snapshot = SweepSnapshot(snapshot.plan, [running])
        snapshot.forecasts = forecasts
        let left = try #require(snapshot.secondsLeft())
        #expect(abs(left - (6 * 102 - 25)) < 1e-9)
    }

    @Test func `a stage waits for those that it starts from, and the longest chain goes first`() throws {
        let keys = try (1...4).map { try makeKey($0) }
        let schedule = ListSchedule([
            (keys[0], [], 5), (keys[1], [], 10), (keys[2], [keys[1]], 10), (keys[3], [], 5),
        ])
        #expect([1, 2, 3, 9].map { schedule.seconds(groups: $0) } == [30, 20, 20, 20])
        let chain = ListSchedule([(keys[0], [], 3), (keys[1], [keys[0]], 4), (keys[2], [keys[1], keys[0]], 5)])
        #expect(chain.seconds(groups: 8) == 12)
        #expect(ListSchedule([]).seconds(groups: 2) == 0)
    }

    @Test func `the plan tells hours, memory, and that the machine has too little`() throws {
        let workers = PlanListing.Workers(groups: 2, ranks: 3, threads: 1, memoryBytes: 2 << 30)
        let lines = PlanListing(try snapshot(), workers: workers).text().split(separator: "\n").suffix(3)
        #expect(
            Array(lines) == [
                "0 of 6 stages are done; 2484 of 2484 steps are left, about 5 min for 2 worker groups of 3 ranks",
                "a process needs up to 3.0 GiB, for cb finetune",
                "warning: there are but 2.0 GiB for each of 6 processes; take fewer groups, or tune fewer parameters; "
                    + "--memory makes stages fit where parts of batches do",
            ])
    }
}

private func makeKey(_ number: UInt64) throws -> StageKey {
    try StageSpecification(backbone: Digest(of: [1]), task: Digest(of: [2]), recipe: Recipe(), seed: number).key()
}
