import Experiments
import Files
import Foundation
import TestKit
import Testing
import Training

/// What examples count, what labels stand for, how the rate falls over the layers, and when a stage has seen enough.
struct LossSettingTests {
    /// Three of four examples are bad.
    private func unbalanced() throws -> Bench {
        let rows = (0..<32).map { "the \($0 % 4 == 0 ? "good" : "bad") cat runs\t\($0 % 4 == 0 ? "good" : "bad")\n" }
        return try Bench(files: ["tiny/train.tsv": "sentence\tlabel\n" + rows.joined()])
    }

    private func parameters(_ bench: Bench, _ name: String, _ change: (inout Recipe) -> Void) throws -> Digest {
        try bench.run(try bench.job(bench.recipe(change), into: name)).result.parameters
    }

    @Test func `balanced weights are n over k times the count of each class`() throws {
        let bench = try unbalanced()
        let balanced = try parameters(bench, "balanced") { $0.classWeights = .balanced }
        // compute_class_weight("balanced", classes=[0, 1], y=...) of scikit-learn: 32 / (2 · 24) and 32 / (2 · 8).
        #expect(try balanced == parameters(bench, "given") { $0.classWeights = .given([32.0 / 48, 2]) })
        #expect(try balanced != parameters(bench, "plain") { _ in })
    }

    @Test func `weights are of the examples trained on, and a class without any counts nothing`() throws {
        let bench = try unbalanced()
        let outcome = try bench.run(
            try bench.job(
                bench.recipe {
                    $0.classWeights = .balanced
                    $0.labelSmoothing = 0.1
                    $0.samples = 1
                }, into: "one"))
        #expect(outcome.result.finalLoss.isFinite)
    }

    /// A batch's mean is over the weights of its labels, so that their size does not matter.
    @Test func `weights twice as large are the same weights`() throws {
        let bench = try unbalanced()
        let losses = try [1.0, 2].map { size in
            let recorder = Recorder()
            let recipe = bench.recipe { $0.classWeights = .given([size, 3 * size]) }
            _ = try bench.run(try bench.job(recipe, into: "\(size)"), observer: recorder)
            return recorder.losses
        }
        for (one, other) in zip(losses[0], losses[1]) { #expect(abs(one - other) < 1e-5) }
    }

    @Test func `the loss on held-out examples is that which training minimizes`() throws {
        let bench = try unbalanced()
        let held = { (name: String, change: (inout Recipe) -> Void) in
            let job = try bench.job(
                bench.recipe {
                    $0.learningRate = 1e-30
                    $0.budget = .steps(1)
                    change(&$0)
                }, into: name)
            var measured = job
            measured.planned.owe([.log], measures: [.heldOut])
            let path = try #require(try bench.run(measured).files[.log])
            return try #require(try StageLogFile(path: path).log.heldOut?.last).loss
        }
        let plain = try held("plain") { _ in }
        #expect(try abs(held("weighted") { $0.classWeights = .given([2, 2]) } - plain) < 1e-12)
        #expect(try held("smooth") { $0.labelSmoothing = 0.5 } != plain)
    }

    static let settings: [@Sendable (inout Recipe) -> Void] = [
        { $0.classWeights = .balanced },
        { $0.labelSmoothing = 0.1 },
        { $0.layerDecay = 0.7 },
    ]

    @Test(arguments: settings.indices)
    func `ranks change the result by rounding only`(number: Int) throws {
        let bench = try unbalanced()
        let recipe = bench.recipe(Self.settings[number])
        let one = try bench.run(try bench.job(recipe, into: "one", work: "work-1"))
        let three = try Bench.run(try bench.job(recipe, into: "three", work: "work-3"), ranks: 3)
        #expect(abs(one.result.finalLoss - three.result.finalLoss) < 1e-4 * one.result.finalLoss)
        #expect(one.result.scores == three.result.scores)
    }

    @Test func `probes and logistic heads heed weights and smoothing too`() throws {
        let bench = try unbalanced()
        for (name, shape) in [("probe", { $0.tune = .head }), ("logistic", { $0.isLogistic = true })]
            as [(String, (inout Recipe) -> Void)]
        {
            let plain = try parameters(bench, name) { shape(&$0) }
            for (place, change) in Self.settings.prefix(2).enumerated() {
                let changed = try parameters(bench, "\(name)-\(place)") {
                    shape(&$0)
                    change(&$0)
                }
                #expect(changed != plain)
            }
        }
    }

    // MARK: - Patience

    /// Nothing moves, so that no evaluation is better than the first.
    private func still(_ bench: Bench, patience: Int?) -> Recipe {
        bench.recipe {
            $0.learningRate = 1e-30
            $0.budget = .epochs(10)
            $0.selection = .best
            $0.patience = patience
        }
    }

    @Test func `a stage ends after so many evaluations in a row that are no better`() throws {
        let bench = try Bench()
        let recorder = Recorder()
        let result = try bench.run(try bench.job(still(bench, patience: 2), into: "out"), observer: recorder).result
        #expect(result.steps == 24 && recorder.evaluations.count == 3)
        #expect(
            recorder.notes == [
                "ending after step 24 of 80, since the score was no better in 2 evaluations"
            ])
        #expect(result.scores == recorder.evaluations[0].scores)
    }

    /// As transformers' EarlyStoppingCallback counts: a better score begins anew, an equal one does not.
    @Test func `what ends early has the parameters of the best evaluation`() throws {
        let bench = try Bench()
        let recipe = { (patience: Int?, selection: Selection) in
            bench.recipe {
                $0.learningRate = 3e-3
                $0.budget = .epochs(20)
                $0.selection = selection
                $0.patience = patience
            }
        }
        for selection in [Selection.best, .latestBest] {
            let recorder = Recorder()
            let result = try bench.run(
                try bench.job(recipe(3, selection), into: "early \(selection)"), observer: recorder
            ).result
            var (best, waited, ends) = (-1.0, 0, 0)
            for (place, evaluation) in recorder.evaluations.enumerated() {
                let score = try #require(evaluation.scores.first?.value)
                (best, waited) = score > best ? (score, 0) : (best, waited + 1)
                if waited == 3 { ends = place + 1 }
            }
            #expect(ends == recorder.evaluations.count && result.steps == 8 * ends && ends < 20)
            #expect(result.scores.first?.value == best)
            let whole = try bench.run(
                try bench.job(
                    bench.recipe {
                        $0 = recipe(nil, selection)
                        $0.patience = 1000
                    }, into: "whole \(selection)")
            ).result
            #expect(whole.steps == 160)
        }
    }

    @Test(arguments: [5, 13, 23])
    func `a stage that was stopped and resumed loses patience where one that was not does`(step: Int) throws {
        let bench = try Bench()
        let recipe = still(bench, patience: 2)
        let whole = try bench.run(try bench.job(recipe, into: "whole", work: "work-1"))
        let job = try bench.job(recipe, into: "resumed", work: "work-2")
        #expect(throws: StageFailure.self) { try bench.run(job, observer: Recorder(stopAfter: step)) }
        let resumed = try bench.run(job)
        #expect(resumed.result.steps == 24 && resumed.result.parameters == whole.result.parameters)
        #expect(resumed.result.scores == whole.result.scores)
    }

    @Test func `all ranks lose patience together`() throws {
        let bench = try Bench()
        let several = try Bench.run(try bench.job(still(bench, patience: 2), into: "out"), ranks: 3)
        #expect(several.result.steps == 24)
    }
}
