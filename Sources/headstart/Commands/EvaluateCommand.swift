import ArgumentParser
import Experiments
import Files
import Numerics
import Reports
import Tasks
import Training

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Scores what was trained on any data that fit it.",
        discussion: """
            All metrics that the task names, and how each class fares. The task may be another than the one that was \
            trained on, with the same labels in the same order.

            EXAMPLE
              headstart evaluate --run runs/rte-1 --task rte --data data --split test
              headstart evaluate --run 3fa2c1 --store results --input reviews/new.csv
            """)

    @OptionGroup var trained: RunOptions
    @OptionGroup var fitting: FittingOptions
    @OptionGroup var node: NodeOptions
    @OptionGroup var output: OutputOptions

    @Option(
        name: .long, help: "Which examples of the task: train, dev, validation or test. (default: dev)")
    var split: DataFile?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A file of the task's form instead, in TSV, CSV or JSON lines; - is standard input.", valueName: "file"))
    var input: String?

    func validate() throws {
        guard split == nil || input == nil else { throw ValidationError("give either --split or --input") }
    }

    /// What a model scored.
    fileprivate struct Outcome {
        let run: TrainedStage.Record
        let task: TaskDefinition
        /// nil for a file that the task does not name.
        let split: DataFile?
        let input: String?
        let examples: Int
        let scores: [Score]
        let classes: ClassReport?
    }

    func run() throws {
        let stage = try trained.trained()
        let task = try fitting.definition(for: stage.record) ?? stage.record.task
        let (examples, file) = try examples(of: task)
        let model = try TrainedModel(
            stage, modelDirectory: trained.model, compute: try Machine.compute(threads: node.threadCount(ranks: 1)))
        let (scores, confusion) = try model.scores(examples, of: task, in: file)
        let record = stage.record
        let outcome = Outcome(
            run: record, task: task, split: input == nil ? file : nil, input: input, examples: examples.count,
            scores: scores,
            classes: confusion.map {
                ClassReport(method: record.label, model: record.model.name, task: task, $0)
            })
        if output.json { try Screen.json(outcome) } else { try show(outcome) }
    }

    private func examples(of task: TaskDefinition) throws -> (examples: [Example], file: DataFile) {
        if let input {
            let bytes = try Disk.readToEnd(input)
            let reading = try task.reading(input, bytes: bytes) ?? task
            return (try Dataset.examples(of: reading, input, bytes: bytes), .test)
        }
        let dataset = try Dataset.load(task, in: fitting.data.directory())
        let file = split ?? .dev
        guard dataset.files.contains(file) else { throw BadRequest("task '\(task.name)' has no \(file.name) file") }
        return (dataset[file], file)
    }

    private func show(_ outcome: Outcome) throws {
        let figures = outcome.scores.map { "\($0.metric.rawValue) \($0.figure)" }.joined(separator: ", ")
        let place = outcome.input ?? "\(outcome.task.name) \(outcome.split?.name ?? "")"
        try Screen.line("\(figures) on \(place) (\(counted(outcome.examples, "example")))")
        guard let classes = outcome.classes else { return }
        try Screen.line("\n" + classes.classes(.text, width: Screen.width))
    }
}

extension EvaluateCommand.Outcome: Encodable {
    func encode(to encoder: any Encoder) throws {
        try encoder.encode([
            "stage": try run.specification.key(), "label": run.label, "task": task.name, "split": split?.name,
            "input": input, "examples": examples, "scores": scores.map(Value.init),
            "classes": classes?.entries.first?.classes, "confusion": classes?.entries.first?.confusion,
        ])
    }

    private struct Value: Encodable {
        let metric: Metric
        let value: Double?

        init(_ score: Score) { (metric, value) = (score.metric, score.value) }
    }
}
