import Experiments
import Files
import Messages
import Scheduler
import Simulation
import TestKit
import Testing

/// Workers that say anything at any time.
struct FuzzTests {
    @Test(arguments: 0..<UInt64(4))
    func `whatever is said in whatever order, the scheduler keeps its invariants and its size`(seed: UInt64) throws {
        var generator = Generator(seed: seed)
        let plan = try SweepPlan.random(stageCount: 12, using: &generator)
        var scheduler = Scheduler(settings: SchedulerSettings())
        _ = scheduler.handle(
            .planned(plan, askedAt: Timestamp(rawValue: 0), known: [:], stored: []), at: Timestamp(rawValue: 0))
        var now: Int64 = 0
        var answers = 0
        for number in 0..<fuzzCount(20_000) / 4 {
            now += generator.milliseconds(0...2000)
            let time = Timestamp(rawValue: now)
            let message = FromWorker(anything(about: plan, &generator), from: anyone(number, &generator))
            answers += scheduler.handle(.message(message), at: time).count
            if generator.chance(0.05) { answers += scheduler.handle(.tick, at: time).count }
            if number % 50 == 0 { #expect(scheduler.checkInvariants().isEmpty, "after \(number + 1) messages") }
        }
        #expect(scheduler.checkInvariants().isEmpty)
        #expect(answers > fuzzCount(20_000) / 8)
    }

    /// Who has said goodbye is not heard again, so that new ones come all the time.
    private func anyone(_ number: Int, _ generator: inout Generator) -> WorkerID {
        WorkerID(rawValue: "worker-\(number / 20 + Int.random(in: 0..<8, using: &generator))")
    }

    private func anything(about plan: SweepPlan, _ generator: inout Generator) -> FromWorker.Body {
        let strange = StageKey(rawValue: Digest(of: Array("strange".utf8)))
        let stage = generator.chance(0.1) ? strange : plan.stages.randomElement(using: &generator)?.key ?? strange
        let attempts = [Int.min, -3, 0, 1, 1, 1, 2, 2, 3, .max]
        let claim = Claim(stage, Attempt(rawValue: attempts.randomElement(using: &generator) ?? 1))
        let id = ArtifactID(rawValue: Digest(of: [UInt8.random(in: 0..<8, using: &generator)]))
        let kind = ArtifactKind.allCases.randomElement(using: &generator) ?? .head
        let artifact = ArtifactReference(id: id, kind: kind, byteCount: generator.chance(0.5) ? -1 : .max)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0, 1: return .hello(version: generator.chance(0.8) ? protocolVersion : "headstart/0", node: anyNode)
        case 2, 3: return .ready
        case 4: return .heartbeat(claim: claim, progress: nil)
        case 5: return .offer(claim: claim, artifact: artifact)
        case 6: return .fetch(artifact: id, offset: generator.chance(0.5) ? -1 : .max)
        case 7: return .failed(claim: claim, failure: StageFailure(.node, String(repeating: "x", count: 5000)))
        case 8: return .goodbye
        case 9: return .curve(claim: claim, curve: TrainingCurve())
        default:
            let outputs = plan.stages.first { $0.key == stage }?.outputs ?? []
            return .finished(claim: claim, result: makeResult(of: stage, outputs: outputs, attempt: claim.attempt))
        }
    }
}
