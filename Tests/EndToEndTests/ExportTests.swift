import Foundation
import Testing

/// What `export` writes is loaded by transformers, and says there what `predict` says here.
@Suite(.enabled(if: python != nil, "HEADSTART_PYTHON has no transformers; scripts/test --parity makes one"))
struct ExportTests {
    /// Prints the probabilities of each line of a file, a JSON list a line.
    private static let program = """
        import json, sys, torch
        from safetensors.torch import load_file
        from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer
        directory, texts, head = sys.argv[1:]
        tokenizer = AutoTokenizer.from_pretrained(directory)
        if head in ("hf", "pooled"):
            model = AutoModelForSequenceClassification.from_pretrained(directory).eval()
            assert model.config.id2label == {0: "bad", 1: "good"}, model.config.id2label
            logits = lambda inputs: model(**inputs).logits
        else:
            model = AutoModel.from_pretrained(directory).eval()
            file = load_file(directory + "/head.safetensors")
            weight, bias = file["head.out.weight"], file["head.out.bias"]
            logits = lambda inputs: model(**inputs).last_hidden_state[:, 0] @ weight.T + bias
        with torch.no_grad():
            for line in open(texts):
                inputs = tokenizer(line.strip(), return_tensors="pt")
                print(json.dumps(logits(inputs).softmax(-1)[0].tolist()))
        """

    private struct Line: Decodable {
        let probabilities: [String: Double]
    }

    @Test(arguments: [
        ("hf", "all", "false"), ("linear", "all", "false"), ("hf", "bitfit", "false"), ("linear", "head", "false"),
        ("hf", "all", "true"), ("pooled", "bitfit", "false"),
    ])
    func `transformers computes the same probabilities`(head: String, tune: String, logistic: String) throws {
        let shop = try Workshop()
        let texts = try shop.write("the good dog sleeps .\nthe bad bird runs and sings .\na cat\n", to: "texts")
        let trained = try shop.run(
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", tune, "--set",
            "head=\(head)", "--set", "max-steps=20", "--set", "lr=1e-2", "--set", "logistic=\(logistic)",
            "--out", "run")
        #expect(trained.status == 0, "\(trained.errors)")
        for command in [["predict", "--input", texts, "--out", "labels"], ["export", "--to", "exported"]] {
            let outcome = try shop.run(command + ["--run", "run"])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let loaded = try Running(
            ["-c", Self.program, shop.path("exported"), texts, head], of: #require(python),
            environment: ["HF_HUB_OFFLINE": "1"]
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
