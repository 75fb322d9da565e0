import Files
import Foundation
import TestKit

/// A folder of its own for one test, with a tiny model and a tiny task in it; gone when the test is over.
struct Workshop {
    private let place: TemporaryFolder

    init() throws {
        place = try TemporaryFolder()
        try TinyModel.write(to: model)
        try TinyTask.write(to: data)
        try write(
            """
            tiny:
              train: tiny/train.tsv
              dev: tiny/dev.tsv
              format: tsv
              text: sentence
              label: label
              labels: [bad, good]
              metrics: [accuracy, f1]
            """, to: "data/tasks.yaml")
    }

    var folder: String { place.path }
    var model: String { path("model") }
    var data: String { path("data") }

    func path(_ name: String) -> String { place[name] }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String { try place.write(text, to: name) }

    func run(_ arguments: String..., environment: [String: String?] = [:]) throws -> Program.Outcome {
        try run(arguments, environment: environment)
    }

    func run(_ arguments: [String], environment: [String: String?] = [:]) throws -> Program.Outcome {
        try Program.run(arguments, in: folder, environment: cache.merging(environment) { _, asked in asked })
    }

    func start(_ arguments: [String]) throws -> Running { try Running(arguments, in: folder, environment: cache) }

    /// One cache for all runs here.
    private var cache: [String: String?] { ["HEADSTART_CACHE": path("cache")] }
}
