import Experiments
import Messages
import Testing
import Worker

/// Workers of jobs that a batch system ends.
struct TimeLimitTests {
    private struct Life {
        var dialogue: Dialogue
        var now = Duration.zero

        init(limit: Duration? = nil, work: Duration? = nil) {
            var settings = WorkerSettings(coordinator: .inproc(name: "test"), workDirectory: "", node: node)
            settings.lifetime = limit
            settings.patience.work = work
            dialogue = Dialogue(settings: settings)
        }

        mutating func tell(_ event: DialogueEvent, at time: Duration) -> [DialogueEffect] {
            now = time
            return dialogue.handle(event, at: now)
        }

        /// Lets time pass under a coordinator that has nothing to do.
        /// - Returns: when the worker ended, if it did.
        mutating func rest(until end: Duration) -> Duration? {
            while now < end {
                _ = tell(.message(.idle(askAgainMilliseconds: 1_000), bytes: []), at: now + .seconds(1))
                if dialogue.hasEnded { return now }
            }
            return nil
        }

        /// Gives the worker a stage whose files are all here.
        mutating func begin(_ assignment: Assignment, at time: Duration) {
            for case .find(let source) in tell(.message(.assign(assignment), bytes: []), at: time) {
                var effects = tell(.found(source.content, .here(.empty)), at: time)
                while case .find(let next)? = effects.first(where: { if case .find = $0 { true } else { false } }) {
                    effects = tell(.found(next.content, .here(.empty)), at: time)
                }
            }
        }
    }

    private static func secondsLeft(_ effects: [DialogueEffect]) -> Double? {
        for case .send(.hello(_, _, let limits)) in effects { return limits?.secondsLeft }
        return nil
    }

    @Test func `the coordinator hears how much time is left, each time it is greeted`() {
        var life = Life(limit: .seconds(1000))
        #expect(Self.secondsLeft(life.tell(.tick, at: .seconds(1))) == 999)
        _ = life.tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []), at: .seconds(2))
        #expect(Self.secondsLeft(life.tell(.message(.unknownWorker, bytes: []), at: .seconds(300))) == 700)
        var free = Life()
        #expect(Self.secondsLeft(free.tell(.tick, at: .seconds(1))) == nil)
    }

    @Test(arguments: [(limit: 3600, leaves: 3510), (60, 45), (0, 1), (-5, 1)])
    func `a worker leaves before its time is over, a short life by a part of it`(limit: Int, leaves: Int) {
        var life = Life(limit: .seconds(limit))
        _ = life.tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []), at: .milliseconds(1))
        #expect(life.dialogue.hasEnded == (limit <= 0))
        guard limit > 0 else { return }
        life.now = .zero
        #expect(life.rest(until: .seconds(limit)) == .seconds(leaves))
    }

    @Test func `a group amid a stage ends its step and hands the stage back before the time is over`() throws {
        var life = Life(limit: .seconds(60))
        _ = life.tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []), at: .seconds(1))
        life.begin(try assignment(), at: .seconds(2))
        let effects = life.tell(.tick, at: .seconds(45))
        #expect(effects.contains { if case .stopTraining = $0 { true } else { false } })
        let ended = life.tell(.report(.failed(StageFailure(.stopped, "stopped"))), at: .seconds(46))
        #expect(ended.contains { if case .send(.goodbye) = $0 { true } else { false } })
        #expect(ended.contains { if case .end(.stopped) = $0 { true } else { false } })
    }

    @Test func `a worker that finds no work for too long leaves, and one that trains does not`() throws {
        var life = Life(work: .seconds(100))
        _ = life.tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []), at: .zero)
        #expect(life.rest(until: .seconds(90)) == nil)
        let assignment = try assignment()
        life.begin(assignment, at: .seconds(91))
        _ = life.tell(.tick, at: .seconds(110))
        #expect(!life.dialogue.hasEnded)
        _ = life.tell(.report(.failed(StageFailure(.diverged, "the loss is not finite"))), at: .seconds(115))
        _ = life.tell(.message(.settled(claim: assignment.claim, refusal: nil), bytes: []), at: .seconds(120))
        #expect(life.rest(until: .seconds(300)) == .seconds(220))
    }
}
