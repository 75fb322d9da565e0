import Collectives
import Experiments
import Foundation
import Numerics
import Safetensors
import Testing
import TestKit
import Training

struct StageTests {
    /// Makes the first passes slow.
    private final class SlowAtFirst: StageObserver {
        var passes = 0

        func worked() {
            passes += 1
            if passes <= 3 { Thread.sleep(forTimeInterval: 0.2) }
        }
        func progressed(step: Int, of steps: Int, loss: Double, tokensPerSecond: Double) {}
        func evaluated(_ evaluation: Evaluation) {}
        func noted(_ sentence: String) {}
        var shouldStop: Bool { false }
    }

    @Test func `tokens a second leave out the steps that warm up`() throws {
        let bench = try Bench()
        let job = try bench.job(bench.recipe { $0.budget = .steps(8) }, into: "out", outputs: [.head])
        let results = try [0, 3].map { steps in
            try StageTrainer(
                communicator: SoloCommunicator(),
                node: NodeSettings(ranks: 1, threads: 1, host: "test", blasCore: "test"),
                compute: Compute(threads: 1), warmUpSteps: steps
            ).run(job, observer: SlowAtFirst())
        }.map(\.result)
        #expect(results[0].tokens == results[1].tokens && results[0].parameters == results[1].parameters)
        #expect(results[0].tokensPerSecond < Double(results[0].tokens) / 0.6)
        #expect(results[1].tokensPerSecond > 2 * results[0].tokensPerSecond)
    }

    @Test(arguments: [Tune.all, .bitfit])
    func `a stage learns its task`(tune: Tune) throws {
        let bench = try Bench()
        let job = try bench.job(
            bench.recipe {
                $0.tune = tune
                $0.budget = .epochs(30)
                $0.learningRate = tune == .all ? 3e-3 : 3e-2
            }, into: "out")
        let recorder = Recorder()
        let result = try bench.run(job, observer: recorder).result
        #expect(result.score(.accuracy, on: .dev)! > 0.95)
        #expect(result.steps == 240)
        #expect(recorder.evaluations.count == 30)
        #expect(recorder.losses.first! > 2 * recorder.losses.last!)
    }

    @Test func `equal stages end with equal bits, whatever the number of threads`() throws {
        let bench = try Bench()
        let first = try bench.run(try bench.job(bench.recipe(), into: "a")).result
        let second = try bench.run(try bench.job(bench.recipe(), into: "b"), threads: 3).result
        let other = try bench.run(try bench.job(bench.recipe(), seed: 2, into: "c")).result
        #expect(first.parameters == second.parameters)
        #expect(first.artifacts == second.artifacts)
        #expect(first.parameters != other.parameters)
    }

    @Test(arguments: [1, 5, 8, 13])
    func `a stage that was stopped and resumed ends with the bits of one that was not`(step: Int) throws {
        let bench = try Bench()
        let recipe = bench.recipe { $0.selection = .best }
        let undisturbed = Recorder()
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"), observer: undisturbed)
        let job = try bench.job(recipe, into: "resumed", work: "work-2")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: step)) }
        let recorder = Recorder()
        let resumed = try bench.run(job, observer: recorder)
        #expect(recorder.notes == ["continuing after step \(step) of 16"])
        #expect(recorder.losses.count == 16 - step)
        #expect(resumed.result.parameters == whole.result.parameters)
        #expect(resumed.result.artifacts == whole.result.artifacts)
        #expect(resumed.result.scores == whole.result.scores)
        #expect(resumed.result.finalLoss == whole.result.finalLoss)
        // But for seconds, which are never the same.
        #expect(recorder.curve.points.map(\.untimed) == undisturbed.curve.points.map(\.untimed))
        // Its result may be lost on the way.
        let again = Recorder()
        #expect(try bench.run(job, observer: again).result.artifacts == whole.result.artifacts)
        #expect(again.notes == ["continuing after step \(step) of 16"])
        try StageTrainer.removeCheckpoint(of: job.stage, in: bench.folder["work-2"])
        #expect(!FileManager.default.fileExists(atPath: "\(bench.folder["work-2"])/checkpoints/\(job.stage)"))
    }

    @Test func `a stage's curve has its steps' losses, rates, norms and tokens`() throws {
        let bench = try Bench()
        let recorder = Recorder()
        let job = try bench.job(
            bench.recipe {
                $0.budget = .epochs(70)
                $0.warmup = 0.1
            }, into: "out")
        let result = try bench.run(job, observer: recorder).result
        let curve = recorder.curve
        #expect(curve.stride == 2 && curve.steps == 560 && curve.points.count == 280)
        for (place, point) in curve.points.enumerated() {
            let mean = (recorder.losses[2 * place] + recorder.losses[2 * place + 1]) / 2
            #expect(abs(Double(point.loss) - mean) <= 1e-6 * mean)
            #expect(point.gradientNorm > 0 && point.seconds > 0)
        }
        let schedule = Schedule(job.specification.recipe, examples: 64)
        #expect(schedule.steps == 560)
        #expect(
            curve.points.map(\.learningRate) == curve.points.map { Float(schedule.learningRate(ofStep: $0.step - 1)) })
        #expect(curve.points.map(\.tokens).reduce(0, +) == result.tokens)
    }

    @Test func `the curve of a diverged stage goes to the step before`() throws {
        let bench = try Bench()
        let recorder = Recorder()
        let job = try bench.job(bench.recipe { $0.learningRate = 1e30 }, into: "out")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: recorder) }
        #expect(recorder.curve.steps == recorder.losses.count && !recorder.losses.isEmpty)
    }

    @Test func `a checkpoint of another stage or a broken one is not used`() throws {
        let bench = try Bench()
        let job = try bench.job(bench.recipe(), into: "out")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 4)) }
        try bench.folder.write("nonsense", to: "work/checkpoints/\(job.stage)/checkpoint.safetensors")
        let recorder = Recorder()
        _ = try bench.run(job, observer: recorder)
        #expect(recorder.losses.count == 16)
        #expect(recorder.notes.count == 1)
        #expect(recorder.notes[0].hasPrefix("starting anew, since the checkpoint cannot be used: "))
    }

    @Test func `accumulating a batch in passes changes the result only by rounding`() throws {
        let bench = try Bench()
        let (whole, parts) = (Recorder(), Recorder())
        _ = try bench.run(try bench.job(bench.recipe(), into: "a"), observer: whole)
        _ = try bench.run(try bench.job(bench.recipe { $0.accumulation = 3 }, into: "b"), observer: parts)
        #expect(whole.losses.count == 16 && parts.losses.count == 16)
        for (one, other) in zip(whole.losses, parts.losses) {
            #expect(abs(one - other) <= 1e-4 * abs(one), "sixteen steps amplify the rounding of single precision")
        }
    }

    @Test func `a batch that took too much memory is worked off in more parts, as if the recipe said so`() throws {
        let bench = try Bench()
        let asked = try bench.run(try bench.job(bench.recipe { $0.accumulation = 4 }, into: "a", work: "work-1"))
        var job = try bench.job(bench.recipe { $0.accumulation = 2 }, into: "b", work: "work-2")
        job.batchParts = 2
        #expect(try bench.run(job).result.parameters == asked.result.parameters)
        job.batchParts = 1 << 20
        job.workDirectory = bench.folder["work-3"]
        #expect(try bench.run(job).result.steps == asked.result.steps)
    }

    @Test func `a stage that computes its activations again ends with the bits of one that keeps them`() throws {
        let bench = try Bench()
        let clocks = [PhaseClock(), PhaseClock()]
        let digests = try [false, true].enumerated().map { place, recomputes in
            var job = try bench.job(bench.recipe(), into: "out-\(place)", work: "work-\(place)")
            job.planned.recomputes = recomputes
            return try bench.run(job, clock: clocks[place]).result.parameters
        }
        #expect(digests[0] == digests[1])
        let work = clocks.map { $0.read()[.forwardProducts]!.gigaflop }
        #expect(work[1] > 1.3 * work[0], "of the steps' forward passes all but the last layer's are made twice")
    }

    @Test func `a batch of more tokens than go through at once is worked off whole`() throws {
        let words = String(repeating: "the red cat runs ", count: 7)
        let rows = (0..<400).map { "\($0 % 3 == 0 ? "good" : "bad") \(words)\t\($0 % 2 == 0 ? "good" : "bad")\n" }
        let bench = try Bench(files: ["tiny/train.tsv": "sentence\tlabel\n" + rows.joined()])
        let recipe = { (passes: Int) in
            bench.recipe {
                $0.batch = 400
                $0.budget = .steps(3)
                $0.accumulation = passes
            }
        }
        let (whole, parts) = (Recorder(), Recorder())
        let outcome = try bench.run(try bench.job(recipe(1), into: "a"), observer: whole)
        _ = try bench.run(try bench.job(recipe(2), into: "b"), observer: parts)
        #expect(outcome.result.tokens > 3 * 400 * 25, "or the batch is too small to be divided")
        #expect(whole.losses.count == 3 && parts.losses.count == 3)
        for (one, other) in zip(whole.losses, parts.losses) { #expect(abs(one - other) <= 1e-5 * abs(one)) }
    }

    @Test(arguments: [Tune.all, .head])
    func `a model that holds no numbers is told so, and not to lower its rate`(tune: Tune) throws {
        let broken = "encoder.layer.1.output.dense.bias"
        let bench = try Bench { folder in
            let path = folder["model/model.safetensors"]
            let file = try SafetensorsFile(path: path)
            let tensors = try file.names.map { name in
                let tensor = try #require(file.tensor(named: name))
                var floats = try #require(tensor.floats())
                if name == broken { floats[3] = .nan }
                return TensorSource(name: name, shape: tensor.shape, floats: floats)
            }
            try SafetensorsWriter.write(tensors, metadata: ["format": "pt"], to: path)
        }
        let job = try bench.job(bench.recipe { $0.tune = tune }, into: "out")
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(
            failure?.cause == .badInput && failure?.message.contains("'\(broken)'") == true, "\(failure?.message ?? "")"
        )
    }

    @Test(arguments: [
        (
            #""single": [{"SpecialToken": {"id": "[CLS]", "type_id": 2}}, {"Sequence": {"id": "A", "type_id": 0}}]"#, 2,
            "tokens of type 2"
        ),
        (
            #""single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 900}}]"#,
            2,
            "tokens of type 900"
        ),
        (
            #""single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]"#,
            7000,
            "a special token of id 7000"
        ),
    ]) func `a tokenizer whose frame the model does not know is refused`(single: String, id: Int, problem: String)
        throws
    {
        let words = TinyModel.words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        let bench = try Bench { folder in
            try folder.write(
                """
                {"pre_tokenizer": {"type": "BertPreTokenizer"},
                 "post_processor": {"type": "TemplateProcessing", \(single),
                    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
                    "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [\(id)]}}},
                 "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": {\(words)}}}
                """, to: "model/tokenizer.json")
        }
        let failure = #expect(throws: StageFailure.self) { try bench.run(try bench.job(bench.recipe(), into: "out")) }
        #expect(failure?.cause == .badInput && failure?.message.contains(problem) == true, "\(failure?.message ?? "")")
    }

    @Test func `bitfit moves biases only`() throws {
        let bench = try Bench()
        let outcome = try bench.run(try bench.job(bench.recipe { $0.tune = .bitfit }, into: "out"))
        let delta = try SafetensorsFile(path: try #require(outcome.files[.delta]))
        let model = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        #expect(delta.names.count == 2 * 8 + 1)
        for name in delta.names {
            #expect(name.hasSuffix("bias"))
            #expect(delta.tensor(named: name)?.floats() != model.tensor(named: name)?.floats())
        }
    }

    @Test func `a second stage starts from the first one's head`() throws {
        let bench = try Bench()
        let first = try bench.run(try bench.job(bench.recipe { $0.tune = .bitfit }, into: "first"))
        let head = try #require(first.files[.head])
        let recipe = bench.recipe {
            $0.budget = .steps(1)
            $0.learningRate = 0
        }
        let second = try bench.run(try bench.job(recipe, inputs: [.head: head], into: "second"))
        #expect(second.result.artifact(.head)?.id == first.result.artifact(.head)?.id)
    }

    @Test func `a head of another design is refused`() throws {
        let bench = try Bench()
        let first = try bench.run(try bench.job(bench.recipe(), into: "first"))
        let job = try bench.job(
            bench.recipe { $0.head = .mlp(width: 8) }, inputs: [.head: try #require(first.files[.head])],
            into: "second")
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.cause == .badInput)
        #expect(
            failure?.message.hasSuffix(
                "the head is 'linear', the stage asks for 'mlp(8)'; give both stages the same head") == true)
    }

    @Test func `selection takes the best evaluation's parameters`() throws {
        let bench = try Bench()
        let recorder = Recorder()
        let recipe = bench.recipe {
            $0.selection = .best
            $0.validation = 0.25
            $0.evaluations = 3
        }
        let result = try bench.run(try bench.job(recipe, into: "out"), observer: recorder).result
        let scores = recorder.evaluations.map { $0.scores.first { $0.split == .validation }!.value ?? .nan }
        let best = recorder.evaluations[scores.firstIndex(of: scores.max()!)!]
        #expect(result.scores == best.scores)
        #expect(Set(result.scores.map(\.split)) == [.validation, .dev])
    }

    @Test(arguments: [Selection.best, .latestBest])
    func `of equal scores selection takes the earliest, or the latest where it is asked to`(selection: Selection) throws
    {
        let bench = try Bench()
        let recipe = { (change: (inout Recipe) -> Void) in
            bench.recipe {
                // Then a stage that stops earlier has gone the same way.
                $0.warmup = 0
                $0.decay = .constant
                $0.evaluations = 2
                change(&$0)
            }
        }
        let recorder = Recorder()
        let long = recipe {
            $0.budget = .epochs(6)
            $0.selection = selection
        }
        let selected = try bench.run(try bench.job(long, into: "selected"), observer: recorder).result
        let scores = recorder.evaluations.map { $0.scores[0].value ?? .nan }
        let ties = recorder.evaluations.filter { $0.scores[0].value == scores.max() }
        try #require(ties.count > 1)
        let step = try #require(selection == .best ? ties.first : ties.last).step
        let stopped = try bench.run(try bench.job(recipe { $0.budget = .steps(step) }, into: "stopped")).result
        #expect(selected.parameters == stopped.parameters)
    }

    /// The third file holds the dev file's texts with the other label, so that what is right there is wrong here.
    @Test(arguments: [Tune.all, .head])
    func `a task's validation file is scored and selected on`(tune: Tune) throws {
        let plain = try Bench()
        let dev = try String(contentsOfFile: plain.folder["data/tiny/dev.tsv"], encoding: .utf8)
        let turned = dev.replacing("\tgood\n", with: "\t?\n").replacing("\tbad\n", with: "\tgood\n")
            .replacing("\t?\n", with: "\tbad\n")
        var task = TinyTask.definition
        task.validation = "tiny/third.tsv"
        let bench = try Bench(task, files: ["tiny/third.tsv": turned])
        let recorder = Recorder()
        let recipe = bench.recipe {
            $0.tune = tune
            $0.selection = .best
            $0.evaluations = 3
        }
        let result = try bench.run(try bench.job(recipe, into: "out"), observer: recorder).result
        for evaluation in recorder.evaluations {
            let accuracy = evaluation.scores.filter { $0.metric == .accuracy && $0.value != nil }
            #expect(accuracy.map(\.split) == [.validation, .dev])
            #expect(abs(accuracy.compactMap(\.value).reduce(-1, +)) < 1e-12)
        }
        let scores = recorder.evaluations.map { $0.scores.first { $0.split == .validation }!.value ?? .nan }
        #expect(result.scores == recorder.evaluations[scores.firstIndex(of: scores.max()!)!].scores)
        let again = try bench.run(try bench.job(recipe, into: "again")).result
        #expect(again.scores == result.scores, "also with features that were kept")
        let holding = bench.recipe { $0.validation = 0.25 }
        let held = try bench.run(try bench.job(holding, into: "held")).result
        let without = try plain.run(try plain.job(holding, into: "held")).result
        #expect(held.scores == without.scores, "a part held out goes before the file")
    }

    @Test func `a diverged stage says at which step`() throws {
        let bench = try Bench()
        let job = try bench.job(
            bench.recipe {
                $0.learningRate = 1e30
                $0.warmup = 0
                $0.clip = nil
            }, into: "out")
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.cause == .diverged)
        #expect(failure?.message.hasPrefix("step ") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(bench.folder["out"])/head.safetensors"))
    }

    @Test(arguments: ["model/model.safetensors", "model/config.json", "model/vocab.txt", "data/tiny/dev.tsv"])
    func `a file that is not on this host is this host's fault`(file: String) throws {
        let bench = try Bench()
        let job = try bench.job(bench.recipe(), into: "out")
        try FileManager.default.removeItem(atPath: bench.folder[file])
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.cause == .node, "\(failure?.message ?? "")")
    }

    @Test(arguments: ["model/model.safetensors", "model/config.json", "model/vocab.txt", "data/tiny/dev.tsv"])
    func `a file that the system does not give is this host's fault`(file: String) throws {
        let bench = try Bench()
        let job = try bench.job(bench.recipe(), into: "out")
        try FileManager.default.removeItem(atPath: bench.folder[file])
        try FileManager.default.createDirectory(atPath: bench.folder[file], withIntermediateDirectories: true)
        let failure = #expect(throws: StageFailure.self) { try bench.run(job) }
        #expect(failure?.cause == .node, "\(failure?.message ?? "")")
    }

    @Test func `a model other than the planned one is this node's fault`() throws {
        let bench = try Bench()
        try TinyModel.write(to: bench.modelDirectory, changing: ["layer_norm_eps": "1e-5"])
        let failure = #expect(throws: StageFailure.self) { try bench.run(try bench.job(bench.recipe(), into: "out")) }
        #expect(failure?.cause == .node)
        #expect(failure?.message.contains("is not the one the sweep was planned with") == true)
    }
}

extension TrainingCurve.Point {
    fileprivate var untimed: [Float] { [Float(step), loss, learningRate, gradientNorm, Float(tokens)] }
}
