import Files
import Foundation
import GRDB
import Synchronization

/// Opens STORE/ledger.sqlite after making sure that it is one of ours, without touching it when it is not.
enum LedgerFile {
    static func path(in store: String) -> String { "\(store)/ledger.sqlite" }

    /// The connections of this process, by path.
    private static let connections = Mutex<[String: [Connection]]>([:])

    private struct Connection {
        weak var queue: DatabaseQueue?
    }

    /// SQLite's locks are POSIX locks, all of which a process loses on a file as soon as it closes any descriptor of it.
    /// Other processes would then take themselves for the last to close the ledger, and delete the log that this one
    /// goes on to write. So the header is read only while this process has no connection.
    ///
    /// - Parameter isChecked: whether another connection of the caller's has just been opened, which looked for damage.
    static func open(
        in store: String, readOnly: Bool, isChecked: Bool = false
    ) throws(LedgerError) -> DatabaseQueue {
        let path = path(in: store)
        return try connections.withLock { connections throws(LedgerError) in
            var others = (connections[path] ?? []).filter { $0.queue != nil }
            if others.isEmpty { try checkHeader(path, store: store) }
            let queue =
                try readOnly
                ? connectToRead(path, store: store) : connect(path, readOnly: false, isChecked: isChecked)
            others.append(Connection(queue: queue))
            connections[path] = others
            return queue
        }
    }

    /// To read a write-ahead log SQLite writes an index beside it. Where it may not, it reads a copy: then no coordinator
    /// of this machine is at work, for its index would be there.
    private static func connectToRead(_ path: String, store: String) throws(LedgerError) -> DatabaseQueue {
        do throws(LedgerError) {
            return try connect(path, readOnly: true)
        } catch {
            guard case .unavailable = error, access(store, W_OK) != 0 else { throw error }
        }
        let folder = "\(NSTemporaryDirectory())headstart-\(getpid())-\(UUID().uuidString)"
        do throws(FileError) { try Directory.make(folder) } catch { throw LedgerError(error) }
        // What the connection holds open lives on without a name. A copy that cannot be removed is the system's to remove.
        defer { do throws(FileError) { try Directory.remove(folder) } catch {} }
        // The log, or the journal by which SQLite takes half a transaction back.
        for suffix in ["", "-wal", "-journal"] where access(path + suffix, F_OK) == 0 {
            do throws(FileError) {
                try AtomicFile.copy("\(path)\(suffix)", to: "\(folder)/ledger.sqlite\(suffix)")
            } catch {
                throw LedgerError(error)
            }
        }
        return try connect("\(folder)/ledger.sqlite", readOnly: false)
    }

    /// A copy without a name that is of this version.
    static func migratedCopy(of queue: DatabaseQueue) throws -> DatabaseQueue {
        let path = "\(NSTemporaryDirectory())headstart-\(getpid())-\(UUID().uuidString)"
        defer { unlink(path) }
        let copy = try DatabaseQueue(path: path)
        try queue.backup(to: copy)
        try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = MEMORY") }
        try copy.write(migrate)
        return copy
    }

    private static func connect(
        _ path: String, readOnly: Bool, isChecked: Bool = false
    ) throws(LedgerError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = readOnly
        // A coordinator hears its workers again between two tries.
        configuration.busyMode = .timeout(readOnly ? 10 : 2)
        configuration.prepareDatabase { database in
            // What large ledgers take of 256 MiB saves them from reading pages a hundred times; small ones take little.
            try database.execute(
                sql: """
                    PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;
                    PRAGMA wal_autocheckpoint = \(Checkpoints.mostPages)
                    """)
        }
        return try translated(path) {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            // What is read below meets the damage where there is any; a large file is checked by `DamageWatch`.
            if isChecked || isLarge(path) { return queue }
            let verdict = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
            return queue
        }
    }

    /// Whether to check the file takes longer than anyone waits for it to open.
    static func isLarge(_ path: String) -> Bool { Disk.byteCount(of: path).map { $0 > 16 << 20 } ?? false }

    /// A write-ahead log needs memory that all who have the file open share, so it is for one machine alone. Where others may
    /// have it open, too, a rollback journal keeps them apart by the file system's locks.
    static func chooseJournal(_ queue: DatabaseQueue, in store: String, isOnNetwork: Bool) throws(LedgerError) {
        let wanted = isOnNetwork ? "delete" : "wal"
        let path = path(in: store)
        let journal = try translated(path) {
            try queue.writeWithoutTransaction { database in
                let found = try String.fetchOne(database, sql: "PRAGMA journal_mode")
                guard found != wanted else { return found }
                return try String.fetchOne(database, sql: "PRAGMA journal_mode = \(wanted)")
            }
        }
        guard journal == wanted || !isOnNetwork else {
            throw .unavailable(
                path: path,
                detail: "it lies on a network file system, and another process has it open; end that, or choose a "
                    + "--store on a local disk")
        }
    }

    /// Brings a ledger of any earlier version to this one, in the transaction that is open.
    static func migrate(_ database: Database) throws {
        let found = try version(database)
        // The header that was checked may be older than the log beside it, or of a file that was in its place before.
        guard (1...Schema.version).contains(found) else {
            throw DatabaseError(message: "a ledger of version \(found); use the program that wrote it")
        }
        for migration in Schema.migrations.dropFirst(found - 1) where try !migration.isDone(in: database) {
            try database.execute(sql: migration.sql)
        }
        if found < Schema.version { try database.execute(sql: "PRAGMA user_version = \(Schema.version)") }
    }

    static func version(_ database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }

    /// Makes an empty ledger where there is none: built beside its place and renamed, so that none is ever half there.
    static func createIfMissing(in store: String) throws(LedgerError) {
        let path = path(in: store)
        guard access(path, F_OK) != 0 else { return }
        let temporary = "\(path).new"
        unlink(temporary)
        try translated(path) {
            let queue = try DatabaseQueue(path: temporary)
            try queue.write { database in
                try database.execute(sql: Schema.tables)
                try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
                try database.execute(sql: "PRAGMA user_version = 1")
                try migrate(database)
            }
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
            try queue.close()
        }
        do throws(FileError) { try Disk.rename(temporary, to: path) } catch { throw LedgerError(error) }
    }

    /// Reads the 100 bytes of header that SQLite documents, before SQLite itself may open the file.
    private static func checkHeader(_ path: String, store: String) throws(LedgerError) {
        guard access(path, F_OK) == 0 else { throw .missing(store: store) }
        let header: [UInt8]
        do throws(FileError) { header = try Disk.read(path, count: 100) } catch { throw .file(error) }
        guard header.count == 100, header.starts(with: Array("SQLite format 3\0".utf8)) else {
            throw .foreign(path: path)
        }
        let integer = { (offset: Int) in header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
        guard integer(68) == Schema.applicationID else { throw .foreign(path: path) }
        guard (1...Schema.version).contains(integer(60)) else {
            throw .otherVersion(path: path, found: integer(60), expected: Schema.version)
        }
    }

    /// Runs `body` and turns what GRDB throws into an error for people.
    static func translated<Value>(_ path: String, _ body: () throws -> Value) throws(LedgerError) -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: throw .corrupt(path: path, detail: error.message ?? "unreadable")
            case .SQLITE_FULL: throw .diskFull(path: path)
            // Where SQLite cannot enlarge the index of its log, it calls a full disk an input/output error.
            case .SQLITE_IOERR where isDiskFull(at: path): throw .diskFull(path: path)
            case .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM,
                .SQLITE_NOMEM, .SQLITE_PROTOCOL:
                throw .unavailable(path: path, detail: error.message ?? "\(error)")
            default: throw .database(path: path, detail: error.message ?? "\(error)")
            }
        } catch {
            throw .database(path: path, detail: "\(error)")
        }
    }

    private static func isDiskFull(at path: String) -> Bool {
        Disk.freeBytes(at: path).map { $0 < 1 << 16 } ?? false
    }
}
