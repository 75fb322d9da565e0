import ArgumentParser
import Configuration
import Experiments
import Files
import Foundation
import Reports
import Tasks
import Tokenizers
import Training

struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Looks at datasets, fetches them, and makes small ones.",
        subcommands: [DataCheckCommand.self, DataPreviewCommand.self, DataFetchCommand.self, DataDemoCommand.self])
}

/// A task, and how a model would read it.
struct TaskOptions: ParsableArguments {
    @Argument(help: "The task: a name in tasks.yaml.", completion: .tasks)
    var task: String

    @OptionGroup var data: DataOptions

    @Option(name: .long, help: "The longest sequence in tokens, special ones included; longer texts are cut.")
    var maxLength = Recipe().maxLength

    @Option(name: .long, help: "Which text of a pair is cut where both are too long: longest, first or second.")
    var truncate = Truncation.longest

    func dataset() throws -> Dataset {
        try Dataset.load(try data.catalogs().tasks.definition(named: task), in: try data.directory())
    }

    /// - Parameter directory: of the model.
    func reader(_ directory: String) throws -> TextReader {
        let pretrained = try PretrainedModel(directory: directory)
        try checkFit(maxLength: maxLength, pretrained.backbone)
        return pretrained.reader(maxLength: maxLength, truncation: truncate)
    }
}

struct DataCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Shows what a task's data look like, and what in them makes scores mean less than they seem to.",
        discussion: """
            Rows, labels, repeated texts, rows of dev that are in train, words that give a label away, and with --model \
            how long the texts are in its tokens. `plan`, `run` and `train` say the same in short.

            EXAMPLE
              headstart data check rte --data data --model minilm-l6
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long, help: ArgumentHelp("The model whose tokens lengths are counted in.", valueName: "model"),
        completion: .models)
    var model: String?

    @OptionGroup var fetching: FetchOptions

    private func modelDirectory() throws -> String? {
        try model.map { try fetching.directory(of: task.data.catalogs().models.find($0)) }
    }

    func run() throws {
        let check = try DataCheck(try task.dataset(), reader: try modelDirectory().map(task.reader))
        if output.json { return try Screen.json(check) }
        try Screen.line(check.text(width: Screen.width))
    }
}

extension Truncation: ExpressibleByArgument {}

extension DataFile: ExpressibleByArgument {
    public init?(argument: String) {
        guard let file = Self.allCases.first(where: { $0.name == argument }) else { return nil }
        self = file
    }

    public static var allValueStrings: [String] { allCases.map(\.name) }
}

struct DataPreviewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "preview",
        abstract: "Shows rows of a task as a model reads them.",
        discussion: """
            A word with a tag has it after a slash; target words stand in « ».

            EXAMPLE
              headstart data preview rte --data data --model minilm-l6 --rows 3
            """)

    @OptionGroup var task: TaskOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var output: OutputOptions

    @Option(name: .long, help: "Whose rows: train, dev, validation or test.")
    var file = DataFile.train

    @Option(name: .long, help: "How many rows.")
    var rows = 5

    func validate() throws {
        guard rows > 0 else { throw ValidationError("--rows must be 1 or more") }
    }

    func run() throws {
        let dataset = try task.dataset()
        guard dataset.files.contains(file) else { throw BadRequest("task '\(task.task)' has no \(file.name) file") }
        let reader = try task.reader(try model.directory())
        let shown = try dataset.preview(
            of: dataset[file], count: rows, reader.tokenizer, maxLength: task.maxLength, truncation: task.truncate)
        for row in shown {
            if output.json { try Screen.json(row) } else { try Screen.line(row.text(width: Screen.width)) }
        }
    }
}

struct DataDemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Writes two small tasks from a grammar of its own, for a machine without datasets.",
        discussion: """
            One task has single sentences, the other pairs. Every machine writes the same bytes.

            EXAMPLE
              headstart data demo --out demo
            """)

    @Option(name: .long, help: ArgumentHelp("Where to write them; made where it is missing.", valueName: "directory"))
    var out: String

    func run() throws {
        try Directory.make(out)
        try DemoTasks.write(to: out)
        try Screen.line("Wrote \(DemoTasks.definitions.map(\.name).joined(separator: ", ")) to \(out).")
    }
}
