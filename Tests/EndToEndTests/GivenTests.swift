import Experiments
import Files
import Foundation
import Ledger
import Testing

/// Stages that start from files and folders: in a sweep, on the command line, and out of the store afterwards.
struct GivenTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try train("first", "--tune", "lora(r=2)", "--set", "lr=1e-2")
        #expect(try shop.run("export", "--run", "first", "--to", "adapters/first").status == 0)
    }

    private func train(_ out: String, _ more: String...) throws {
        let outcome = try shop.run(
            [
                "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--set", "head=hf", "--set",
                "max-steps=20", "--out", out,
            ] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private func sweep(_ from: String) throws -> [String] {
        try shop.write(
            """
            sweep: given
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1]
            defaults: { head: hf, max-steps: 3, lr: 1e-30 }
            methods:
              again: { tune: head, from: { adapter: \(from), head: \(from) } }
            """, to: "sweeps/sweep.yaml")
        return ["run", "sweeps/sweep.yaml", "--data", shop.data, "--store", "store"]
    }

    private func score(_ run: String) throws -> Double? {
        let data = try Data(contentsOf: URL(filePath: shop.path("\(run)/run.json")))
        struct Run: Decodable {
            struct Result: Decodable {
                let scores: [Score]
            }
            let result: Result
        }
        return try JSONDecoder().decode(Run.self, from: data).result.scores.first { $0.split == .dev }?.value
    }

    @Test func `a command goes on from an adapter of peft`() throws {
        try train(
            "again", "--tune", "head", "--from", "adapter: adapters/first, head: ./first", "--set", "lr=1e-30")
        #expect(try score("again") == score("first"))
        // The run has the same adapter, to the byte, so the stage is the same and is done.
        try train("again", "--tune", "head", "--from", "adapter: ./first, head: ./first", "--set", "lr=1e-30")
    }

    @Test func `a sweep goes on from an adapter of peft, wherever that lies later`() throws {
        let command = try sweep("../adapters/first")
        let ran = try shop.run(command)
        #expect(ran.status == 0, "\(ran.errors)")
        let stage = try #require(try LedgerReader(store: shop.path("store")).stages(keyPrefix: "").first)
        #expect(try stage.result?.scores.first { $0.split == .dev }?.value == score("first"))
        try FileManager.default.moveItem(atPath: shop.path("adapters"), toPath: shop.path("moved"))
        let again = try shop.run(try sweep("../moved/first"))
        #expect(again.status == 0, "\(again.errors)")
        let stages = try LedgerReader(store: shop.path("store")).stages(keyPrefix: "")
        #expect(stages.map(\.attempts) == [1], "the same bytes are the same stage")
        let cleaned = try shop.run("store", "gc", "--store", "store", "--yes")
        #expect(cleaned.status == 0, "\(cleaned.errors)")
        let given = try #require(try LedgerReader(store: shop.path("store")).sweeps().first?.plan.stages.first)
            .specification.given
        #expect(given.count == 2)
        for artifact in given {
            #expect(
                try ContentStore(store: shop.path("store")).isWhole(artifact.id.rawValue), "gc keeps what was given")
        }
    }

    @Test func `what cannot be given is refused in one line before anything trains`() throws {
        for (from, sentence) in [
            ("adapter: ./none", "there is no such file or folder"),
            ("head: ./model", "so no head 'hf'"),
            ("delta: adapters/first", "has no biases"), ("adapter: data/tiny/train.tsv", "train.tsv"),
        ] {
            let outcome = try shop.run(
                "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "all", "--set",
                "head=hf",
                "--from", from, "--out", "none")
            #expect(outcome.status != 0 && outcome.errorLines.count == 1, "\(outcome.errors)")
            #expect(outcome.errors.contains(sentence), "\(outcome.errors)")
        }
        let other = try shop.run(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "lora(r=3)", "--from",
            "adapter: adapters/first", "--out", "none")
        #expect(
            other.errors.contains(
                "adapters/first: the adapter is 'lora(r=2, alpha=16, dropout=0, modules=query+value)', the stage tunes 'lora(r=3,"
            ), "\(other.errors)")
        #expect(!FileManager.default.fileExists(atPath: shop.path("none")))
    }
}
