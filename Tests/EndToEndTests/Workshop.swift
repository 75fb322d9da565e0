import Files
import Foundation

/// A folder of its own for one test, with a tiny model and a tiny task in it; gone when the test is over.
final class Workshop {
    let directory: String

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "headstart-\(UUID().uuidString)").path
        try Directory.make("\(directory)/data")
        try TinyModel().write(to: model)
        try writeTask()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var model: String { path("model") }
    var data: String { path("data") }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try AtomicFile.write(Data(text.utf8), to: path(name))
        return path(name)
    }

    func run(_ arguments: String..., environment: [String: String?] = [:]) throws -> Program.Outcome {
        try Program.run(arguments, in: directory, environment: environment)
    }

    func start(_ arguments: String...) throws -> Running { try Running(arguments, in: directory) }

    // MARK: The task

    /// Sentences whose label is that of the one word in them that judges.
    private func writeTask() throws {
        try write(Self.rows(96, first: 0), to: "data/train.tsv")
        try write(Self.rows(32, first: 96), to: "data/dev.tsv")
        try write(
            """
            taste:
              train: train.tsv
              dev: dev.tsv
              format: tsv
              text: sentence
              label: label
              labels: [bad, good]
              metrics: [accuracy, f1]
            """, to: "data/tasks.yaml")
    }

    static func rows(_ count: Int, first: Int) -> String {
        let rows = (first..<first + count).map { number in
            let label = number % 2
            let judgement = TinyModel.judgements[label][number / 2 % 4]
            let fillers = (0..<3 + number % 5).map {
                TinyModel.fillers[(number * 7 + $0 * 3) % TinyModel.fillers.count]
            }
            return "\(fillers.joined(separator: " ")) \(judgement)\t\(label == 1 ? "good" : "bad")"
        }
        return "sentence\tlabel\n" + rows.joined(separator: "\n") + "\n"
    }
}
