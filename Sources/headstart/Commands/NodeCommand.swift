import ArgumentParser
import Foundation
import Worker

struct NodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Runs the worker groups of one host, and starts them again when they die.",
        discussion: """
            It ends when the coordinator dismisses its groups, and with status 3 when the coordinator has been silent for \
            too long: --patience seconds at first, later a quarter of an hour without work and six hours with it. \
            Ctrl-C lets the groups write their checkpoints first; a second one ends them at once.

            EXAMPLE
              headstart node --coordinator tcp://10.0.0.1:5555 --groups 2 --ranks 8
              headstart node --coordinator tcp://10.0.0.1:5555 --hosts node01:4,node02:4
            """)

    @OptionGroup var worker: WorkerOptions
    @OptionGroup var groups: SpanningGroupOptions
    @OptionGroup var log: LogOptions

    @Flag(name: .long, help: "Outlive the terminal or the ssh connection that started it.")
    var detach = false

    func run() throws {
        try Machine.demandDescriptors()
        // mpirun and its ranks are in process groups of their own, which no terminal's end reaches.
        if detach { signal(SIGHUP, SIG_IGN) }
        _ = try worker.settings(.here(ranks: groups.ranks, threads: 1))
        JobEnd.hand(on: JobEnd.time(worker.timeLimit))
        StopSignal.watch()
        var settings = try groups.settings(worker.arguments)
        // What is wrong on a host passes, or a person mends it: a node tries again, more and more seldom.
        settings.quickDeathLimit = nil
        settings.beginning = .seconds(worker.standstill)
        let supervisor = NodeSupervisor(
            settings, logger: log.logger("node"),
            onLine: { group, line in Screen.note("group \(group): \(line)") })
        try supervisor.run(until: { StopSignal.isRaised }, atOnce: { StopSignal.isRepeated })
    }
}
