import Collectives
import Foundation

/// Ends a rank whose mpirun is no more, and asks a worker to leave whose supervisor is: neither is to go on alone
/// after a SIGKILL of the one above, for nobody would ever end it.
enum ParentWatch {
    /// Names the supervisor's process to the ranks.
    static let supervisorVariable = "HEADSTART_SUPERVISOR"

    static func start() {
        let environment = ProcessInfo.processInfo.environment
        let launcher = MPIRun.rank == nil ? nil : getppid()
        let supervisor = environment[supervisorVariable].flatMap { pid_t($0) }
        guard launcher != nil || supervisor != nil else { return }
        let thread = Thread {
            while true {
                usleep(500_000)
                if let launcher, getppid() != launcher { _exit(1) }
                if let supervisor, kill(supervisor, 0) != 0, errno == ESRCH { StopSignal.raise() }
            }
        }
        thread.name = "parent watch"
        thread.start()
    }
}
