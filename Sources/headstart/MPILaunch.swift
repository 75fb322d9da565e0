import Foundation

/// Starting this program anew as several ranks.
enum MPILaunch {
    /// Whether mpirun started this process.
    static var isRank: Bool { ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_RANK"] != nil }

    /// Whether this process speaks for its group.
    static var speaks: Bool { ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_RANK"].map { $0 == "0" } ?? true }

    /// Becomes `mpirun` over `ranks` processes with this program's own arguments; returns only by throwing.
    static func become(ranks: Int) throws -> Never {
        if geteuid() == 0 {
            // Open MPI refuses to start as root, which is who one is in a container, unless it is told twice.
            setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1)
            setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1)
        }
        // Ranks may outnumber cores, and their threads choose their cores themselves.
        let words =
            ["mpirun", "-q", "--oversubscribe", "--bind-to", "none", "-n", "\(ranks)", try Machine.program()]
            + joined(Array(CommandLine.arguments.dropFirst()))
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        execvp("mpirun", &arguments)
        throw WorkFailed("mpirun cannot be started; install openmpi-bin, or train with one rank")
    }

    /// The arguments with `--tune all` as `--tune=all`: mpirun looks for options of its own behind the program's name,
    /// too, and has a `--tune`.
    private static func joined(_ arguments: [String]) -> [String] {
        guard let place = arguments.firstIndex(of: "--tune"), place + 1 < arguments.count else { return arguments }
        return arguments[..<place] + ["--tune=\(arguments[place + 1])"] + arguments[(place + 2)...]
    }
}
