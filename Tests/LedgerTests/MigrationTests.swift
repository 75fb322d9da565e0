import Experiments
import Files
import Foundation
import GRDB
import Ledger
import TestKit
import Testing

/// Ledgers that earlier programs have written: one of a sweep that ended, and one as its coordinator's sudden death left
/// it.
struct MigrationTests {
    let store: TemporaryFolder

    init() throws { store = try TemporaryFolder() }

    private static let recorded = ["1-finished", "1-killed", "2-killed", "3-killed", "4-killed", "5-killed"]

    /// Makes a ledger of what the sqlite3 shell's `.dump` has said of it. That of a coordinator that was killed has its
    /// rows in the log beside it.
    private func restore(_ name: String) throws {
        let dump = try #require(Bundle.module.url(forResource: "Recorded/\(name)", withExtension: "sql"))
        let origin = try TemporaryFolder()
        let database = try DatabaseQueue(path: origin.ledgerFile)
        try database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA application_id = 0x48647374; PRAGMA user_version = \(name.prefix(1))")
            if name.hasSuffix("killed") {
                try database.execute(sql: "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0")
            }
            try database.execute(sql: String(contentsOf: dump, encoding: .utf8))
        }
        // Before the log is folded into the ledger, which closing it does.
        for file in ["ledger.sqlite", "ledger.sqlite-wal"] where FileManager.default.fileExists(atPath: origin[file]) {
            try FileManager.default.copyItem(atPath: origin[file], toPath: store[file])
        }
        try database.close()
    }

    private var curve: TrainingCurve {
        var curve = TrainingCurve()
        curve.add(.init(step: 1, loss: 0.5, learningRate: 0, gradientNorm: 1, tokens: 64, seconds: 1))
        return curve
    }

    private func decode<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value {
        try CanonicalJSON.decode(type, from: Data(json.utf8))
    }

    private func states(_ reader: LedgerReader) throws -> [StageKey: StageRecord] {
        var states = JournalStates()
        try reader.readJournal { try states.read($0) }
        return states.records
    }

    @Test(arguments: recorded) func `a ledger of every earlier version is read as it is`(name: String) throws {
        try restore(name)
        let reader = try LedgerReader(store: store.path)
        let plan = try #require(try reader.plan())
        let records = try reader.stages(of: plan)
        #expect(records.count == plan.stages.count && records.contains { $0.state == .finished })
        #expect(try reader.problems().isEmpty)
        #expect(try reader.discarded().isEmpty)
        #expect(try reader.drained().isEmpty)
        #expect(records.allSatisfy { $0.priority == 0 })
        #expect(try reader.weights().isEmpty)
        #expect(try reader.sweeps().allSatisfy { $0.arguments == nil })
        let finished = try #require(records.first { $0.state == .finished })
        let curves = try #require(try reader.curves(of: finished.key))
        #expect(curves.training.isEmpty == (name < "4") && !curves.evaluations.isEmpty)
        #expect(try states(reader).count == records.count)
        let documents = try store.query("SELECT plan FROM sweep ORDER BY plannedAt, id")
        #expect(try reader.sweeps().map(\.plan) == documents.map { try decode(SweepPlan.self, $0) })
        if name < "5" {
            // Since then a view makes it of numbers that it rounds.
            let results = try store.query("SELECT result FROM stage WHERE result IS NOT NULL ORDER BY key")
            let documents = try results.map { try decode(StageResult.self, $0) }
            #expect(try reader.stages(keyPrefix: "").compactMap(\.result) == documents)
        }
        #expect(try store.query("PRAGMA user_version") == ["\(name.prefix(1))"], "who reads it leaves it as it is")
    }

    @Test(arguments: recorded)
    func `a ledger of every earlier version is written on, and its journal begins with how it stands`(
        name: String
    ) throws {
        try restore(name)
        let before = try LedgerReader(store: store.path).stages(keyPrefix: "")
        do {
            let ledger = try Ledger(store: store.path)
            #expect(try ledger.reader.stages(keyPrefix: "") == before)
            #expect(try states(ledger.reader) == Dictionary(before.map { ($0.key, $0) }) { $1 })
            #expect(try ledger.reader.problems().isEmpty)
            var record = try #require(before.first { $0.state != .finished })
            let attempt = record.attempt.next
            (record.standing, record.attempts) = (.running(on: worker), attempt.rawValue)
            try ledger.commit([
                .started(record.key, attempt, on: worker, node: node, at: at(5)), .stands(record),
                .drawn(record.key, attempt, curve),
            ])
            #expect(try ledger.reader.curves(of: record.key)?.training == curve)
        }
        let ledger = try Ledger(store: store.path)
        let reader = ledger.reader
        let plan = try #require(try reader.plan())
        try ledger.commit([
            .submitted(plan, arguments: ["a.yaml"]), .drained(host: "node-3", isOver: false),
            .weighed(sweep: plan.name, 2),
        ])
        #expect(try reader.drained() == ["node-3"])
        #expect(try reader.weights() == [plan.name: 2])
        #expect(try reader.sweeps().last?.arguments == ["a.yaml"])
        #expect(try store.query("PRAGMA user_version") == ["6"])
        #expect(try states(reader).count == before.count)
        #expect(try reader.problems() == [])
    }

    @Test func `a ledger of version 2 that has all of version 3 already is written on`() throws {
        do { _ = try Ledger(store: store.path) }
        let database = try DatabaseQueue(path: store.ledgerFile)
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 2") }
        try database.close()
        let ledger = try Ledger(store: store.path)
        try ledger.commit([.drained(host: "node-3", isOver: false)])
        #expect(try ledger.reader.drained() == ["node-3"])
        #expect(try store.query("PRAGMA user_version") == ["6"])
    }
}
