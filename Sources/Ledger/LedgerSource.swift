import Files
import Foundation
import GRDB
import Synchronization

/// What a reader reads: the ledger or, while that is of an earlier version, a copy that was brought to this one. Whoever
/// reads a store never writes it.
final class LedgerSource: Sendable {
    /// The ledger's own file.
    let queue: DatabaseQueue
    private let path: String
    private let copy = Mutex<Copy?>(nil)

    private struct Copy {
        let queue: DatabaseQueue
        /// Changes when others have written the file.
        let dataVersion: Int?
    }

    convenience init(store: String) throws(LedgerError) {
        self.init(try LedgerFile.open(in: store, readOnly: true), at: LedgerFile.path(in: store))
    }

    init(_ queue: DatabaseQueue, at path: String) {
        self.queue = queue
        self.path = path
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
        try LedgerFile.translated(path) {
            let value = try queue.read { database -> Value? in
                guard try LedgerFile.version(database) == Schema.version else { return nil }
                return try body(database)
            }
            return try value ?? current().read(body)
        }
    }

    private func current() throws -> DatabaseQueue {
        try copy.withLock { copy in
            let dataVersion = try queue.read { try Int.fetchOne($0, sql: "PRAGMA data_version") }
            if let copy, copy.dataVersion == dataVersion { return copy.queue }
            let fresh = try LedgerFile.migratedCopy(of: queue)
            copy = Copy(queue: fresh, dataVersion: dataVersion)
            return fresh
        }
    }
}
