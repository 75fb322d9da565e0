import Collectives
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
        let isCrowded = settings.groups * settings.ranksHere > settings.cores
        let yielding = isCrowded ? MPIRun.yielding() : (arguments: [], environment: [:])
        self.arguments =
            MPIRun.arguments(
                ranks: settings.ranks, hosts: settings.hosts?.description,
                mayOutnumberCores: settings.ranksHere > settings.cores)
            + yielding.arguments + [settings.executable, "worker"] + settings.workerArguments
            + ["--threads", "\(settings.threadsPerRank)"]
        environment = (settings.hosts == nil ? MPIRun.ofThisHost(inherited) : inherited)
            .merging(MPIRun.environment()) { _, new in new }
            .merging(yielding.environment) { _, new in new }
            .merging([ParentWatch.supervisorVariable: ParentWatch.own]) { _, new in new }
    }

    private static func find(_ name: String, in path: String) -> String? {
        if name.contains("/") { return access(name, X_OK) == 0 ? name : nil }
        return path.split(separator: ":").map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}
