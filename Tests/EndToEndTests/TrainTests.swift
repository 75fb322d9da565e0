import Experiments
import Files
import Foundation
import Testing

struct TrainTests {
    private struct Summary: Decodable, Equatable {
        let metric: String
        let score: Double
        let steps: Int
        let seconds: Double
        let tokens: Int
        let tokensPerSecond: Double
        let trainable: Int
        let finalLoss: Double
        let parameters: Digest
        let artifacts: [ArtifactReference]
    }

    private struct Step: Decodable {
        let step: Int
        let loss: Double
    }

    private func arguments(_ shop: Workshop, _ rest: String...) -> [String] {
        ["train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--seed", "7", "--json"] + rest
    }

    /// Evaluations and the summary are lines of other keys.
    private func step(_ line: Substring) -> Step? { try? JSONDecoder().decode(Step.self, from: Data(line.utf8)) }

    private func losses(_ outcome: Program.Outcome) -> [Double] { outcome.lines.compactMap { step($0)?.loss } }

    private func lastStep(_ output: String) -> Int {
        output.split(separator: "\n").reversed().lazy.compactMap(step).first?.step ?? 0
    }

    @Test(.timeLimit(.minutes(10)), arguments: ["all", "bitfit"])
    func `a run killed by SIGKILL and continued leaves the same artifacts`(_ tune: String) throws {
        let shop = try Workshop()
        let settings = ["--tune", tune, "--set", "max-steps=400", "--set", "lr=1e-3", "--checkpoint-seconds", "0"]
        let calm = try Program.run(arguments(shop, "--out", shop.path("calm")) + settings)
        #expect(calm.status == 0, "\(calm.errors)")

        let disturbed = arguments(shop, "--out", shop.path("disturbed")) + settings
        for step in [30, 170, 310] {
            let running = try Running(disturbed)
            #expect(running.wait { lastStep($0) >= step }, "step \(step) never came")
            running.kill()
            #expect(running.wait().status == SIGKILL)
        }
        let continued = try Program.run(disturbed)
        #expect(continued.status == 0, "\(continued.errors)")
        #expect(losses(continued).count < 400, "it must go on, not begin anew")
        let (left, right) = (try calm.lastJSON(Summary.self), try continued.lastJSON(Summary.self))
        #expect(left.artifacts == right.artifacts && !left.artifacts.isEmpty)
        #expect(left.parameters == right.parameters && left.finalLoss == right.finalLoss && left.score == right.score)
    }

    @Test(.timeLimit(.minutes(10))) func `the number of ranks changes the losses by rounding only`() throws {
        let shop = try Workshop()
        let settings = ["--tune", "all", "--set", "max-steps=30", "--set", "lr=1e-3"]
        let one = try Program.run(arguments(shop, "--out", shop.path("1")) + settings)
        let three = try Program.run(arguments(shop, "--out", shop.path("3"), "--ranks", "3") + settings)
        #expect(three.status == 0 && three.errors.isEmpty, "\(three.errors)")
        #expect(losses(one).count == 30 && losses(three).count == 30)
        // Dropout is on: a mask that depended on the rank would show at once. Rounding grows over the steps.
        for (left, right) in zip(losses(one), losses(three)) { #expect(abs(left - right) < 1e-4 * abs(left)) }
    }

    @Test func `a run that says one label of every example tells so`() throws {
        let shop = try Workshop()
        let rows = { (count: Int) in
            "sentence\tlabel\n" + (0..<count).map { "the cat runs\t\($0 % 3 == 0 ? "good" : "bad")\n" }.joined()
        }
        try shop.write(rows(30), to: "data/tiny/train.tsv")
        try shop.write(rows(12), to: "data/tiny/dev.tsv")
        let command = [
            "train", "--model", shop.model, "--data", shop.data, "--task", "tiny", "--tune", "all", "--set", "lr=1e-3",
            "--set", "epochs=20", "--set", "batch=8",
        ]
        let told = try Program.run(command + ["--out", shop.path("run")])
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.output.contains("The model says 'bad' of every example of dev: it has learned nothing but that"))
        let json = try Program.run(command + ["--out", shop.path("run"), "--json"])
        #expect(json.lines.last?.contains(#""onlyLabel":"bad""#) == true)
    }

    @Test func `a finished run is not repeated, and other settings need another folder`() throws {
        let shop = try Workshop()
        let command = arguments(shop, "--method", "lp-ft", "--out", shop.path("run"))
        let first = try Program.run(command)
        let second = try Program.run(command)
        #expect(try first.lastJSON(Summary.self) == second.lastJSON(Summary.self))
        let other = try Program.run(command + ["--set", "batch=16"])
        #expect(other.status == 2)
        #expect(other.errors.contains("name another folder"))
    }

    @Test func `the result's files serve predict and export`() throws {
        let shop = try Workshop()
        _ = try Program.run(
            arguments(shop, "--out", shop.path("run"), "--tune", "all", "--set", "lr=3e-3", "--set", "epochs=30"))
        let texts = try shop.write("the good dog sleeps .\nthe bad bird runs .\n", to: "texts.txt")
        let predicted = try shop.run("predict", "--run", "run", "--input", texts, "--out", "labels.jsonl")
        #expect(predicted.status == 0, "\(predicted.errors)")
        struct Line: Decodable {
            let label: String
            let probabilities: [String: Double]
        }
        let lines = try String(contentsOfFile: shop.path("labels.jsonl"), encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        #expect(lines.map(\.label) == ["good", "bad"])
        for line in lines { #expect(abs(line.probabilities.values.reduce(0, +) - 1) < 1e-9) }

        let exported = try shop.run("export", "--run", "run", "--to", "exported")
        #expect(exported.status == 0, "\(exported.errors)")
        let again = try shop.run(
            "train", "--model", "exported/", "--data", shop.data, "--task", "tiny", "--tune", "head", "--out", "b")
        #expect(again.status == 0, "an exported model is a model: \(again.errors)")
    }

    @Test func `without mpirun several ranks are refused in one line`() throws {
        let shop = try Workshop()
        let outcome = try Program.run(
            arguments(shop, "--out", shop.path("run"), "--tune", "all", "--ranks", "2"),
            environment: ["PATH": "/nowhere"])
        #expect(outcome.status == 1 && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("openmpi-bin"))
    }
}
