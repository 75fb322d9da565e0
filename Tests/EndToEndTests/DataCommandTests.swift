import Foundation
import TestKit
import Testing

/// `headstart data`, and what it says in short where something is planned or trained.
struct DataCommandTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            "sentence\tlabel\nthe cat sings\tgood\nthe dog sleeps\tbad\nthe Cat  sings\tbad\n", to: "data/leaky.tsv")
        try shop.write(
            """
            leaky: { train: leaky.tsv, dev: leaky.tsv, format: tsv, text: sentence, label: label, labels: [bad, good],
                     metrics: accuracy }
            alone: { train: tiny/train.tsv, dev: 25%, format: tsv, text: sentence, label: label, labels: [bad, good],
                     metrics: [accuracy, f1] }
            """, to: "own.yaml")
    }

    private func data(_ arguments: String...) throws -> Program.Outcome {
        try shop.run(["data"] + arguments + ["--data", "data", "--task-file", "own.yaml"])
    }

    @Test func `a check counts, and warns of what makes scores mean little`() throws {
        let outcome = try data("check", "leaky", "--model", "model/", "--max-length", "4")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("leaky\n\n") && outcome.output.contains("tokens, longest"))
        #expect(outcome.output.contains("! all 3 rows of dev are in train, too"))
        #expect(
            outcome.output.contains("! max-length 4 cuts 100.0 % of the rows of train and 100.0 % of the rows"))
    }

    @Test func `a check is JSON for programs`() throws {
        struct Check: Decodable {
            struct File: Decodable {
                let name: String
                let rows: Int
                let inTrain: Int?
            }
            let files: [File]
            let warnings: [String]
        }
        let outcome = try data("check", "leaky", "--json")
        let check = try outcome.lastJSON(Check.self)
        #expect(check.files.map(\.inTrain) == [nil, 3] && check.files.map(\.rows) == [3, 3])
        #expect(outcome.output.contains(#""lengths":null"#))
        #expect(check.warnings.contains { $0.hasPrefix("all 3 rows of dev are in train, too") })
    }

    @Test func `a preview shows what the model reads`() throws {
        let outcome = try data("preview", "leaky", "--model", "model/", "--rows", "1")
        #expect(outcome.output == "1  good\n  [CLS] the cat sings [SEP]\n", "\(outcome.errors)")
        let refused = try data("preview", "leaky", "--model", "model/", "--file", "validation")
        #expect(refused.status == 2 && refused.errors == "headstart: task 'leaky' has no validation file\n")
    }

    @Test func `plan, run and train say it in short`() throws {
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [leaky]
            seeds: [1]
            defaults: { max-steps: 2 }
            methods: { probe: { tune: head } }
            """, to: "sweep.yaml")
        let own = ["--data", "data", "--task-file", "own.yaml"]
        let train = ["train", "--model", "model/", "--task", "leaky", "--tune", "head", "--set", "max-steps=2"]
        for command in [["plan", "sweep.yaml"], ["run", "sweep.yaml", "--store", "s"], train + ["--out", "r"]] {
            let outcome = try shop.run(command + own)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("leaky: 3 rows of train, 3 rows of dev; 66.7 % bad, 33.3 % good\n"))
            #expect(outcome.output.contains("! all 3 rows of dev are in train, too"))
        }
        let outcome = try shop.run(["plan", "sweep.yaml", "--json"] + own)
        #expect(outcome.lines.count == 1 && !outcome.output.contains("dev are in train"))
    }

    @Test(.timeLimit(.minutes(2))) func `one file alone is enough to train`() throws {
        let outcome = try shop.run([
            "train", "--model", "model/", "--task", "alone", "--tune", "head", "--set", "max-steps=2", "--out", "r",
            "--data", "data", "--task-file", "own.yaml",
        ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("accuracy"))
    }
}
