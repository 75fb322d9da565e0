import Experiments
import Foundation
import Tasks
import Testing

/// Scores that scikit-learn, scipy and seqeval gave for random and degenerate predictions; scripts/metric_cases.py wrote
/// them and says by which versions.
struct MetricCaseTests {
    private struct Cases: Decodable {
        struct Classes: Decodable {
            let predicted, expected: [Int]
            let accuracy, f1, macroF1, matthews: Double

            enum CodingKeys: String, CodingKey {
                case predicted, expected, accuracy, f1, matthews
                case macroF1 = "macro-f1"
            }
        }

        struct Values: Decodable {
            let predicted, expected: [Float]
            /// nil where it is not defined.
            let pearson, spearman: Double?
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
        let values: [Values]
        let tags: [Tags]
    }

    private let cases: Cases

    init() throws {
        let file = try #require(Bundle.module.url(forResource: "cases", withExtension: "json", subdirectory: "Metrics"))
        cases = try JSONDecoder().decode(Cases.self, from: Data(contentsOf: file))
    }

    /// Sums of a few dozen doubles may be rounded in another order.
    private let rounding = 1e-13

    @Test func `classes are scored as scikit-learn scores them`() {
        #expect(cases.classes.count == 20)
        for wanted in cases.classes {
            let score = { (metric: Metric) in
                metric.compute(
                    predicted: .categories(wanted.predicted), expected: wanted.expected.map(Label.category))
            }
            #expect(abs(score(.accuracy) - wanted.accuracy) < rounding)
            #expect(abs(score(.f1) - wanted.f1) < rounding)
            #expect(abs(score(.macroF1) - wanted.macroF1) < rounding)
            #expect(abs(score(.matthews) - wanted.matthews) < rounding)
        }
    }

    /// The reference read the numbers in double precision; with one decimal they differ by 2e-8 of their size.
    @Test func `values are scored as scipy scores them, and 0 where it says nothing`() {
        #expect(cases.values.count == 18)
        for wanted in cases.values {
            let score = { (metric: Metric) in
                metric.compute(predicted: .values(wanted.predicted), expected: wanted.expected.map(Label.value))
            }
            #expect(abs(score(.pearson) - (wanted.pearson ?? 0)) < 1e-6)
            #expect(abs(score(.spearman) - (wanted.spearman ?? 0)) < rounding)
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
