import Experiments
import Foundation
import Ledger
import Synchronization
import Transport

/// Commits what turns have decided, one after the other on a thread of its own, so that the loop hears its workers while
/// the disk works. The thread is there from the beginning: where memory is short, none can be had later.
final class Commits {
    /// Rings when a commit is over.
    let bell: Bell
    private(set) var isUnderWay = false
    private let ledger: Ledger
    private let desk = Desk()

    /// What the loop and the thread hand each other.
    private final class Desk: Sendable {
        let work = Mutex<(@Sendable () -> Result<Void, LedgerError>)?>(nil)
        let outcome = Mutex<Result<Void, LedgerError>?>(nil)
        let isDue = DispatchSemaphore(value: 0)
        let isDone = DispatchSemaphore(value: 0)

        /// - Returns: whether there was any; nothing of it is held any more.
        func perform() -> Bool {
            guard let work = work.withLock({ $0.take() }) else { return false }
            let result = work()
            outcome.withLock { $0 = result }
            return true
        }
    }

    init(to ledger: Ledger) throws(TransportError) {
        self.ledger = ledger
        let bell = try Bell()
        self.bell = bell
        let thread = Thread { [desk] in
            repeat { desk.isDue.wait() } while Self.works(at: desk, bell)
        }
        thread.name = "headstart.commits"
        thread.start()
    }

    private static func works(at desk: Desk, _ bell: Bell) -> Bool {
        guard desk.perform() else { return false }
        desk.isDone.signal()
        bell.ring()
        return true
    }

    /// Whoever opens the store next finds nobody writing. The thread ends, as nothing is to be done.
    deinit {
        if isUnderWay { desk.isDone.wait() }
        desk.isDue.signal()
    }

    /// Begins to commit; nothing else may be under way.
    func begin(_ changes: [Change]) {
        precondition(!isUnderWay, "a commit follows another")
        isUnderWay = true
        desk.work.withLock {
            $0 = { [ledger] in
                do throws(LedgerError) {
                    try ledger.commit(changes)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            }
        }
        desk.isDue.signal()
    }

    /// How the commit ended that was under way; nil where none was, or where it still is.
    ///
    /// - Parameter isWaiting: stays until it has ended.
    func takeOutcome(isWaiting: Bool) -> Result<Void, LedgerError>? {
        guard isUnderWay, desk.isDone.wait(timeout: isWaiting ? .distantFuture : .now()) == .success else { return nil }
        isUnderWay = false
        return desk.outcome.withLock { $0.take() }
    }
}
