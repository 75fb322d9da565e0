import ArgumentParser
import Worker

/// The worker groups of this machine.
struct GroupOptions: ParsableArguments {
    @Option(name: .long, help: "Worker groups on this machine, one mpirun each; each trains one stage at a time.")
    var groups = 1

    @Option(name: .long, help: "Ranks of each group, which train its stage together.")
    var ranks = 1

    @OptionGroup var node: NodeOptions

    func validate() throws {
        if groups < 1 { throw ValidationError("--groups must be 1 or more") }
        if ranks < 1 { throw ValidationError("--ranks must be 1 or more") }
    }

    /// - Parameter arguments: what each worker is told.
    func settings(_ arguments: [String]) throws -> SupervisorSettings {
        var settings = SupervisorSettings(
            executable: try Machine.program(), workerArguments: arguments + node.memoryArguments, groups: groups,
            ranks: ranks,
            cores: Machine.cores)
        settings.threads = node.threads
        return settings
    }
}
