import Experiments
import Files
import Messages
import Testing
import Worker

/// The worker's dialogue as a value, told of one event after the other.
struct DialogueValueTests {
    /// A dialogue that was welcomed and trains a stage without inputs.
    private struct Trainee {
        var dialogue = Dialogue(
            settings: WorkerSettings(coordinator: .inproc(name: "test"), workDirectory: "", node: node))
        var now = Duration.zero
        let assignment: Assignment

        init() throws {
            assignment = try WorkerTests.assignment()
            tell(.tick)
            tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: []))
            tell(.message(.assign(assignment), bytes: []))
            tell(.found(assignment.model.content, .here(.empty)))
            tell(.found(assignment.planned.specification.task, .here(.empty)))
        }

        @discardableResult
        mutating func tell(_ event: DialogueEvent, after pause: Duration = .zero) -> [DialogueEffect] {
            now += pause
            return dialogue.handle(event, at: now)
        }

        @discardableResult
        mutating func work(after pause: Duration) -> [StageFailure] {
            let failures = wait(pause)
            tell(.worked(StageProgress(step: 1, steps: 2, loss: 1, tokensPerSecond: 1)))
            return failures
        }

        /// Lets time pass as a shell does, which never sleeps for long, under a coordinator that answers heartbeats.
        /// - Returns: the failures that were reported, each once.
        mutating func wait(_ pause: Duration) -> [StageFailure] {
            var failures: [StageFailure] = []
            let end = now + pause
            while now < end {
                var said = tell(.tick, after: min(.seconds(1), end - now)).said
                if said.contains(where: \.isHeartbeat) { said += tell(renewed).said }
                failures += said.compactMap { if case .failed(_, let failure) = $0 { failure } else { nil } }
            }
            return Array(failures.prefix(1))
        }

        var renewed: DialogueEvent { .message(.renewed(claim: assignment.claim), bytes: []) }
    }

    @Test func `a worker that rests asks at once when it is woken`() {
        var dialogue = Dialogue(
            settings: WorkerSettings(coordinator: .inproc(name: "test"), workDirectory: "", node: node))
        _ = dialogue.handle(.tick, at: .zero)
        let welcome = DialogueEvent.message(.welcome(heartbeatMilliseconds: 5_000), bytes: [])
        #expect(dialogue.handle(welcome, at: .zero).said == [.ready])
        _ = dialogue.handle(.message(.idle(askAgainMilliseconds: 30_000), bytes: []), at: .seconds(1))
        #expect(dialogue.handle(.tick, at: .seconds(5)).said.isEmpty)
        _ = dialogue.handle(.message(.idle(askAgainMilliseconds: 0), bytes: []), at: .seconds(6))
        #expect(dialogue.handle(.tick, at: .seconds(6.1)).said == [.ready])
    }

    @Test func `a heartbeat that cannot be written down goes out without its progress`() throws {
        var trainee = try Trainee()
        trainee.tell(.worked(StageProgress(step: 1, steps: 2, loss: .nan, tokensPerSecond: 1)))
        let beat = try #require(trainee.tell(.tick, after: .seconds(5)).said.first)
        guard case .heartbeat(let claim, .some) = beat else {
            Issue.record("\(beat)")
            return
        }
        #expect(throws: MessageError.self) { try FromWorker(beat, from: WorkerID(rawValue: "w")).encoded() }
        let effects = trainee.tell(.unencodable(beat, reason: "not finite"))
        #expect(effects.said == [.heartbeat(claim: claim, progress: nil)])
    }

    @Test func `a result that cannot be written down becomes a failure, and is not said again for ever`() throws {
        var trainee = try Trainee()
        let claim = trainee.assignment.claim
        let said = trainee.tell(.report(.trained(result())), after: .seconds(1)).said
        let finished = try #require(said.first { if case .finished = $0 { true } else { false } })
        #expect(trainee.tell(.unencodable(finished, reason: "too long")).said.map(\.claimOfFailure) == [claim])
    }

    @Test func `news that a coordinator in trouble did not keep are told again before the end`() throws {
        var trainee = try Trainee()
        let said = trainee.tell(.report(.noted("the last words"))).said + trainee.tell(trainee.renewed).said
        #expect(said.contains { $0.isLog })
        let end = trainee.tell(.report(.trained(result())), after: .seconds(1)).said
        #expect(end.contains { $0.isLog } && end.contains { $0.isFinished })
        trainee.tell(trainee.renewed)
        // Nobody has answered for two seconds.
        let again = trainee.tell(.tick, after: .seconds(2)).said
        let (log, finished) = (again.firstIndex(where: \.isLog), again.firstIndex(where: \.isFinished))
        #expect(try #require(log) < #require(finished))
    }

    @Test func `an attempt that is over is not begun again, and given back where someone waits for it`() throws {
        var trainee = try Trainee()
        let claim = trainee.assignment.claim
        trainee.tell(.report(.trained(result())))
        let refusal = "the stage is in none of this coordinator's sweeps"
        trainee.tell(.message(.settled(claim: claim, refusal: refusal), bytes: []))
        let effects = trainee.tell(.message(.assign(trainee.assignment), bytes: []))
        #expect(!effects.contains { if case .train = $0 { true } else { false } })
        #expect(effects.said.map(\.claimOfFailure) == [claim])
    }

    @Test func `a group without progress for longer than its own pace explains is given up`() throws {
        var trainee = try Trainee()
        for _ in 1...3 { #expect(trainee.work(after: .seconds(60)).isEmpty) }
        // Twenty times the longest pause.
        #expect(trainee.wait(.seconds(1190)).isEmpty)
        let failures = trainee.wait(.seconds(15))
        #expect(failures.map(\.cause) == [.stalled])
        #expect(failures.first?.message == "the group made no progress for 1200 s; 60 s was the longest before")
        let effects = trainee.tell(.message(.settled(claim: trainee.assignment.claim, refusal: nil), bytes: []))
        guard case .failed(.stalled)? = effects.ending else {
            Issue.record("\(effects)")
            return
        }
    }

    @Test func `a group has time to begin, and ten minutes whatever its pace`() throws {
        var trainee = try Trainee()
        #expect(trainee.wait(.seconds(3500)).isEmpty)
        trainee.work(after: .seconds(1))
        trainee.work(after: .seconds(1))
        #expect(trainee.wait(.seconds(590)).isEmpty)
        #expect(trainee.wait(.seconds(15)).map(\.cause) == [.stalled])
    }

    @Test func `a worker that was frozen does not blame its group`() throws {
        var trainee = try Trainee()
        trainee.work(after: .seconds(1))
        #expect(trainee.tell(.tick, after: .seconds(20_000)).ending == nil)
        #expect(trainee.wait(.seconds(590)).isEmpty)
    }

    @Test func `an idle worker that was frozen waits for its coordinator as if it had not been`() throws {
        var trainee = try Trainee()
        trainee.tell(.message(.stop(claim: trainee.assignment.claim, reason: "cancelled"), bytes: []))
        trainee.tell(.report(.failed(StageFailure(.stopped, "stopped"))))
        #expect(trainee.tell(.tick, after: .seconds(20_000)).ending == nil)
        _ = trainee.wait(.seconds(800))
        #expect(!trainee.dialogue.hasEnded)
        _ = trainee.wait(.seconds(200))
        #expect(trainee.dialogue.hasEnded)
    }

    @Test func `what a library says while the group hangs is no progress`() throws {
        var trainee = try Trainee()
        trainee.work(after: .seconds(1))
        var failures: [StageFailure] = []
        for _ in 1...20 {
            failures += trainee.wait(.seconds(31))
            trainee.tell(.said("a warning"))
        }
        #expect(failures.first?.cause == .stalled)
    }

    @Test func `the checkpoint is kept until the result is safe`() throws {
        var trainee = try Trainee()
        let claim = trainee.assignment.claim
        #expect(trainee.tell(.report(.trained(result()))).forgotten.isEmpty)
        let settled = ToWorker.settled(claim: claim, refusal: nil)
        #expect(trainee.tell(.message(settled, bytes: [])).forgotten == [claim.stage])
        for refusal in ["attempt 1 is not the current one", nil] {
            var other = try Trainee()
            other.tell(.report(refusal == nil ? .failed(StageFailure(.node, "no space")) : .trained(result())))
            #expect(other.tell(.message(.settled(claim: claim, refusal: refusal), bytes: [])).forgotten.isEmpty)
        }
    }

    @Test func `what could not be said of an attempt a moment ago is said before its end`() throws {
        var trainee = try Trainee()
        let claim = trainee.assignment.claim
        let evaluation = Evaluation(step: 1, epoch: 0.5, trainingLoss: 0.7, scores: [])
        let news = FromWorker.Body.evaluated(claim: claim, evaluation: evaluation)
        let beat = FromWorker.Body.heartbeat(claim: claim, progress: nil)
        #expect(trainee.tell(.report(.evaluated(evaluation))).said == [news, beat])
        trainee.tell(.unsent(news))
        let result = result()
        #expect(trainee.tell(.report(.trained(result))).said.isEmpty)
        #expect(trainee.tell(trainee.renewed).said == [news, beat, .finished(claim: claim, result: result)])
    }

    @Test func `a flood of evaluations leaves room on the connection, and all of it is told before the end`() throws {
        var trainee = try Trainee()
        let claim = trainee.assignment.claim
        let evaluations = (1...1_000).map { Evaluation(step: $0, epoch: 0.5, trainingLoss: 0.7, scores: []) }
        let unheard = evaluations.flatMap { trainee.tell(.report(.evaluated($0)), after: .milliseconds(1)).said }
        #expect(unheard.count < 70, "a coordinator that has heard nothing yet is told no more")
        let result = result()
        var told = trainee.tell(.report(.trained(result))).said
        for _ in 0..<20 { told += trainee.tell(trainee.renewed).said }
        let news = evaluations.map { FromWorker.Body.evaluated(claim: claim, evaluation: $0) }
        let isTold = told.filter { !$0.isHeartbeat } == news + [.finished(claim: claim, result: result)]
        #expect(isTold)
    }

    @Test func `a curve is told once it is a hundredth longer, a heartbeat after the last time at the earliest`() throws
    {
        var trainee = try Trainee()
        var told: [Int] = []
        // A step a second, and a heartbeat in five.
        for steps in 1...2_000 {
            let said = trainee.tell(.drew(curve(ofSteps: steps)), after: .seconds(1)).said
            told += said.compactMap(\.curve).map(\.steps)
            if said.contains(where: \.isHeartbeat) { trainee.tell(trainee.renewed) }
        }
        var expected = [5]
        while let last = expected.last, case let next = max(last + 5, last * 101 / 100 + 1), next <= 2_000 {
            expected.append(next)
        }
        #expect(told == expected)
        // The rest comes before the end.
        let result = result()
        let said = trainee.tell(.report(.trained(result))).said
        #expect(said.compactMap(\.curve) == [curve(ofSteps: 2_000)])
        #expect(said.last == .finished(claim: trainee.assignment.claim, result: result))
    }

    @Test func `the curve of a stage that failed, and one that was not heard, is told again`() throws {
        var trainee = try Trainee()
        trainee.tell(.drew(curve(ofSteps: 3)))
        let claim = trainee.assignment.claim
        let failure = StageFailure(.diverged, "the loss is not finite")
        let said = trainee.tell(.report(.failed(failure))).said
        #expect(said.compactMap(\.curve) == [curve(ofSteps: 3)])
        let message = try #require(said.first { $0.curve != nil })
        trainee.tell(.unsent(message))
        #expect(trainee.tell(trainee.renewed).said.compactMap(\.curve) == [curve(ofSteps: 3)])
        let greeted = trainee.tell(.message(.welcome(heartbeatMilliseconds: 5_000), bytes: [])).said
        let again = greeted + trainee.tell(trainee.renewed).said
        #expect(again.compactMap(\.curve) == [curve(ofSteps: 3)])
        #expect(again.contains(.failed(claim: claim, failure: failure)))
    }

    @Test func `a stop reaches a group that is stuck`() throws {
        var trainee = try Trainee()
        trainee.work(after: .seconds(1))
        trainee.tell(.message(.stop(claim: trainee.assignment.claim, reason: "cancelled"), bytes: []))
        #expect(trainee.wait(.seconds(610)).isEmpty, "the attempt is nobody's, so that there is nothing to report")
        #expect(trainee.dialogue.hasEnded)
    }

    @Test func `the sentence of a failure is cut to what a message holds`() throws {
        var trainee = try Trainee()
        let failure = StageFailure(.node, String(repeating: "\u{1}", count: 2 << 20))
        for message in trainee.tell(.report(.failed(failure))).said {
            #expect(throws: Never.self) { try FromWorker(message, from: WorkerID(rawValue: "w")).encoded() }
        }
    }
}

extension FromWorker.Body {
    fileprivate var isHeartbeat: Bool { if case .heartbeat = self { true } else { false } }
    fileprivate var isLog: Bool { if case .log = self { true } else { false } }
    fileprivate var isFinished: Bool { if case .finished = self { true } else { false } }

    fileprivate var curve: TrainingCurve? { if case .curve(_, let curve) = self { curve } else { nil } }
}

extension [DialogueEffect] {
    fileprivate var ending: Ending? {
        for case .end(let ending) in self { return ending }
        return nil
    }

    fileprivate var forgotten: [StageKey] { compactMap { if case .forget(let stage) = $0 { stage } else { nil } } }

    var said: [FromWorker.Body] { compactMap { if case .send(let body) = $0 { body } else { nil } } }
}

extension FromWorker.Body {
    fileprivate var claimOfFailure: Claim? { if case .failed(let claim, _) = self { claim } else { nil } }
}
