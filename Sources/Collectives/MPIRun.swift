import Foundation

/// mpirun: what it is told, and what it tells the processes that it starts.
package enum MPIRun {
    /// mpirun binds no rank: it knows nothing of the other groups' cores. Ranks take theirs by `place`.
    /// - Parameter hosts: those of the ranks, as "a:4,b:4"; nil for this one.
    package static func arguments(
        ranks: Int, hosts: String? = nil, mayOutnumberCores: Bool, of library: MPILibrary = .current
    ) -> [String] {
        switch library {
        case .openMPI:
            ["--bind-to", "none", "-n", "\(ranks)"]
                // Ranks elsewhere share out cores by it, too.
                + (hosts.map { ["--host", $0, "-x", groupVariable] } ?? [])
                + (mayOutnumberCores ? ["--oversubscribe"] : [])
        case .mpich: ["-bind-to", "none", "-n", "\(ranks)"] + (hosts.map { ["-hosts", $0] } ?? [])
        }
    }

    /// The environment without a batch system's job and without a launcher's: seeing their variables, mpirun would spread the
    /// ranks over the job's hosts, or take itself for one of them.
    package static func ofThisHost(_ environment: [String: String]) -> [String: String] {
        environment.filter { name, _ in
            name.hasPrefix("PMIX_MCA_") || !["SLURM_", "PBS_", "PMIX_", "PMI_"].contains { name.hasPrefix($0) }
        }
    }

    /// Open MPI refuses to start as root, which is who one is in a container, unless it is told twice. Its version 4 is told
    /// here to say nothing of its own, since 5 has no option for that.
    package static func environment(of library: MPILibrary = .current) -> [String: String] {
        switch library {
        case .openMPI:
            [
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
                "OMPI_MCA_orte_execute_quiet": "1",
            ]
        case .mpich: [:]
        }
    }

    /// Has ranks that wait for each other leave their core to those they wait for.
    package static func yielding(
        of library: MPILibrary = .current
    ) -> (arguments: [String], environment: [String: String]) {
        switch library {
        case .openMPI: (["--mca", "mpi_yield_when_idle", "1"], [:])
        case .mpich: ([], ["MPIR_CVAR_POLLS_BEFORE_YIELD": "1"])
        }
    }

    /// Tells the ranks of a group which of this host's groups it is, from 0.
    package static func environment(ofGroup group: Int, of groups: Int) -> [String: String] {
        [groupVariable: "\(group)/\(groups)"]
    }

    /// Whether this process is a rank that a supervisor has started, be that on this host or another.
    package static var isSupervised: Bool { ProcessInfo.processInfo.environment[groupVariable] != nil }

    /// More than any host has room for.
    private static let mostProcesses = 1 << 20
    private static let groupVariable = "HEADSTART_GROUP"

    /// Which one this process is of all those on this host that share its cores out among them; nil for a rank that was
    /// started in another way, as by an mpirun of one's own, which binds ranks as it is told.
    package static func place(
        in environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> (process: Int, processes: Int)? {
        let numbers = environment[groupVariable]?.split(separator: "/").compactMap { Int($0) } ?? []
        guard numbers.count == 2, let (rank, ranks) = placeOnHost(in: environment),
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

    /// Which of the group's ranks on this host this process is, and how many they are.
    private static func placeOnHost(in environment: [String: String]) -> (rank: Int, ranks: Int)? {
        let numbers = { (names: [String]) in names.compactMap { environment[$0].flatMap { Int($0) } } }
        let found = [
            numbers(["OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"]),
            numbers(["MPI_LOCALRANKID", "MPI_LOCALNRANKS"]),
        ]
        return found.first { $0.count == 2 }.map { ($0[0], $0[1]) }
    }

    /// This process's place in its group; nil where no launcher started it.
    package static var rank: Int? { rank(in: ProcessInfo.processInfo.environment) }

    package static func rank(in environment: [String: String]) -> Int? {
        ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].compactMap { environment[$0] }.first.flatMap { Int($0) }
    }
}
