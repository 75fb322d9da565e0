import Experiments
import Messages
import Reports
import Scheduler
import Simulation
import TestKit
import Testing

/// Which stages are left to wide worker groups where groups of several sizes are connected.
struct DivisionTests {
    /// Of a stage that takes so long on one rank, a tenth of which no more ranks shorten.
    private static func needs(_ alone: Double) -> StageNeeds {
        StageNeeds(secondsByRanks: [1, 2, 4, 8].map { alone * (0.1 + 0.9 / $0) })
    }

    /// One stage for each of these seconds on one rank.
    private func script(_ seconds: [Double]) throws -> (Script, [StageKey]) {
        var builder = PlanBuilder()
        let keys = try seconds.indices.map { try builder.add("stage \($0)") }
        let script = Script(builder.plan)
        script.start(needs: Dictionary(uniqueKeysWithValues: zip(keys, seconds.map(Self.needs))))
        return (script, keys)
    }

    @Test func `a long stage is left to a wide group, and a wide group takes it first`() throws {
        let (script, keys) = try script([10, 1_000, 10, 10, 10])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8)
        #expect(script.ask("narrow")?.stage == keys[0])
        #expect(script.ask("wide")?.stage == keys[1])
        script.greet("other", on: "c")
        #expect(script.ask("other")?.stage == keys[2])
    }

    @Test func `amid many short stages a wide group takes those first that are left to it`() throws {
        let (script, keys) = try script(Array(repeating: 100, count: 300) + [1_000, 1_000, 1_000])
        for worker in 0..<50 { script.greet("narrow-\(worker)", on: "a") }
        script.greet("wide", on: "b", ranks: 8)
        #expect(script.ask("wide")?.stage == keys[300])
        #expect((0..<50).map { script.ask("narrow-\($0)")?.stage } == keys.prefix(50).map(\.self))
    }

    @Test func `a wide group without a long stage takes what there is`() throws {
        let (script, keys) = try script([10, 10])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8)
        #expect(script.ask("wide")?.stage == keys[0])
    }

    @Test func `where no wide group is connected, or it leaves, drains or rests, a narrow one takes a long stage`()
        throws
    {
        for ending in ["leave", "drain", "rest"] {
            let (script, keys) = try script([1_000, 900])
            script.greet("narrow", on: "a")
            script.greet("wide", on: "b", ranks: 8)
            let first = try #require(script.ask("wide"))
            #expect(first.stage == keys[0])
            #expect(script.ask("narrow") == nil, "the wide one would be through with both sooner")
            switch ending {
            case "leave": script.hear(FromWorker(.goodbye, from: "wide"))
            case "drain": script.obey(.drain(host: "b"))
            default: script.fail(first, by: "wide", StageFailure(.node, "no space"))
            }
            #expect(script.ask("narrow") != nil, "\(ending)")
        }
    }

    @Test func `a wide group that is busy for longer than a narrow one takes is not waited for`() throws {
        let (script, keys) = try script([10_000, 100])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8)
        #expect(script.ask("wide")?.stage == keys[0])
        #expect(script.ask("narrow")?.stage == keys[1])
    }

    @Test func `what takes the wide group longer than foretold is waited for no longer`() throws {
        let (script, keys) = try script([1_000, 800])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8)
        let first = try #require(script.ask("wide"))
        #expect(first.stage == keys[0] && script.ask("narrow") == nil)
        let explained = script.scheduler.explanations(of: StageSelector(key: keys[1].description), at: script.now).first
        #expect(explained?.reason == "it is ready; a wider worker group is to train it, which ends it sooner")
        var waited: Int64 = 0
        while script.ask("narrow") == nil, waited < 3_000 {
            script.wait(seconds: 30)
            script.beat(first, by: "wide")
            waited += 30
        }
        #expect(waited > 200 && waited < 1_000, "\(waited) s")
    }

    @Test func `a stage that failed on the wide group's host is for a narrow one`() throws {
        let (script, keys) = try script([1_000, 10])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8, WorkerLimits(memoryBytes: 1 << 30))
        script.fail(try #require(script.ask("wide")), by: "wide", StageFailure(.tooLarge, "it needs 2 GiB"))
        #expect(script.ask("wide")?.stage == keys[1])
        #expect(script.ask("narrow")?.stage == keys[0])
    }

    @Test func `stages are not left to a wide group without the memory for them`() throws {
        var builder = PlanBuilder()
        let key = try builder.add("large")
        let script = Script(builder.plan)
        let seconds = Self.needs(1_000).secondsByRanks
        script.start(needs: [key: StageNeeds(secondsByRanks: seconds, leastBytes: 1 << 31)])
        script.greet("narrow", on: "a")
        script.greet("wide", on: "b", ranks: 8, WorkerLimits(memoryBytes: 1 << 30))
        #expect(script.ask("wide") == nil)
        #expect(script.ask("narrow")?.stage == key)
    }

    @Test func `of stages that are alike the wide group has as many as it ends while narrow ones end theirs`() throws {
        let (script, keys) = try script(Array(repeating: 100, count: 12))
        for worker in 0..<8 { script.greet("narrow-\(worker)", on: "a") }
        script.greet("wide", on: "b", ranks: 8)
        let given = (0..<8).count { script.ask("narrow-\($0)") != nil }
        // Four take the wide group 85 seconds.
        #expect(given == 8)
        for worker in 0..<8 { #expect(script.ask("narrow-\(worker)") != nil, "told again") }
        let few = try self.script([100, 100, 100])
        for worker in 0..<3 { few.0.greet("narrow-\(worker)", on: "a") }
        few.0.greet("wide", on: "b", ranks: 8)
        #expect(
            (0..<3).allSatisfy { few.0.ask("narrow-\($0)") == nil }, "it ends all of them sooner than one of these one")
        #expect(few.0.ask("wide")?.stage == few.1[0])
        #expect(keys.count == 12)
    }

    /// Whoever comes and goes, and whatever is foretold, nothing is left lying.
    @Test(arguments: UInt64(0)..<40) func `no stage is left to a group that will not take it`(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let plan = try SweepPlan.random(stageCount: 40, using: &generator)
        var settings = SchedulerSettings()
        (settings.backOffMilliseconds, settings.lossLimit, settings.nodeFailureLimit) = (0, 1_000, 1_000)
        let script = Script(plan, settings: settings)
        let kinds = (0..<4).map { _ in
            let memory = generator.chance(0.3) ? Int.random(in: 1...4, using: &generator) << 30 : nil
            let alone = Double(Int.random(in: 1...5_000, using: &generator))
            return generator.chance(0.2)
                ? StageNeeds(leastBytes: memory)
                : StageNeeds(secondsByRanks: Self.needs(alone).secondsByRanks, leastBytes: memory)
        }
        script.start(
            needs: Dictionary(uniqueKeysWithValues: plan.stages.map { ($0.key, kinds[Int($0.specification.seed) % 4]) })
        )
        var running: [String: Assignment] = [:]
        var births = 0
        func bear() {
            births += 1
            let limits = WorkerLimits(
                secondsLeft: generator.chance(0.2) ? Double(Int.random(in: 1...9_000, using: &generator)) : nil,
                memoryBytes: generator.chance(0.3) ? Int.random(in: 1...4, using: &generator) << 30 : nil)
            script.greet("w\(births)", on: "host-\(births % 5)", ranks: [1, 1, 2, 4, 8][births % 5], limits)
            idle.append("w\(births)")
        }
        var idle: [String] = []
        for _ in 0..<6 { bear() }
        for _ in 0..<400 where !script.scheduler.isFinished {
            script.wait(seconds: Int64.random(in: 0...40, using: &generator))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<5:
                guard let worker = idle.randomElement(using: &generator) else { continue }
                if let given = script.ask(worker) {
                    running[worker] = given
                    idle.removeAll { $0 == worker }
                }
            case 5..<9:
                guard let worker = running.keys.sorted().randomElement(using: &generator), let given = running[worker]
                else {
                    continue
                }
                running[worker] = nil
                idle.append(worker)
                let causes: [StageFailure.Cause] = [.node, .tooLarge, .stopped]
                if generator.chance(0.3), let cause = causes.randomElement(using: &generator) {
                    script.fail(given, by: worker, StageFailure(cause, "for a test"))
                } else {
                    script.finish(given, by: worker)
                }
            default:
                guard births < 30, let worker = idle.randomElement(using: &generator) else { continue }
                script.hear(FromWorker(.goodbye, from: WorkerID(rawValue: worker)))
                idle.removeAll { $0 == worker }
                bear()
            }
        }
        // Whoever is there is enough, and nobody fails any more; a host is preferred to another for some minutes.
        for (worker, given) in running { script.finish(given, by: worker) }
        script.obey(.retry(.all))
        for (place, ranks) in [1, 8].enumerated() { script.greet("last-\(place)", on: "last-\(place)", ranks: ranks) }
        for _ in 0..<400 where !script.scheduler.isFinished {
            script.wait(seconds: 20)
            for worker in ["last-0", "last-1"] {
                if let given = script.ask(worker) { script.finish(given, by: worker) }
            }
        }
        #expect(script.scheduler.isFinished, "\(script.scheduler.standings)")
    }
}
