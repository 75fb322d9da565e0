import Experiments
import Foundation
import Numerics
import Tasks
import TestKit
import Testing
import Training

/// Stages of the kinds of tasks whose examples are more than a text with a class.
struct KindStageTests {
    private func bench(_ kind: TinyKind) throws -> Bench { try Bench(kind.definition, files: kind.files) }

    @Test(arguments: TinyKind.all) func `a stage learns a task of every kind`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let recipe = bench.recipe {
            $0.learningRate = 3e-3
            $0.budget = .steps(240)
            $0.maxLength = 12
        }
        let result = try bench.run(try bench.job(recipe, into: "out")).result
        let score = try #require(result.score(kind.definition.metrics[0], on: .dev))
        #expect(score > 0.9)
    }

    @Test(arguments: TinyKind.all)
    func `a stage that was stopped and resumed ends with the bits of one that was not`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let recipe = bench.recipe { $0.budget = .steps(8) }
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"))
        let job = try bench.job(recipe, into: "resumed", work: "work-2")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 3)) }
        #expect(try bench.run(job, threads: 2).result.parameters == whole.result.parameters)
    }

    /// Examples have different numbers of labels, so each pass must be weighted by its own.
    @Test(arguments: TinyKind.all)
    func `accumulating a batch in passes changes the result only by rounding`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let (whole, parts) = (Recorder(), Recorder())
        let recipe = bench.recipe { $0.budget = .steps(6) }
        _ = try bench.run(try bench.job(recipe, into: "a"), observer: whole)
        let inParts = try bench.job(
            bench.recipe {
                $0.budget = .steps(6); $0.accumulation = 3
            }, into: "b")
        _ = try bench.run(inParts, observer: parts)
        #expect(whole.losses.count == 6 && parts.losses.count == 6)
        for (one, other) in zip(whole.losses, parts.losses) {
            #expect(abs(one - other) <= 1e-4 * abs(one), "a few steps amplify the rounding of single precision")
        }
    }

    @Test(arguments: TinyKind.all)
    func `a linear probe computes features once where they never change`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let recipe = bench.recipe {
            $0.tune = .head
            $0.budget = .steps(8)
        }
        let outcome = try bench.run(try bench.job(recipe, into: "a"))
        let isKept = FileManager.default.fileExists(atPath: bench.folder["work/features"])
        #expect(isKept == (kind.definition.kind != .maskedLM), "hidden tokens are others in each step")
        let again = try bench.run(try bench.job(recipe, into: "b"))
        #expect(again.result.parameters == outcome.result.parameters)
    }

    /// The first loss is that of the initial head, before dropout could make a difference.
    @Test(arguments: TinyKind.all)
    func `a probe begins with the loss of the whole network`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let (probe, all) = (Recorder(), Recorder())
        func recipe(_ tune: Tune) -> Recipe {
            bench.recipe {
                $0.tune = tune
                $0.dropout = 0
                $0.budget = .steps(1)
            }
        }
        _ = try bench.run(try bench.job(recipe(.head), into: "a"), observer: probe)
        _ = try bench.run(try bench.job(recipe(.all), into: "b"), observer: all)
        #expect(abs(probe.losses[0] - all.losses[0]) < 1e-5)
    }

    @Test(arguments: TinyKind.all.filter { $0.line != nil })
    func `what was trained says the right thing of a new line`(kind: TinyKind) throws {
        let bench = try bench(kind)
        let recipe = bench.recipe {
            $0.learningRate = 3e-3
            $0.budget = .steps(150)
        }
        let trained = try TrainedModel(
            try bench.trained(try bench.job(recipe, into: "out")), compute: Compute(threads: 1))
        let line = try #require(kind.line)
        let said = try #require(
            try trained.predictions(try kind.definition.contents(ofLines: [line.text], in: "line")).first)
        let labels = try #require(kind.definition.labels)
        guard case .distributions(let categories, let probabilities) = said else {
            Issue.record("\(said)")
            return
        }
        #expect(categories.map { labels[$0] }.joined(separator: " ") == line.answer)
        #expect(abs(probabilities.reduce(0, +) - Double(categories.count)) < 1e-9)
    }

    @Test(arguments: TinyKind.all)
    func `what was trained scores a file as the training did, and its test set once`(kind: TinyKind) throws {
        let bench = try bench(kind)
        var definition = kind.definition
        definition.test = definition.dev
        let tested = try Bench(definition, files: kind.files)
        let recipe = bench.recipe { $0.budget = .steps(30) }
        let recorder = Recorder()
        let job = try tested.job(recipe, into: "out")
        let outcome = try tested.run(job, observer: recorder)
        let (dev, test) = (
            outcome.result.scores.filter { $0.split == .dev }, outcome.result.scores.filter { $0.split == .test }
        )
        #expect(!dev.isEmpty && dev.map(\.metric) == test.map(\.metric))
        // Of running text other tokens are hidden.
        if definition.kind != .maskedLM { #expect(dev.map(\.value) == test.map(\.value)) }
        #expect(recorder.evaluations.allSatisfy { $0.scores.allSatisfy { $0.split == .dev } })

        let plain = try bench.run(try bench.job(recipe, into: "out"))
        #expect(plain.result.parameters == outcome.result.parameters, "nothing is selected on the test set")
        #expect(plain.result.scores == dev)

        let record = TrainedStage.Record(
            label: "test", specification: job.specification,
            model: ModelLocation(name: "tiny", path: tested.modelDirectory, content: tested.backbone), task: definition,
            result: outcome.result)
        let model = try TrainedModel(
            TrainedStage(record: record, files: outcome.files), compute: Compute(threads: 1))
        let dataset = try Dataset.load(definition, in: tested.dataDirectory)
        let again = try model.scores(dataset.dev, of: definition, in: .dev)
        #expect(again.scores == dev && again.confusion == outcome.result.confusion)
    }
}
