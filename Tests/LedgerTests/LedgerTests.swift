import Experiments
import Foundation
import Ledger
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
        plan = try makePlan()
        stage = plan.stages[0].key
        try ledger.commit([.planned(plan, at: at(1000))])
    }

    @Test func `a planned sweep is read back as it was`() throws {
        #expect(try ledger.reader.sweeps() == [SweepEntry(plan: plan, plannedAt: at(1000))])
        #expect(try ledger.reader.plan(named: "sweep") == plan)
        #expect(try ledger.reader.plan(named: "other") == nil)
        let stages = try ledger.reader.stages(of: plan)
        #expect(stages.map(\.key) == plan.stages.map(\.key))
        #expect(stages.allSatisfy { $0.standing == StageStanding() && $0.attempts.isEmpty })
        #expect(try ledger.reader.plan(containing: stage) == plan)
    }

    @Test func `an attempt and its result are read back`() throws {
        let result = makeResult(artifacts: [head])
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(2000)),
            .stands(stage, StageStanding(state: .running)),
        ])
        #expect(try ledger.reader.known(of: plan)[stage]?.worker == worker)
        try ledger.commit([
            .ended(stage, first, failure: nil, at: at(3000)),
            .stands(stage, StageStanding(state: .finished, result: result)),
        ])
        let entry = try #require(try ledger.reader.stage(stage))
        #expect(entry.standing == StageStanding(state: .finished, result: result))
        #expect(
            entry.attempts == [
                AttemptEntry(
                    number: first, worker: worker, node: node, startedAt: at(2000), outcome: .finished(at: at(3000)))
            ])
        #expect(try ledger.reader.artifacts(of: stage) == [head])
        let known = try ledger.reader.known(of: plan)
        #expect(known[stage] == KnownStage(standing: entry.standing, attempt: first, worker: nil))
    }

    @Test func `a failed attempt keeps its cause and message`() throws {
        let failure = StageFailure(.diverged, "the loss is not finite at step 7")
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(1)),
            .ended(stage, first, failure: failure, at: at(2)),
            .stands(stage, StageStanding(state: .failed, losses: 1, nodeFailures: 2, isPaused: true, reason: "x")),
        ])
        let entry = try #require(try ledger.reader.stage(stage))
        #expect(entry.attempts.first?.outcome == .ended(failure, at: at(2)))
        #expect(
            entry.standing
                == StageStanding(state: .failed, losses: 1, nodeFailures: 2, isPaused: true, reason: "x"))
    }

    @Test func `evaluations of a later attempt replace those of an earlier one at the same step`() throws {
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
        let expected = [evaluation(10, 0.5), evaluation(20, 0.7), evaluation(30, 0.8)]
        #expect(try ledger.reader.evaluations(of: stage) == expected)
    }

    @Test func `a turn is committed whole or not at all`() throws {
        let started = Change.started(stage, first, on: worker, node: node, at: at(1))
        #expect(throws: LedgerError.self) {
            try ledger.commit([started, .stands(stage, StageStanding(state: .running)), started])
        }
        let entry = try #require(try ledger.reader.stage(stage))
        #expect(entry.attempts.isEmpty && entry.standing.state == .waiting)
    }

    @Test func `a second sweep keeps what is known of the stages it shares`() throws {
        let finished = StageStanding(state: .finished, result: makeResult(artifacts: [head]))
        try ledger.commit([
            .started(stage, first, on: worker, node: node, at: at(1)), .ended(stage, first, failure: nil, at: at(2)),
            .stands(stage, finished),
        ])
        let more = try makePlan(name: "more", seeds: [1, 2, 3])
        try ledger.commit([.planned(more, at: at(5000))])
        let known = try ledger.reader.known(of: more)
        #expect(known[stage]?.standing == finished)
        #expect(known.values.filter { $0.standing.state == .waiting }.count == 3)
        #expect(try ledger.reader.sweeps().map(\.plan.name) == ["sweep", "more"])
    }

    @Test func `a sweep that is planned again is the latest, not a new one`() throws {
        try ledger.commit([.planned(try makePlan(name: "more"), at: at(2000)), .planned(plan, at: at(3000))])
        #expect(try ledger.reader.sweeps().map(\.plan.name) == ["more", "sweep"])
        #expect(try ledger.reader.plan() == plan)
    }

    @Test func `stages are found by the first digits of their keys`() throws {
        #expect(try ledger.reader.stages(keyPrefix: stage.short).map(\.key) == [stage])
        #expect(try ledger.reader.stages(keyPrefix: "").count == plan.stages.count)
        #expect(try ledger.reader.stages(keyPrefix: "%").isEmpty)
    }

    @Test func `seeds of all 64 bits are kept`() throws {
        let large = try makePlan(name: "large", seeds: [.max])
        try ledger.commit([.planned(large, at: at(1))])
        #expect(try ledger.reader.stages(of: large).map(\.seed) == [1, .max])
    }

    @Test func `others read while a coordinator writes`() throws {
        let reader = try LedgerReader(store: store.path)
        #expect(try reader.plan() == plan)
        try ledger.commit([.started(stage, first, on: worker, node: node, at: at(1))])
        #expect(try reader.stage(stage)?.attempts.count == 1)
    }
}
