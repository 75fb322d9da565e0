import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// What is done at once must not grow with the number of stages that are known.
struct CostTests {
    /// How many stages are looked at, however many are known, while workers come, train, fail and vanish, and artifacts are lost.
    private func visits(amongPairs count: Int) throws -> Int {
        var builder = PlanBuilder()
        for seed in 1...count { try builder.addChain("chain", seed: UInt64(seed)) }
        var scheduler = Scheduler()
        var now = Timestamp(rawValue: 0)
        func handle(_ event: Event) -> [Effect] { scheduler.handle(event, at: now) }
        func hear(_ body: FromWorker.Body, _ worker: Int) -> [Effect] {
            handle(.message(FromWorker(body, from: WorkerID(rawValue: "worker-\(worker)"))))
        }
        _ = handle(.planned(builder.plan, askedAt: now, known: [:], stored: []))
        let before = scheduler.visits
        for worker in 0..<8 {
            var node = NodeSettings.test
            node.host = "host-\(worker % 4)"
            _ = hear(.hello(version: protocolVersion, node: node), worker)
        }
        for round in 0..<30 {
            for worker in 0..<8 {
                guard let assignment = hear(.ready, worker).assignment else { continue }
                now = now.advanced(byMilliseconds: 100)
                let fault: StageFailure.Cause? = round % 10 == 9 ? .node : round == 5 && worker == 5 ? .diverged : nil
                if let fault {
                    _ = hear(.failed(claim: assignment.claim, failure: StageFailure(fault, "for a test")), worker)
                } else {
                    let result = makeResult(of: assignment.stage, outputs: assignment.planned.outputs)
                    for artifact in result.artifacts { _ = handle(.stored(artifact.id)) }
                    _ = hear(.finished(claim: assignment.claim, result: result), worker)
                    if worker == 3 { for artifact in result.artifacts { _ = handle(.gone(artifact.id)) } }
                }
            }
            _ = handle(.tick)
        }
        #expect(scheduler.standings.first?.states["finished"] ?? 0 > 50)
        return scheduler.visits - before
    }

    @Test(arguments: [(1, 1_000), (100, 5_000), (1_000, 30_000)])
    func `many workers without work ask less often each, and before they would be forgotten`(
        count: Int, milliseconds: Int64
    ) throws {
        var scheduler = Scheduler(settings: SchedulerSettings())
        let now = Timestamp(rawValue: 0)
        var builder = PlanBuilder()
        _ = try builder.add("the only stage")
        _ = scheduler.handle(.planned(builder.plan, askedAt: now, known: [:], stored: []), at: now)
        var answers: [Effect] = []
        for number in 0...count {
            let worker = WorkerID(rawValue: "worker-\(number)")
            for body in [FromWorker.Body.hello(version: protocolVersion, node: anyNode), .ready] {
                answers = scheduler.handle(.message(FromWorker(body, from: worker)), at: now)
            }
        }
        let last = WorkerID(rawValue: "worker-\(count)")
        #expect(answers.contains(.send(.idle(askAgainMilliseconds: milliseconds), to: last)))
    }

    @Test func `as many stages are looked at among thousands as among hundreds`() throws {
        let few = try visits(amongPairs: 200)
        #expect(few > 300)
        #expect(try visits(amongPairs: 1_500) == few)
    }

    @Test func `a worker that asks while nothing is ready has no stage looked at`() throws {
        var builder = PlanBuilder()
        let first = try builder.add("first")
        for number in 1...500 { try builder.add("second-\(number)", from: [(.head, first)]) }
        let script = Script(builder.plan)
        script.start()
        script.greetAndAsk("a")
        script.greet("b")
        let before = script.scheduler.visits
        for _ in 0..<10 { #expect(script.ask("b") == nil) }
        #expect(script.scheduler.visits == before)
    }

    @Test func `how sweeps stand is told from counters, and what runs from leases`() throws {
        var generator = Generator(seed: 1)
        let plan = try SweepPlan.random(stageCount: 40, using: &generator)
        let script = Script(plan)
        script.start()
        script.plan(makePlan(name: "part", stages: plan.prefix(10).stages))
        for worker in 0..<30 {
            guard let assignment = script.greetAndAsk("worker-\(worker)") else { continue }
            switch worker % 4 {
            case 0: script.finish(assignment, by: "worker-\(worker)")
            case 1: script.fail(assignment, by: "worker-\(worker)", StageFailure(.diverged, "for a test"))
            default: break
            }
            let records = script.scheduler.records
            for (standing, stages) in zip(script.scheduler.standings, [plan.stages, Array(plan.stages.prefix(10))]) {
                let keys = Set(stages.map(\.key))
                let states = records.filter { keys.contains($0.key) }.map { ($0.state.rawValue, 1) }
                #expect(standing.states == Dictionary(states, uniquingKeysWith: +))
            }
            let running = records.filter { $0.state == .running }
            #expect(script.scheduler.running.map(\.key) == running.map(\.key))
        }
        #expect(script.scheduler.standings.map(\.name) == ["test", "part"])
    }
}
