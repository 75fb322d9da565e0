import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

struct SchedulerTests {
    /// A first stage from whose head two others start, and a stage by itself that was planned before them.
    private struct Small {
        let alone: StageKey
        let first: StageKey
        let followers: [StageKey]
        let script: Script

        init(settings: SchedulerSettings = SchedulerSettings()) throws {
            var builder = PlanBuilder()
            alone = try builder.add("alone")
            first = try builder.add("first")
            let source = first
            followers = try ["second/a", "second/b"].map { try builder.add($0, from: [(.head, source)]) }
            script = Script(builder.plan, settings: settings)
            script.start()
        }
    }

    @Test func `what others wait for comes first, then the order of the plan`() throws {
        let small = try Small()
        let first = try #require(small.script.greetAndAsk("a"))
        #expect(first.stage == small.first && first.attempt.rawValue == 1)
        #expect(small.script.greetAndAsk("b")?.stage == small.alone)
        #expect(small.script.greetAndAsk("c") == nil, "the followers wait for the head")
        small.script.finish(first, by: "a")
        let head = makeResult(of: small.first, outputs: [.head]).artifacts
        #expect(small.script.ask("a")?.inputs == head)
        #expect(small.script.ask("c")?.stage == small.followers[1])
    }

    @Test func `a worker is preferred for what starts from its own artifacts`() throws {
        var builder = PlanBuilder()
        let sources = try ["x/1", "y/1"].map { try builder.add($0) }
        let followers = try sources.enumerated().map { try builder.add("\($0)/2", from: [(.head, $1)]) }
        let script = Script(builder.plan)
        script.start()
        let x = try #require(script.greetAndAsk("a"))
        let y = try #require(script.greetAndAsk("b"))
        script.finish(x, by: "a")
        script.finish(y, by: "b")
        #expect(script.ask("b")?.stage == followers[1])
        #expect(script.ask("a")?.stage == followers[0])
    }

    @Test func `a result whose artifact is gone is made again, and what starts from it is stopped`() throws {
        let small = try Small()
        let first = try #require(small.script.greetAndAsk("a"))
        small.script.finish(first, by: "a")
        let follower = try #require(small.script.ask("a"))
        let head = makeResult(of: small.first, outputs: [.head]).artifacts[0]
        small.script.lose(head.id)
        #expect(small.script.state(small.first) == .waiting && small.script.state(follower.stage) == .waiting)
        #expect(small.script.beat(follower, by: "a").told.contains { if case .stop = $0 { true } else { false } })
        let again = try #require(small.script.ask("a"))
        #expect(again.stage == small.first && again.attempt.rawValue == 2)
        small.script.finish(again, by: "a")
        #expect(small.script.ask("a")?.stage == follower.stage)
        #expect(small.script.lose(ArtifactID(rawValue: small.alone.rawValue)).isEmpty, "nobody's artifact")
    }

    @Test func `leases live on by the time in which nobody could be heard`() throws {
        let small = try Small()
        let held = try #require(small.script.greetAndAsk("a"))
        small.script.wait(seconds: 600)
        small.script.resume(afterSeconds: 600)
        small.script.tick()
        #expect(small.script.state(held.stage) == .running)
        small.script.wait(seconds: 60)
        small.script.tick()
        #expect(small.script.state(held.stage) == .waiting)
    }

    @Test func `a lost worker's stage returns to the queue`() throws {
        let small = try Small()
        let lost = try #require(small.script.greetAndAsk("a"))
        small.script.wait(seconds: 59)
        small.script.tick()
        #expect(small.script.state(lost.stage) == .running)
        small.script.wait(seconds: 1)
        small.script.tick()
        #expect(small.script.state(lost.stage) == .waiting)
        let again = try #require(small.script.greetAndAsk("b"))
        #expect(again.stage == lost.stage && again.attempt.rawValue == 2)
    }

    @Test func `heartbeats keep a lease alive`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        for _ in 0..<10 {
            small.script.wait(seconds: 50)
            let answer = ToWorker.renewed(claim: assignment.claim)
            #expect(small.script.beat(assignment, by: "a").told == [answer])
            small.script.tick()
        }
        #expect(small.script.finish(assignment, by: "a").refusal == nil)
    }

    @Test func `the result of an attempt that is not current is refused, and its worker told to stop`() throws {
        let small = try Small()
        let lost = try #require(small.script.greetAndAsk("a"))
        small.script.wait(seconds: 60)
        small.script.tick()
        let again = try #require(small.script.greetAndAsk("b"))
        #expect(small.script.beat(lost, by: "a").told.contains { if case .stop = $0 { true } else { false } })
        #expect(small.script.finish(lost, by: "a").refusal == "attempt 1 is not the current one")
        #expect(small.script.finish(again, by: "a").refusal != nil, "the attempt is not this worker's")
        #expect(small.script.state(lost.stage) == .running)
        #expect(small.script.finish(again, by: "b").refusal == nil)
    }

    @Test func `a result that is said again is settled again and recorded once`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        small.script.finish(assignment, by: "a")
        let effects = small.script.finish(assignment, by: "a")
        #expect(
            effects == [.send(.settled(claim: assignment.claim, refusal: nil), to: "a")])
    }

    @Test func `a result waits for its artifacts`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let head = makeResult(of: small.first, outputs: [.head]).artifacts[0]
        #expect(
            small.script.finish(assignment, by: "a", storing: false).contains {
                if case .request(head, _, from: "a") = $0 { true } else { false }
            })
        #expect(small.script.state(small.first) == .running)
        #expect(small.script.finish(assignment, by: "a").refusal == nil)
    }

    @Test func `a result without an artifact that was asked for counts as the node's failure`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let result = makeResult(of: assignment.stage, outputs: [])
        small.script.hear(
            FromWorker(.finished(claim: assignment.claim, result: result), from: "a"))
        let stage = try #require(small.script.memory.stages[small.first])
        #expect(stage.standing == .waiting && stage.nodeFailures == 1 && stage.losses == 0)
    }

    @Test func `a stage that kills its workers is set aside, and the sweep goes on`() throws {
        let small = try Small()
        for number in 1...3 {
            #expect(small.script.greetAndAsk("worker-\(number)")?.stage == small.first)
            small.script.wait(seconds: 60)
            small.script.tick()
            small.script.wait(seconds: 10)
        }
        #expect(small.script.state(small.first) == .setAside)
        #expect(small.followers.map(small.script.state) == [.blocked, .blocked])
        let alone = try #require(small.script.greetAndAsk("d"))
        small.script.finish(alone, by: "d")
        #expect(small.script.scheduler.isFinished)
        #expect(small.script.hear(FromWorker(.ready, from: "d")).told == [.dismissed])
    }

    @Test(arguments: [StageFailure.Cause.diverged, .badInput])
    func `a stage that fails by its own fault is not repeated`(cause: StageFailure.Cause) throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let effects = small.script.fail(assignment, by: "a", StageFailure(cause, "not finite"))
        #expect(effects.refusal == nil)
        #expect(small.script.memory.stages[small.first]?.standing == .failed(StageFailure(cause, "not finite")))
        #expect(small.followers.map(small.script.state) == [.blocked, .blocked])
        #expect(small.script.fail(assignment, by: "a", StageFailure(cause, "not finite")).refusal == nil)
    }

    @Test func `a node's failure is tried again on another host`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a", on: "full"))
        small.script.greetAndAsk("b", on: "empty")
        small.script.fail(assignment, by: "a", StageFailure(.node, "no space"))
        #expect(small.script.ask("a") == nil, "the other host is to try")
        small.script.hear(FromWorker(.goodbye, from: "b"))
        small.script.wait(seconds: 5)
        #expect(small.script.ask("a")?.stage == small.first, "there is no other host any more")
    }

    @Test func `node failures without end set the stage aside`() throws {
        let small = try Small()
        small.script.greetAndAsk("a")
        for _ in 1...3 {
            let assignment = try #require(small.script.ask("a"))
            small.script.fail(assignment, by: "a", StageFailure(.node, "no space"))
            small.script.wait(seconds: 30)
        }
        #expect(small.script.state(small.first) == .setAside)
    }

    @Test func `a worker that leaves, or stops on request, does not count against its stage`() throws {
        let small = try Small()
        for round in 1...4 {
            let left = try #require(small.script.greetAndAsk("leaving-\(round)"))
            small.script.hear(FromWorker(.goodbye, from: WorkerID(rawValue: "leaving-\(round)")))
            #expect(small.script.state(left.stage) == .waiting)
            let stopped = try #require(small.script.greetAndAsk("stopping-\(round)"))
            small.script.fail(stopped, by: "stopping-\(round)", StageFailure(.stopped, "stopped"))
        }
        let stage = try #require(small.script.memory.stages[small.first])
        #expect(stage.standing == .waiting && stage.losses == 0 && stage.nodeFailures == 0)
    }

    @Test func `what still comes from a worker that has left is not heard`() throws {
        let small = try Small()
        small.script.greetAndAsk("a")
        small.script.hear(FromWorker(.goodbye, from: "a"))
        #expect(small.script.hear(FromWorker(.ready, from: "a")).isEmpty)
    }

    @Test func `an assignment that was lost on the way is sent again`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        #expect(small.script.ask("a") == assignment)
    }

    @Test func `a worker goes on across a restart of the coordinator`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        small.script.start()
        small.script.wait(seconds: 10)
        let answer = ToWorker.renewed(claim: assignment.claim)
        #expect(small.script.beat(assignment, by: "a").told == [.unknownWorker, answer])
        small.script.wait(seconds: 50)
        small.script.tick()
        #expect(small.script.finish(assignment, by: "a").refusal == nil)
    }

    @Test func `a worker that a restart finds gone does not count against its stage`() throws {
        let small = try Small()
        for round in 1...4 {
            #expect(small.script.greetAndAsk("worker-\(round)")?.stage == small.first)
            small.script.start()
            small.script.wait(seconds: 20)
            small.script.tick()
        }
        let stage = try #require(small.script.memory.stages[small.first])
        #expect(stage.standing == .waiting && stage.losses == 0 && stage.nodeFailures == 0)
    }

    @Test func `a restart with the artifact gone runs the stage again, if someone asks for it`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        small.script.finish(assignment, by: "a")
        var fresh = Scheduler()
        _ = fresh.handle(
            .planned(
                small.script.plan, askedAt: small.script.now, known: small.script.memory.stages, stored: []),
            at: small.script.now)
        #expect(fresh.checkInvariants().isEmpty)
        #expect(fresh.explain(small.first) == .waitsForWorker)
    }

    @Test func `a plan that asks for more than a finished stage has made runs it again`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        small.script.finish(assignment, by: "a")
        var wider = small.script.plan.stages
        wider[1].outputs.insert(.backbone)
        let plan = small.script.plan.with(wider)
        let known = small.script.memory.stages
        let stored = Set(makeResult(of: small.first, outputs: [.head]).artifacts.map(\.id))
        for (asked, expected) in [
            (small.script.plan, Explanation.ended(.finished, reason: nil)), (plan, .waitsForWorker),
        ] {
            var fresh = Scheduler()
            _ = fresh.handle(
                .planned(asked, askedAt: small.script.now, known: known, stored: stored), at: small.script.now)
            #expect(fresh.explain(small.first) == expected)
            #expect(fresh.checkInvariants().isEmpty)
        }
    }

    @Test func `a plan that asks for a measurement that a finished stage has not made runs it again, with both`() throws
    {
        var builder = PlanBuilder()
        let key = try builder.add("a", outputs: [.head, .log])
        let result = makeResult(of: key, outputs: [.head, .log], measured: [.cost])
        let known = [key: StageRecord(key: key, standing: .finished(result), attempts: 1)]
        let planned = { (measures: [Measure]) in
            var stages = builder.plan.stages
            stages[0].owe([], measures: measures)
            var scheduler = Scheduler()
            let stored = Set(result.artifacts.map(\.id))
            let event = Event.planned(
                builder.plan.with(stages), askedAt: Timestamp(rawValue: 0), known: known, stored: stored)
            _ = scheduler.handle(event, at: Timestamp(rawValue: 0))
            return scheduler
        }
        #expect(planned([.cost]).explain(key) == .ended(.finished, reason: nil))
        var scheduler = planned([.convergence])
        #expect(scheduler.explain(key) == .waitsForWorker)
        #expect(scheduler.checkInvariants().isEmpty)
        let worker = WorkerID(rawValue: "w")
        let hello = FromWorker(.hello(version: protocolVersion, node: .test), from: worker)
        _ = scheduler.handle(.message(hello), at: Timestamp(rawValue: 1))
        let effects = scheduler.handle(.message(FromWorker(.ready, from: worker)), at: Timestamp(rawValue: 2))
        #expect(effects.assignment?.planned.measures == [.convergence, .cost])
    }

    @Test func `paused stages wait until they are resumed`() throws {
        let small = try Small()
        small.script.obey(.pause(StageSelector(method: "first")))
        #expect(small.script.scheduler.explain(small.first) == .isPaused)
        #expect(small.script.greetAndAsk("a")?.stage == small.alone)
        #expect(small.script.greetAndAsk("b") == nil)
        small.script.obey(.resume(.all))
        #expect(small.script.ask("b")?.stage == small.first)
    }

    @Test func `cancelling stops the worker and blocks what follows, and retrying undoes both`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let effects = small.script.obey(.cancel(StageSelector(key: small.first.short)))
        let stop = ToWorker.stop(claim: Claim(small.first, assignment.attempt), reason: "cancelled")
        #expect(effects.told == [stop])
        #expect(small.script.state(small.first) == .cancelled)
        #expect(small.followers.map(small.script.state) == [.blocked, .blocked])
        #expect(small.script.finish(assignment, by: "a").refusal == "the stage was cancelled")
        small.script.obey(.retry(StageSelector(state: .cancelled)))
        #expect(small.followers.map(small.script.state) == [.waiting, .waiting])
        #expect(small.script.ask("a")?.attempt.rawValue == 2)
    }

    @Test func `a stop returns every stage and sends everyone home`() throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let effects = small.script.obey(.stop)
        let reason = "the coordinator was stopped"
        #expect(effects.told == [.stop(claim: Claim(small.first, assignment.attempt), reason: reason), .dismissed])
        let stage = try #require(small.script.memory.stages[small.first])
        #expect(stage.standing == .waiting && stage.losses == 0 && stage.nodeFailures == 0)
        #expect(small.script.ask("late") == nil)
    }

    @Test func `a worker of another version is turned away`() throws {
        let small = try Small()
        let effects = small.script.hear(FromWorker(.hello(version: "headstart/0", node: .test), from: "a"))
        guard case .turnedAway(let reason) = effects.told.first else {
            Issue.record("\(effects)")
            return
        }
        #expect(reason.contains("headstart/0") && reason.contains(protocolVersion))
    }

    @Test(arguments: [true, false])
    func `evaluations and curves are recorded while the attempt is the current one`(isCurve: Bool) throws {
        let small = try Small()
        let assignment = try #require(small.script.greetAndAsk("a"))
        let evaluation = Evaluation(step: 1, epoch: 0.5, trainingLoss: 0.7, scores: [])
        let (stage, attempt) = (assignment.stage, assignment.attempt)
        let told = { (attempt: Attempt) -> FromWorker.Body in
            let claim = Claim(stage, attempt)
            return isCurve ? .curve(claim: claim, curve: .init()) : .evaluated(claim: claim, evaluation: evaluation)
        }
        let message = FromWorker(told(attempt), from: "a")
        let change = isCurve ? Change.drawn(stage, attempt, TrainingCurve()) : .evaluated(stage, attempt, evaluation)
        #expect(small.script.hear(message).contains(.record(change)))
        small.script.finish(assignment, by: "a")
        #expect(small.script.hear(message).count == 1, "it may come after the result")
        #expect(!small.script.hear(FromWorker(told(attempt), from: "b")).contains(.record(change)))
        #expect(small.script.hear(FromWorker(told(attempt.next), from: "a")).isEmpty)
    }

    @Test func `explanations name what a stage waits for`() throws {
        let small = try Small()
        #expect(small.script.scheduler.explain(small.followers[0]) == .startsFrom([small.first]))
        #expect(small.script.scheduler.explain(small.first) == .waitsForWorker)
        #expect(small.script.scheduler.explain(StageKey(rawValue: anyDigest)) == nil)
    }
}

extension WorkerID: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension SweepPlan {
    fileprivate func with(_ stages: [PlannedStage]) -> SweepPlan {
        SweepPlan(
            name: name, model: model, dataDirectory: dataDirectory, tasks: tasks, stages: stages, rows: rows)
    }
}
