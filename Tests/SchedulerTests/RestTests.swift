import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// Workers that were told that there is nothing for them.
struct RestTests {
    /// Those that are told to ask.
    private func woken(by effects: [Effect]) -> [String] {
        effects.compactMap { effect in
            if case .send(.idle(askAgainMilliseconds: 0), let worker) = effect { worker.rawValue } else { nil }
        }
    }

    @Test func `as many are woken as stages have come to stand ready`() throws {
        var builder = PlanBuilder()
        let first = try builder.add("first")
        for number in 0..<2 { _ = try builder.add("follower \(number)", from: [(.head, first)]) }
        let script = Script(builder.plan)
        script.start()
        let assignment = try #require(script.greetAndAsk("a"))
        for worker in ["b", "c", "d", "e"] { #expect(script.greetAndAsk(worker) == nil) }
        // Who has left, and who has asked again meanwhile, does not stand ahead of the others.
        script.hear(FromWorker(.goodbye, from: WorkerID(rawValue: "b")))
        #expect(script.ask("c") == nil)
        #expect(woken(by: script.finish(assignment, by: "a")) == ["d", "e"])
        #expect(script.ask("d") != nil)
        #expect(script.ask("e") != nil)
    }

    @Test func `a stage that was taken away wakes one`() throws {
        var builder = PlanBuilder()
        _ = try builder.add("the only stage")
        let script = Script(builder.plan)
        script.start()
        let assignment = try #require(script.greetAndAsk("a"))
        #expect(script.greetAndAsk("b") == nil)
        #expect(woken(by: script.fail(assignment, by: "a", StageFailure(.stopped, "for a test"))) == ["b"])
        #expect(woken(by: script.tick()) == [])
    }

    @Test func `all are woken once nothing more will come, and are dismissed`() throws {
        var builder = PlanBuilder()
        _ = try builder.add("the only stage")
        let script = Script(builder.plan)
        script.start()
        let assignment = try #require(script.greetAndAsk("a"))
        for worker in ["b", "c"] { #expect(script.greetAndAsk(worker) == nil) }
        #expect(woken(by: script.finish(assignment, by: "a")) == ["b", "c"])
        let answers = script.hear(FromWorker(.ready, from: WorkerID(rawValue: "b")))
        #expect(answers.contains(.send(.dismissed, to: WorkerID(rawValue: "b"))))
    }

    @Test func `a worker that turns out to train a stage of a later sweep does not rest`() throws {
        var (earlier, later) = (PlanBuilder(), PlanBuilder())
        _ = try earlier.add("the first stage")
        _ = try later.add("the first stage")
        let stage = try later.add("another stage")
        let now = Timestamp(rawValue: 0)
        var scheduler = Scheduler()
        _ = scheduler.handle(.planned(earlier.plan, askedAt: now, known: [:], stored: []), at: now)
        let worker = WorkerID(rawValue: "b")
        for worker in [WorkerID(rawValue: "a"), worker] {
            for body in [FromWorker.Body.hello(version: protocolVersion, node: anyNode), .ready] {
                _ = scheduler.handle(.message(FromWorker(body, from: worker)), at: now)
            }
        }
        let known = [stage: StageRecord(key: stage, standing: .running(on: worker), attempts: 1)]
        _ = scheduler.handle(.planned(later.plan, askedAt: now, known: known, stored: []), at: now)
        #expect(scheduler.checkInvariants() == [])
    }
}
