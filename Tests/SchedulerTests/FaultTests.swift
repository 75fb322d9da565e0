import Experiments
import Messages
import Scheduler
import Simulation
import Testing

/// Whose fault it is when an attempt ends without a result, and what follows from that.
struct FaultTests {
    static let noModel = StageFailure(.node, "model.safetensors: cannot read")
    static let noFile = StageFailure(.badInput, "train.tsv: no such file")

    private func script(
        stages count: Int, settings: SchedulerSettings = SchedulerSettings()
    ) throws -> (Script, [StageKey]) {
        var builder = PlanBuilder()
        let keys = try (1...count).map { try builder.add("stage \($0)") }
        let script = Script(builder.plan, settings: settings)
        script.start()
        return (script, keys)
    }

    @Test(arguments: [FaultTests.noModel, FaultTests.noFile])
    func `a host that cannot costs a stage nothing while another one can`(fault: StageFailure) throws {
        let (script, keys) = try script(stages: 30)
        script.greet("broken", on: "broken")
        script.greet("healthy", on: "healthy")
        for _ in 0..<200 where !script.scheduler.isFinished {
            if let assignment = script.ask("broken") { script.fail(assignment, by: "broken", fault) }
            if let assignment = script.ask("healthy") { script.finish(assignment, by: "healthy") }
            script.wait(seconds: 5)
        }
        #expect(keys.allSatisfy { script.state($0) == .finished })
        #expect(keys.allSatisfy { script.memory.stages[$0]?.nodeFailures == 0 })
    }

    @Test func `a host that fails is left alone for a while, longer each time in a row`() throws {
        let (script, _) = try script(stages: 10)
        script.greet("a")
        var pauses: [Int64] = []
        for _ in 1...5 {
            let failedAt = script.now
            script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
            let resting = try #require(script.scheduler.resting(at: script.now).first)
            #expect(resting.reason == Self.noModel.message && resting.faults == pauses.count + 1)
            while script.ask("a") == nil { script.wait(seconds: 1) }
            #expect(script.scheduler.resting(at: script.now).isEmpty)
            pauses.append(script.now.milliseconds(since: failedAt))
        }
        #expect(pauses[0] >= 2_500 && pauses == pauses.sorted() && pauses[4] >= 40_000, "\(pauses)")
        #expect(pauses[4] <= 81_000, "\(pauses)")
    }

    @Test func `a host is not to blame where more was asked of a stage while it ran`() throws {
        var builder = PlanBuilder()
        let source = try builder.add("source")
        let small = builder.plan
        try builder.add("follower", from: [(.head, source)])
        let script = Script(small)
        script.start()
        let asked = try #require(script.greetAndAsk("a"))
        script.plan(builder.plan)
        script.finish(asked, by: "a")
        #expect(script.memory.endings[source]?[asked.attempt]??.cause == .stopped)
        #expect(script.memory.stages[source]?.nodeFailures == 0)
        let again = try #require(script.ask("a"), "it does not rest")
        #expect(again.stage == source && again.planned.outputs == [.head])
        script.finish(again, by: "a")
        #expect(script.state(source) == .finished)
    }

    @Test
    func `what took too much memory computes activations again, and half as many examples where a person wants that`()
        throws
    {
        let tooMuch = StageFailure(.outOfMemory, "out of memory")
        for isWanted in [false, true] {
            var settings = SchedulerSettings()
            settings.reactions = isWanted ? [.outOfMemory: .halve] : [:]
            settings.nodeFailureLimit = 10
            let (script, _) = try script(stages: 1, settings: settings)
            script.greet("a")
            var parts: [Int] = []
            var recomputes: [Bool] = []
            for _ in 1...3 {
                while script.ask("a") == nil { script.wait(seconds: 1) }
                let assignment = try #require(script.ask("a"))
                parts.append(assignment.batchParts)
                recomputes.append(assignment.planned.recomputes)
                script.fail(assignment, by: "a", tooMuch)
            }
            #expect(parts == (isWanted ? [1, 2, 4] : [1, 1, 1]))
            #expect(recomputes == [false, true, true], "which changes no number")
        }
    }

    @Test(arguments: [false, true])
    func `what fits into no host's memory is refused once by each, and no host rests for it`(hasOther: Bool) throws {
        let tooLarge = StageFailure(.tooLarge, "the stage needs 9 GiB")
        let (script, keys) = try script(stages: 1, settings: SchedulerSettings())
        script.greet("a", on: "one")
        if hasOther { script.greet("b", on: "two") }
        script.fail(try #require(script.ask("a")), by: "a", tooLarge)
        if hasOther {
            #expect(script.state(keys[0]) == .waiting)
            while script.ask("b") == nil { script.wait(seconds: 1) }
            script.fail(try #require(script.ask("b")), by: "b", tooLarge)
        }
        #expect(script.state(keys[0]) == .setAside)
        #expect(script.scheduler.resting(at: script.now).isEmpty)
    }

    @Test(arguments: Reaction.causes)
    func `a cause after which a stage is to be set aside sets it aside at once`(cause: StageFailure.Cause) throws {
        var settings = SchedulerSettings()
        settings.reactions = [cause: .setAside]
        let (script, keys) = try script(stages: 1, settings: settings)
        script.greet("a", on: "one")
        script.greet("b", on: "two")
        let assignment = try #require(script.ask("a"))
        if cause == .lost {
            script.wait(seconds: 100)
            script.tick()
        } else {
            script.fail(assignment, by: "a", StageFailure(cause, "a sentence"))
        }
        #expect(script.state(keys[0]) == .setAside)
    }

    @Test func `a success ends the pauses of a host`() throws {
        let (script, _) = try script(stages: 10)
        script.greet("a")
        for _ in 1...4 {
            script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
            script.wait(seconds: 300)
        }
        script.finish(try #require(script.ask("a")), by: "a")
        script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
        script.wait(seconds: 5)
        #expect(script.ask("a") != nil)
    }

    @Test func `bad input is final once a second host agrees`() throws {
        let (script, keys) = try script(stages: 1)
        script.greet("a", on: "one")
        script.greet("b", on: "two")
        script.fail(try #require(script.ask("a")), by: "a", Self.noFile)
        #expect(script.state(keys[0]) == .waiting)
        script.wait(seconds: 10)
        #expect(script.ask("a") == nil, "the second host is to look")
        script.fail(try #require(script.ask("b")), by: "b", Self.noFile)
        #expect(script.memory.stages[keys[0]]?.standing == .failed(Self.noFile))
    }

    @Test func `a host that is preferred and dead is waited for no longer than a lease`() throws {
        let (script, keys) = try script(stages: 1)
        script.greet("a", on: "one")
        script.greet("dead", on: "two")
        script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
        for _ in 0..<12 {
            script.wait(seconds: 4)
            #expect(script.ask("a") == nil)
        }
        script.wait(seconds: 13)
        #expect(script.ask("a")?.stage == keys[0])
    }

    @Test func `a host that is preferred and does not come is waited for some minutes`() throws {
        let (script, keys) = try script(stages: 2)
        script.greet("a", on: "one")
        script.greet("b", on: "two")
        let long = try #require(script.ask("b"))
        script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
        for _ in 0..<29 {
            script.wait(seconds: 10)
            script.beat(long, by: "b")
            #expect(script.ask("a") == nil)
        }
        script.wait(seconds: 10)
        #expect(script.ask("a")?.stage == keys[1])
    }

    @Test func `silence while the coordinator stood still is nobody's fault`() throws {
        let (script, keys) = try script(stages: 1)
        let assignment = try #require(script.greetAndAsk("a"))
        script.wait(seconds: 80)
        script.resume(afterMilliseconds: 79_000)
        script.tick()
        #expect(script.state(keys[0]) == .running)
        #expect(script.beat(assignment, by: "a").told == [.renewed(claim: assignment.claim)])
        for _ in 1...4 {
            script.resume(afterMilliseconds: 1_000)
            script.wait(seconds: 70)
            script.tick()
            #expect(script.state(keys[0]) == .waiting, "whoever is really gone loses the stage")
            script.greetAndAsk("a")
        }
        #expect(script.memory.stages[keys[0]]?.losses == 0)
    }

    @Test(arguments: [StageFailure.Cause.node, .badInput])
    func `what ended without a verdict is tried again by the next coordinator`(cause: StageFailure.Cause) throws {
        let (script, keys) = try script(stages: 2)
        script.greet("a")
        let diverged = StageFailure(.diverged, "the loss is not finite")
        script.fail(try #require(script.ask("a")), by: "a", diverged)
        for _ in 0..<3 where script.state(keys[1]) == .waiting {
            script.wait(seconds: 60)
            script.fail(try #require(script.ask("a")), by: "a", StageFailure(cause, "no file"))
        }
        #expect(script.scheduler.isFinished && script.state(keys[1]) != .finished)
        script.start()
        #expect(script.memory.stages[keys[0]]?.standing == .failed(diverged), "that is a verdict")
        let again = try #require(script.greetAndAsk("b"))
        #expect(again.stage == keys[1])
        script.finish(again, by: "b")
        #expect(script.state(keys[1]) == .finished)
    }

    @Test func `a stage whose source is lost and cannot be made again is blocked, though it ran`() throws {
        var builder = PlanBuilder()
        let first = try builder.add("first")
        let second = try builder.add("second", from: [(.head, first)])
        let third = try builder.add("third", from: [(.head, second)])
        let script = Script(builder.plan)
        script.start()
        script.greet("a")
        for _ in 1...2 { script.finish(try #require(script.ask("a")), by: "a") }
        #expect(script.ask("a")?.stage == third)
        script.lose(makeResult(of: first, outputs: [.head]).artifacts)
        #expect(script.state(third) == .running, "what it starts from is there")
        script.greet("b")
        script.fail(try #require(script.ask("b")), by: "b", StageFailure(.diverged, "not finite"))
        script.lose(makeResult(of: second, outputs: [.head]).artifacts)
        #expect([first, second, third].map(script.state) == [.failed, .blocked, .blocked])
    }

    @Test func `a retry forgives hosts and stages at once`() throws {
        let (script, keys) = try script(stages: 1)
        script.greet("a")
        script.fail(try #require(script.ask("a")), by: "a", Self.noModel)
        #expect(script.ask("a") == nil)
        script.obey(.retry(.all))
        #expect(script.ask("a")?.stage == keys[0])
        #expect(script.memory.stages[keys[0]]?.nodeFailures == 0)
    }

    @Test func `the first seed of every method comes before the second of any, and chains come first`() throws {
        var builder = PlanBuilder()
        for method in ["one", "two"] {
            for seed in 1...2 { try builder.add(method, seed: UInt64(seed)) }
        }
        for seed in 1...2 { try builder.addChain("chain", seed: UInt64(seed)) }
        let script = Script(builder.plan)
        script.start()
        var order: [String] = []
        script.greet("a")
        while let assignment = script.ask("a") {
            order.append("\(assignment.planned.label) \(assignment.planned.specification.seed)")
            script.finish(assignment, by: "a")
        }
        #expect(
            order == [
                "chain/1 1", "chain/2 1", "one 1", "two 1", "chain/1 2", "chain/2 2", "one 2", "two 2",
            ])
    }
}
