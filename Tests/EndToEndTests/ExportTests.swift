import Foundation
import Testing

/// What `export` writes is loaded by transformers and peft as its README.md says, and says there what `predict` says here.
@Suite(.enabled(if: python != nil, "HEADSTART_PYTHON has no transformers; scripts/test --parity makes one"))
struct ExportTests {
    /// Prints the probabilities of each line of a file, a JSON list a line.
    private static let program = #"""
        import json, os, re, sys, torch
        directory, texts = sys.argv[1:]
        snippet = re.search(r"```python\n(.*?)```", open(directory + "/README.md").read(), re.S).group(1)
        names = {}
        exec(snippet.replace("FOLDER", directory), names)
        tokenizer, model = names["tokenizer"], names["model"]
        if not os.path.exists(directory + "/adapter_config.json"):
            assert model.config.id2label == {0: "bad", 1: "good"}, model.config.id2label
        with torch.no_grad():
            for line in open(texts):
                inputs = tokenizer(line.strip(), return_tensors="pt")
                print(json.dumps(model(**inputs).logits.softmax(-1)[0].tolist()))
        """#

    private struct Line: Decodable {
        let probabilities: [String: Double]
    }

    @Test(arguments: [
        ("hf", "all", "false", false), ("linear", "all", "false", false), ("hf", "bitfit", "false", true),
        ("mlp(8)", "head", "false", false), ("hf", "all", "true", false), ("pooled", "bitfit", "false", false),
        ("hf", "lora(r=2)", "false", false), ("mlp(8)", "lora(r=2)", "false", true),
        ("mlp(8)", "prefix(n=3)", "false", false),
    ])
    func `transformers and peft compute the same probabilities`(
        head: String, tune: String, logistic: String, merges: Bool
    ) throws {
        let shop = try Workshop()
        let texts = try shop.write("the good dog sleeps .\nthe bad bird runs and sings .\na cat\n", to: "texts")
        let trained = try shop.run(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", tune, "--set",
            "head=\(head)", "--set", "max-steps=20", "--set", "lr=1e-2", "--set", "logistic=\(logistic)",
            "--out", "run")
        #expect(trained.status == 0, "\(trained.errors)")
        let export = ["export", "--to", "exported"] + (merges ? ["--merge"] : [])
        for command in [["predict", "--input", texts, "--out", "labels"], export] {
            let outcome = try shop.run(command + ["--run", "run"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let loaded = try Running(
            ["-c", Self.program, shop.path("exported"), texts], of: #require(python),
            environment: ["HF_HUB_OFFLINE": "1", "HF_MODULES_CACHE": shop.path("modules")]
        ).wait()
        #expect(loaded.status == 0, "\(loaded.errors)")
        let theirs = try loaded.lines.map { try JSONDecoder().decode([Double].self, from: Data($0.utf8)) }
        let ours = try String(contentsOfFile: shop.path("labels"), encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Line.self, from: Data($0.utf8)).probabilities
        }
        #expect(theirs.count == 3 && ours.count == 3)
        for (left, right) in zip(ours, theirs) {
            // Both compute in single precision, in different orders.
            #expect(abs((left["bad"] ?? .nan) - right[0]) < 1e-5 && abs((left["good"] ?? .nan) - right[1]) < 1e-5)
        }
    }
}

private let python = ProcessInfo.processInfo.environment["HEADSTART_PYTHON"].flatMap {
    FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil
}
