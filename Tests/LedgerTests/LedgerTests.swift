import Experiments
import Foundation
import Ledger
import Synchronization
import TestKit
import Testing

struct LedgerTests {
    let store: TemporaryFolder
    let ledger: Ledger
    let plan: SweepPlan
    let stage: StageKey

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        plan = try makePlan(seeds: [1, 2])
        stage = plan.stages[0].key
        try ledger.commit([.planned(plan, at: at(1000))])
    }

    @Test func `a planned sweep is read back as it was`() throws {
        #expect(try ledger.reader.sweeps() == [SweepEntry(plan: plan, plannedAt: at(1000))])
        #expect(try ledger.reader.plan(named: "sweep") == plan)
        #expect(try ledger.reader.plan(named: "other") == nil)
        let stages = try ledger.reader.stages(of: plan)
        #expect(stages.map(\.key) == plan.stages.map(\.key))
        #expect(stages == plan.stages.map { StageRecord(key: $0.key) })
        #expect(try ledger.reader.plan(containing: stage) == plan)
    }

    /// More than a thousand are read in one pass.
    @Test(arguments: [3, 1500]) func `a start reads what was touched`(count: Int) throws {
        let plan = try makePlan(name: "large", seeds: (0..<UInt64(count)).map { $0 })
        let keys = plan.stages.map(\.key)
        let running = StageRecord(key: keys[0], standing: .running(on: worker), attempts: 1)
        let paused = StageRecord(key: keys[1], isPaused: true)
        let hurried = StageRecord(key: keys[2], priority: 7)
        try ledger.commit([
            .planned(plan, at: at(1000)), .started(keys[0], first, on: worker, node: node, at: at(2000)),
            .stands(running), .stands(paused), .stands(hurried),
        ])
        let touched = try ledger.reader.touched(of: keys)
        #expect(touched == [keys[0]: running, keys[1]: paused, keys[2]: hurried])
    }

    @Test func `an attempt and its result are read back`() throws {
        let running = StageRecord(key: stage, standing: .running(on: worker), attempts: 1)
        try ledger.commit([.started(stage, first, on: worker, node: node, at: at(2000)), .stands(running)])
        #expect(try ledger.reader.known(of: plan)[stage] == running)
        let finished = StageRecord(key: stage, standing: .finished(makeResult(artifacts: [head])), attempts: 1)
        try ledger.commit([.ended(stage, first, failure: nil, at: at(3000)), .stands(finished)])
        #expect(try ledger.reader.stage(stage) == finished)
        #expect(try ledger.reader.known(of: plan)[stage] == finished)
    }

    @Test func `what a ledger has is counted`() throws {
        let failure = StageFailure(.diverged, "the loss is not finite")
        let other = plan.stages[1].key
        try ledger.commit([
            .started(other, first, on: worker, node: node, at: at(1)),
            .ended(other, first, failure: failure, at: at(2)),
            .started(stage, first, on: worker, node: node, at: at(3)), .ended(stage, first, failure: nil, at: at(4)),
            .stands(StageRecord(key: stage, standing: .finished(makeResult(artifacts: [head])), attempts: 1)),
            .started(other, second, on: worker, node: node, at: at(5)),
            .stands(StageRecord(key: other, standing: .running(on: worker), attempts: 2)),
        ])
        var tallies = Tallies()
        tallies.stages = [.finished: 1, .running: 1, .waiting: 1]
        tallies.attempts = 3
        tallies.failures = [.diverged: 1]
        (tallies.tokens, tallies.seconds, tallies.artifactBytes) = (1000, 1.5, 7)
        #expect(try ledger.reader.tallies() == tallies)
    }

    @Test func `a failed attempt keeps its cause and message`() throws {
        let failure = StageFailure(.diverged, "the loss is not finite at step 7")
        let failed = StageRecord(
            key: stage, standing: .failed(StageFailure(.diverged, "x")), attempts: 1, losses: 1, nodeFailures: 2,
            isPaused: true,
            setback: StageRecord.Setback(failure, at: at(2)))
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(1)),
            .ended(stage, first, failure: failure, at: at(2)), .stands(failed),
        ])
        #expect(try ledger.reader.stage(stage) == failed)
    }

    @Test func `the setback of a stage is that of its last attempt without a result`() throws {
        let second = StageFailure(.lost, "worker worker-1 fell silent")
        for (number, failure) in [StageFailure(.node, "no space"), second, nil].enumerated() {
            let attempt = Attempt(rawValue: number + 1)
            try ledger.commit([
                .started(stage, attempt, on: worker, node: node, at: at(1)),
                .ended(stage, attempt, failure: failure, at: at(Int64(10 + number))),
            ])
        }
        let record = try #require(try ledger.reader.stage(stage))
        #expect(record.attempts == 3 && record.setback == StageRecord.Setback(second, at: at(11)))
    }

    @Test(arguments: [
        StageStanding.waiting, .setAside(reason: "b"), .blocked(reason: "c"), .cancelled,
    ])
    func `where a stage stands is read back`(standing: StageStanding) throws {
        try ledger.commit([.stands(StageRecord(key: stage, standing: standing))])
        #expect(try ledger.reader.stage(stage)?.standing == standing)
    }

    @Test func `a stage that runs in no attempt is damage, not a guess`() throws {
        try ledger.commit([.stands(StageRecord(key: stage, standing: .running(on: worker)))])
        let error = #expect(throws: LedgerError.self) { try ledger.reader.stage(stage) }
        guard case .corrupt = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `evaluations are kept by attempt, and one that is said again replaces itself`() throws {
        let evaluation = { (step: Int, value: Double) in
            Evaluation(
                step: step, epoch: Double(step) / 10, trainingLoss: value / 2,
                scores: [Score(split: .dev, metric: .accuracy, value: value)])
        }
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(1)),
            .evaluated(stage, first, evaluation(10, 0.5)), .evaluated(stage, first, evaluation(20, 0.6)),
            .evaluated(stage, first, evaluation(20, 0.6)),
            .ended(stage, first, failure: StageFailure(.lost, "silent"), at: at(2)),
            .started(stage, second, on: worker, node: node, at: at(3)),
            .evaluated(stage, second, evaluation(20, 0.7)), .evaluated(stage, second, evaluation(30, 0.8)),
        ])
        let values = try store.query(
            "SELECT attempt || ' ' || step || ' ' || metric || ' ' || value FROM metric ORDER BY attempt, step, metric")
        #expect(
            values == [
                "1 10 accuracy 0.5", "1 10 loss 0.25", "1 20 accuracy 0.6", "1 20 loss 0.3", "2 20 accuracy 0.7",
                "2 20 loss 0.35", "2 30 accuracy 0.8", "2 30 loss 0.4",
            ])
    }

    @Test func `a turn is committed whole or not at all`() throws {
        let started = Change.started(stage, first, on: worker, node: node, at: at(1))
        #expect(throws: LedgerError.self) {
            let running = StageRecord(key: stage, standing: .running(on: worker), attempts: 1)
            try ledger.commit([started, .stands(running), started])
        }
        #expect(try ledger.reader.stage(stage) == StageRecord(key: stage))
    }

    @Test func `a second sweep keeps what is known of the stages it shares`() throws {
        let finished = StageRecord(key: stage, standing: .finished(makeResult(artifacts: [head])), attempts: 1)
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(1)), .ended(stage, first, failure: nil, at: at(2)),
            .stands(finished),
        ])
        let more = try makePlan(name: "more", seeds: [1, 2, 3])
        try ledger.commit([.planned(more, at: at(5000))])
        let known = try ledger.reader.known(of: more)
        #expect(known[stage] == finished)
        #expect(known.values.filter { $0.standing == .waiting }.count == 3)
        #expect(try ledger.reader.sweeps().map(\.plan.name) == ["sweep", "more"])
    }

    @Test func `a sweep that is planned again is the latest, not a new one`() throws {
        try ledger.commit([
            .planned(try makePlan(name: "more", seeds: [1, 2]), at: at(2000)), .planned(plan, at: at(3000)),
        ])
        #expect(try ledger.reader.sweeps().map(\.plan.name) == ["more", "sweep"])
        #expect(try ledger.reader.plan() == plan)
    }

    @Test func `a name keeps its past: what was asked for last by the name, what it was before by NAME~1`() throws {
        let changed = try makePlan(seeds: [3])
        try ledger.commit([
            .planned(try makePlan(name: "more", seeds: [1]), at: at(2000)), .planned(changed, at: at(3000)),
        ])
        let reader = ledger.reader
        #expect(try reader.sweeps().references.map(\.description) == ["sweep~1", "more", "sweep"])
        #expect(try reader.plan(named: "sweep") == changed)
        #expect(try reader.plan(named: "sweep~1") == plan)
        #expect(try reader.plan(named: "sweep~2") == nil)
        // Going back to old settings makes them the last again.
        try ledger.commit([.planned(plan, at: at(4000))])
        #expect(try reader.plan(named: "sweep") == plan)
        #expect(try reader.plan(named: "sweep~1") == changed)
    }

    @Test func `a sweep has the weight that was last given, also where its settings change`() throws {
        try ledger.commit([.planned(try makePlan(name: "other", seeds: [1]), at: at(2)), .weighed(sweep: "sweep", 0.5)])
        for reader in [ledger.reader, try LedgerReader(store: store.path)] {
            #expect(try reader.weights() == ["sweep": 0.5])
        }
        try ledger.commit([.planned(try makePlan(seeds: [8]), at: at(3))])
        #expect(try store.query("SELECT weight FROM sweeps WHERE name = 'sweep'") == ["0.5", "0.5"])
        try ledger.commit([.weighed(sweep: "sweep", 1)])
        #expect(try ledger.reader.weights().isEmpty)
        #expect(try ledger.reader.problems().isEmpty)
    }

    @Test func `priorities, drains and sweeps that were handed in are read back`() throws {
        try ledger.commit([
            .stands(StageRecord(key: stage, priority: -2)), .drained(host: "a", isOver: false),
            .drained(host: "b", isOver: false), .drained(host: "b", isOver: false), .drained(host: "a", isOver: true),
            .submitted(plan, arguments: ["sweep.yaml", "--set", "lr=1e-3"]),
        ])
        for reader in [ledger.reader, try LedgerReader(store: store.path)] {
            #expect(try reader.stage(stage)?.priority == -2)
            #expect(try reader.drained() == ["b"])
            #expect(try reader.sweeps().map(\.arguments) == [["sweep.yaml", "--set", "lr=1e-3"]])
        }
        // Who asks for it again does not take that back.
        try ledger.commit([.planned(plan, at: at(2000))])
        #expect(try ledger.reader.sweeps().first?.arguments != nil)
        #expect(try ledger.reader.problems().isEmpty)
    }

    @Test func `a sweep has ended when all of its stages have`() throws {
        let ends = plan.stages.map { StageRecord(key: $0.key, standing: .cancelled) }
        let heading = try #require(try ledger.reader.find("sweep"))
        try ledger.commit(ends.dropLast().map { .stands($0) })
        #expect(try !ledger.reader.hasEnded(heading))
        try ledger.commit(ends.map { .stands($0) })
        #expect(try ledger.reader.hasEnded(heading))
        try ledger.commit([.planned(try makePlan(name: "more", seeds: [1, 2, 3]), at: at(2000))])
        #expect(try ledger.reader.hasEnded(heading) && !ledger.reader.hasEnded(#require(try ledger.reader.find())))
    }

    /// /dev/full takes no byte, so every try fails as soon as it has the lock.
    @Test(.timeLimit(.minutes(1))) func `a store that cannot be locked costs nobody else a file`() throws {
        let locked = try TemporaryFolder()
        try FileManager.default.createSymbolicLink(atPath: locked["lock"], withDestinationPath: "/dev/full")
        let isOver = Atomic<Bool>(false)
        let losses = Atomic<Int>(0)
        let hasEnded = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while !isOver.load(ordering: .relaxed) {
                let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
                for _ in 0..<20 where fcntl(descriptor, F_GETFD) < 0 { losses.add(1, ordering: .relaxed) }
                close(descriptor)
            }
            hasEnded.signal()
        }
        for _ in 0..<2_000 { #expect(throws: LedgerError.self) { try Ledger(store: locked.path) } }
        isOver.store(true, ordering: .relaxed)
        hasEnded.wait()
        #expect(losses.load(ordering: .relaxed) == 0)
    }

    @Test func `stages are found by the first digits of their keys`() throws {
        #expect(try ledger.reader.stages(keyPrefix: stage.short).map(\.key) == [stage])
        #expect(try ledger.reader.stages(keyPrefix: "").count == plan.stages.count)
        #expect(try ledger.reader.stages(keyPrefix: "%").isEmpty)
    }

    @Test func `seeds of all 64 bits are kept`() throws {
        let large = try makePlan(name: "large", seeds: [.max])
        try ledger.commit([.planned(large, at: at(1))])
        #expect(try store.query("SELECT seed FROM stage WHERE seed < 0") == ["-1"])
    }

    @Test func `others read while a coordinator writes`() throws {
        let reader = try LedgerReader(store: store.path)
        #expect(try reader.plan() == plan)
        try ledger.commit([.started(stage, first, on: worker, node: node, at: at(1))])
        #expect(try reader.stage(stage)?.attempts == 1)
    }
}
