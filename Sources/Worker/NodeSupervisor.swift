import Collectives
import Dispatch
import Foundation
package import Logging
import Synchronization

/// Runs the worker groups of one host, each under an mpirun of its own, since one dead rank ends its whole mpirun. A
/// group that dies is started again; a group that leaves in peace is done.
package final class NodeSupervisor: Sendable {
    private let settings: SupervisorSettings
    private let logger: Logger
    private let onLine: @Sendable (_ group: Int, _ line: String) -> Void
    private let shouldStop = Atomic<Bool>(false)

    /// - Parameter onLine: is told what the groups write, from threads of the supervisor's.
    package init(
        _ settings: SupervisorSettings, logger: Logger,
        onLine: @escaping @Sendable (_ group: Int, _ line: String) -> Void
    ) {
        self.settings = settings
        self.logger = logger
        self.onLine = onLine
    }

    /// Works until every group is done.
    /// - Parameters:
    ///   - shouldStop: is asked ten times a second; after it says yes, groups have `settings.grace` to finish their step,
    ///     write its checkpoint and leave, and are killed then.
    ///   - atOnce: whether they are to be killed without grace.
    package func run(
        until shouldStop: () -> Bool = { false }, atOnce: () -> Bool = { false }
    ) throws(SupervisorError) {
        let launcher = try Launcher(settings)
        let keepers = (1...max(1, settings.groups)).map { number in
            GroupKeeper(number, launcher: launcher, settings: settings, logger: logger) { [onLine] in
                onLine(number, $0)
            }
        }
        var stoppedAt: ContinuousClock.Instant?
        while !keepers.allSatisfy(\.hasEnded) {
            usleep(100_000)
            if stoppedAt == nil, shouldStop() {
                stoppedAt = .now
                for keeper in keepers { keeper.askToLeave() }
            }
            if let stoppedAt, ContinuousClock.now - stoppedAt > settings.grace || atOnce() {
                for keeper in keepers { keeper.kill() }
            }
        }
        if let failure = keepers.compactMap(\.failure).first { throw failure }
    }
}

/// What is to run on this host.
package struct SupervisorSettings: Sendable {
    /// The name of mpirun, or its path.
    package var launcher = MPILibrary.current.launcher
    /// The path of the headstart program.
    package var executable: String
    /// What follows `headstart worker`; `--threads` is added.
    package var workerArguments: [String]
    package var groups: Int
    package var ranks: Int
    /// The hosts of each group's ranks; nil for this one alone.
    package var hosts: HostList?
    /// Processors to share among all ranks of a host.
    package var cores: Int
    /// Threads of each rank; nil shares out the cores.
    package var threads: Int?
    /// How long a group may take to leave once it is asked to.
    package var grace: Duration = .seconds(60)
    /// How long the ranks of a group may take to find together, before it is ended and started again.
    package var beginning: Duration = .seconds(600)
    /// Deaths within `quickDeath` of the start, or before it, one after another, before a group is given up; nil never
    /// gives up.
    package var quickDeathLimit: Int? = 6
    package var quickDeath: Duration = .seconds(20)
    /// The pause before a group is started again, doubled with each quick death.
    package var pause: Duration = .seconds(1)
    package var longestPause: Duration = .seconds(300)

    package init(executable: String, workerArguments: [String], groups: Int, ranks: Int, cores: Int) {
        self.executable = executable
        self.workerArguments = workerArguments
        self.groups = groups
        self.ranks = ranks
        self.cores = cores
    }

    /// Ranks of a group on this host, which may have as many as any.
    var ranksHere: Int { hosts?.ranksOfOne ?? ranks }

    package var threadsPerRank: Int { threads ?? max(1, cores / max(1, groups * ranksHere)) }
}

package enum SupervisorError: Error, Equatable, Sendable, CustomStringConvertible {
    case launcherIsMissing(String)
    case cannotStart(String)
    /// The group ended in a way that a new start would only repeat.
    case gaveUp(group: Int, status: Int32, said: String)

    package var description: String {
        switch self {
        case .launcherIsMissing(let name):
            "\(name) is not installed; \(MPILibrary.current.advice)"
        case .cannotStart(let reason):
            "mpirun cannot be started: \(reason)"
        case .gaveUp(let group, let status, let said):
            "worker group \(group) ended with status \(status): \(said.isEmpty ? "it said nothing" : said)"
        }
    }
}
