import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// Who is handed out next, by what is known without a look at every stage.
struct OrderTests {
    /// Workers that ask, finish, fail and leave, and people who interfere, as the seed has it.
    private final class World {
        var generator: Generator
        let script: Script
        var naive: NaiveOrder
        var idle: [WorkerID] = []
        var running: [(assignment: Assignment, worker: WorkerID)] = []
        var births = 0
        private(set) var handOuts = 0
        private let sweeps: [SweepPlan]

        init(seed: UInt64) throws {
            generator = Generator(seed: seed)
            let whole = try SweepPlan.random(stageCount: 80, using: &generator)
            var settings = SchedulerSettings()
            (settings.backOffMilliseconds, settings.lossLimit, settings.nodeFailureLimit) = (0, 1_000, 1_000)
            // The first sweep has no rows, so that the second one changes the order of its stages.
            let first = whole.prefix(Int.random(in: 1..<80, using: &generator))
            let others = makePlan(name: "second", stages: whole.stages, rows: whole.rows)
            sweeps = [first, generator.chance(0.5) ? others : whole]
            naive = NaiveOrder(settings: settings)
            script = Script(first, settings: settings)
            script.start()
            naive.add(first)
            for _ in 0..<4 { bear() }
        }

        func bear() {
            births += 1
            let worker = WorkerID(rawValue: "worker-\(births)")
            let host = "host-\(Int.random(in: 0..<3, using: &generator))"
            script.greet(worker.rawValue, on: host)
            naive.greet(worker, on: host)
            naive.hear(worker, at: script.now)
            idle.append(worker)
        }

        func step(_ number: Int) {
            if number == 150 {
                script.plan(sweeps[1])
                naive.add(sweeps[1])
            }
            if generator.chance(0.2) { script.wait(seconds: generator.milliseconds(1...4)) }
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<8: ask()
            case 8..<13: end(failing: nil)
            case 13: end(failing: StageFailure(.node, "no space"))
            case 14: end(failing: StageFailure(generator.chance(0.2) ? .diverged : .stopped, "for a test"))
            case 15: leave()
            default: interfere()
            }
        }

        private func ask() {
            guard !script.scheduler.isFinished, let place = idle.indices.randomElement(using: &generator) else {
                return
            }
            let worker = idle[place]
            naive.hear(worker, at: script.now)
            let expected = naive.next(for: worker, script.memory.stages, at: script.now)
            let given = script.ask(worker.rawValue)
            #expect(given.map { expected.contains($0.stage) } ?? expected.isEmpty)
            guard let given else { return }
            handOuts += 1
            naive.take(given, by: worker)
            running.append((given, worker))
            idle.remove(at: place)
        }

        private func end(failing failure: StageFailure?) {
            guard let place = running.indices.randomElement(using: &generator) else { return }
            let (assignment, worker) = running.remove(at: place)
            naive.hear(worker, at: script.now)
            idle.append(worker)
            let isCurrent = script.memory.running[assignment.stage]?.attempt == assignment.attempt
            if let failure {
                script.fail(assignment, by: worker.rawValue, failure)
                if failure.cause == .node, isCurrent { naive.fail(assignment.stage, by: worker, at: script.now) }
            } else {
                script.finish(assignment, by: worker.rawValue)
                let stage = script.memory.stages[assignment.stage]
                if isCurrent, stage?.state == .finished { naive.finish(assignment.stage, by: worker) }
            }
        }

        private func leave() {
            guard births < 40, let place = idle.indices.randomElement(using: &generator) else { return }
            let worker = idle.remove(at: place)
            script.hear(FromWorker(.goodbye, from: worker))
            naive.leave(worker)
            bear()
        }

        private func interfere() {
            let key = sweeps[0].stages.randomElement(using: &generator)?.key
            let one = StageSelector(key: key?.description)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: script.obey(.pause(one))
            case 1: script.obey(.resume(.all))
            case 2: script.obey(.setPriority(one, Int.random(in: -1...1, using: &generator)))
            case 3: script.obey(.cancel(one))
            case 4:
                let tried = script.memory.stages.values.filter {
                    [.waiting, .failed, .setAside, .cancelled].contains($0.state) && $0.setback != nil
                }
                script.obey(.retry(.all))
                for stage in tried { naive.forgive(stage.key) }
            default:
                let made = script.memory.stages.values.flatMap { $0.result?.artifacts ?? [] }.map(\.id).sorted()
                if let artifact = made.randomElement(using: &generator) { script.lose(artifact) }
            }
        }
    }

    @Test(arguments: 0..<UInt64(30))
    func `what is handed out is what a look at every stage would find`(seed: UInt64) throws {
        let world = try World(seed: seed)
        for number in 0..<fuzzCount(500) { world.step(number) }
        #expect(world.handOuts > 50)
    }

    @Test func `the time of the hosts is shared by weight, whichever sweep has the longer stages`() throws {
        var builder = PlanBuilder()
        for number in 1...300 { try builder.add("stage-\(number)") }
        let stages = builder.plan.stages
        let script = Script(makePlan(name: "short", stages: Array(stages[..<200])))
        script.start()
        script.plan(makePlan(name: "long", stages: Array(stages[200...])))
        script.obey(.setWeight(sweep: "long", 3))
        let long = Set(stages[200...].map(\.key))
        var seconds: [Bool: Int64] = [:]
        script.greet("a")
        for _ in 0..<200 {
            let assignment = try #require(script.ask("a"))
            let duration: Int64 = long.contains(assignment.stage) ? 20 : 2
            script.wait(seconds: duration)
            script.finish(assignment, by: "a")
            seconds[duration == 20, default: 0] += duration
        }
        let share = Double(seconds[true, default: 0]) / Double(seconds[false, default: 1])
        #expect(share > 2.7 && share < 3.3, "\(seconds)")
    }

    @Test func `a weight outlives the coordinator that was told of it`() throws {
        var builder = PlanBuilder()
        for number in 1...60 { try builder.add("stage-\(number)") }
        let stages = builder.plan.stages
        let script = Script(makePlan(name: "light", stages: Array(stages[..<30])))
        script.start()
        script.plan(makePlan(name: "heavy", stages: Array(stages[30...])))
        script.obey(.setWeight(sweep: "heavy", 3))
        script.start()
        script.plan(makePlan(name: "heavy", stages: Array(stages[30...])))
        #expect(script.scheduler.standings.map(\.weight) == [nil, 3])
        let heavy = Set(stages[30...].map(\.key))
        script.greet("a")
        var turns: [Bool] = []
        for _ in 0..<20 {
            let assignment = try #require(script.ask("a"))
            turns.append(heavy.contains(assignment.stage))
            script.wait(seconds: 1)
            script.finish(assignment, by: "a")
        }
        #expect(turns.count { $0 } == 15, "\(turns)")
        script.obey(.setWeight(sweep: "heavy", 1))
        #expect(script.memory.weights.isEmpty)
    }

    @Test func `a sweep that comes later has its share from then on, and no more to make up for it`() throws {
        var builder = PlanBuilder()
        for number in 1...60 { try builder.add("stage-\(number)") }
        let stages = builder.plan.stages
        let script = Script(makePlan(name: "early", stages: Array(stages[..<40])))
        script.start()
        script.greet("a")
        for _ in 0..<20 { script.finish(try #require(script.ask("a")), by: "a") }
        script.plan(makePlan(name: "late", stages: Array(stages[40...])))
        let late = Set(stages[40...].map(\.key))
        var turns: [Bool] = []
        for _ in 0..<10 {
            let assignment = try #require(script.ask("a"))
            turns.append(late.contains(assignment.stage))
            script.finish(assignment, by: "a")
        }
        #expect(turns.count { $0 } == 5, "\(turns)")
    }

    @Test func `a stage that two sweeps want is handed out in the turn of either`() throws {
        var builder = PlanBuilder()
        for number in 1...4 { try builder.add("stage-\(number)") }
        let stages = builder.plan.stages
        let script = Script(makePlan(name: "whole", stages: stages))
        script.start()
        script.plan(makePlan(name: "end", stages: [stages[3]]))
        #expect(script.greetAndAsk("a")?.stage == stages[0].key)
        #expect(script.greetAndAsk("b")?.stage == stages[3].key, "the second sweep's first")
        #expect(script.greetAndAsk("c")?.stage == stages[1].key)
    }
}
