import Experiments
import Ledger
import TestKit
import Testing

/// A sweep as it is counted, against what all of its stages say.
struct SummaryTests {
    @Test func `what is counted is what the stages say`() throws {
        let store = try TemporaryFolder()
        let ledger = try Ledger(store: store.path)
        let plan = try makePlan(seeds: Array(1...9))
        let shared = try makePlan(name: "shared", seeds: Array(1...3))
        try ledger.commit([.planned(plan, at: at(1)), .planned(shared, at: at(2))])
        var collapsed = makeResult(artifacts: [head])
        collapsed.confusion = Confusion(predicted: [1, 1, 1], expected: [0, 1, 1])
        let failure = StageFailure(.diverged, "the loss is not finite")
        let keys = plan.stages.map(\.key)
        for (key, result) in [(keys[0], makeResult(artifacts: [head])), (keys[1], collapsed)] {
            try ledger.commit([
                .started(key, first, on: worker, node: node, at: at(3)), .ended(key, first, failure: nil, at: at(4)),
                .stands(StageRecord(key: key, standing: .finished(result), attempts: 1)),
            ])
        }
        for (place, end) in [(2, 30), (3, 50), (4, 40)] as [(Int, Int64)] {
            let setback = StageRecord.Setback(failure, at: at(end))
            try ledger.commit([
                .started(keys[place], first, on: worker, node: node, at: at(5)),
                .ended(keys[place], first, failure: failure, at: at(end)),
                .stands(
                    StageRecord(
                        key: keys[place], standing: place == 4 ? .waiting : .failed(failure), attempts: 1,
                        setback: setback)),
            ])
        }
        try ledger.commit([
            .started(keys[5], first, on: worker, node: node, at: at(6)),
            .stands(StageRecord(key: keys[5], standing: .running(on: worker), attempts: 1)),
            .stands(StageRecord(key: keys[6], standing: .blocked(reason: "it waits"))),
        ])
        for (plan, name) in [(plan, "sweep"), (shared, "shared")] {
            let heading = try #require(try ledger.reader.find(name))
            let summary = try ledger.reader.summary(of: heading)
            let records = try ledger.reader.known(of: plan)
            let expected = SweepSummary(
                plan, plan.stages.compactMap { stage in records[stage.key].map { (stage, $0) } })
            #expect(summary.states == expected.states)
            #expect(summary.hasEnded == expected.hasEnded)
            #expect(summary.failures.map(\.record) == expected.failures.map(\.record))
            #expect(summary.failures.map(\.stage) == expected.failures.map(\.stage))
            #expect(summary.failureCount == expected.failureCount)
            #expect(summary.running.map(\.record) == expected.running.map(\.record))
            #expect(summary.collapsed.map(\.record) == expected.collapsed.map(\.record))
            #expect(summary.groups.count == 2, "they differ in seeds alone")
            #expect(summary.groups.map(\.steps).reduce(0, +) == expected.groups.map(\.steps).reduce(0, +))
            #expect(summary.groups.map(\.seconds).reduce(0, +) == expected.groups.map(\.seconds).reduce(0, +))
            #expect(summary.groups[1].first == plan.stages[1] && summary.groups[1].last == plan.stages.last)
            #expect(summary.nodes == [node])
        }
        // What runs again is counted so.
        try ledger.commit([.stands(StageRecord(key: keys[0], attempts: 1))])
        let summary = try ledger.reader.summary(of: #require(try ledger.reader.find()))
        #expect(summary.groups[0].states == [.waiting: 1] && summary.groups[0].steps == 0)
        #expect(try ledger.reader.problems() == [])
    }
}
