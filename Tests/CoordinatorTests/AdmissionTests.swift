import Coordinator
import Experiments
import Ledger
import Messages
import Scheduler
import TestKit
import Testing

/// Which messages count, asked of the core alone.
struct AdmissionTests {
    /// A coordinator of one sweep that has given its first stage to a worker.
    private struct Given {
        var core = CoordinatorCore(CoordinatorSettings(listen: .inproc(name: "test")), draining: [])
        let worker = WorkerID(rawValue: "a")
        let claim: Claim
        let now = Timestamp(rawValue: 1_000)

        init() throws {
            let plan = try makePlan()
            claim = Claim(plan.stages[0].key, Attempt(rawValue: 1))
            core.decide(.planned(plan, askedAt: now, known: [:], stored: []), at: now)
            core.decide(.message(FromWorker(.hello(version: protocolVersion, node: anyNode), from: worker)), at: now)
            core.decide(.message(FromWorker(.ready, from: worker)), at: now)
        }

        mutating func admit(_ message: FromWorker.Body, from name: String = "a") -> CoordinatorCore.Admission {
            core.admit(FromWorker(message, from: WorkerID(rawValue: name)))
        }

        mutating func fill() { core.refused(.diskFull(path: "/store"), at: now) }
    }

    @Test func `a log counts from the worker that was given the attempt alone`() throws {
        var given = try Given()
        let log = FromWorker.Body.log(claim: given.claim, offset: 0, text: "a line\n")
        #expect(given.admit(log) == .heard)
        guard case .refused(let reason) = given.admit(log, from: "b") else {
            Issue.record("a stranger's log was taken")
            return
        }
        #expect(reason.contains("was not given"))
        let later = Claim(given.claim.stage, Attempt(rawValue: 2))
        #expect(given.admit(.log(claim: later, offset: 0, text: "a line\n")) != .heard)
    }

    @Test func `what a full store cannot keep is put off, and what needs no room is heard`() throws {
        var given = try Given()
        let claim = given.claim
        let messages: [FromWorker.Body] = [
            .goodbye, .failed(claim: claim, failure: StageFailure(.node, "no mount")),
            .log(claim: claim, offset: 0, text: "a line\n"), .ready,
        ]
        for message in messages { #expect(given.admit(message) == .heard) }
        given.fill()
        for message in messages { #expect(given.admit(message) == .putOff) }
        #expect(given.admit(.heartbeat(claim: claim, progress: nil)) == .heard)
    }

    @Test func `a goodbye to a full store is heard once it has room`() throws {
        var given = try Given()
        given.fill()
        #expect(given.admit(.goodbye) == .putOff)
        let later = given.now.advanced(byMilliseconds: 60_000)
        #expect(given.core.endTurn(at: later).changes?.isEmpty == false)
        #expect(given.core.committed().late == [FromWorker(.goodbye, from: given.worker)])
        #expect(given.core.committed().late.isEmpty)
    }

    @Test func `trouble that comes up while a commit is under way is not over with it`() throws {
        var given = try Given()
        #expect(given.core.endTurn(at: given.now).changes?.isEmpty == false)
        given.fill()
        let (kept, late, end) = given.core.committed()
        #expect(!kept.changes.isEmpty && late.isEmpty && end == nil)
        #expect(given.core.trouble != nil)
        _ = given.core.endTurn(at: given.now.advanced(byMilliseconds: 60_000))
        #expect(given.core.committed().end != nil)
        #expect(given.core.trouble == nil)
    }

    @Test func `an answer that follows from what a full store did not take is not given`() throws {
        var given = try Given()
        _ = given.core.endTurn(at: given.now)
        // The worker asks again, and has been given a stage already, which is under way to the disk.
        given.core.decide(.message(FromWorker(.ready, from: given.worker)), at: given.now)
        given.fill()
        #expect(given.core.endTurn(at: given.now).said.isEmpty)
        _ = given.core.endTurn(at: given.now.advanced(byMilliseconds: 60_000))
        let kept = given.core.committed().kept
        #expect(kept.outgoing.count { if case .send(.assign, _, _) = $0 { true } else { false } } == 2)
    }
}
