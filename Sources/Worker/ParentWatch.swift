import Collectives
import Experiments
import Foundation

/// Ends a rank whose mpirun is no more, and asks a worker to leave whose supervisor is: neither is to go on alone
/// after a SIGKILL of the one above, for nobody would ever end it. A group that was asked to leave and does not is
/// killed: its main thread may hang where it hears of nothing.
enum ParentWatch {
    /// Names the supervisor's process to the ranks.
    static let supervisorVariable = "HEADSTART_SUPERVISOR"

    /// What it says in a supervisor: a batch system hands the variable to other hosts, too, where the number is another's.
    static var own: String { "\(getpid())@\(WorkerID.host)" }

    static var supervisor: pid_t? {
        let parts = ProcessInfo.processInfo.environment[supervisorVariable]?.split(separator: "@", maxSplits: 1) ?? []
        return parts.last.map(String.init) == WorkerID.host ? pid_t(parts[0]) : nil
    }

    /// - Parameters:
    ///   - watchesSignals: whether it is this process that signals ask to leave.
    ///   - grace: how long a group may take to leave.
    static func start(watchesSignals: Bool, grace: Duration) {
        let (launcher, supervisor) = (MPIRun.rank == nil ? nil : getppid(), supervisor)
        let thread = Thread {
            var askedAt: ContinuousClock.Instant?
            while true {
                usleep(500_000)
                if let launcher, getppid() != launcher { _exit(1) }
                if let supervisor, kill(supervisor, 0) != 0, errno == ESRCH, !StopSignal.isRaised { StopSignal.raise() }
                guard watchesSignals, StopSignal.isRaised else { continue }
                askedAt = askedAt ?? .now
                if let askedAt, ContinuousClock.now - askedAt > grace { OwnGroup.kill() }
            }
        }
        thread.name = "parent watch"
        thread.start()
    }
}

/// The group that this process is a rank of.
enum OwnGroup {
    /// Ends all of its processes, whatever they hang in, this one included: by SIGTERM to mpirun, which ends its ranks,
    /// and then, for those it does not reach, by SIGKILL. The supervisor starts the group again.
    static func kill() -> Never {
        guard MPIRun.rank != nil else { _exit(1) }
        let launcher = getppid()
        _ = Foundation.kill(launcher, SIGTERM)
        // mpirun gives its ranks a few seconds between its own SIGTERM and SIGKILL.
        sleep(10)
        ProcessTree.kill(launcher)
        _exit(1)
    }
}
