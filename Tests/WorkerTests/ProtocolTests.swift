import Experiments
import Foundation
import Messages
import Synchronization
import TestKit
import Testing
import Training
import Transport
import Worker

struct ProtocolTests {
    @Test func `stages are fetched for, trained, delivered and settled until the worker is dismissed`() throws {
        let head = bytes(3 << 20 | 5)
        let made = bytes(2 << 20 | 9, seed: 2)
        let coordinator = try FakeCoordinator(
            stages: [assignment(seed: 1, inputs: [reference(head)]), assignment(seed: 2)])
        coordinator.store[reference(head).id] = head
        let isShown = Flag()
        coordinator.interfere = { message in
            if case .heartbeat(_, let progress?) = message.body, progress.step == 1 { isShown.set() }
            return nil
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, observer throws(StageFailure) in
            if let input = job.inputs[.head], FileManager.default.contents(atPath: input) != Data(head) {
                throw StageFailure(.badInput, "the head is another one")
            }
            observer.noted("started")
            observer.progressed(step: 1, of: 3, loss: 0.25, tokensPerSecond: 100)
            observer.drew(curve(ofSteps: 3))
            observer.evaluated(Evaluation(step: 3, epoch: 1, trainingLoss: 0.5, scores: []))
            while !isShown.isSet { usleep(2000) }
            return try finish(job, head: job.inputs.isEmpty ? [] : made)
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(worker.error == nil)
        #expect(coordinator.failures == [])
        #expect(coordinator.results == [result([reference(made)]), result([reference([])])])
        #expect(coordinator.store[reference(made).id] == made)
        let names = Set(coordinator.heard.map(\.name))
        let expected = [
            "hello", "ready", "heartbeat", "evaluated", "curve", "log", "fetch", "offer", "upload", "finished",
        ]
        #expect(names == Set(expected))
        let progress = coordinator.heard.compactMap { message -> StageProgress? in
            if case .heartbeat(_, let progress) = message.body { progress } else { nil }
        }
        #expect(progress.contains(StageProgress(step: 1, steps: 3, loss: 0.25, tokensPerSecond: 100)))
        let curves = coordinator.heard.compactMap { message -> TrainingCurve? in
            if case .curve(_, let curve) = message.body { curve } else { nil }
        }
        #expect(!curves.isEmpty && curves.allSatisfy { $0 == curve(ofSteps: 3) })
        let logs = coordinator.heard.compactMap { message -> String? in
            if case .log(_, _, let text) = message.body { text } else { nil }
        }
        #expect(logs.contains { $0.contains("started\n") })
        #expect(logs.contains { $0.hasSuffix("step 3  epoch 1.0  loss 0.5000  100 tokens/s\n") })
    }

    @Test func `every message may get lost once`() throws {
        let head = bytes(2 << 20)
        let made = bytes(2 << 20, seed: 2)
        let coordinator = try FakeCoordinator(stages: [assignment(inputs: [reference(head)])])
        coordinator.store[reference(head).id] = head
        var lost: Set<FromWorker> = []
        coordinator.interfere = { message in
            if case .heartbeat = message.body { return nil }
            return lost.insert(message).inserted ? [] : nil
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            try finish(job, head: made)
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.results == [result([reference(made)])])
        #expect(coordinator.store[reference(made).id] == made)
    }

    @Test func `an old assignment that comes again is not begun`() throws {
        let head = bytes(3 << 20)
        let coordinator = try FakeCoordinator(
            stages: [assignment(seed: 1, inputs: [reference(head)]), assignment(seed: 2)])
        coordinator.store[reference(head).id] = head
        let runs = Counter()
        let first = try assignment(seed: 1, inputs: [reference(head)])
        var repetitions = 0
        coordinator.interfere = { message in
            // When the worker asks for the second, as a message that was late would.
            guard case .ready = message.body, coordinator.results.count == 1, repetitions < 2 else { return nil }
            repetitions += 1
            return [FakeCoordinator.Answer(message: .assign(first))]
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            runs.add()
            return try finish(job, head: [1, 2, 3])
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(repetitions == 2)
        #expect(runs.value == 2)
        #expect(coordinator.results.count == 2)
    }

    @Test func `training goes on while the coordinator is away, and its next life is greeted and told all`() throws {
        let folder = try TemporaryFolder()
        let endpoint = Endpoint.ipc(path: folder["socket"])
        var first: FakeCoordinator? = try FakeCoordinator(at: endpoint, stages: [assignment()])
        let mayFinish = Flag()
        let worker = try RunningWorker(endpoint) { job, observer throws(StageFailure) in
            observer.evaluated(Evaluation(step: 1, epoch: 1, trainingLoss: 1, scores: []))
            observer.noted("halfway")
            while !mayFinish.isSet { usleep(2000) }
            return try finish(job, head: [1, 2, 3])
        }
        // The evaluation came before that.
        let hasHeardAll = try first?.serve {
            first?.heard.contains { message in
                if case .log(_, _, let text) = message.body { text.hasSuffix("halfway\n") } else { false }
            } ?? true
        }
        #expect(hasHeardAll == true)
        first = nil
        let second = try FakeCoordinator(at: endpoint)
        #expect(try second.serve { second.heard.contains { $0.name == "hello" } })
        mayFinish.set()
        #expect(try second.serve { worker.hasEnded })
        #expect(worker.error == nil)
        #expect(second.results.count == 1)
        #expect(second.heard.contains { $0.name == "evaluated" })
        let isTold = second.heard.contains { message in
            if case .log(_, 0, let text) = message.body { text.hasSuffix("halfway\n") } else { false }
        }
        #expect(isTold)
    }

    @Test func `a coordinator that forgot an upload gets it again`() throws {
        let made = bytes(3 << 20)
        let coordinator = try FakeCoordinator(stages: [assignment()])
        var hasForgotten = false
        coordinator.interfere = { message in
            guard case .finished = message.body, !hasForgotten else { return nil }
            hasForgotten = true
            coordinator.store[reference(made).id] = nil
            return [FakeCoordinator.Answer(message: .missing(artifact: reference(made).id))]
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            try finish(job, head: made)
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.store[reference(made).id] == made)
        #expect(coordinator.results.count == 1)
    }

    @Test func `a stop ends the training, and the worker asks for other work without a report`() throws {
        let coordinator = try FakeCoordinator(stages: [assignment(seed: 1), assignment(seed: 2)])
        let stopped = try assignment(seed: 1)
        coordinator.interfere = { message in
            guard case .heartbeat(let claim, _) = message.body, claim.stage == stopped.stage else { return nil }
            return [FakeCoordinator.Answer(message: .stop(claim: claim, reason: "cancelled"))]
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, observer throws(StageFailure) in
            guard job.stage != stopped.stage else { return try trainUntilStopped(job, observer) }
            return try finish(job, head: [1])
        }
        #expect(try coordinator.serve { worker.hasEnded })
        #expect(coordinator.failures == [])
        #expect(coordinator.results.count == 1)
    }

    @Test func `heartbeats go on while the training thread is busy`() throws {
        let coordinator = try FakeCoordinator(stages: [assignment()])
        let areHeard = Flag()
        var heartbeats = 0
        coordinator.interfere = { message in
            if case .heartbeat = message.body { heartbeats += 1 }
            if heartbeats == 5 { areHeard.set() }
            return nil
        }
        let worker = try RunningWorker(coordinator.endpoint) { job, _ throws(StageFailure) in
            while !areHeard.isSet { usleep(2000) }
            return try finish(job, head: [1])
        }
        #expect(try coordinator.serve { worker.hasEnded })
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    func add() { count.add(1, ordering: .relaxed) }
    var value: Int { count.load(ordering: .relaxed) }
}

final class Flag: Sendable {
    private let state = Atomic<Bool>(false)
    func set() { state.store(true, ordering: .releasing) }
    var isSet: Bool { state.load(ordering: .acquiring) }
}
