import Experiments
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// Hosts that end soon, and hosts with little memory.
struct LimitTests {
    private let gibibyte = 1 << 30
    private let tooLarge = StageFailure(.tooLarge, "the stage needs 9 GiB")

    private func script(_ needs: [StageNeeds]) throws -> (Script, [StageKey]) {
        var builder = PlanBuilder()
        let keys = try needs.indices.map { try builder.add("stage \($0)") }
        let script = Script(builder.plan)
        script.start(needs: Dictionary(uniqueKeysWithValues: zip(keys, needs)))
        return (script, keys)
    }

    private func explanation(of key: StageKey, _ script: Script) -> StageExplanation? {
        script.scheduler.explanations(of: StageSelector(key: key.description), at: script.now).first
    }

    @Test func `a stage goes only to a worker that has the time for it`() throws {
        let (script, keys) = try script([StageNeeds(seconds: 3_600), StageNeeds(seconds: 60)])
        script.greet("short", on: "one", WorkerLimits(secondsLeft: 600))
        script.greet("long", on: "two", WorkerLimits(secondsLeft: 7_200))
        #expect(script.ask("short")?.stage == keys[1])
        #expect(script.ask("long")?.stage == keys[0])
    }

    @Test func `what no worker has the time for goes on in pieces, but to none that ends in a moment`() throws {
        let (script, keys) = try script([StageNeeds(seconds: 3_600), StageNeeds()])
        script.greet("moment", on: "one", WorkerLimits(secondsLeft: 80))
        script.wait(seconds: 45)
        #expect(script.ask("moment") == nil, "nor of what nobody has foretold anything")
        let reason = "it is ready; no connected worker has enough time left for it"
        #expect(explanation(of: keys[0], script)?.reason == reason)
        script.greet("piece", on: "two", WorkerLimits(secondsLeft: 1_200))
        #expect(script.ask("piece")?.stage == keys[0])
        script.greet("endless", on: "three")
        #expect(script.ask("endless")?.stage == keys[1])
    }

    @Test func `a worker whose whole life is short takes stages in the first half of it`() throws {
        let (script, keys) = try script([StageNeeds(seconds: 3_600), StageNeeds()])
        script.greet("one", on: "one", WorkerLimits(secondsLeft: 36))
        script.greet("two", on: "two", WorkerLimits(secondsLeft: 36))
        #expect(script.ask("one")?.stage == keys[0])
        script.wait(seconds: 17)
        #expect(script.ask("two")?.stage == keys[1])
    }

    @Test func `what a host has taken for others says how long it takes`() throws {
        let (script, keys) = try script(Array(repeating: StageNeeds(seconds: 0.5), count: 3))
        script.greet("a", on: "slow", WorkerLimits(secondsLeft: 62))
        script.greet("b", on: "other")
        let first = try #require(script.ask("a"))
        script.wait(seconds: 61)
        script.hear(FromWorker(.ready, from: "b"))
        // Results say that it took a second, which is twice of what was foretold.
        script.finish(first, by: "a")
        #expect(script.state(keys[0]) == .finished)
        script.greet("c", on: "slow", WorkerLimits(secondsLeft: 0.75))
        #expect(script.ask("c") == nil)
        script.greet("d", on: "other", WorkerLimits(secondsLeft: 0.75))
        #expect(script.ask("d")?.stage == keys[2])
    }

    @Test func `a stage goes only where its memory is, and is explained where that is nowhere`() throws {
        let (script, keys) = try script([StageNeeds(leastBytes: 9 * gibibyte), StageNeeds(leastBytes: gibibyte)])
        script.greet("small", on: "one", WorkerLimits(memoryBytes: 4 * gibibyte))
        #expect(script.ask("small")?.stage == keys[1])
        #expect(script.ask("small")?.stage == keys[1], "told again")
        let explained = try #require(explanation(of: keys[0], script))
        #expect(
            explained.reason == "it is ready; each of its processes needs 9216 MiB, and no connected worker's may take "
                + "more than 4096 MiB")
        #expect(explained.remedy == "start a worker with more memory, or with fewer ranks on the same")
        script.greet("large", on: "two", WorkerLimits(memoryBytes: 16 * gibibyte))
        #expect(script.ask("large")?.stage == keys[0])
    }

    @Test func `a stage too large for some hosts is left to a larger one, for as long as that takes`() throws {
        let (script, keys) = try script([StageNeeds()])
        for small in ["a", "b"] { script.greet(small, on: small, WorkerLimits(memoryBytes: 4 * gibibyte)) }
        script.greet("large", on: "large", WorkerLimits(memoryBytes: 16 * gibibyte))
        script.fail(try #require(script.ask("a")), by: "a", tooLarge)
        #expect(script.ask("b") == nil, "it has no more than the one for which it was too large")
        for _ in 0..<20 {
            script.wait(seconds: 30)
            for worker in ["a", "b"] { #expect(script.ask(worker) == nil) }
            script.hear(FromWorker(.fetch(artifact: ArtifactID(rawValue: anyDigest), offset: 0), from: "large"))
        }
        let again = try #require(script.ask("large"))
        script.finish(again, by: "large")
        #expect(script.state(keys[0]) == .finished && script.memory.stages[keys[0]]?.nodeFailures == 0)
    }

    @Test func `two small hosts are no verdict while a larger one lives, whatever is known of their memory`() throws {
        let (script, keys) = try script([StageNeeds()])
        for host in ["a", "b", "c"] { script.greet(host, on: host) }
        for host in ["a", "b"] {
            script.fail(try #require(script.ask(host)), by: host, tooLarge)
            #expect(script.state(keys[0]) == .waiting)
        }
        #expect(script.ask("a") == nil && script.ask("b") == nil)
        script.fail(try #require(script.ask("c")), by: "c", tooLarge)
        let reason = "no connected host is large enough: the stage needs 9 GiB"
        #expect(script.memory.stages[keys[0]]?.standing == .setAside(reason: reason))
    }

    @Test(arguments: [-5, 0, 1e300, .infinity, .nan])
    func `whatever a worker says of its time, nothing breaks`(seconds: Double) throws {
        let (script, _) = try script([StageNeeds(seconds: seconds, leastBytes: .min), StageNeeds(seconds: 1)])
        script.greet("a", on: "a", WorkerLimits(secondsLeft: seconds, memoryBytes: .max))
        script.ask("a")
        script.greet("a", on: "b")
        script.ask("a")
        script.hear(FromWorker(.goodbye, from: "a"))
    }
}
