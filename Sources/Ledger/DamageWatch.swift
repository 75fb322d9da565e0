import Dispatch
import Files
import GRDB
import Synchronization

/// Reads the whole ledger once on a thread of its own, a table at a time: nobody waits for that when a large one is opened.
final class DamageWatch: Sendable {
    private let found = Mutex<LedgerError?>(nil)

    /// What was found until now.
    var damage: LedgerError? { found.withLock(\.self) }

    func begin(in store: String) {
        // Who has just opened it reads a lot.
        DispatchQueue.global(qos: .background).asyncAfter(deadline: .now() + 10) { [self] in
            do throws(LedgerError) {
                try check(store)
            } catch {
                // What passes does so by itself, and is no damage.
                guard case .corrupt = error else { return }
                found.withLock { $0 = error }
            }
        }
    }

    private func check(_ store: String) throws(LedgerError) {
        let queue = try LedgerFile.open(in: store, readOnly: true)
        try LedgerFile.translated(LedgerFile.path(in: store)) {
            let tables = try queue.read {
                try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
            }
            for table in tables {
                let verdict = try queue.read { try String.fetchOne($0, sql: "PRAGMA quick_check('\(table)')") }
                guard verdict == "ok" else { throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: verdict) }
            }
        }
    }
}
