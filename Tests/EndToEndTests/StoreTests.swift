import Experiments
import Files
import Foundation
import GRDB
import Ledger
import TestKit
import Testing

/// What the commands say of stores that were changed by hand, or are not ours to write.
struct StoreTests {
    private func workshop() throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            keep: model
            defaults: { max-steps: 3 }
            methods: { bitfit: { tune: bitfit } }
            """, to: "sweep.yaml")
        let outcome = try shop.run(command)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return shop
    }

    private let command = ["run", "sweep.yaml", "--data", "data", "--store", "store"]

    private func finished(_ shop: Workshop) throws -> StageRecord {
        try #require(try LedgerReader(store: shop.path("store")).stages(keyPrefix: "").first)
    }

    @Test(.timeLimit(.minutes(10)))
    func `no command uses an artifact that was changed, and the next run makes it again`() throws {
        let shop = try workshop()
        try shop.write("the cat sings\n", to: "texts")
        let stage = try finished(shop)
        let head = try #require(stage.result?.artifact(.head))
        let path = ContentStore(store: shop.path("store")).path(of: head.id.rawValue)
        let whole = try Data(contentsOf: URL(filePath: path))
        var changed = whole
        changed[changed.count - 5] ^= 1
        try changed.write(to: URL(filePath: path))
        let uses = [
            ["predict", "--run", stage.key.short, "--store", "store", "--input", "texts", "--out", "labels"],
            ["export", "--run", stage.key.short, "--store", "store", "--to", "exported"],
        ]
        let refused = try shop.run(uses[0])
        #expect(refused.status == 1 && refused.errorLines.count == 1, "\(refused.errors)")
        #expect(refused.errors.contains("was changed since the stage ended"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: path))
        try changed.write(to: URL(filePath: path))
        #expect(try shop.run(uses[1]).errors.contains("was changed since the stage ended"))
        let again = try shop.run(command)
        #expect(again.status == 0, "\(again.errors)")
        #expect(try Data(contentsOf: URL(filePath: path)) == whole)
        #expect(try finished(shop).attempts == 2)
        for arguments in uses { #expect(try shop.run(arguments).status == 0) }
    }

    /// What a coordinator leaves beside its ledger: after a kill, after a kill and a reboot, after a kill amid a commit on a
    /// network's file system, and after it was closed.
    enum Leaving: CaseIterable {
        case index, log, journal, nothing
    }

    /// Copies a ledger whose rollback journal has what half a transaction has overwritten.
    private func leaveJournal(_ ledger: String, in folder: String) throws {
        let queue = try DatabaseQueue(path: ledger)
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE")
            try database.execute(
                sql: """
                    UPDATE stages SET state = 'cancelled', result = NULL;
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
                    INSERT INTO events (at, what, event) SELECT i, 'told', hex(zeroblob(4000)) FROM n
                    """)
            for suffix in ["", "-journal"] {
                try FileManager.default.copyItem(atPath: ledger + suffix, toPath: "\(folder)/ledger.sqlite\(suffix)")
            }
            try database.execute(sql: "ROLLBACK")
        }
    }

    @Test(.timeLimit(.minutes(10)), arguments: Leaving.allCases)
    func `a store that one may only read is read`(_ leaving: Leaving) throws {
        let shop = try workshop()
        let expected = try shop.run("results", "--store", "store", "--json")
        let ledger = shop.path("store/ledger.sqlite")
        try FileManager.default.createDirectory(atPath: shop.path("left"), withIntermediateDirectories: true)
        if leaving == .journal { try leaveJournal(ledger, in: shop.path("left")) }
        if leaving != .journal {
            // As the files lie while it is open.
            let open = try Ledger(store: shop.path("store"))
            try open.commit([.stands(try finished(shop))])
            let suffixes = ["", "-wal", "-shm"].prefix(leaving == .index ? 3 : 2)
            for suffix in suffixes where leaving != .nothing {
                try FileManager.default.copyItem(
                    atPath: ledger + suffix, toPath: shop.path("left/ledger.sqlite\(suffix)"))
            }
        }
        if leaving == .nothing {
            #expect(!FileManager.default.fileExists(atPath: ledger + "-wal"))
            try FileManager.default.copyItem(atPath: ledger, toPath: shop.path("left/ledger.sqlite"))
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("."))
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: shop.path("left"))
        for command in ["results", "status"] {
            let arguments = [command, "--store", shop.path("left"), "--json"]
            let outcome =
                try getuid() == 0
                ? Running(["--reuid", "65534", "--clear-groups", Program.path] + arguments, of: "/usr/bin/setpriv")
                    .wait()
                : shop.run(arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            if command == "results" { #expect(outcome.output == expected.output) }
        }
        // Else it could not be removed.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("left"))
    }
}
