import Coordinator
import Experiments
import Files
import Foundation
import GRDB
import Ledger
import Logging
import Messages
import TestKit
import Testing
import Transport

struct CoordinatorTests {
    let store: TemporaryFolder
    let head = makeHead()

    init() throws {
        store = try TemporaryFolder()
    }

    @Test func `a sweep goes from hello to dismissal, its head fetched`() throws {
        let plan = try makePlan()
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let first = try worker.getAssignment()
        #expect(first.planned.label == "eh-ft/1" && first.attempt.rawValue == 1 && first.inputs.isEmpty)
        try worker.deliver(head.bytes, as: head.reference, of: first)
        #expect(try worker.finish(first, with: [head.reference]) == nil)

        let second = try worker.getAssignment()
        #expect(second.planned.label == "eh-ft/2" && second.inputs == [head.reference])
        #expect(try fetch(head.reference, by: worker) == head.bytes)
        #expect(try worker.finish(second, with: []) == nil)
        try worker.ask(FromWorker(.ready, from: worker.id)) { $0 == .dismissed }
        #expect(try coordinator.waitForEnd())

        let states = try LedgerReader(store: store.path).stages(of: plan).map(\.state)
        #expect(states == [.finished, .finished])
    }

    @Test func `a coordinator that stood still for longer than a lease blames nobody`() throws {
        let plan = try makePlan()
        let coordinator = try RunningCoordinator([plan], store: store) { settings in
            settings.scheduler.leaseMilliseconds = 4_000
            settings.reportMilliseconds = 10
        }
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let first = try worker.getAssignment()
        coordinator.freeze(milliseconds: 6_000)
        usleep(6_700_000)
        try worker.ask(FromWorker(.heartbeat(claim: first.claim, progress: nil), from: worker.id)) {
            $0 == .renewed(claim: first.claim)
        }
        let stage = try #require(try LedgerReader(store: store.path).stage(first.stage))
        #expect(stage.attempts == 1 && stage.setback == nil)
        try coordinator.end()
    }

    /// Who subscribes late misses what was published before, so several heads are.
    @Test func `heads are published with their bytes`() throws {
        let coordinator = try RunningCoordinator([try makeChains(20, followers: 2)], store: store)
        let (worker, other) = try (
            FakeWorker("worker-1", at: store.endpoint), FakeWorker("worker-2", at: store.endpoint)
        )
        for worker in [worker, other] { try worker.greet() }
        var published: (Broadcast, [UInt8])?
        for _ in 0..<20 where published == nil {
            let assignment = try worker.getAssignment()
            try worker.deliver(head.bytes, as: head.reference, of: assignment)
            #expect(try worker.finish(assignment, with: [head.reference]) == nil)
            published = try worker.hearPublication(withinMilliseconds: 500)
        }
        #expect(published?.0 == .published(head.reference))
        #expect(published?.1 == head.bytes)
        try coordinator.end()
    }

    @Test func `that a stage has ended is told to all only where another worker may keep something of it`() throws {
        let coordinator = try RunningCoordinator([try makeChains(20, followers: 2)], store: store)
        let (worker, other) = try (
            FakeWorker("worker-1", at: store.endpoint), FakeWorker("worker-2", at: store.endpoint)
        )
        for worker in [worker, other] { try worker.greet() }
        let finishNext = {
            let assignment = try worker.getAssignment()
            let heads = assignment.planned.outputs.isEmpty ? [] : [head.reference]
            if !heads.isEmpty { try worker.deliver(head.bytes, as: head.reference, of: assignment) }
            #expect(try worker.finish(assignment, with: heads) == nil)
            return assignment
        }
        var published: (Broadcast, [UInt8])?
        for _ in 0..<15 where published == nil {
            _ = try finishNext()
            published = try worker.hearPublication(withinMilliseconds: 500)
        }
        #expect(published != nil)
        let left = try other.getAssignment().stage
        try other.say(FromWorker(.goodbye, from: other.id))
        while try finishNext().stage != left {}
        let heard = try worker.hearBroadcasts { $0 == .ended(stage: left) }
        #expect(heard.count { if case .ended = $0 { true } else { false } } == 1)
        try coordinator.end()
    }

    @Test func `a coordinator that was killed goes on where it stood, uploads included`() throws {
        let plan = try makePlan()
        let killed = try RunningCoordinator([plan], store: store, isKillable: true)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        let (stage, attempt) = (assignment.stage, assignment.attempt)
        try worker.ask(FromWorker(.offer(claim: Claim(stage, attempt), artifact: head.reference), from: worker.id)) {
            $0 == .received(artifact: head.reference.id, upTo: 0)
        }
        let chunk = Array(head.bytes.prefix(chunkByteLimit))
        try worker.ask(FromWorker(.upload(artifact: head.reference.id, offset: 0), from: worker.id), chunk) {
            $0 == .received(artifact: head.reference.id, upTo: chunkByteLimit)
        }
        try killed.kill()

        let coordinator = try RunningCoordinator([plan], store: store)
        let heartbeat = FromWorker(.heartbeat(claim: Claim(stage, attempt), progress: nil), from: worker.id)
        try worker.insist(heartbeat) { $0 == .unknownWorker }
        try worker.hear { $0 == .renewed(claim: Claim(stage, attempt)) }
        try worker.greet()
        try worker.ask(FromWorker(.offer(claim: Claim(stage, attempt), artifact: head.reference), from: worker.id)) {
            $0 == .received(artifact: head.reference.id, upTo: chunkByteLimit)
        }
        try worker.deliver(head.bytes, as: head.reference, of: assignment)
        #expect(try worker.finish(assignment, with: [head.reference]) == nil)
        #expect(try worker.finish(assignment, with: [head.reference]) == nil, "said again, it is the same fact")
        #expect(try LedgerReader(store: store.path).stage(stage)?.attempts == 1)
        coordinator.requestStop()
        #expect(try !coordinator.waitForEnd())
    }

    @Test func `what was finished is not run again by a later coordinator`() throws {
        try finishFirstStage(of: try makePlan())
        let more = try makePlan(seeds: [1, 2])
        let coordinator = try RunningCoordinator([more], store: store)
        let worker = try FakeWorker("worker-2", at: store.endpoint)
        try worker.greet()
        for _ in 0..<2 {
            let assignment = try worker.getAssignment()
            #expect(assignment.planned.label == "eh-ft/2" && assignment.inputs == [head.reference])
            #expect(try worker.finish(assignment, with: []) == nil)
        }
        try worker.ask(FromWorker(.ready, from: worker.id)) { $0 == .dismissed }
        #expect(try coordinator.waitForEnd())
    }

    @Test func `a finished stage whose artifact is gone from the store runs again`() throws {
        try finishFirstStage(of: try makePlan())
        try FileManager.default.removeItem(atPath: ContentStore(store: store.path).path(of: head.reference.id.rawValue))
        let coordinator = try RunningCoordinator([try makePlan()], store: store)
        let worker = try FakeWorker("worker-2", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        #expect(assignment.planned.label == "eh-ft/1" && assignment.attempt.rawValue == 2)
        try coordinator.end()
    }

    @Test func `a result whose artifact never came is asked for it`() throws {
        let coordinator = try RunningCoordinator([try makePlan()], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        let finished = FromWorker(
            .finished(
                claim: assignment.claim,
                result: makeResult(artifacts: [head.reference])), from: worker.id)
        try worker.ask(finished) { $0 == .received(artifact: head.reference.id, upTo: 0) }
        try coordinator.end()
    }

    @Test func `a stop tells the workers and leaves everything to be resumed`() throws {
        let plan = try makePlan()
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        coordinator.requestStop()
        try worker.hear {
            if case .stop(assignment.claim, _) = $0 { true } else { false }
        }
        try worker.hear { $0 == .dismissed }
        #expect(try !coordinator.waitForEnd())
        let stage = try #require(try LedgerReader(store: store.path).stage(assignment.stage))
        #expect(stage.standing == .waiting && stage.losses == 0 && stage.nodeFailures == 0)
        #expect(stage.attempts == 1 && stage.setback?.failure.cause == .stopped)
    }

    @Test func `frames that are no messages are dropped, and the dialogue goes on`() throws {
        let coordinator = try RunningCoordinator([try makePlan()], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        let ready = Array(try FromWorker(.ready, from: worker.id).encoded())
        for frames in [[[]], [[0xFF, 0x00]], [Array("{}".utf8)], [ready, [1]], [[1], [2], [3]]] as [[[UInt8]]] {
            try worker.send(frames)
        }
        try worker.greet()
        let nothing = ArtifactReference(id: head.reference.id, kind: .head, byteCount: -1)
        let stage = StageKey(rawValue: head.reference.id.rawValue)
        try worker.say(
            FromWorker(.offer(claim: Claim(stage, Attempt(rawValue: -1)), artifact: nothing), from: worker.id))
        try worker.say(FromWorker(.upload(artifact: head.reference.id, offset: -5), from: worker.id), [1])
        try worker.ask(FromWorker(.fetch(artifact: head.reference.id, offset: .min), from: worker.id)) {
            $0 == .missing(artifact: head.reference.id)
        }
        #expect(try worker.getAssignment().planned.label == "eh-ft/1")
        try coordinator.end()
    }

    @Test func `logs arrive in the store`() throws {
        let coordinator = try RunningCoordinator([try makePlan()], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        let (stage, attempt) = (assignment.stage, assignment.attempt)
        try worker.say(FromWorker(.log(claim: Claim(stage, attempt), offset: 0, text: "step 1\n"), from: worker.id))
        try worker.say(
            FromWorker(.log(claim: Claim(stage, attempt), offset: 0, text: "step 1\nstep 2\n"), from: worker.id))
        try worker.ask(FromWorker(.heartbeat(claim: Claim(stage, attempt), progress: nil), from: worker.id)) {
            $0 == .renewed(claim: Claim(stage, attempt))
        }
        try coordinator.end()
        let path = StageLogs(store: store.path).path(of: stage, attempt)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "step 1\nstep 2\n")
    }

    @Test func `nobody listens beyond this machine without keys`() throws {
        let settings = CoordinatorSettings(listen: .tcp(host: "0.0.0.0", port: nil))
        let error = #expect(throws: CoordinatorError.self) {
            _ = try Coordinator(
                plans: [], store: store.path, settings: settings, logger: Logger(label: "test"))
        }
        guard case .transport(.unprotected) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `workers of another version are turned away`() throws {
        let coordinator = try RunningCoordinator([try makePlan()], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        let node = NodeSettings(ranks: 1, threads: 1, host: "here", blasCore: "generic")
        try worker.ask(FromWorker(.hello(version: "headstart/0", node: node), from: worker.id)) {
            if case .turnedAway(let reason) = $0 { reason.contains("headstart/0") } else { false }
        }
        try coordinator.end()
    }

    private func finishFirstStage(of plan: SweepPlan) throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.finishFirst(yielding: head)
        try coordinator.end()
    }

    private func fetch(_ artifact: ArtifactReference, by worker: FakeWorker) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < artifact.byteCount {
            let heard = try worker.ask(FromWorker(.fetch(artifact: artifact.id, offset: bytes.count), from: worker.id))
            {
                if case .chunk(artifact.id, bytes.count, _) = $0 { true } else { false }
            }
            bytes += try #require(heard.bytes)
        }
        return bytes
    }

    @Test func `while the disk works on what was decided, workers and people are heard`() throws {
        let coordinator = try RunningCoordinator([try makeChains(2)], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        let other = try FakeWorker("worker-2", at: store.endpoint)
        for worker in [worker, other] { try worker.greet() }
        try DatabaseQueue(path: store["ledger.sqlite"]).inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            defer { try? database.execute(sql: "COMMIT") }
            // It is handed out once that is on the disk, for which the commit waits two seconds.
            try worker.say(FromWorker(.ready, from: worker.id))
            guard
                case .status(let report)? = try eventually({
                    let reply = try askCoordinator(.status, of: store)
                    guard case .status(let report)? = reply, !report.running.isEmpty else { return nil as Reply? }
                    return reply
                })
            else {
                Issue.record("nobody was heard")
                return
            }
            #expect(report.trouble == nil, "the commit is under way still")
            #expect(try worker.count { if case .assign = $0 { true } else { false } } == 0, "nor is it handed out")
        }
        try worker.hear { if case .assign = $0 { true } else { false } }
        _ = try other.getAssignment()
        try coordinator.end()
    }
}
