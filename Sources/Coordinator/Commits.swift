import Experiments
import Files
import Ledger
import Transport

/// Commits what turns have decided, one after the other on a thread of its own, so that the loop hears its workers while
/// the disk works.
final class Commits {
    /// Rings when a commit is over, a moment after its outcome can be taken.
    let bell: Bell
    private(set) var isUnderWay = false
    private let ledger: Ledger
    private let queue: DiskQueue<Result<Void, LedgerError>>

    init(to ledger: Ledger) throws(TransportError) {
        self.ledger = ledger
        let bell = try Bell()
        self.bell = bell
        queue = DiskQueue("headstart.commits") { bell.ring() }
    }

    /// Whoever opens the store next finds nobody writing.
    deinit { queue.drain() }

    /// Begins to commit; nothing else may be under way.
    func begin(_ changes: [Change]) {
        precondition(!isUnderWay, "a commit follows another")
        isUnderWay = true
        queue.perform { [ledger] in
            do throws(LedgerError) {
                try ledger.commit(changes)
                return .success(())
            } catch {
                return .failure(error)
            }
        }
    }

    /// How the commit ended that was under way; nil where none was, or where it still is.
    ///
    /// - Parameter isWaiting: stays until it has ended.
    func takeOutcome(isWaiting: Bool) -> Result<Void, LedgerError>? {
        guard isUnderWay else { return nil }
        if isWaiting { queue.drain() }
        guard let outcome = queue.takeOutcomes().first else { return nil }
        isUnderWay = false
        return outcome
    }
}
