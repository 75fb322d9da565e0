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
            "Ranks of each group, which train its stage together; 1 otherwise. auto: one for each NUMA node that the group has.",
            valueName: "ranks"))
    var rankCount: RankCount?

    var ranks: Int { rankCount?.count(groups: groups) ?? 1 }

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

/// The worker groups that this machine starts, each of which may span others, too.
struct SpanningGroupOptions: ParsableArguments {
    @OptionGroup var local: GroupOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Spread each group over these hosts, as node01:4,node02:4: this one first, each with its number of ranks. mpirun \
            reaches the others by ssh, or by srun in a job of Slurm; all is at the same paths there.
            """, valueName: "hosts"))
    var hosts: HostList?

    var groups: Int { local.groups }
    var ranks: Int { hosts?.ranks ?? local.ranks }
    var node: NodeOptions { local.node }

    func validate() throws {
        if hosts != nil, local.rankCount != nil {
            throw ValidationError("--hosts says how many ranks each host has; leave out --ranks")
        }
    }

    /// The same options as another process is told them.
    var arguments: [String] {
        let optional = [
            ("--ranks", local.rankCount?.description), ("--hosts", hosts?.description),
            ("--threads", node.threads.map { "\($0)" }),
        ]
        return ["--groups", "\(groups)"] + optional.flatMap { name, value in value.map { [name, $0] } ?? [] }
            + node.memoryArguments
    }

    /// - Parameter arguments: what each worker is told.
    func settings(_ arguments: [String]) throws -> SupervisorSettings {
        var settings = try local.settings(arguments)
        settings.ranks = ranks
        settings.hosts = hosts
        return settings
    }
}

extension HostList: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
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
