import ArgumentParser

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes what was trained, or how it went, for other tools.",
        discussion: """
            Options without a command are those of `trained`, which has them all under \
            `headstart export trained --help`.

            EXAMPLE
              headstart export --run runs/rte-1 --to rte-model
              headstart export --sweep reviews --store results --to reviews-bundle
              headstart export metrics --store results --format tensorboard --out events
            """,
        subcommands: [ExportTrainedCommand.self, ExportMetricsCommand.self],
        defaultSubcommand: ExportTrainedCommand.self)
}
