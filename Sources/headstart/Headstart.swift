import ArgumentParser
import Experiments

/// The command line as a whole; each subcommand is a file in Commands.
struct Headstart: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "headstart",
        abstract: "Fine-tunes pretrained encoders on CPU clusters, as sweeps over tasks, methods and seeds.",
        discussion: """
            Exit status: 0 success, 1 the work failed, 2 the request was wrong, 130 stopped by Ctrl-C, and so for \
            other signals: 128 and the signal's number.

            EXAMPLE
              headstart data demo --out demo
              headstart run configs/quickstart.yaml --data demo --store results
            """,
        version: "headstart \(programVersion)",
        subcommands: [
            DoctorCommand.self, BenchCommand.self, InitCommand.self, PlanCommand.self, RunCommand.self,
            CoordinatorCommand.self,
            WorkerCommand.self, NodeCommand.self, StatusCommand.self, WatchCommand.self, WorkersCommand.self,
            ExplainCommand.self,
            PauseCommand.self,
            ResumeCommand.self, CancelCommand.self, RetryCommand.self, PriorityCommand.self, WeightCommand.self,
            DrainCommand.self, SubmitCommand.self, AllocateCommand.self, WaitCommand.self, LogsCommand.self,
            EventsCommand.self, LedgerCommand.self,
            StoreCommand.self,
            ServeCommand.self, ResultsCommand.self, ReportCommand.self, SweepsCommand.self, DiffCommand.self,
            LineageCommand.self,
            AnalyzeCommand.self,
            TrainCommand.self, PredictCommand.self, EvaluateCommand.self, RetrainCommand.self, ExportCommand.self,
            EncodeCommand.self,
            TokenizeCommand.self, ModelCommand.self, DataCommand.self, KeysCommand.self, MethodsCommand.self,
            TasksCommand.self, CompletionsCommand.self, ManualCommand.self,
        ])

    /// Parses the program's arguments and does what they ask for.
    /// - Returns: the exit status.
    static func runToEnd() -> Int32 {
        do {
            let words = Array(CommandLine.arguments.dropFirst())
            // A shell that asks what a word may be has words that are not there yet.
            if words.first != "---completion" {
                try refuseEmptyWords(words)
                try refuseUnknownCommand(words)
            }
            var command = try parseAsRoot()
            try command.run()
            return 0
        } catch {
            return report(error)
        }
    }

    /// A variable of the shell that is not set leaves an empty word, which nobody means as a path or a name.
    private static func refuseEmptyWords(_ words: [String]) throws(BadRequest) {
        for (place, word) in words.enumerated() {
            if word.isEmpty {
                let what = place > 0 ? "what follows '\(words[place - 1])'" : "the command"
                throw BadRequest("\(what) is empty; is a variable not set?")
            }
            guard !word.hasPrefix("--") || !word.hasSuffix("=") else {
                throw BadRequest("\(word) has no value; is a variable not set?")
            }
        }
    }

    /// Of such a command the parser says only that it did not expect the word, and `help` of one shows that of the program.
    private static func refuseUnknownCommand(_ words: [String]) throws(BadRequest) {
        var command: any ParsableCommand.Type = self
        for word in words.first == "help" ? words.dropFirst() : words[...] {
            let known = command.configuration.subcommands
            guard !known.isEmpty, !word.hasPrefix("-") else { return }
            guard let next = known.first(where: { $0.configuration.commandName == word }) else {
                let names = known.compactMap { $0.configuration.commandName }
                let meant = names.first { $0.hasPrefix(word) }.map { guess($0) } ?? hint(for: word, among: names)
                throw BadRequest("there is no command '\(word)'\(meant)")
            }
            command = next
        }
    }
}
