import Coordinator
import Experiments
import Files
import Foundation
import GRDB
import Ledger
import Messages
import Scheduler
import TestKit
import Testing

/// A store that was damaged, or refuses.
struct StoreTests {
    let store: TemporaryFolder
    let head = makeHead()
    let plan: SweepPlan

    init() throws {
        store = try TemporaryFolder()
        plan = try makePlan()
    }

    private var path: String { ContentStore(store: store.path).path(of: head.reference.id.rawValue) }

    private func finishFirstStage() throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.finishFirst(yielding: head)
        try coordinator.end()
    }

    enum Harm: CaseIterable {
        case flipped, cut, emptied
    }

    private func harm(_ harm: Harm) throws {
        var bytes = Data(head.bytes)
        switch harm {
        case .flipped: bytes[bytes.count / 2] ^= 1
        case .cut: bytes.removeLast(1 << 20)
        case .emptied: bytes = Data()
        }
        try bytes.write(to: URL(fileURLWithPath: path))
    }

    @Test(arguments: Harm.allCases)
    func `an artifact that was damaged while nothing ran is made again before anyone starts from it`(
        _ harm: Harm
    ) throws {
        try finishFirstStage()
        try self.harm(harm)
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-2", at: store.endpoint)
        try worker.greet()
        var assignment = try worker.getAssignment()
        if assignment.planned.label == "eh-ft/2" {
            // It was handed out before the bytes were looked at.
            try worker.ask(FromWorker(.fetch(artifact: head.reference.id, offset: 0), from: worker.id)) {
                $0 == .missing(artifact: head.reference.id)
            }
            try worker.hear { if case .stop = $0 { true } else { false } }
            assignment = try worker.getAssignment()
        }
        #expect(assignment.planned.label == "eh-ft/1" && assignment.attempt.rawValue == 2)
        try worker.deliver(head.bytes, as: head.reference, of: assignment)
        #expect(try worker.finish(assignment, with: [head.reference]) == nil)
        let follower = try worker.getAssignment()
        #expect(follower.planned.label == "eh-ft/2")
        #expect(try worker.finish(follower, with: []) == nil)
        try worker.ask(FromWorker(.ready, from: worker.id)) { $0 == .dismissed }
        #expect(try coordinator.waitForEnd())
        #expect(Directory.names(in: ContentStore(store: store.path).quarantine) == [head.reference.id.description])
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(head.bytes))
        let records = try LedgerReader(store: store.path).stages(of: plan)
        #expect(records.allSatisfy { $0.losses == 0 && $0.nodeFailures == 0 })
    }

    @Test func `an artifact that was damaged is found out at the start though nobody asks for it`() throws {
        try finishFirstStage()
        try harm(.flipped)
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-2", at: store.endpoint)
        try worker.greet()
        #expect(eventually { !FileManager.default.fileExists(atPath: path) })
        try coordinator.end()
        #expect(try LedgerReader(store: store.path).stage(plan.stages[0].key)?.state == .waiting)
    }

    @Test func `what the store let go is not made again, but for a stage that starts from it`() throws {
        try finishFirstStage()
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-2", at: store.endpoint)
        try worker.greet()
        #expect(try worker.finish(try worker.getAssignment(), with: []) == nil)
        try worker.ask(FromWorker(.ready, from: worker.id)) { $0 == .dismissed }
        #expect(try coordinator.waitForEnd())
        do {
            let ledger = try Ledger(store: store.path)
            let cleanup = try Cleanup(of: ledger.reader, keeping: [.head: .best])
            #expect(cleanup.discarded.isEmpty, "the only row is the best")
            try ledger.discard([head.reference.id])
        }
        try FileManager.default.removeItem(atPath: path)

        #expect(try RunningCoordinator([plan], store: store).waitForEnd(), "nothing is left to do")
        let more = try RunningCoordinator([try makePlan(seeds: [1, 2])], store: store)
        let next = try FakeWorker("worker-3", at: store.endpoint)
        try next.greet()
        #expect(try next.getAssignment().planned.label == "eh-ft/1")
        try more.end()
    }

    @Test func `a model that is offered in the turn that lets it go is asked for once more`() throws {
        let stages = try (1...3).map { seed in
            let stage = try makeStage(label: "finetune", seed: UInt64(seed))
            return PlannedStage(
                key: stage.key, specification: stage.specification, task: stage.task, label: stage.label, outputs: [],
                keptIfBest: [.backbone])
        }
        let rows = stages.map { SweepRow(task: "rte", method: "a", seed: $0.specification.seed, stages: [$0.key]) }
        let coordinator = try RunningCoordinator([makePlan(stages: stages, rows: rows)], store: store)
        var assigned: [UInt64: (worker: FakeWorker, assignment: Assignment)] = [:]
        for number in 1...3 {
            let worker = try FakeWorker("worker-\(number)", at: store.endpoint)
            try worker.greet()
            let assignment = try worker.getAssignment()
            assigned[assignment.planned.specification.seed] = (worker, assignment)
        }
        let first = try #require(assigned[1])
        let second = try #require(assigned[2])
        let third = try #require(assigned[3])
        let model = ArtifactReference(id: head.reference.id, kind: .backbone, byteCount: head.bytes.count)
        let other = ArtifactReference(
            id: ArtifactID(rawValue: Digest(of: Array("other".utf8))), kind: .backbone, byteCount: 5)
        try third.worker.deliver(head.bytes, as: model, of: third.assignment)
        #expect(try third.worker.finish(third.assignment, with: [model]) == nil)
        try second.worker.deliver(Array("other".utf8), as: other, of: second.assignment)

        // All scores are equal, so the second seed's model takes the place of the third's; the first's is the same again.
        coordinator.freeze(milliseconds: 1_000)
        for _ in 1...3 {
            try first.worker.say(
                FromWorker(.heartbeat(claim: first.assignment.claim, progress: nil), from: first.worker.id))
            usleep(50_000)
        }
        let better = FromWorker(
            .finished(claim: second.assignment.claim, result: makeResult(artifacts: [other])), from: second.worker.id)
        try second.worker.say(better)
        try first.worker.ask(FromWorker(.offer(claim: first.assignment.claim, artifact: model), from: first.worker.id))
        {
            if case .received = $0 { true } else { false }
        }
        let best = FromWorker(
            .finished(claim: first.assignment.claim, result: makeResult(artifacts: [model])), from: first.worker.id)
        let answer = try first.worker.ask(best) {
            switch $0 {
            case .received, .settled: true
            default: false
            }
        }
        if case .received = answer.message {
            try first.worker.deliver(head.bytes, as: model, of: first.assignment)
            #expect(try first.worker.finish(first.assignment, with: [model]) == nil)
        }
        try coordinator.end()
        // Where the offer came a turn before, the model has gone all the same, and is made again.
        let state = try LedgerReader(store: store.path).stage(first.assignment.stage)?.state
        let isThere = try ContentStore(store: store.path).condition(of: model.id.rawValue) == .whole
        #expect(isThere ? state == .finished : state == .waiting)
        #expect(try ContentStore(store: store.path).condition(of: other.id.rawValue) == .missing)
    }

    // MARK: A store without a coordinator

    @Test func `commands work on the ledger where no coordinator does`() throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        let failure = StageFailure(.diverged, "the loss is not finite")
        try worker.ask(FromWorker(.failed(claim: assignment.claim, failure: failure), from: worker.id)) {
            if case .settled = $0 { true } else { false }
        }
        #expect(throws: LedgerError.self) { try perform(.retry(.all), on: store.path) }
        try coordinator.end()
        let states = { try LedgerReader(store: self.store.path).stages(of: self.plan).map(\.state) }
        #expect(try states() == [.failed, .blocked])
        #expect(try perform(.retry(StageSelector(state: .waiting)), on: store.path).isEmpty)
        #expect(try perform(.retry(StageSelector(method: "eh-ft", state: .failed)), on: store.path).count == 2)
        #expect(try states() == [.waiting, .waiting])
        _ = try perform(.cancel(StageSelector(key: plan.stages[1].key.short)), on: store.path)
        #expect(try states() == [.waiting, .cancelled])
        #expect(try LedgerReader(store: store.path).problems().isEmpty)
        #expect(throws: LedgerError.self) { try perform(.retry(.all), on: store["nowhere"]) }
        #expect(!FileManager.default.fileExists(atPath: store["nowhere"]))
    }

    @Test func `a command on a store without a coordinator finds what was set aside`() throws {
        let coordinator = try RunningCoordinator([plan], store: store) { settings in
            settings.scheduler.nodeFailureLimit = 1
        }
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        let failure = StageFailure(.node, "no memory")
        try worker.ask(FromWorker(.failed(claim: assignment.claim, failure: failure), from: worker.id)) {
            if case .settled = $0 { true } else { false }
        }
        coordinator.requestStop()
        _ = try coordinator.waitForEnd()
        let states = { try LedgerReader(store: self.store.path).stages(of: self.plan).map(\.state) }
        #expect(try states() == [.setAside, .blocked])
        #expect(try perform(.retry(StageSelector(state: .setAside)), on: store.path).count == 2)
        #expect(try states() == [.waiting, .waiting])
        try setAsideAgain()
        #expect(try perform(.cancel(StageSelector(state: .setAside)), on: store.path).count == 2)
        #expect(try states() == [.cancelled, .blocked])
        #expect(try RunningCoordinator([plan], store: store).waitForEnd(), "nothing of it is tried again")
    }

    private func setAsideAgain() throws {
        let ledger = try Ledger(store: store.path)
        let record = try #require(try ledger.reader.stage(plan.stages[0].key))
        var aside = record
        aside.standing = .setAside(reason: "no memory")
        try ledger.commit([.stands(aside)])
    }

    @Test func `an attempt that a dead coordinator left running can be cancelled`() throws {
        let killed = try RunningCoordinator([plan], store: store, isKillable: true)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        try killed.kill()
        #expect(try perform(.cancel(.all), on: store.path).count == 2)
        let reader = try LedgerReader(store: store.path)
        #expect(try reader.stages(of: plan).map(\.state) == [.cancelled, .cancelled])
        #expect(try reader.stage(assignment.stage)?.setback?.failure.cause == .stopped)
    }

    // MARK: A store that refuses

    /// /dev/full takes no byte: every write to it finds the disk full.
    @Test func `while the disk is full nothing is handed out, and all goes on when it is over`() throws {
        let obstacle = store["artifacts/partial/\(head.reference.id)"]
        let probe = store["artifacts/probe"]
        try FileManager.default.createDirectory(atPath: probe, withIntermediateDirectories: true)
        let coordinator = try RunningCoordinator([try makeChains(2)], store: store) { $0.storeRetryMilliseconds = 50 }
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        let other = try FakeWorker("worker-2", at: store.endpoint)
        for worker in [worker, other] { try worker.greet() }
        let assignment = try worker.getAssignment()
        try worker.ask(FromWorker(.offer(claim: assignment.claim, artifact: head.reference), from: worker.id)) {
            $0 == .received(artifact: head.reference.id, upTo: 0)
        }
        try FileManager.default.removeItem(atPath: obstacle)
        try FileManager.default.createSymbolicLink(atPath: obstacle, withDestinationPath: "/dev/full")
        let chunk = Array(head.bytes.prefix(chunkByteLimit))
        try worker.say(FromWorker(.upload(artifact: head.reference.id, offset: 0), from: worker.id), chunk)
        try coordinator.wait { $0.trouble != nil }
        #expect(StoreUse.trouble(of: store.path) != nil)
        guard case .refused(let reason)? = try askCoordinator(.pause(.all), of: store) else {
            Issue.record("what cannot be kept was not refused")
            return
        }
        #expect(reason.contains("cannot be written"), "\(reason)")
        guard case .status(let report)? = try askCoordinator(.status, of: store) else {
            Issue.record("no status came")
            return
        }
        #expect(report.trouble != nil)
        try other.ask(FromWorker(.ready, from: other.id)) { if case .idle = $0 { true } else { false } }
        try worker.ask(FromWorker(.heartbeat(claim: assignment.claim, progress: nil), from: worker.id)) {
            $0 == .renewed(claim: assignment.claim)
        }

        for path in [obstacle, probe] { try FileManager.default.removeItem(atPath: path) }
        try coordinator.wait { $0.trouble == nil }
        #expect(StoreUse.trouble(of: store.path) == nil && StoreUse.isInUse(store.path))
        try worker.deliver(head.bytes, as: head.reference, of: assignment)
        #expect(try worker.finish(assignment, with: [head.reference]) == nil)
        _ = try other.getAssignment()
        try coordinator.end()
    }

    @Test func `a ledger that is locked holds the coordinator up and does not end it`() throws {
        let coordinator = try RunningCoordinator([plan], store: store) { settings in
            settings.storeRetryMilliseconds = 50
            settings.scheduler.leaseMilliseconds = 1_000
            settings.scheduler.backOffMilliseconds = 10
        }
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        let leaver = try FakeWorker("worker-2", at: store.endpoint)
        for worker in [worker, leaver] { try worker.greet() }
        let ledger = try DatabaseQueue(path: store["ledger.sqlite"])
        // The lease of a second runs from here.
        let assignment = try worker.getAssignment()
        try ledger.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            defer { try? database.execute(sql: "COMMIT") }
            let failure = StageFailure(.node, "no memory")
            try worker.say(FromWorker(.failed(claim: assignment.claim, failure: failure), from: worker.id))
            try coordinator.wait { $0.trouble != nil }
            try leaver.say(FromWorker(.goodbye, from: leaver.id))
        }
        try worker.hear { $0 == .settled(claim: assignment.claim, refusal: nil) }
        try coordinator.wait { $0.trouble == nil && $0.workerCount <= 1 }
        try worker.greet()
        #expect(try worker.getAssignment().attempt.rawValue == 2)
        try coordinator.end()
        #expect(try LedgerReader(store: store.path).stage(assignment.stage)?.nodeFailures == 1)
    }

    @Test func `nobody is told that a command holds while it is not on the disk`() throws {
        let coordinator = try RunningCoordinator([plan], store: store) { $0.storeRetryMilliseconds = 50 }
        try coordinator.wait { $0.trouble == nil }
        try DatabaseQueue(path: store["ledger.sqlite"]).inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            defer { try? database.execute(sql: "COMMIT") }
            guard case .refused(let reason)? = try askCoordinator(.cancel(.all), of: store) else {
                Issue.record("not refused")
                return
            }
            #expect(reason.contains("cannot be written yet"), "\(reason)")
        }
        #expect(try coordinator.waitForEnd(), "it holds once it can")
        #expect(try LedgerReader(store: store.path).stages(of: plan).allSatisfy { $0.state == .cancelled })
    }

    @Test func `lines of a log that cannot be kept end nothing`() throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        try store.write("in the way", to: "logs")
        try worker.say(FromWorker(.log(claim: assignment.claim, offset: 0, text: "step 1\n"), from: worker.id))
        for _ in 1...2 {
            try worker.ask(FromWorker(.heartbeat(claim: assignment.claim, progress: nil), from: worker.id)) {
                $0 == .renewed(claim: assignment.claim)
            }
        }
        try worker.deliver(head.bytes, as: head.reference, of: assignment)
        #expect(try worker.finish(assignment, with: [head.reference]) == nil)
        try coordinator.end()
    }

    @Test func `a store that was removed under a run is one clear sentence`() throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        for name in try FileManager.default.contentsOfDirectory(atPath: store.path) where name.hasPrefix("ledger") {
            try FileManager.default.removeItem(atPath: store[name])
        }
        try worker.say(FromWorker(.ready, from: worker.id))
        let error = #expect(throws: CoordinatorError.self) { try coordinator.waitForEnd() }
        #expect(error?.description.contains("was removed or replaced while it was in use") == true)
    }

    @Test func `what came of an upload goes with its attempt`() throws {
        let coordinator = try RunningCoordinator([plan], store: store)
        let worker = try FakeWorker("worker-1", at: store.endpoint)
        try worker.greet()
        let assignment = try worker.getAssignment()
        try worker.ask(FromWorker(.offer(claim: assignment.claim, artifact: head.reference), from: worker.id)) {
            $0 == .received(artifact: head.reference.id, upTo: 0)
        }
        let chunk = Array(head.bytes.prefix(chunkByteLimit))
        try worker.ask(FromWorker(.upload(artifact: head.reference.id, offset: 0), from: worker.id), chunk) {
            $0 == .received(artifact: head.reference.id, upTo: chunkByteLimit)
        }
        #expect(Directory.names(in: store["artifacts/partial"]).count == 1)
        let failure = StageFailure(.node, "no memory")
        try worker.ask(FromWorker(.failed(claim: assignment.claim, failure: failure), from: worker.id)) {
            if case .settled = $0 { true } else { false }
        }
        #expect(eventually { Directory.names(in: store["artifacts/partial"]).isEmpty })
        try coordinator.end()
    }
}
