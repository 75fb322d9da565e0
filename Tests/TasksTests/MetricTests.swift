import Experiments
import Tasks
import Testing

struct MetricTests {
    struct Classes: Sendable {
        let predicted, expected: [Int]
        let accuracy, f1, macroF1, matthews: Double
    }

    /// From scikit-learn 1.x:
    ///
    ///     accuracy_score(t, p), f1_score(t, p, labels=[1], average="macro", zero_division=0),
    ///     f1_score(t, p, average="macro"), matthews_corrcoef(t, p)
    static let classes = [
        Classes(
            predicted: [0, 2, 0, 1, 1, 1, 0, 0, 2, 2, 2, 1], expected: [1, 1, 2, 2, 0, 0, 2, 2, 0, 0, 2, 1],
            accuracy: 0.16666666666666666, f1: 0.2857142857142857, macroF1: 0.1693121693121693,
            matthews: -0.2526455763199557),
        Classes(
            predicted: [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0], expected: [1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0],
            accuracy: 0.5833333333333334, f1: 0.2857142857142857, macroF1: 0.4957983193277311, matthews: 0),
        Classes(
            predicted: [0, 0, 0, 0, 0, 0], expected: [0, 1, 0, 1, 1, 0], accuracy: 0.5, f1: 0,
            macroF1: 0.3333333333333333, matthews: 0),
        Classes(
            predicted: [0, 1, 0, 1, 1, 0], expected: [1, 1, 1, 1, 1, 1], accuracy: 0.5, f1: 0.6666666666666666,
            macroF1: 0.3333333333333333, matthews: 0),
        Classes(predicted: [1, 1, 1, 1], expected: [1, 1, 1, 1], accuracy: 1, f1: 1, macroF1: 1, matthews: 0),
        Classes(predicted: [0, 0, 0, 0], expected: [0, 0, 0, 0], accuracy: 1, f1: 0, macroF1: 1, matthews: 0),
        Classes(predicted: [2, 2, 0, 0], expected: [0, 0, 2, 2], accuracy: 0, f1: 0, macroF1: 0, matthews: -1),
    ]

    /// Sums of a dozen doubles may be rounded in another order.
    private let rounding = 1e-14

    @Test(arguments: classes)
    func `classes are scored as scikit-learn does`(classes: Classes) throws {
        let score = { (metric: Metric) in
            metric.compute(predicted: .categories(classes.predicted), expected: classes.expected.map(Label.category))
        }
        #expect(abs(try #require(score(.accuracy)) - classes.accuracy) < rounding)
        #expect(abs(try #require(score(.f1)) - classes.f1) < rounding)
        #expect(abs(try #require(score(.macroF1)) - classes.macroF1) < rounding)
        #expect(abs(try #require(score(.matthews)) - classes.matthews) < rounding)
    }

    /// From scipy: `pearsonr(p, t)[0], spearmanr(p, t)[0]`
    @Test(
        arguments: [
            (
                [-0.123, 2.118, -1.112, -0.378, 2.043, 0.647, 0.663, -0.514],
                [-1.771, 2.285, -1.003, -1.605, 1.36, 0.575, -0.282, -0.612], 0.8835612672897013, 0.7619047619047621
            ),
            ([1, 2, 2, 3, 3, 3, 4.5], [2, 2, 1, 4, 4, 5, 5], 0.8179266198209485, 0.8559275160255126),
            ([0.1, 0.2, 0.3], [3, 2, 1], -0.9999999999999997, -1),
        ] as [([Float], [Float], Double, Double)])
    func `values are scored as scipy does`(
        predicted: [Float], expected: [Float], pearson: Double, spearman: Double
    ) throws {
        let score = { (metric: Metric) in
            try #require(metric.compute(predicted: .values(predicted), expected: expected.map(Label.value)))
        }
        #expect(abs(try score(.pearson) - pearson) < rounding)
        #expect(abs(try score(.spearman) - spearman) < rounding)
    }

    @Test(arguments: [Metric.pearson, .spearman])
    func `the correlation with a constant is undefined`(metric: Metric) {
        let labels = [1, 2, 3, 4].map(Label.value)
        #expect(metric.compute(predicted: .values([0.1, 0.1, 0.1, 0.1]), expected: labels) == nil)
        #expect(metric.compute(predicted: .values([1, 2]), expected: [.value(3), .value(3)]) == nil)
        #expect(metric.compute(predicted: .values([1, 2, 2, 2]), expected: labels) != nil)
    }

    @Test func `constant targets leave R2 undefined, and the errors defined`() {
        let expected = [Label.value(3), .value(3)]
        #expect(Metric.r2.compute(predicted: .values([1, 2]), expected: expected) == nil)
        #expect(Metric.mae.compute(predicted: .values([1, 2]), expected: expected) == 1.5)
    }

    @Test(arguments: [Metric.pearson, .spearman, .rmse, .mae, .r2])
    func `predictions that are no numbers have no score`(metric: Metric) {
        let labels = [1, 2, 3].map(Label.value)
        #expect(metric.compute(predicted: .values([1, .nan, 3]), expected: labels) == nil)
        #expect(metric.compute(predicted: .values([1, .infinity, 3]), expected: labels) == nil)
    }

    @Test(arguments: Metric.allCases.filter(\.takesProbabilities))
    func `a metric that takes probabilities does so of any number of classes`(metric: Metric) {
        let predicted = Predictions.distributions([0, 1, 2], probabilities: [1, 0, 0, 0, 1, 0, 0, 0, 1])
        let right = metric.compute(predicted: predicted, expected: [0, 1, 2].map(Label.category)) ?? .nan
        #expect(abs(metric.merit(right) - (metric.isError ? 0 : 1)) < 1e-15)
    }

    @Test func `accuracy does not mind whether probabilities are known`() {
        let expected = [0, 1].map(Label.category)
        let known = Predictions.distributions([1, 1], probabilities: [0.1, 0.9, 0.2, 0.8])
        #expect(Metric.accuracy.compute(predicted: known, expected: expected) == 0.5)
        #expect(Metric.accuracy.compute(predicted: .categories([1, 1]), expected: expected) == 0.5)
    }
}
