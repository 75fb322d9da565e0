package import Experiments
import Files
import Foundation
import GRDB

/// What a coordinator knows, in STORE/ledger.sqlite. One process at a time may write; others read through
/// `LedgerReader` meanwhile.
package final class Ledger: Sendable {
    package let store: String
    /// Reads what has been committed.
    package let reader: LedgerReader
    private let queue: DatabaseQueue
    private let lock: StoreLock

    /// Opens the ledger of the store, after making both where they are missing.
    package init(store: String) throws(LedgerError) {
        self.store = store
        do {
            try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        } catch {
            throw .file(FileError(.write, store, code: access(store, F_OK) == 0 ? ENOTDIR : EACCES))
        }
        lock = try StoreLock(store: store)
        try LedgerFile.createIfMissing(in: store)
        queue = try LedgerFile.open(in: store, readOnly: false)
        reader = LedgerReader(store: store, queue: queue)
    }

    /// Commits all changes in one transaction that is on the disk when this returns, or none of them.
    package func commit(_ changes: [Change]) throws(LedgerError) {
        guard !changes.isEmpty else { return }
        try LedgerFile.translated(LedgerFile.path(in: store)) {
            try queue.write { database in
                for change in changes { try change.apply(to: database) }
            }
        }
    }
}
