import ArgumentParser
import Numerics
import Worker

/// The worker groups of this machine.
struct GroupOptions: ParsableArguments {
    @Option(name: .long, help: "Worker groups on this machine, one mpirun each; each trains one stage at a time.")
    var groups = 1

    @Option(
        name: .customLong("ranks"),
        help: ArgumentHelp(
            "Ranks of each group, which train its stage together; auto: one for each NUMA node that the group has.",
            valueName: "ranks"))
    var rankCount = RankCount.exactly(1)

    var ranks: Int { rankCount.count(groups: groups) }

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

/// How many ranks a group has.
enum RankCount: ExpressibleByArgument, CustomStringConvertible {
    case exactly(Int)
    /// One for each memory, shared out among the groups.
    case auto

    init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else if let count = Int(argument) {
            self = .exactly(count)
        } else {
            return nil
        }
    }

    /// - Parameter groups: on this machine.
    func count(groups: Int) -> Int {
        switch self {
        case .exactly(let count): count
        case .auto: Topology.here.processes(ofEachOf: groups)
        }
    }

    var description: String {
        switch self {
        case .exactly(let count): "\(count)"
        case .auto: "auto"
        }
    }
}
