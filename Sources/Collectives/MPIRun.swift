import Foundation

/// Open MPI's mpirun: what it is told, and what it tells the processes that it starts.
package enum MPIRun {
    /// mpirun binds no rank: it knows nothing of the other groups' cores. Ranks take theirs by `place`.
    /// - Parameter hosts: those of the ranks, as "a:4,b:4"; nil for this one.
    package static func arguments(ranks: Int, hosts: String? = nil, mayOutnumberCores: Bool) -> [String] {
        ["--bind-to", "none", "-n", "\(ranks)"]
            // Ranks elsewhere share out cores by it, too.
            + (hosts.map { ["--host", $0, "-x", groupVariable] } ?? [])
            + (mayOutnumberCores ? ["--oversubscribe"] : [])
    }

    /// The environment without a batch system's job and without a launcher's: seeing their variables, mpirun would spread the
    /// ranks over the job's hosts, or take itself for one of them.
    package static func ofThisHost(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in
            name.hasPrefix("PMIX_MCA_") || !["SLURM_", "PBS_", "PMIX_", "PMI_"].contains { name.hasPrefix($0) }
        }
    }

    /// Open MPI refuses to start as root, which is who one is in a container, unless it is told twice. Open MPI 4 is told here to
    /// say nothing of its own, since 5 has no option for that.
    package static let environment = [
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_orte_execute_quiet": "1",
    ]

    /// Tells the ranks of a group which of this host's groups it is, from 0.
    package static func environment(ofGroup group: Int, of groups: Int) -> [String: String] {
        [groupVariable: "\(group)/\(groups)"]
    }

    /// More than any host has room for.
    private static let mostProcesses = 1 << 20
    private static let groupVariable = "HEADSTART_GROUP"

    /// Which one this process is of all those on this host that share its cores out among them; nil for a rank that was
    /// started in another way, as by an mpirun of one's own, which binds ranks as it is told.
    package static func place(
        in environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> (process: Int, processes: Int)? {
        let numbers = environment[groupVariable]?.split(separator: "/").compactMap { Int($0) } ?? []
        guard numbers.count == 2, let rank = environment["OMPI_COMM_WORLD_LOCAL_RANK"].flatMap({ Int($0) }),
            let ranks = environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap({ Int($0) }),
            1...mostProcesses ~= numbers[1], 1...mostProcesses ~= ranks, 0..<numbers[1] ~= numbers[0], 0..<ranks ~= rank
        else { return nil }
        return (numbers[0] * ranks + rank, numbers[1] * ranks)
    }

    /// Whether a launcher started this process: Open MPI's and MPICH's, and Slurm's PMI, each tell a rank what it is by one
    /// of these.
    package static var isLauncher: Bool {
        let environment = ProcessInfo.processInfo.environment
        return ["OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK"].contains { environment[$0] != nil }
    }

    /// This process's place in its group; nil where no launcher started it.
    package static var rank: Int? {
        let environment = ProcessInfo.processInfo.environment
        return ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].compactMap { environment[$0] }.first.flatMap {
            Int($0)
        }
    }
}
