import Experiments
import Files
import Foundation
import Testing

/// Results are found again by their keys, so the bytes that are hashed never change: one recorded line for every setting
/// and every spelling, `NAME<tab>KEY<tab>JSON`, written anew with HEADSTART_RECORD=1.
struct RecordedKeyTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Recorded/specifications.tsv")

    @Test func `every specification keeps its recorded JSON and key`() throws {
        let lines = try Self.specifications().map { name, specification in
            let json = String(decoding: try CanonicalJSON.encode(specification), as: UTF8.self)
            return "\(name)\t\(try specification.key())\t\(json)"
        }
        if ProcessInfo.processInfo.environment["HEADSTART_RECORD"] == "1" {
            try (lines.joined(separator: "\n") + "\n").write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let recorded = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines.count == recorded.count)
        for (line, recorded) in zip(lines, recorded) {
            #expect(line == recorded)
            let json = try #require(recorded.split(separator: "\t").last)
            let read = try CanonicalJSON.decode(StageSpecification.self, from: Data(json.utf8))
            #expect(String(decoding: try CanonicalJSON.encode(read), as: UTF8.self) == json)
        }
    }

    private static func specifications() throws -> [(String, StageSpecification)] {
        let digest = Digest(of: [7])
        let specify = { (recipe: Recipe, inputs: [StageInput]) in
            StageSpecification(backbone: digest, task: digest, recipe: recipe, seed: 3, inputs: inputs)
        }
        let key = StageKey(rawValue: digest)
        var all: [(String, StageSpecification)] = [
            ("plain", specify(Recipe(), [])),
            ("inputs", specify(Recipe(), [StageInput(kind: .mask, from: key), StageInput(kind: .head, from: key)])),
        ]
        for (name, change) in changes + later {
            var recipe = Recipe()
            change(&recipe)
            all.append((name, specify(recipe, [])))
        }
        for text in tunes {
            var recipe = Recipe()
            recipe.tune = try #require(Tune(text))
            all.append((text, specify(recipe, [])))
        }
        var everything = Recipe()
        for (_, change) in changes { change(&everything) }
        return all + [("everything", specify(everything, []))]
    }

    private static let tunes = [
        "all", "head", "bitfit", "bitfit(query)", "bitfit(key+value+output+intermediate+norm+embeddings)", "layernorm",
        "bitfit(norms=input)", "bitfit(query+norm, norms=input)", "top(1)", "top(24)", "top(3, norms=input)", "lora",
        "lora(4)", "lora(r=8, alpha=12.5, dropout=0.1, modules=query+ffn-output)",
        "prefix", "prefix(n=3, mlp=8)", "prefix(n=3, mlp=0, dropout=0.1)", "adapter(64)", "adapter(64, norms=true)",
        "random(0.001)", "random(1)", "mask", "prune(0.01)", "fisher(0.1)", "fisher(0.005, on=pretraining)",
        "fisher(0.1, pick=lowest)", "combined(0.005)", "combined(0.5, pick=lowest)",
    ]

    /// Settings that came after "everything" was recorded.
    private static let later: [(String, @Sendable (inout Recipe) -> Void)] = [
        ("validation of samples", { ($0.validation, $0.samples, $0.validationBase) = (0.2, 100, .samples) }),
        ("validation of a seed", { ($0.validation, $0.validationSeed) = (0.2, 7) }),
        ("estimate in training", { $0.estimate = Estimate(unit: .batch, clip: 1, mode: .train) }),
        ("estimate of sums", { $0.estimate = Estimate(tokens: .sum, examples: .sum) }),
        ("head pooled", { $0.head = .pooled }),
        ("slow rate", { ($0.slowStart, $0.slowRate) = (100, .exactly) }),
        ("child after", { $0.regularization = Regularization(child: .driven(share: 0.1, mask: .afterClipping)) }),
        (
            "mixout of the head",
            {
                var regularization = Regularization(mixout: 0.7)
                regularization.mixoutLayers = .all
                $0.regularization = regularization
            }
        ),
        (
            "recadam as coded",
            {
                $0.regularization = Regularization(
                    recadam: RecAdam(rate: 0.1, start: 250, strength: 5000, decay: .whole))
            }
        ),
        ("blocks", { $0.blocks = .lines }),
        ("select latest best", { $0.selection = .latestBest }),
        ("patience", { ($0.patience, $0.selection) = (3, .best) }),
        ("class weights balanced", { $0.classWeights = .balanced }),
        ("class weights given", { $0.classWeights = .given([1, 2.5]) }),
        ("label smoothing", { $0.labelSmoothing = 0.1 }),
        ("layer decay", { $0.layerDecay = 0.9 }),
        ("allreduce bf16", { $0.allreduce = .bf16 }),
    ]

    private static let changes: [(String, @Sendable (inout Recipe) -> Void)] = [
        ("estimate", { $0.estimate = Estimate() }),
        ("estimate by batch", { $0.estimate = Estimate(unit: .batch, label: .expected, clip: 1) }),
        ("head mlp", { $0.head = .mlp(width: 8) }),
        ("head hf", { $0.head = .hf }),
        ("logistic", { $0.isLogistic = true }),
        ("epochs", { $0.budget = .epochs(0.3) }),
        ("steps", { $0.budget = .steps(3) }),
        ("batch", { $0.batch = 16 }),
        ("accumulation", { $0.accumulation = 2 }),
        ("lr", { $0.learningRate = 1e-5 }),
        ("warmup", { $0.warmup = 0 }),
        ("decay", { $0.decay = .constant }),
        ("floor", { $0.floor = 0.1 }),
        ("slow start", { $0.slowStart = 100 }),
        ("loss", { $0.loss = .sum }),
        ("adam", { $0.optimizer.kind = .adam }),
        ("betas", { ($0.optimizer.beta1, $0.optimizer.beta2) = (0.8, 0.98) }),
        ("epsilon and decay", { ($0.optimizer.epsilon, $0.optimizer.weightDecay) = (1e-6, 0) }),
        ("no clip", { $0.clip = nil }),
        ("clip", { $0.clip = 0.1 }),
        ("dropout", { $0.dropout = 0 }),
        ("dropout share", { $0.dropoutShare = 0.1 }),
        ("child free", { $0.regularization = Regularization(child: .free(share: 0.3)) }),
        ("child driven", { $0.regularization = Regularization(child: .driven(share: 0.1)) }),
        ("mixout", { $0.regularization = Regularization(mixout: 0.7) }),
        (
            "mixout as coded",
            {
                var regularization = Regularization(mixout: 0.7)
                regularization.mixoutMask = .input
                regularization.mixoutGradient = .reference
                $0.regularization = regularization
            }
        ),
        ("l1", { $0.regularization = Regularization(l1: 0.01) }),
        ("l2", { $0.regularization = Regularization(l1: 0.01, l2: 1e-6) }),
        ("recadam", { $0.regularization = Regularization(recadam: RecAdam(rate: 0.1, start: 250, strength: 5000)) }),
        ("reinit biases", { $0.reinitialization = .biases }),
        ("reinit head biases", { $0.reinitialization = .headBiases }),
        ("reinit all", { $0.reinitialization = .all }),
        ("reinit last", { $0.reinitialization = .last(layers: 2) }),
        ("samples", { $0.samples = 100 }),
        ("shuffle once", { $0.shuffle = .once }),
        ("shuffle never", { $0.shuffle = .never }),
        ("length", { $0.maxLength = 64 }),
        ("truncation", { $0.truncation = .first }),
        ("evaluations", { $0.evaluations = 2 }),
        ("select best", { $0.selection = .best }),
        ("validation", { $0.validation = 0.2 }),
    ]
}
