import Experiments
import Messages
import Scheduler
import Simulation
import Testing

struct PublishingTests {
    /// A first stage whose head so many others start from.
    private func script(followers: Int) throws -> (script: Script, first: Assignment) {
        var builder = PlanBuilder()
        let source = try builder.add("first")
        for place in 0..<followers { try builder.add("second/\(place)", from: [(.head, source)]) }
        let script = Script(builder.plan)
        script.start()
        return (script, try #require(script.greetAndAsk("a")))
    }

    private func isPublished(_ effects: [Effect], _ first: Assignment) -> Bool {
        let head = makeResult(of: first.stage, outputs: [.head]).artifacts[0]
        return effects.contains(.broadcast(.published(head)))
    }

    @Test func `a head that several workers will need is published, and what nobody starts from is not`() throws {
        let (script, first) = try script(followers: 2)
        script.greet("b")
        #expect(isPublished(script.finish(first, by: "a"), first))
        let second = try #require(script.ask("a"))
        #expect(!script.finish(second, by: "a").contains { if case .broadcast = $0 { true } else { false } })
    }

    @Test func `a head that one stage needs, or one worker, is fetched by its digest`() throws {
        let (chain, start) = try script(followers: 1)
        chain.greet("b")
        #expect(!isPublished(chain.finish(start, by: "a"), start))
        let (alone, first) = try script(followers: 2)
        #expect(!isPublished(alone.finish(first, by: "a"), first))
    }
}
