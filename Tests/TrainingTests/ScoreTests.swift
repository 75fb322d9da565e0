import Experiments
import Files
import Foundation
import TestKit
import Testing
import Training

/// What a stage's result says of the dev set.
struct ScoreTests {
    private func bench(_ metrics: [Metric], labels: [String]? = ["bad", "good"], files: [String: String] = [:]) throws
        -> Bench
    {
        var definition = TinyTask.definition
        definition.metrics = metrics
        definition.labels = labels
        return try Bench(definition, files: files)
    }

    @Test func `scores of probabilities and the confusion are alike on any number of ranks`() throws {
        let bench = try bench([.accuracy, .auc, .logLoss, .calibrationError])
        let one = try bench.run(try bench.job(bench.recipe(), into: "one", work: "work-1")).result
        let three = try Bench.run(try bench.job(bench.recipe(), into: "three", work: "work-3"), ranks: 3).result
        #expect(one.scores.count == 4 && one.confusion == three.confusion)
        for (one, other) in zip(one.scores, three.scores) {
            #expect(abs(try #require(one.value) - (other.value ?? .nan)) < 1e-4)
        }
        let entries = try #require(one.confusion).entries
        let right = entries.filter { $0.expected == $0.predicted }.reduce(0) { $0 + $1.count }
        #expect(Double(right) / 24 == one.score(.accuracy, on: .dev))
        #expect(entries.reduce(0) { $0 + $1.count } == 24)
    }

    @Test func `classes are the same with and without their probabilities`() throws {
        let result = { (metrics: [Metric]) in
            let bench = try self.bench(metrics)
            return try bench.run(try bench.job(bench.recipe(), into: "out")).result
        }
        #expect(try result([.accuracy]).confusion == result([.accuracy, .logLoss]).confusion)
    }

    @Test func `kept predictions have the probabilities that the scores are of, where scores take them`() throws {
        for metrics in [[Metric.accuracy, .logLoss], [.accuracy]] {
            let bench = try bench(metrics)
            var job = try bench.job(bench.recipe(), into: "out")
            job.planned.owe([.log], measures: [.predictions])
            let outcome = try bench.run(job)
            let log = try StageLogFile(path: try #require(outcome.files[.log])).log
            let kept = try #require(log.predictions)
            guard metrics.contains(.logLoss) else {
                #expect(kept.probabilities == nil)
                continue
            }
            let probabilities = try #require(kept.probabilities)
            let losses = zip(probabilities, kept.expected).map { -log2($0[Int($1[0])]) / log2(M_E) }
            let mean = losses.reduce(0, +) / Double(losses.count)
            #expect(abs(mean - (outcome.result.score(.logLoss, on: .dev) ?? .nan)) < 1e-9)
            #expect(probabilities.allSatisfy { abs($0.reduce(0, +) - 1) < 1e-12 })
        }
    }

    @Test func `of an error the lowest evaluation is selected`() throws {
        let bench = try bench([.logLoss])
        let recorder = Recorder()
        let recipe = bench.recipe {
            $0.selection = .best
            $0.budget = .epochs(6)
            $0.learningRate = 3e-3
        }
        let result = try bench.run(try bench.job(recipe, into: "out"), observer: recorder).result
        let values = recorder.evaluations.compactMap { $0.scores[0].value }
        #expect(result.score(.logLoss, on: .dev) == values.min() && values.min() != values.max())
    }

    private func regression(dev: [String]) throws -> Bench {
        let rows = { (labels: [String]) in
            "sentence\tlabel\n"
                + labels.enumerated().map { "the \($0 % 2 == 0 ? "good" : "bad") cat\t\($1)\n" }.joined()
        }
        return try bench(
            [.pearson, .r2, .rmse], labels: nil,
            files: [
                "tiny/train.tsv": rows((0..<32).map { $0 % 2 == 0 ? "3" : "1" }), "tiny/dev.tsv": rows(dev),
            ])
    }

    @Test func `constant targets leave a correlation undefined in what is selected, stopped and resumed`() throws {
        let bench = try regression(dev: ["2", "2", "2", "2"])
        let recipe = bench.recipe { $0.selection = .best }
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"))
        #expect(whole.result.scored(.pearson, on: .dev) == Score(split: .dev, metric: .pearson, value: nil))
        #expect(whole.result.scored(.r2, on: .dev)?.figure == "undefined")
        #expect(whole.result.score(.rmse, on: .dev) != nil && whole.result.confusion == nil)
        let job = try bench.job(recipe, into: "resumed", work: "work-2")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: 5)) }
        let resumed = try bench.run(job)
        #expect(resumed.result.parameters == whole.result.parameters && resumed.result.scores == whole.result.scores)
    }

    @Test func `what is measured of an undefined score is none`() throws {
        let bench = try regression(dev: ["2", "2"])
        var job = try bench.job(bench.recipe(), into: "out")
        job.planned.owe([.log], measures: [.heldOut, .convergence, .generalizationGap])
        let log = try StageLogFile(path: try #require(try bench.run(job).files[.log])).log
        #expect(try #require(log.heldOut).allSatisfy { $0.score == nil && $0.loss.isFinite })
        #expect(try #require(log.convergence).count == 2 && log.generalizationGap == nil)
    }

    @Test func `a stage that cannot tell examples apart says one label of all, and its log says so`() throws {
        let same = { (count: Int) in
            "sentence\tlabel\n" + (0..<count).map { "the cat runs\t\($0 % 3 == 0 ? "good" : "bad")\n" }.joined()
        }
        let bench = try bench([.accuracy], files: ["tiny/train.tsv": same(30), "tiny/dev.tsv": same(12)])
        let recorder = Recorder()
        let recipe = bench.recipe { $0.budget = .epochs(8) }
        let result = try bench.run(try bench.job(recipe, into: "out"), observer: recorder).result
        #expect(result.onlyLabel(of: bench.definition) == "bad")
        #expect(result.collapse(on: bench.definition) == "says 'bad' of every example")
        #expect(recorder.evaluations.last?.description.hasSuffix("one class for every example") == true)
    }
}
