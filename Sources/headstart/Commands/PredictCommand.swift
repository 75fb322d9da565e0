import ArgumentParser
import Experiments
import Files
import Foundation
import Numerics
import Tasks
import Training

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Labels texts with what was trained.",
        discussion: """
            A file that begins with the names of the task's text columns, or with a JSON object that has them, is read by \
            columns, in TSV, CSV or JSON lines whichever the task's own files have; with --task so is any file, as that \
            task has it. Its rows are written again in UTF-8 with `predicted` beside them and the probability of each \
            label, as `p(good)` in tables and `probabilities` in JSON. Tags come with `spans`, which say where in the text \
            they are, in characters. Rows of other formats, as conll, become JSON lines. Where rows have labels, scores \
            are told.

            Any other file is a text a line, and each becomes a JSON line: {"label":...,"probabilities":{...}}, \
            {"value":...} for regression, or {"spans":[...],"tags":[...]} where words have tags. A pair task's input has \
            two texts a line with a tab between, a choice task's a text and its choices, and words to tag have spaces \
            between.

            EXAMPLE
              headstart predict --run runs/rte-1 --input rte/dev.tsv --out labelled.tsv
              headstart predict --run runs/rte-1 --input pairs.txt --out labels.jsonl
            """)

    @OptionGroup var trained: RunOptions
    @OptionGroup var fitting: FittingOptions
    @OptionGroup var node: NodeOptions

    @Option(
        name: .long, help: ArgumentHelp("The rows or texts, in UTF-8; - is standard input.", valueName: "file"))
    var input: String

    @Option(name: .long, help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"))
    var out: String

    func run() throws {
        if out != "-" { try OutputFile.check(out, besides: input) }
        let stage = try trained.trained()
        let given = try fitting.definition(for: stage.record)
        let task = given ?? stage.record.task
        let bytes = try Disk.readToEnd(input)
        if let reading = try task.reading(input, bytes: bytes) ?? given {
            try predict(InputRows(input, bytes: bytes, reading), stage)
        } else {
            try predict(TextLine.lines(of: bytes, input, pairs: false).map(\.text), stage)
        }
    }

    private func predict(_ lines: [String], _ stage: TrainedStage) throws {
        let task = stage.record.task
        let contents = try task.contents(ofLines: lines, in: input)
        let said = try model(stage).predictions(contents)
        var text = ""
        for ((said, content), line) in zip(zip(said, contents), lines) {
            let said = Said(said, of: task, content, line)
            text += String(decoding: try CanonicalJSON.encode(said), as: UTF8.self) + "\n"
        }
        try write(text, count: said.count)
    }

    private func predict(_ rows: InputRows, _ stage: TrainedStage) throws {
        let said = try model(stage).predictions(rows.contents)
        try write(try rows.text(beside: said), count: said.count)
        if rows.skipped > 0 { try tell("\(counted(rows.skipped, "row")) without a text left out") }
        let scored = rows.scores(said)
        if let scored {
            let figures = scored.scores.map { "\($0.metric.rawValue) \($0.figure)" }
            try tell("\(figures.joined(separator: ", ")) on \(counted(scored.rows, "row")) with a label")
        }
        if let reason = rows.unlabelled {
            let count = said.count - (scored?.rows ?? 0)
            try tell("\(scored == nil ? "no scores" : "\(count) not scored"): \(reason)")
        }
    }

    private func model(_ stage: TrainedStage) throws -> TrainedModel {
        try TrainedModel(
            stage, modelDirectory: trained.model, compute: try Machine.compute(threads: node.threadCount(ranks: 1)))
    }

    private func write(_ text: String, count: Int) throws {
        if out == "-" { return try Screen.draw(text) }
        try AtomicFile.write(Data(text.utf8), to: out)
        try Screen.line("Wrote \(counted(count, "prediction")) to \(out).")
    }

    /// Standard output may be what is written.
    private func tell(_ line: String) throws {
        if out == "-" { Screen.note(line) } else { try Screen.line(line) }
    }
}
