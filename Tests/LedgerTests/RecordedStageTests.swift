import Experiments
import Ledger
import TestKit
import Testing

/// Rows of `stage` as the ledger's first version has written them: who reads them finds them so in every later one.
@Suite struct RecordedStageTests {
    let store: TemporaryFolder
    let ledger: Ledger
    let stage: StageKey

    init() throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        let plan = try makePlan(seeds: [1, 2])
        stage = plan.stages[0].key
        let failure = StageFailure(.lost, "gone")
        try ledger.commit([
            .planned(plan, at: at(1)), .started(stage, first, on: worker, node: node, at: at(2)),
            .ended(stage, first, failure: failure, at: at(3)),
            .started(stage, second, on: worker, node: node, at: at(4)),
        ])
    }

    static let columns = ["state", "losses", "nodeFailures", "isPaused", "reason", "result"]

    static let result = """
        {"artifacts":[{"byteCount":7,"id":"\(anyDigest.hex)","kind":"head"}],"finalLoss":0.7,\
        "node":{"blasCore":"SkylakeX","host":"node-3","ranks":2,"threads":4},"parameters":"\(anyDigest.hex)",\
        "scores":[{"metric":"accuracy","split":"dev","value":0.7148}],"seconds":1.5,"steps":10,"tokens":1000,\
        "tokensPerSecond":666.6,"trainable":10}
        """

    static let recorded: [(standing: StageStanding, losses: Int, nodeFailures: Int, isPaused: Bool, row: [String])] = [
        (.waiting, 0, 0, false, ["'waiting'", "0", "0", "0", "NULL", "NULL"]),
        (.waiting, 1, 2, true, ["'waiting'", "1", "2", "1", "NULL", "NULL"]),
        (.running(on: worker), 1, 0, false, ["'running'", "1", "0", "0", "NULL", "NULL"]),
        (
            .finished(makeResult(artifacts: [head])), 0, 0, false,
            ["'finished'", "0", "0", "0", "NULL", "'\(result)'"]
        ),
        (.failed(StageFailure(.lost, "no loss")), 0, 0, false, ["'failed'", "0", "0", "0", "'no loss'", "NULL"]),
        (.setAside(reason: "gone"), 3, 0, false, ["'set-aside'", "3", "0", "0", "'gone'", "NULL"]),
        (.blocked(reason: "it waits"), 0, 0, false, ["'blocked'", "0", "0", "0", "'it waits'", "NULL"]),
        (.cancelled, 0, 0, false, ["'cancelled'", "0", "0", "0", "'cancelled'", "NULL"]),
    ]

    private func record(_ index: Int) -> StageRecord {
        let recorded = Self.recorded[index]
        return StageRecord(
            key: stage, standing: recorded.standing, attempts: 2, losses: recorded.losses,
            nodeFailures: recorded.nodeFailures, isPaused: recorded.isPaused,
            setback: StageRecord.Setback(StageFailure(.lost, "gone"), at: at(3)))
    }

    @Test(arguments: recorded.indices) func `a stage is read from its recorded row`(index: Int) throws {
        // What the row is in a ledger of version 4, it is here once that was brought to this version.
        try ledger.commit([.stands(record(index))])
        let values = zip(Self.columns, Self.recorded[index].row).dropLast().map { "\($0) = \($1)" }
        try store.execute("UPDATE stages SET \(values.joined(separator: ", ")) WHERE key = '\(stage)'")
        #expect(try ledger.reader.stage(stage) == record(index))
    }

    @Test(arguments: recorded.indices) func `a stage is written as its recorded row`(index: Int) throws {
        try ledger.commit([.stands(record(index))])
        let values = Self.columns.map { "quote(\($0))" }.joined(separator: " || '|' || ")
        let row = try store.query("SELECT \(values) FROM stage WHERE key = '\(stage)'")
        #expect(row == [Self.recorded[index].row.joined(separator: "|")])
    }
}
