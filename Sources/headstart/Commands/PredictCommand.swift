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
            Writes one JSON line a text: {"label":...,"probabilities":{...}}, {"value":...} for regression, or \
            {"tags":[...]} where words have tags. A pair task's input has two texts a line with a tab between, a \
            choice task's a text and its choices, and words to tag have spaces between.

            EXAMPLE
              headstart predict --run runs/rte-1 --input pairs.tsv --out labels.jsonl
            """)

    @OptionGroup var trained: RunOptions
    @OptionGroup var node: NodeOptions

    @Option(name: .long, help: ArgumentHelp("The texts, one a line, UTF-8; - is standard input.", valueName: "file"))
    var input: String

    @Option(name: .long, help: ArgumentHelp("The file to write; - is standard output.", valueName: "file"))
    var out: String

    private struct Line: Encodable {
        var label: String?
        var probabilities: [String: Double]?
        var value: Double?
        var tags: [String]?

        init(_ prediction: Prediction) {
            switch prediction {
            case .label(let label, let probabilities): (self.label, self.probabilities) = (label, probabilities)
            case .value(let value): self.value = value
            case .tags(let tags): self.tags = tags
            }
        }
    }

    func run() throws {
        if out != "-" { try OutputFile.check(out, besides: input) }
        let stage = try trained.trained()
        let lines = try TextLine.read(input, pairs: false).map(\.text)
        let contents = try stage.record.task.contents(ofLines: lines, in: input)
        let model = try TrainedModel(
            stage, modelDirectory: trained.model, compute: try Machine.compute(threads: node.threadCount(ranks: 1)))
        let predictions = try model.predictions(contents)
        var data = Data()
        for prediction in predictions { data += try CanonicalJSON.encode(Line(prediction)) + Data("\n".utf8) }
        if out == "-" { return try Screen.draw(String(decoding: data, as: UTF8.self)) }
        try AtomicFile.write(data, to: out)
        try Screen.line("Wrote \(predictions.count) predictions to \(out).")
    }
}
