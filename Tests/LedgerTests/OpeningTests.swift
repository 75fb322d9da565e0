import Experiments
import Foundation
import GRDB
import Ledger
import TestKit
import Testing

struct OpeningTests {
    let store: TemporaryFolder

    init() throws {
        store = try TemporaryFolder()
    }

    @Test func `a ledger is found again as it was left`() throws {
        let plan = try makePlan(seeds: [1, 2])
        do {
            let ledger = try Ledger(store: store.path)
            try ledger.commit([.planned(plan, at: at(1))])
        }
        #expect(try Ledger(store: store.path).reader.plan() == plan)
    }

    /// The files as they lie there while a coordinator is amid its work are what its sudden death leaves.
    @Test func `what was committed before a kill is read, and written on`() throws {
        let plan = try makePlan(seeds: [1, 2])
        let ledger = try Ledger(store: store.path)
        try ledger.commit([.planned(plan, at: at(1))])
        let left = try TemporaryFolder()
        for file in ["ledger.sqlite", "ledger.sqlite-wal"] {
            try FileManager.default.copyItem(atPath: "\(store.path)/\(file)", toPath: "\(left.path)/\(file)")
        }
        #expect(try LedgerReader(store: left.path).plan() == plan)
        let next = try Ledger(store: left.path)
        try next.commit([.started(plan.stages[0].key, first, on: worker, node: node, at: at(2))])
        #expect(try next.reader.stage(plan.stages[0].key)?.attempts == 1)
    }

    /// What a power cut leaves at any instant has whole turns alone.
    @Test func `a turn of a thousand changes is in every copy of the files or in none`() throws {
        let plan = try makePlan(seeds: Array(1...500))
        let ledger = try Ledger(store: store.path)
        try ledger.commit([.planned(plan, at: at(1))])
        for turn in 1...3 {
            try ledger.commit(
                plan.stages.dropFirst().flatMap { stage in
                    let attempt = Attempt(rawValue: turn)
                    return [
                        Change.started(stage.key, attempt, on: worker, node: node, at: at(2)),
                        .stands(StageRecord(key: stage.key, standing: .running(on: worker), attempts: turn)),
                    ]
                })
            let left = try TemporaryFolder()
            var log = try Data(contentsOf: URL(fileURLWithPath: store["ledger.sqlite-wal"]))
            // The last frames never reached the disk.
            if turn == 3 { log.removeLast(5000) }
            try log.write(to: URL(fileURLWithPath: left["ledger.sqlite-wal"]))
            try FileManager.default.copyItem(atPath: store.ledgerFile, toPath: left.ledgerFile)
            let attempts = try LedgerReader(store: left.path).stages(of: plan).dropFirst().map(\.attempts)
            #expect(Set(attempts) == [turn == 3 ? 2 : turn])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `damage deep in a large ledger does not keep it closed, and is found`() throws {
        do { _ = try Ledger(store: store.path) }
        try store.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
            INSERT INTO drained SELECT hex(randomblob(1000)) FROM n
            """)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: store.ledgerFile))
        try file.seek(toOffset: 17 << 20)
        try file.write(contentsOf: Data(repeating: 0xAB, count: 1 << 16))
        try file.close()
        let ledger = try Ledger(store: store.path)
        var found: LedgerError?
        while found == nil {
            do throws(LedgerError) { try ledger.commit([.drained(host: "a", isOver: false)]) } catch { found = error }
            usleep(100_000)
        }
        guard case .corrupt = found else {
            Issue.record("\(String(describing: found))")
            return
        }
    }

    @Test func `two coordinators cannot work on one store`() throws {
        let ledger = try Ledger(store: store.path)
        let error = #expect(throws: LedgerError.self) { try Ledger(store: store.path) }
        guard case .inUse(_, let holder) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(holder == "\(getpid())")
        withExtendedLifetime(ledger) {}
    }

    @Test func `a reader makes nothing where nothing is`() throws {
        let error = #expect(throws: LedgerError.self) { try LedgerReader(store: store.path) }
        guard case .missing = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.path).isEmpty)
    }

    @Test(arguments: [Data(), Data("# notes of mine\n".utf8), Data(repeating: 7, count: 5000)])
    func `a foreign file is refused and left alone`(content: Data) throws {
        try content.write(to: URL(fileURLWithPath: store.ledgerFile))
        try expectRefusal(leaving: content) { if case .foreign = $0 { true } else { false } }
    }

    /// The header of SQLite's file format holds application_id at byte 68 and user_version at byte 60.
    @Test func `another program's database is refused and left alone`() throws {
        let content = try ledgerBytes { $0[68] = 0 }
        try expectRefusal(leaving: content) { if case .foreign = $0 { true } else { false } }
    }

    @Test func `a ledger of another version is refused and left alone`() throws {
        let content = try ledgerBytes { $0[63] = 9 }
        try expectRefusal(leaving: content) { error in
            guard case .otherVersion(_, 9, 6) = error else { return false }
            return error.description.contains("version 9")
        }
    }

    @Test func `a damaged ledger is refused and left alone`() throws {
        let content = try ledgerBytes { bytes in
            for index in 4096..<bytes.count { bytes[index] = 0xAB }
        }
        try expectRefusal(leaving: content) { if case .corrupt = $0 { true } else { false } }
    }

    @Test func `a truncated ledger is refused and left alone`() throws {
        var content = try ledgerBytes { _ in }
        content = content.prefix(4096)
        try content.write(to: URL(fileURLWithPath: store.ledgerFile))
        try expectRefusal(leaving: content) { if case .corrupt = $0 { true } else { false } }
    }

    @Test func `where other machines may open it, too, the ledger does without a write-ahead log`() throws {
        let plan = try makePlan(seeds: [1, 2])
        do {
            let ledger = try Ledger(store: store.path, isOnNetwork: true)
            try ledger.commit([.planned(plan, at: at(1))])
            #expect(try store.query("PRAGMA journal_mode") == ["delete"])
            #expect(!FileManager.default.fileExists(atPath: store["ledger.sqlite-wal"]))
            #expect(try LedgerReader(store: store.path).plan() == plan)
        }
        // Moved to a disk of one machine, and back.
        do {
            let ledger = try Ledger(store: store.path, isOnNetwork: false)
            #expect(try store.query("PRAGMA journal_mode") == ["wal"])
            #expect(try ledger.reader.plan() == plan)
        }
        _ = try Ledger(store: store.path, isOnNetwork: true)
        #expect(try store.query("PRAGMA journal_mode") == ["delete"])
    }

    @Test func `a ledger that is locked or removed is told from one that is damaged`() throws {
        let ledger = try Ledger(store: store.path)
        let other = try DatabaseQueue(path: store.ledgerFile)
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            defer { try? database.execute(sql: "COMMIT") }
            let error = #expect(throws: LedgerError.self) {
                try ledger.commit([.planned(try makePlan(seeds: [1, 2]), at: at(1))])
            }
            #expect(error?.mayPass == true, "\(String(describing: error))")
        }
        try ledger.commit([.planned(try makePlan(seeds: [1, 2]), at: at(1))])
        try FileManager.default.moveItem(atPath: store.ledgerFile, toPath: store["elsewhere"])
        let error = #expect(throws: LedgerError.self) {
            try ledger.commit([.planned(try makePlan(seeds: [1, 2]), at: at(1))])
        }
        #expect(error?.mayPass == false && error?.description.contains("was removed or replaced") == true)
    }

    @Test func `a store that cannot be made is one clear error`() throws {
        let file = "\(store.path)/file"
        try Data().write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: LedgerError.self) { try Ledger(store: "\(file)/store") }
        #expect(error?.description.contains(file) == true)
        let unwritable = #expect(throws: LedgerError.self) { try Ledger(store: "/proc/headstart/store") }
        #expect(unwritable?.description == "/proc/headstart: cannot write: no such file or directory")
    }

    /// Leaves a ledger with a sweep in it in the store, its bytes changed.
    private func ledgerBytes(_ change: (inout Data) -> Void) throws -> Data {
        do {
            let ledger = try Ledger(store: store.path)
            try ledger.commit([.planned(try makePlan(seeds: [1, 2]), at: at(1))])
        }
        var content = try Data(contentsOf: URL(fileURLWithPath: store.ledgerFile))
        change(&content)
        try content.write(to: URL(fileURLWithPath: store.ledgerFile))
        return content
    }

    private func expectRefusal(leaving content: Data, _ isExpected: (LedgerError) -> Bool) throws {
        for open in [{ _ = try Ledger(store: $0) }, { _ = try LedgerReader(store: $0) }] as [(String) throws -> Void] {
            let error = #expect(throws: LedgerError.self) { try open(store.path) }
            #expect(error.map(isExpected) == true, "\(String(describing: error))")
            #expect(try Data(contentsOf: URL(fileURLWithPath: store.ledgerFile)) == content)
        }
    }

    /// Without them the last other process to close the ledger would delete the log that this one goes on to write.
    @Test func `a reader beside the writer costs none of the writer's locks`() throws {
        let ledger = try Ledger(store: store.path)
        let holdsLock = {
            var status = stat()
            guard stat("\(store.path)/ledger.sqlite", &status) == 0 else { return false }
            let locks = try String(contentsOfFile: "/proc/locks", encoding: .utf8)
            return locks.split(separator: "\n").contains { line in
                let words = line.split(separator: " ")
                return words.contains("POSIX") && words.contains("\(getpid())")
                    && words.contains { $0.hasSuffix(":\(status.st_ino)") }
            }
        }
        #expect(try holdsLock())
        _ = try LedgerReader(store: store.path).sweeps()
        #expect(try holdsLock())
        withExtendedLifetime(ledger) {}
    }
}
