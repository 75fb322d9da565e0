import Foundation

/// How a group's mpirun is called.
struct Launcher: Sendable {
    let program: String
    let arguments: [String]
    let environment: [String: String]

    init(_ settings: SupervisorSettings) throws(SupervisorError) {
        let inherited = ProcessInfo.processInfo.environment
        guard let program = Self.find(settings.launcher, in: inherited["PATH"] ?? "") else {
            throw SupervisorError.launcherIsMissing(settings.launcher)
        }
        self.program = program
        // Threads of a rank are placed by the system: groups know nothing of each other's cores.
        var arguments = ["--quiet", "--bind-to", "none", "-n", "\(settings.ranks)"]
        if settings.ranks > settings.cores { arguments.append("--oversubscribe") }
        if settings.groups * settings.ranks > settings.cores {
            // Ranks that wait for each other leave their core to those they wait for.
            arguments += ["--mca", "mpi_yield_when_idle", "1"]
        }
        self.arguments =
            arguments + [settings.executable, "worker"] + settings.workerArguments
            + ["--threads", "\(settings.threadsPerRank)"]
        environment = inherited.merging([
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            ParentWatch.supervisorVariable: "\(getpid())",
        ]) { _, new in new }
    }

    private static func find(_ name: String, in path: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
