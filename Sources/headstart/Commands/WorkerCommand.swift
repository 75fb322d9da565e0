import ArgumentParser
import Collectives
import Experiments
import Numerics
import Training
import Worker

struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Trains stages for a coordinator, as one rank of one group.",
        discussion: """
            One mpirun is one group: its ranks train one stage together. `headstart node` starts groups and starts \
            them again when they die; this command is for launchers of your own.

            EXAMPLE
              headstart worker --coordinator tcp://10.0.0.1:5555
              mpirun -n 4 headstart worker --coordinator tcp://10.0.0.1:5555
            """)

    @OptionGroup var worker: WorkerOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var log: LogOptions

    func run() throws {
        Machine.takeCores(threads: node.threads)
        try Machine.demandDescriptors()
        let communicator = try Communicators.start()
        let threads = node.threadCount(ranks: communicator.size)
        let here = NodeSettings.here(ranks: communicator.size, threads: threads)
        let trainer = StageTrainer(
            communicator: communicator, node: here, compute: try Machine.compute(threads: threads),
            memoryBytes: node.memory?.bytes)
        var settings = try worker.settings(here)
        settings.memoryBytes = node.memory?.bytes
        let group = WorkerGroup(
            communicator: communicator, runner: trainer, settings: settings,
            logger: log.logger("worker", level: .warning))
        try group.run()
        try Communicators.finish(communicator)
    }
}
