import Experiments
import Foundation
import Numerics
import Safetensors
import Tasks
import TestKit
import Testing
import Training

struct MeasurementTests {
    private let bench: Bench

    init() throws { bench = try Bench() }

    private func job(
        _ measures: [Measure] = Measure.allCases, into output: String, work: String = "work",
        _ change: (inout Recipe) -> Void = { _ in }
    ) throws -> StageJob {
        let recipe = bench.recipe {
            $0.head = .mlp(width: 8)
            change(&$0)
        }
        var job = try bench.job(recipe, into: output, work: work)
        job.planned.measures = measures
        return job
    }

    private func log(_ outcome: StageOutcome) throws -> StageLogFile {
        try StageLogFile(path: try #require(outcome.files[.log]))
    }

    @Test func `measuring changes nothing that training computes`() throws {
        let plain = try bench.run(try job([], into: "plain"))
        let measured = try bench.run(try job(into: "measured"))
        #expect(plain.result.measured.isEmpty && plain.result.artifact(.log) == nil)
        #expect(measured.result.measured == Measure.allCases.sorted())
        #expect(measured.result.parameters == plain.result.parameters)
        #expect(measured.result.scores == plain.result.scores)
        #expect(measured.result.finalLoss == plain.result.finalLoss)
        #expect(measured.result.artifact(.head) == plain.result.artifact(.head))
        #expect(measured.result.artifact(.backbone) == plain.result.artifact(.backbone))
    }

    @Test(arguments: [1, 8, 13]) func `a resumed stage's log is that of an undisturbed one`(step: Int) throws {
        let whole = try log(bench.run(try job(into: "whole", work: "work-1") { $0.selection = .best }))
        let second = try job(into: "resumed", work: "work-2") { $0.selection = .best }
        #expect(throws: StageFailure.self) { try bench.run(second, observer: Recorder(stopAfter: step)) }
        let recorder = Recorder()
        let resumed = try log(bench.run(second, observer: recorder))
        #expect(recorder.losses.count == 16 - step)
        var (left, right) = (whole.log, resumed.log)
        #expect(left.cost != nil)
        // Seconds differ from run to run, and with them what is computed of them.
        (left.cost, right.cost) = (nil, nil)
        #expect(left == right)
        #expect(whole.headFeatures?.train == resumed.headFeatures?.train)
        #expect(whole.headFeatures?.dev == resumed.headFeatures?.dev)
    }

    @Test func `a checkpoint of a run that measured something else is not gone on from`() throws {
        #expect(throws: StageFailure.self) {
            try bench.run(try job([.convergence], into: "out"), observer: Recorder(stopAfter: 9))
        }
        let recorder = Recorder()
        let outcome = try bench.run(try job([.weightDistance], into: "out"), observer: recorder)
        #expect(recorder.losses.count == 16)
        #expect(try log(outcome).log.weightDistance?.map(\.step) == Array(0...16))
    }

    @Test func `the weight distance is that of the artifacts from the pretrained values`() throws {
        let outcome = try bench.run(try job([.weightDistance], into: "out"))
        let log = try log(outcome).log
        let tuned = try SafetensorsFile(path: try #require(outcome.files[.backbone]))
        let pretrained = try SafetensorsFile(path: "\(bench.modelDirectory)/model.safetensors")
        var (squares, count) = (0.0, 0)
        for name in tuned.names {
            let pairs = zip(
                try #require(tuned.tensor(named: name)?.floats()),
                try #require(pretrained.tensor(named: name)?.floats()))
            for (value, initial) in pairs {
                squares += (Double(value) - Double(initial)) * (Double(value) - Double(initial))
                count += 1
            }
        }
        let last = try #require(log.weightDistance?.last)
        #expect(last.step == 16 && last.head > 0)
        #expect(abs(last.backbone - squares.squareRoot()) < 1e-9 * squares.squareRoot())
        let magnitudes = try #require(log.weightMagnitudes)
        #expect(magnitudes.below + magnitudes.counts.reduce(0, +) == count)
        #expect(magnitudes.counts.reduce(0, +) > count / 2)
    }

    @Test func `curves have a point for each step and each evaluation`() throws {
        let recorder = Recorder()
        let log = try log(
            bench.run(try job([.gradientNorms, .convergence], into: "out") { $0.evaluations = 2 }, observer: recorder)
        ).log
        let norms = try #require(log.gradientNorms)
        #expect(norms.map(\.step) == Array(1...16))
        #expect(norms.allSatisfy { $0.backbone > 0 && $0.head > 0 })
        let convergence = try #require(log.convergence)
        #expect(convergence.map(\.step) == recorder.evaluations.map(\.step))
        #expect(convergence.map(\.loss) == recorder.evaluations.map(\.trainingLoss))
        #expect(convergence.allSatisfy { (0...1).contains($0.score ?? -1) })
        #expect(log.weightDistance == nil && log.cost == nil)
    }

    @Test func `features stay where only the head moves, and change where all does`() throws {
        let probe = try log(bench.run(try job([.featureChange], into: "a") { $0.tune = .head })).log.featureChange
        #expect(probe?.total == 0 && probe?.examples == 64)
        let tuned = try #require(try log(bench.run(try job([.featureChange], into: "b"))).log.featureChange)
        #expect(tuned.mean > 0 && tuned.examples == 64)
        // The root of the sum of squares is bounded by the mean and by the number of examples.
        #expect(tuned.total >= tuned.mean * 8 * (1 - 1e-6))
    }

    @Test func `the gap is between the dev set and all examples trained on`() throws {
        let outcome = try bench.run(try job([.generalizationGap], into: "out") { $0.budget = .epochs(20) })
        let gap = try #require(try log(outcome).log.generalizationGap)
        #expect(gap.dev == outcome.result.score(.accuracy, on: .dev))
        #expect(gap.train > 0.9)
        #expect(gap.gap == gap.dev - gap.train)
    }

    @Test func `predictions are those that the stage's scores are of`() throws {
        let outcome = try bench.run(try job([.predictions], into: "out") { $0.budget = .epochs(20) })
        let kept = try #require(try log(outcome).log.predictions)
        #expect(kept.expected.count == 24 && kept.expected.prefix(2) == [[1], [0]])
        #expect(Set(kept.predicted).count == 2)
        let right = zip(kept.predicted, kept.expected).count { $0 == $1 }
        #expect(Double(right) / 24 == outcome.result.score(.accuracy, on: .dev))
    }

    @Test func `the head's features are its hidden layer, one row an example`() throws {
        let file = try log(bench.run(try job([.headFeatures], into: "out")))
        let features = try #require(file.headFeatures)
        #expect(features.width == 8)
        #expect(features.train.count == 64 * 8 && features.dev.count == 24 * 8)
        #expect(features.train.allSatisfy { $0 >= 0 } && features.train.contains { $0 > 0 })
        #expect(file.log.headFeatures?.train.count == 64)
        #expect(file.log.headFeatures?.dev.prefix(2) == [1, 0])
    }

    @Test func `the cost counts what was trained and kept`() throws {
        let outcome = try bench.run(try job([.cost], into: "out"))
        let cost = try #require(try log(outcome).log.cost)
        #expect(cost.trainable == outcome.result.trainable)
        #expect(
            cost.artifactBytes == outcome.result.artifacts.filter { $0.kind != .log }.reduce(0) { $0 + $1.byteCount })
        #expect(cost.seconds > 0 && cost.examplesPerSecond > 0 && cost.peakMemoryBytes > 1 << 20)
        #expect(cost.reducedBytes == 0, "one rank sums nothing")
    }

    /// The numbers of a log that rounding may change, in one row.
    private func numbers(_ file: StageLogFile) -> [Double] {
        let log = file.log
        var numbers = (log.weightDistance ?? []).flatMap { [Double($0.step), $0.backbone, $0.head] }
        numbers += (log.gradientNorms ?? []).flatMap { [Double($0.step), $0.backbone, $0.head] }
        numbers += (log.convergence ?? []).flatMap { [Double($0.step), $0.loss, $0.score ?? -1] }
        if let change = log.featureChange {
            numbers += [change.mean, change.deviation, change.total, Double(change.examples)]
        }
        if let gap = log.generalizationGap { numbers += [gap.train, gap.dev] }
        numbers += (log.predictions.map { $0.predicted + $0.expected } ?? []).flatMap(\.self)
        numbers += (log.headFeatures?.train ?? []) + (log.headFeatures?.dev ?? [])
        if let features = file.headFeatures { numbers += (features.train + features.dev).map(Double.init) }
        return numbers
    }

    @Test(arguments: [nil] + TinyKind.all.map(Optional.some))
    func `several ranks measure what one does`(kind: TinyKind?) throws {
        let bench = try kind.map { try Bench($0.definition, files: $0.files) } ?? bench
        let job = { (output: String) in
            let recipe = bench.recipe {
                $0.head = .mlp(width: 8)
                $0.budget = .steps(6)
            }
            var job = try bench.job(recipe, into: output, work: "work-\(output)")
            job.planned.measures = Measure.allCases
            return job
        }
        let one = try log(bench.run(try job("one")))
        let three = try log(Bench.run(try job("three"), ranks: 3))
        let (left, right) = (numbers(one), numbers(three))
        #expect(left.count == right.count && left.count > 40)
        for (one, other) in zip(left, right) { #expect(abs(one - other) <= 1e-4 * (1e-2 + abs(one))) }
        let (moved, also) = (try #require(one.log.weightMagnitudes), try #require(three.log.weightMagnitudes))
        #expect(moved.below + moved.counts.reduce(0, +) == also.below + also.counts.reduce(0, +))
        let cost = try #require(three.log.cost)
        #expect(cost.reducedBytes > 0 && cost.trainable == one.log.cost?.trainable)
    }

    @Test func `an artifact of another kind is no log`() throws {
        let outcome = try bench.run(try job([], into: "out"))
        let failure = #expect(throws: StageFailure.self) { try StageLogFile(path: try #require(outcome.files[.head])) }
        #expect(failure?.message.hasSuffix("no log of a stage: its metadata has no 'log'") == true)
    }

    /// A stage that goes on from what another one tuned, without moving anything that can be seen.
    private func still(_ inputs: [ArtifactKind: String], into output: String, _ tune: Tune = .all) throws
        -> StageLogFile
    {
        var job = try bench.job(
            bench.recipe {
                $0.head = .mlp(width: 8)
                $0.tune = tune
                $0.budget = .steps(2)
                $0.learningRate = 1e-30
            }, inputs: inputs, into: output, work: "work-\(output)")
        job.planned.measures = Measure.allCases
        return try log(bench.run(job))
    }

    private func tuned(_ tune: Tune, into output: String) throws -> StageOutcome {
        try bench.run(
            try job([.featureChange, .weightDistance], into: output, work: "work-\(output)") { $0.tune = tune })
    }

    @Test func `change counts from the pretrained model, and in the stage from its start`() throws {
        let first = try tuned(.bitfit, into: "first")
        let measured = try log(first).log
        let second = try still([.delta: try #require(first.files[.delta])], into: "second").log
        let change = try #require(second.featureChange)
        #expect(abs(change.mean - (measured.featureChange?.mean ?? 0)) < 1e-5 * change.mean && change.mean > 0)
        #expect((second.featureChangeInStage?.mean ?? 1) < 1e-5 * change.mean)
        let distance = try #require(second.weightDistance)
        #expect(distance.first?.backbone == distance.last?.backbone)
        let last = try #require(measured.weightDistance?.last?.backbone)
        #expect(last > 0 && abs((distance.last?.backbone ?? 0) - last) < 1e-6 * last)
        #expect(second.weightDistanceInStage?.allSatisfy { $0.backbone == 0 } == true)
        #expect(second.weightMagnitudesInStage?.counts.allSatisfy { $0 == 0 } == true)
        #expect(second.weightMagnitudes?.counts.contains { $0 > 0 } == true)
    }

    @Test func `a prefix is part of the change from the pretrained model`() throws {
        let first = try tuned(.adapter(.prefix(length: 3, mlp: 0)), into: "first")
        let second = try still([.adapter: try #require(first.files[.adapter])], into: "second", .head).log
        #expect((second.featureChange?.mean ?? 0) > 1e-3)
        #expect(second.featureChangeInStage?.total == 0)
        #expect(abs((try log(first).log.featureChange?.mean ?? 0) - (second.featureChange?.mean ?? 1)) < 1e-5)
    }

    @Test func `what LoRA adds counts as the weights that it changes`() throws {
        let settings = LoRASettings(rank: 2, modules: [.query, .value])
        let first = try tuned(.adapter(.lora(settings)), into: "first")
        let file = try SafetensorsFile(path: try #require(first.files[.adapter]))
        var square = 0.0
        for name in file.names where name.contains("lora_A") {
            let a = try #require(file.tensor(named: name)?.floats()).map(Double.init)
            let b = try #require(file.tensor(named: name.replacing("lora_A", with: "lora_B"))?.floats()).map(
                Double.init)
            for row in 0..<32 {
                for column in 0..<32 {
                    let entry = settings.alpha / 2 * (b[2 * row] * a[column] + b[2 * row + 1] * a[32 + column])
                    square += entry * entry
                }
            }
        }
        let distance = try #require(try log(first).log.weightDistance?.last?.backbone)
        #expect(square > 0 && abs(distance - square.squareRoot()) < 1e-5 * distance)
        let second = try still([.adapter: try #require(first.files[.adapter])], into: "second").log
        #expect(abs((second.weightDistance?.last?.backbone ?? 0) - distance) < 1e-5 * distance)
    }

    @Test func `features and the head's at the start are kept beside the log`() throws {
        let first = try tuned(.bitfit, into: "first")
        let file = try still([.head: try #require(first.files[.head])], into: "second")
        #expect(file.features?.width == 32 && file.features?.rows.count == 64 * 32)
        #expect(file.headFeaturesAtStart?.train == file.headFeatures?.train)
        #expect(file.log.headFeaturesAtStart == file.log.headFeatures)
    }

    @Test func `the held-out loss is the mean of minus log p`() throws {
        let outcome = try bench.run(try job([.heldOut], into: "out"))
        let points = try #require(try log(outcome).log.heldOut)
        #expect(points.count == 2 && points[0].loss != points[1].loss)
        let job = try job([.heldOut], into: "out")
        let record = TrainedStage.Record(
            label: "test", specification: job.planned.specification,
            model: ModelLocation(name: "tiny", path: bench.modelDirectory, content: bench.backbone),
            task: bench.definition, result: outcome.result)
        let model = try TrainedModel(TrainedStage(record: record, files: outcome.files), compute: Compute(threads: 1))
        let dev = try Dataset.load(bench.definition, in: bench.dataDirectory).dev
        let losses = try zip(dev, model.predictions(dev.map(\.content))).map { example, said in
            guard case .distributions(_, let probabilities) = said else { return Double.nan }
            return -log2(probabilities[example.labels[0].category]) / log2(exp(1))
        }
        let expected = losses.reduce(0, +) / Double(losses.count)
        #expect(abs(points[1].loss - expected) < 1e-5 * expected)
    }
}
