import Experiments
import Foundation
import Tasks
import TestKit
import Testing

/// Scores that scikit-learn, scipy and seqeval gave for random and degenerate predictions; scripts/metric_cases.py wrote
/// them and says by which versions.
struct MetricCaseTests {
    /// Of metrics by name; null where one is undefined.
    private struct Scores: Decodable {
        let all: [Metric: Double?]

        init(from decoder: any Decoder) throws {
            let scores = try [String: Double?](from: decoder)
            all = try Dictionary(
                uniqueKeysWithValues: scores.map { (try #require(Metric(rawValue: $0.key), "\($0.key)"), $0.value) })
        }
    }

    private struct Cases: Decodable {
        struct Classes: Decodable {
            let predicted, expected: [Int]
            let scores: Scores
            /// By class; nil where they are not defined.
            let precisions, recalls, f1s: [Double?]
            let supports: [Int]
            /// Counts by expected, then by predicted class.
            let confusion: [[Int]]
        }

        struct Distributions: Decodable {
            /// [labels, classes]
            let probabilities: [[Double]]
            let expected: [Int]
            let scores: Scores
        }

        struct Values: Decodable {
            let predicted, expected: [Float]
            let scores: Scores
        }

        struct Constant: Decodable {
            let train, expected: [Float]
            /// Classes; 0 for values.
            let kinds: Int
            let scores: Scores
        }

        struct Tags: Decodable {
            let predicted, expected: [[Int]]
            let f1: Double

            enum CodingKeys: String, CodingKey {
                case predicted, expected
                case f1 = "span-f1"
            }
        }

        let labels: [String]
        let classes: [Classes]
        let distributions: [Distributions]
        let values: [Values]
        let constants: [Constant]
        let tags: [Tags]
    }

    private let cases: Cases

    init() throws {
        let file = try #require(Bundle.module.url(forResource: "cases", withExtension: "json", subdirectory: "Metrics"))
        cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file))
    }

    /// Sums of a few dozen doubles may be rounded in another order.
    private let rounding = 1e-13

    /// - Parameter count: of metrics that the case has.
    private func expect(
        _ wanted: Scores, count: Int, within tolerance: Double, _ score: (Metric) -> Double?
    ) {
        #expect(wanted.all.count == count)
        for (metric, value) in wanted.all {
            let ours = score(metric)
            #expect((ours == nil) == (value == nil), "\(metric)")
            #expect(abs((ours ?? 0) - (value ?? 0)) < tolerance, "\(metric)")
        }
    }

    @Test func `classes are scored as scikit-learn scores them`() {
        #expect(cases.classes.count == 20)
        for wanted in cases.classes {
            expect(wanted.scores, count: 10, within: rounding) {
                $0.compute(predicted: .categories(wanted.predicted), expected: wanted.expected.map(Label.category))
            }
        }
    }

    @Test func `each class has the counts, precision, recall and F1 that scikit-learn has`() {
        for wanted in cases.classes {
            let confusion = Confusion(predicted: wanted.predicted, expected: wanted.expected)
            let counts = ClassCounts(confusion)
            for category in wanted.supports.indices {
                #expect(counts.support(of: category) == wanted.supports[category])
                for (ours, theirs) in [
                    (counts.precision(of: category), wanted.precisions[category]),
                    (counts.recall(of: category), wanted.recalls[category]),
                    (counts.f1(of: category), wanted.f1s[category]),
                ] {
                    #expect((ours == nil) == (theirs == nil))
                    #expect(abs((ours ?? 0) - (theirs ?? 0)) < rounding)
                }
                for predicted in wanted.supports.indices {
                    let entry = confusion.entries.first { $0.expected == category && $0.predicted == predicted }
                    #expect(entry?.count ?? 0 == wanted.confusion[category][predicted])
                }
            }
        }
    }

    @Test func `probabilities are scored as scikit-learn scores them`() {
        #expect(cases.distributions.count == 19)
        for wanted in cases.distributions {
            let predicted = Predictions.distributions(
                wanted.expected.map { _ in 0 }, probabilities: wanted.probabilities.flatMap(\.self))
            expect(wanted.scores, count: 4, within: 1e-12) {
                $0.compute(predicted: predicted, expected: wanted.expected.map(Label.category))
            }
        }
        let undefined = cases.distributions.count { $0.scores.all[.auc] == .some(nil) }
        #expect(undefined >= 3, "or the cases do not show what one class alone comes to")
    }

    @Test func `values are scored as scipy and scikit-learn score them, and not at all where they say nothing`() {
        #expect(cases.values.count == 18)
        for wanted in cases.values {
            expect(wanted.scores, count: 5, within: 1e-12) {
                $0.compute(predicted: .values(wanted.predicted), expected: wanted.expected.map(Label.value))
            }
        }
    }

    @Test func `what looks at no example scores as scikit-learn's dummies do`() throws {
        #expect(cases.constants.count == 7)
        for wanted in cases.constants {
            let labels = (0..<wanted.kinds).map { "\($0)" }
            let folder = try TemporaryFolder()
            let write = { (numbers: [Float], name: String) in
                let words = numbers.map { wanted.kinds > 0 ? "\(Int($0))" : "\($0)" }
                try folder.write("text\tlabel\n" + words.map { "word\t\($0)\n" }.joined(), to: name)
            }
            try write(wanted.train, "train.tsv")
            try write(wanted.expected, "dev.tsv")
            let definition = TaskDefinition(
                name: "own", train: "train.tsv", dev: "dev.tsv", format: .tsv, text: .name("text"),
                label: .name("label"), labels: labels.isEmpty ? nil : labels, metrics: Array(wanted.scores.all.keys))
            let constant = try Dataset.load(definition, in: folder.path).constantPrediction()
            expect(wanted.scores, count: wanted.kinds == 0 ? 5 : wanted.kinds == 2 ? 14 : 11, within: 1e-12) { metric in
                constant?.scores.first { $0.metric == metric }?.value
            }
        }
    }

    @Test func `entities are scored as seqeval scores them`() throws {
        #expect(cases.tags.count == 32)
        let scheme = try #require(TagScheme(cases.labels))
        for wanted in cases.tags {
            let f1 = scheme.f1(predicted: wanted.predicted.flatMap(\.self), expected: wanted.expected)
            #expect(abs(f1 - wanted.f1) < rounding, "\(wanted)")
        }
    }
}
