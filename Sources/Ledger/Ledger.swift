package import Experiments
import Files
import GRDB

/// What a coordinator knows, in STORE/ledger.sqlite. One process at a time may write; others read through
/// `LedgerReader` meanwhile.
package final class Ledger: Sendable {
    package let store: String
    /// Reads what has been committed.
    package let reader: LedgerReader
    private let queue: DatabaseQueue
    private let lock: StoreLock
    private let watch = DamageWatch()
    private let checkpoints: Checkpoints
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
        reader = LedgerReader(store: store, source: LedgerSource(queue, at: LedgerFile.path(in: store)))
        checkpoints = try Checkpoints(store: store)
        if LedgerFile.isLarge(LedgerFile.path(in: store)) { watch.begin(in: store) }
    }

    deinit { checkpoints.end() }

    /// Commits all changes in one transaction that is on the disk when this returns, or none of them.
    package func commit(_ changes: [Change]) throws(LedgerError) {
        guard !changes.isEmpty else { return }
        let path = LedgerFile.path(in: store)
        guard Disk.stamp(of: path)?.file == file else { throw .removed(path: path) }
        if let damage = watch.damage { throw damage }
        defer { checkpoints.noteCommit() }
        try LedgerFile.translated(path) {
            try queue.write { database in
                var writer = TurnWriter(database, at: .now)
                for change in changes { try writer.write(change) }
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
        try commit([.discarded(artifacts, at: .now)])
    }
}
