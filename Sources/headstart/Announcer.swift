import Coordinator
import Experiments
import Files
import Foundation
import Processes
import Reports
import Synchronization

/// Tells people of what happens to sweeps: by a command of theirs, and by the terminal's bell. What goes wrong with that
/// harms no sweep: the command runs on another thread, for a bounded time.
final class Announcer: Sendable {
    /// By the names of sweeps.
    private let watches = Mutex<[String: NoticeWatch]>([:])
    private let stallSeconds: Int
    private let rings: Bool
    private let notifier: Notifier?

    init(_ options: NotifyOptions) {
        stallSeconds = options.stallMinutes * 60
        rings = options.bell
        notifier = options.notify.map(Notifier.init)
    }

    /// Whether there is anything to tell, and anyone.
    var isAsked: Bool { rings || notifier != nil }

    /// - Parameter snapshots: of all sweeps that are looked at.
    func look(at snapshots: @autoclosure () -> [SweepSnapshot]) {
        guard isAsked else { return }
        let seen = snapshots()
        let now = Timestamp.now
        let notices = watches.withLock { watches in
            seen.flatMap { snapshot in
                watches[snapshot.plan.name, default: NoticeWatch(stallSeconds: stallSeconds)].look(
                    at: snapshot, now)
            }
        }
        for notice in notices {
            if rings, isatty(STDERR_FILENO) == 1 { Screen.drawNote("\u{07}") }
            notifier?.send(notice)
        }
    }

    func look(at status: CoordinatorStatus) {
        look(at: status.plans.map { SweepSnapshot($0, status.stages) })
    }

    /// Waits until all is told, for a while at most.
    func finish() { notifier?.finish() }
}

/// Runs a command for each notice, one after the other.
private final class Notifier: Sendable {
    private let command: String
    private let queue = DispatchQueue(label: "headstart.notify")
    private let waiting = Mutex(0)
    private let hasComplained = Mutex(false)

    /// Of each command, in seconds; `timeout` ends it then with all that it has started.
    private static let patience = 30
    /// Notices that wait for one that takes long; more are not told.
    private static let mostWaiting = 20

    init(_ command: String) { self.command = command }

    func send(_ notice: Notice) {
        let isRoom = waiting.withLock { count in
            guard count < Self.mostWaiting else { return false }
            count += 1
            return true
        }
        guard isRoom else { return complain("it takes too long; a notice was left out") }
        queue.async { [self] in
            do { try run(try CanonicalJSON.encode(notice)) } catch { complain("\(error)") }
            waiting.withLock { $0 -= 1 }
        }
    }

    func finish() {
        let end = DispatchSemaphore(value: 0)
        queue.async { end.signal() }
        _ = end.wait(timeout: .now() + .seconds(Self.patience + 5))
    }

    private func run(_ json: Data) throws {
        let words = ["timeout", "--kill-after=5", "\(Self.patience)", "/bin/sh", "-c", command]
        let end = try ChildProcess.run(words, input: json + Data("\n".utf8), keepsOutput: false)
        guard end.status != 0 else { return }
        let reason = end.status == 124 ? "took more than \(Self.patience) s" : "ended with status \(end.status)"
        complain(reason)
    }

    /// Once: a command that is wrong is wrong each time.
    private func complain(_ reason: String) {
        let isFirst = hasComplained.withLock { said in
            defer { said = true }
            return !said
        }
        if isFirst { Screen.complain("--notify '\(command)': \(reason); the sweep goes on") }
    }
}
