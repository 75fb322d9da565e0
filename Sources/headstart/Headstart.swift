import ArgumentParser

/// The command line as a whole; each subcommand is a file in Commands.
struct Headstart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headstart",
        abstract: "Fine-tunes pretrained encoders on CPU clusters, as sweeps over tasks, methods and seeds.",
        discussion: """
            Exit status: 0 success, 1 the work failed, 2 the request was wrong.

            EXAMPLE
              headstart data demo --out demo
              headstart run configs/quickstart.yaml --data demo --store results
            """,
        version: "headstart 0.1.0",
        subcommands: [
            DoctorCommand.self, BenchCommand.self, PlanCommand.self, RunCommand.self, CoordinatorCommand.self,
            WorkerCommand.self, NodeCommand.self, StatusCommand.self, WorkersCommand.self, ExplainCommand.self,
            PauseCommand.self,
            ResumeCommand.self, CancelCommand.self, RetryCommand.self, PriorityCommand.self, DrainCommand.self,
            SubmitCommand.self, WaitCommand.self, LogsCommand.self, EventsCommand.self, LedgerCommand.self,
            StoreCommand.self,
            ResultsCommand.self, AnalyzeCommand.self, TrainCommand.self, PredictCommand.self, ExportCommand.self,
            EncodeCommand.self,
            TokenizeCommand.self, DataCommand.self, KeysCommand.self,
        ])

    /// Parses the program's arguments and does what they ask for.
    /// - Returns: the exit status.
    static func runToEnd() -> Int32 {
        do {
            var command = try parseAsRoot()
            try command.run()
            return 0
        } catch {
            return report(error)
        }
    }
}
