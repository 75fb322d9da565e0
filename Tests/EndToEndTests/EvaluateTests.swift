import Foundation
import Testing

/// What was trained, used on other data than those it was trained on.
struct EvaluateTests {
    private func trained() throws -> Workshop {
        let shop = try Workshop()
        try shop.write(
            """
            tested:
              train: tiny/train.tsv
              dev: tiny/dev.tsv
              test: tiny/train.tsv
              format: tsv
              text: sentence
              label: label
              labels: [bad, good]
              metrics: [accuracy, f1, log-loss]
            """, to: "more.yaml")
        let outcome = try shop.run(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "all", "--set", "lr=3e-3",
            "--set", "epochs=10", "--out", "run")
        #expect(outcome.status == 0, "\(outcome.errors)")
        return shop
    }

    private struct Outcome: Decodable {
        struct Value: Decodable, Equatable {
            let metric: String
            let value: Double?
        }
        let task: String
        let split: String?
        let examples: Int
        let scores: [Value]
        let confusion: [[Int]]?
    }

    @Test(.timeLimit(.minutes(10))) func `a model is scored on any data that fit`() throws {
        let shop = try trained()
        let dev = try shop.run("evaluate", "--run", "run", "--data", "data", "--json")
        #expect(dev.status == 0, "\(dev.errors)")
        let scored = try dev.lastJSON(Outcome.self)
        #expect(scored.task == "tiny" && scored.split == "dev" && scored.examples == 24)
        #expect(scored.scores.map(\.metric) == ["accuracy", "f1"] && scored.scores[0].value ?? 0 > 0.9)

        let other = try shop.run(
            "evaluate", "--run", "run", "--task", "tested", "--task-file", "more.yaml", "--data", "data", "--split",
            "test",
            "--json")
        let tested = try other.lastJSON(Outcome.self)
        #expect(tested.split == "test" && tested.examples == 64 && tested.scores.map(\.metric).last == "log-loss")

        try shop.write("label,sentence\ngood,the good cat sings .\nbad,the bad dog runs .\n", to: "own.csv")
        let text = try shop.run("evaluate", "--run", "run", "--input", "own.csv")
        #expect(
            text.status == 0 && text.output.hasPrefix("accuracy 100.00, f1 100.00 on own.csv (2 examples)"), "\(text)")
        #expect(text.output.contains("tiny by class: percent\n"))

        let refused = try shop.run("evaluate", "--run", "run", "--data", "data", "--split", "test")
        #expect(refused.status == 2 && refused.errors.contains("task 'tiny' has no test file"))
        try shop.write("label,sentence\nfair,the good cat sings .\n", to: "wrong.csv")
        let wrong = try shop.run("evaluate", "--run", "run", "--input", "wrong.csv")
        #expect(wrong.status == 2 && wrong.errors.contains("wrong.csv:2: field 'label': 'fair'"), "\(wrong.errors)")
    }

    @Test(.timeLimit(.minutes(10))) func `rows are written again with what the model says beside them`() throws {
        let shop = try trained()
        let told = try shop.run("predict", "--run", "run", "--input", "data/tiny/dev.tsv", "--out", "labelled.tsv")
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.lines.first == "Wrote 24 predictions to labelled.tsv." && told.lines.count == 2)
        #expect(told.lines.last?.hasPrefix("accuracy ") == true && told.output.contains("on 24 rows with a label"))
        let lines = try String(contentsOfFile: shop.path("labelled.tsv"), encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 25 && lines[0] == "sentence\tlabel\tpredicted\tp(bad)\tp(good)")

        try shop.write("id,sentence\n7,\"the good cat, sings .\"\n", to: "own.csv")
        let unlabelled = try shop.run("predict", "--run", "run", "--input", "own.csv", "--out", "-")
        #expect(unlabelled.output.hasPrefix("id,sentence,predicted,p(bad),p(good)\n7,\"the good cat, sings .\","))
        #expect(unlabelled.errors.contains("no scores: own.csv:1: there is no column 'label'"))

        let other = try shop.run(
            "predict", "--run", "run", "--task", "tested", "--task-file", "more.yaml", "--input", "data/tiny/dev.tsv",
            "--out", "again.tsv")
        #expect(other.status == 0 && other.output.contains("log-loss"), "\(other.errors)")
    }

    @Test(.timeLimit(.minutes(10))) func `a test set is scored, and shown to those who ask`() throws {
        let shop = try trained()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tested]
            seeds: [1, 2]
            defaults: { max-steps: 3 }
            methods: { bitfit: { tune: bitfit } }
            """, to: "sweep.yaml")
        let run = try shop.run(
            "run", "sweep.yaml", "--data", "data", "--task-file", "more.yaml", "--store", "store")
        #expect(run.status == 0, "\(run.errors)")
        #expect(!run.output.contains("test set"), "\(run.output)")
        #expect(try !shop.run("results", "--store", "store", "--all-metrics").output.contains("test set"))
        #expect(try !shop.run("results", "--store", "store", "--json").output.contains(#""split":"test""#))
        let asked = try shop.run("results", "--store", "store", "--split", "test")
        #expect(asked.status == 0 && asked.output.contains("small on"), "\(asked.errors)")
        #expect(asked.output.contains(", test set: percent"))
        #expect(try shop.run("results", "--store", "store", "--split", "train").status == 2)
    }
}
