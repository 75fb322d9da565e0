import Dispatch
import GRDB
import Synchronization

/// Brings what the write-ahead log holds into the ledger's own file, with a connection and a thread of its own: a commit
/// that did it would have everyone wait for as long as writing that file takes.
final class Checkpoints: Sendable {
    /// Pages in the log, 8 MiB of them, from which on a commit does what is left of it: a log starts anew only when all of
    /// it is written back, which a writer that never rests does not wait for. A larger one gains nothing, and fills small
    /// disks.
    static let mostPages = 2048

    private let thread = DispatchQueue(label: "headstart.checkpoints", qos: .utility)
    private let state: Mutex<State>

    private struct State {
        /// nil once it is closed.
        var connection: DatabaseQueue?
        var isDue = false
    }

    init(store: String) throws(LedgerError) {
        state = Mutex(State(connection: try LedgerFile.open(in: store, readOnly: false, isChecked: true)))
    }

    /// Something was committed, or was to be and did not fit: it may once the log starts anew.
    func noteCommit() {
        let isNew = state.withLock { state in
            defer { state.isDue = true }
            return !state.isDue
        }
        if isNew { thread.asyncAfter(deadline: .now() + 1) { [self] in perform() } }
    }

    /// Closes the connection, once what goes on is over.
    func end() { thread.sync { state.withLock { $0.connection = nil } } }

    private func perform() {
        let connection = state.withLock { state in
            state.isDue = false
            return state.connection
        }
        do {
            try connection?.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)") }
        } catch {
            // The log has everything, and what lasts a commit meets.
        }
    }
}
