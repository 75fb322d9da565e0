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
    func `classes are scored as scikit-learn does`(classes: Classes) {
        let score = { (metric: Metric) in
            metric.compute(predicted: .categories(classes.predicted), expected: classes.expected.map(Label.category))
        }
        #expect(abs(score(.accuracy) - classes.accuracy) < rounding)
        #expect(abs(score(.f1) - classes.f1) < rounding)
        #expect(abs(score(.macroF1) - classes.macroF1) < rounding)
        #expect(abs(score(.matthews) - classes.matthews) < rounding)
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
    ) {
        let labels = expected.map(Label.value)
        #expect(abs(Metric.pearson.compute(predicted: .values(predicted), expected: labels) - pearson) < rounding)
        #expect(abs(Metric.spearman.compute(predicted: .values(predicted), expected: labels) - spearman) < rounding)
    }

    @Test(arguments: [Metric.pearson, .spearman])
    func `a constant correlates with nothing`(metric: Metric) {
        let labels = [1, 2, 3, 4].map(Label.value)
        #expect(metric.compute(predicted: .values([0.1, 0.1, 0.1, 0.1]), expected: labels) == 0)
        #expect(metric.compute(predicted: .values([1, 2]), expected: [.value(3), .value(3)]) == 0)
        #expect(metric.isUndefined(predicted: .values([0.1, 0.1, 0.1, 0.1]), expected: labels))
        #expect(metric.isUndefined(predicted: .values([1, 2]), expected: [.value(3), .value(3)]))
        #expect(!metric.isUndefined(predicted: .values([1, 2, 2, 2]), expected: labels))
        #expect(!Metric.accuracy.isUndefined(predicted: .categories([1, 1]), expected: [.category(1), .category(1)]))
    }

    @Test(arguments: [Metric.pearson, .spearman])
    func `a prediction that is no number has no correlation`(metric: Metric) {
        let labels = [1, 2, 3].map(Label.value)
        #expect(metric.compute(predicted: .values([1, .nan, 3]), expected: labels).isNaN)
        #expect(metric.compute(predicted: .values([1, .infinity, 3]), expected: labels).isNaN)
    }
}
