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
    /// The file that was opened, as the system knows it.
    private let file: Disk.Identity?

    /// Opens the ledger of the store, after making both where they are missing.
    ///
    /// - Parameter isOnNetwork: whether other machines may have the store's file system mounted; nil asks the system.
    package init(store: String, isOnNetwork: Bool? = nil) throws(LedgerError) {
        self.store = store
        do throws(FileError) { try Directory.make(store) } catch { throw LedgerError(error) }
        lock = try StoreLock(store: store)
        try LedgerFile.createIfMissing(in: store)
        queue = try LedgerFile.open(in: store, readOnly: false)
        file = Disk.stamp(of: LedgerFile.path(in: store))?.file
        try LedgerFile.chooseJournal(queue, in: store, isOnNetwork: isOnNetwork ?? MountTable.here.isOnNetwork(store))
        try LedgerFile.translated(LedgerFile.path(in: store)) { [queue] in try queue.write(LedgerFile.migrate) }
        reader = LedgerReader(store: store, queue: queue)
    }

    /// Commits all changes in one transaction that is on the disk when this returns, or none of them.
    package func commit(_ changes: [Change]) throws(LedgerError) {
        guard !changes.isEmpty else { return }
        let path = LedgerFile.path(in: store)
        guard Disk.stamp(of: path)?.file == file else { throw .removed(path: path) }
        let now = Timestamp(rawValue: Int64(Date.now.timeIntervalSince1970 * 1000))
        try LedgerFile.translated(path) {
            try queue.write { database in
                for change in changes {
                    try JournalEntry.write(change, at: now, to: database)
                    try change.apply(to: database)
                }
            }
        }
    }

    /// Tells those who read the store why it cannot be written; nil where it can be again. Told where it is possible.
    package func tell(trouble: LedgerError?) throws(LedgerError) {
        do throws(FileError) { try lock.write(trouble?.description ?? "") } catch { throw LedgerError(error) }
    }

    /// Notes that the store lets these artifacts go: their results count as before, and nothing runs again for them
    /// alone.
    package func discard(_ artifacts: [ArtifactID]) throws(LedgerError) {
        let now = Timestamp(rawValue: Int64(Date.now.timeIntervalSince1970 * 1000))
        try LedgerFile.translated(LedgerFile.path(in: store)) {
            try queue.write { database in try Change.discarded(artifacts, at: now).apply(to: database) }
        }
    }
}
