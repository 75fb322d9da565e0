import ArgumentParser
import Configuration
import Experiments
import Files
import Foundation
import Tasks

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Looks at a data file of your own and writes a task file and a sweep file for it.",
        discussion: """
            It says what it takes the file for, and why; what it cannot guess an option tells it. The files it writes \
            are commented and there to be changed; none is ever overwritten.

            EXAMPLE
              headstart init reviews.csv
              headstart init questions.jsonl --text title --pair body --label answered --to questions
            """)

    @Argument(help: "A table (CSV or TSV), or JSON lines, with a text and a label in each row.")
    var file: String

    @Option(name: .long, help: ArgumentHelp("The folder to write to.", valueName: "directory"))
    var to = "."

    @Option(
        name: .long,
        help: ArgumentHelp("The pretrained model: a name in models.yaml, a directory, or a name on the hub."))
    var model = "minilm-l6"

    @Option(name: .long, help: ArgumentHelp("The column of the text.", valueName: "column"))
    var text: String?

    @Option(name: .long, help: ArgumentHelp("The column of a second text.", valueName: "column"))
    var pair: String?

    @Option(name: .long, help: ArgumentHelp("The column of what is to be predicted.", valueName: "column"))
    var label: String?

    @Option(name: .long, help: "What the label is: classification, or regression for numbers.")
    var kind: Kind?

    @Flag(inversion: .prefixedNo, help: "Whether the first line names the columns.")
    var header: Bool?

    @Option(name: .long, help: "What the task and the sweep are called; the file's name otherwise.")
    var name: String?

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case classification, regression
    }

    func run() throws {
        guard Disk.isPlainFile(file) else {
            let isThere = access(file, F_OK) == 0
            throw BadRequest(
                "\(file): \(isThere ? "is no plain file; the sweep reads it again" : "there is no such file")")
        }
        let name = try taskName()
        let folder = Path.folder(of: file)
        var hints = TaskGuess.Hints()
        (hints.text, hints.pair, hints.label, hints.header) = (text, pair, label, header)
        hints.isRegression = kind.map { $0 == .regression }
        let guess = try TaskGuess(path: file, file: Path.name(of: file), name: name, hints)
        // What is wrong with single rows is said before anything is written.
        _ = try Dataset.load(guess.task, in: folder)
        let directory = try modelName()
        let files = StarterFiles(
            guess.task, remarks: Dictionary(guess.reasons.map { ($0.key, $0.reason) }) { first, _ in first },
            model: directory, source: Path.name(of: file), rowCount: guess.rowCount, longLength: guess.longLength)
        let paths = try write(files, name)
        try tell(guess, paths, data: folder)
    }

    private func taskName() throws -> String {
        if let name {
            guard isName(name) else { throw BadRequest("--name \(name): \(nameRule)") }
            return name
        }
        let stem = Path.name(of: file).prefix { $0 != "." }
        let guessed = String(stem.map { isName(String($0)) ? $0 : "-" })
        guard guessed.contains(where: \.isLetter) else {
            throw BadRequest("\(file): no name can be made of this file's; say --name NAME")
        }
        return guessed
    }

    /// A directory by its whole path, since sweep files are read from anywhere; other names as they are.
    private func modelName() throws -> String {
        let models = try Catalogs.read().models
        _ = try models.find(model)
        let isDirectory = !models.names.contains(model) && Directory.isThere(model)
        return isDirectory ? Path.absolute(model) : model
    }

    /// - Returns: the task file and the sweep file.
    private func write(_ files: StarterFiles, _ name: String) throws -> (tasks: String, sweep: String) {
        let place = to == "." ? "" : "\(to)/"
        let (tasks, sweep) = ("\(place)tasks.yaml", "\(place)\(name).yaml")
        guard tasks != sweep else { throw BadRequest("the task file is called tasks.yaml already; say --name NAME") }
        for path in [tasks, sweep] where access(path, F_OK) == 0 {
            throw BadRequest("\(path): is there already and is not overwritten; say --to DIRECTORY for another place")
        }
        try Directory.make(to)
        try AtomicFile.write(Data(files.taskFile.utf8), to: tasks)
        do {
            try AtomicFile.write(Data(files.sweepFile.utf8), to: sweep)
        } catch {
            // Half of it would stand in the way of the next try.
            try Disk.remove(tasks)
            throw error
        }
        return (tasks, sweep)
    }

    private func tell(_ guess: TaskGuess, _ paths: (tasks: String, sweep: String), data: String) throws {
        try Screen.line("\(file): \(counted(guess.rowCount, "row"))")
        let written = Dictionary(guess.task.written.map { ($0.key, $0.value) }) { first, _ in first }
        for (key, reason) in guess.reasons {
            let value = written[key].flatMap { $0.count > 40 ? nil : ": \($0)" } ?? ""
            try Screen.line("  \(key)\(value) – \(reason)")
        }
        let store = to == "." ? "results" : "\(to)/results"
        let compared = StarterFiles.compared.joined(separator: " ")
        try Screen.line(
            """
            Wrote \(paths.tasks) and \(paths.sweep); change there what is guessed wrong. Then:
              headstart run \(quotedForShell(paths.sweep)) --data \(quotedForShell(data)) --store \(quotedForShell(store))
              headstart results --store \(quotedForShell(store)) --compare \(compared)
            """)
    }
}
