import Foundation
import Testing

struct KindTests {
    private static let tasks = """
        tagged: { kind: tags, train: t.tsv, dev: t.tsv, format: tsv, text: words, label: tags,
                  labels: [O, B-ANIMAL, I-ANIMAL], metrics: [span-f1, accuracy] }
        chosen: { kind: choices, train: c.jsonl, dev: c.jsonl, format: jsonl, text: q, choices: [a, b], label: right,
                  labels: ["0", "1"], metrics: accuracy }
        marked: { kind: target-words, train: m.jsonl, dev: m.jsonl, format: jsonl, text: s, pair: t, targets: [i, j],
                  label: same, labels: ["false", "true"], metrics: accuracy }
        hidden: { kind: masked-lm, train: h.txt, dev: h.txt, format: lines, metrics: precision-at-1 }
        """

    private func shop() throws -> Workshop {
        let shop = try Workshop()
        try shop.write(Self.tasks, to: "own.yaml")
        let rows = (0..<24).map { ["cat", "dog", "bird"][$0 % 3] }
        try shop.write(
            "words\ttags\n"
                + rows.enumerated().map { index, animal in
                    index.isMultiple(of: 2)
                        ? "the \(animal) sings .\tO I-ANIMAL O O\n" : "a good \(animal) .\tO O I-ANIMAL O\n"
                }.joined(), to: "data/t.tsv")
        try shop.write(
            rows.enumerated().map { index, animal in
                let adjectives = index.isMultiple(of: 2) ? ["good", "bad"] : ["bad", "good"]
                return
                    #"{"q": "the \#(animal)", "a": "\#(adjectives[0])", "b": "\#(adjectives[1])", "right": \#(index % 2)}"#
                    + "\n"
            }.joined(), to: "data/c.jsonl")
        try shop.write(
            rows.enumerated().map { index, animal in
                let isSame = index.isMultiple(of: 2)
                return
                    #"{"s": "the \#(animal)", "t": "a \#(isSame ? animal : "red")", "i": 1, "j": 1, "same": \#(isSame)}"#
                    + "\n"
            }.joined(), to: "data/m.jsonl")
        try shop.write(String(repeating: "the good cat sings and a bad dog sleeps .\n", count: 30), to: "data/h.txt")
        return shop
    }

    private struct Summary: Decodable {
        let score: Double
        let finalLoss: Double
    }

    private func train(_ shop: Workshop, _ task: String, _ more: String...) throws -> Program.Outcome {
        try shop.run(
            [
                "train", "--model", shop.model, "--data", shop.data, "--task-file", "own.yaml", "--task", task,
                "--tune",
                "all", "--set", "lr=3e-3", "--set", "batch=8", "--json",
            ] + more)
    }

    /// Sums over ranks round differently, and the steps amplify it.
    @Test(.timeLimit(.minutes(10)), arguments: ["tagged", "chosen", "marked", "hidden"])
    func `two ranks learn what one learns`(task: String) throws {
        let shop = try shop()
        let one = try train(shop, task, "--set", "max-steps=20", "--out", "1")
        let two = try train(shop, task, "--set", "max-steps=20", "--out", "2", "--ranks", "2")
        #expect(one.status == 0 && two.status == 0, "\(one.errors)\(two.errors)")
        let (left, right) = (try one.lastJSON(Summary.self), try two.lastJSON(Summary.self))
        #expect(abs(left.finalLoss - right.finalLoss) < 1e-3 * left.finalLoss)
    }

    @Test func `words are tagged, and hidden tokens are nothing to predict`() throws {
        let shop = try shop()
        let trained = try train(shop, "tagged", "--set", "max-steps=60", "--out", "run")
        #expect(try trained.lastJSON(Summary.self).score > 0.99)
        try shop.write("a good dog\nthe bird\n", to: "lines")
        let predicted = try shop.run("predict", "--run", "run", "--input", "lines", "--out", "tags.jsonl")
        #expect(predicted.status == 0, "\(predicted.errors)")
        let tags = try String(contentsOfFile: shop.path("tags.jsonl"), encoding: .utf8)
        #expect(
            tags == #"{"spans":[{"end":10,"start":7,"tag":"ANIMAL","text":"dog"}],"tags":["O","O","B-ANIMAL"]}"# + "\n"
                + #"{"spans":[{"end":8,"start":4,"tag":"ANIMAL","text":"bird"}],"tags":["O","B-ANIMAL"]}"# + "\n")

        _ = try train(shop, "hidden", "--set", "max-steps=2", "--out", "lm")
        let refused = try shop.run("predict", "--run", "lm", "--input", "lines", "--out", "none")
        #expect(refused.status == 2 && refused.errorLines.count == 1)
        #expect(refused.errors.contains("a task of kind masked-lm has nothing to predict"))
    }
}
