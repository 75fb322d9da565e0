import ArgumentParser
import Experiments
import Files
import Foundation
import Numerics
import Training

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Labels texts with what was trained.",
        discussion: """
            Writes one JSON line a text: {"label":...,"probabilities":{...}}, or {"value":...} for regression. A pair \
            task's input has two texts a line with a tab between.

            EXAMPLE
              headstart predict --run runs/rte-1 --input pairs.tsv --out labels.jsonl
            """)

    @OptionGroup var trained: RunOptions
    @OptionGroup var node: NodeOptions

    @Option(name: .long, help: ArgumentHelp("The texts, one a line, UTF-8.", valueName: "file"))
    var input: String

    @Option(name: .long, help: ArgumentHelp("The file to write.", valueName: "file"))
    var out: String

    private struct Line: Encodable {
        var label: String?
        var probabilities: [String: Double]?
        var value: Double?

        init(_ prediction: Prediction) {
            switch prediction {
            case .label(let label, let probabilities): (self.label, self.probabilities) = (label, probabilities)
            case .value(let value): self.value = value
            }
        }
    }

    func run() throws {
        let stage = try trained.trained()
        let texts = try TextLine.read(input, pairs: stage.record.task.pair != nil)
        let model = try TrainedModel(
            stage, modelDirectory: trained.model, compute: Compute(threads: node.threadCount(ranks: 1)))
        let outputs = try model.outputs(texts.map { ($0.text, $0.pair) })
        var data = Data()
        for output in outputs { data += try CanonicalJSON.encode(Line(model.prediction(output))) + Data("\n".utf8) }
        try AtomicFile.write(data, to: out)
        try Screen.line("Wrote \(outputs.count) predictions to \(out).")
    }
}
