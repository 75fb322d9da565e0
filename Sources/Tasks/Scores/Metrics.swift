package import Experiments

/// What a model says about some examples.
package enum Predictions: Equatable, Sendable {
    /// The most probable class of each example.
    case categories([Int])
    case values([Float])

    package var count: Int {
        switch self {
        case .categories(let categories): categories.count
        case .values(let values): values.count
        }
    }
}

extension TaskDefinition {
    /// A score of predictions for some of the task's examples.
    /// - Parameters:
    ///   - predicted: one for each label, in their order.
    ///   - expected: the labels of each example.
    package func score(_ metric: Metric, predicted: Predictions, expected: [[Label]]) -> Double {
        guard metric == .spanF1 else { return metric.compute(predicted: predicted, expected: expected.flatMap(\.self)) }
        guard case .categories(let tags) = predicted, let scheme = TagScheme(labels ?? []) else {
            preconditionFailure("a task that marks no spans was given a metric of spans")
        }
        return scheme.f1(predicted: tags, expected: expected.map { $0.map(\.category) })
    }
}

extension Metric {
    /// Whether what `compute` says is no more than a convention: the correlation with what never changes.
    package func isUndefined(predicted: Predictions, expected: [Label]) -> Bool {
        guard isForRegression, case .values(let values) = predicted else { return false }
        let truths = expected.map(\.value)
        return values.allSatisfy { $0 == values[0] } || truths.allSatisfy { $0 == truths[0] }
    }

    /// The metric as scikit-learn and scipy define it, with 0 wherever it is undefined: where a class was neither
    /// predicted nor expected (as scikit-learn has it), and for the correlation with something constant (where scipy
    /// says NaN, which no table can hold; a prediction that never changes has learned nothing).
    /// - Parameters:
    ///   - predicted: of the kind that the metric compares, classes or values.
    ///   - expected: as many labels, of the same kind.
    package func compute(predicted: Predictions, expected: [Label]) -> Double {
        precondition(predicted.count == expected.count)
        switch predicted {
        case .categories(let categories):
            let confusion = Confusion(predicted: categories, expected: expected.map(\.category))
            return switch self {
            case .accuracy, .precisionAt1: confusion.accuracy
            case .f1: confusion.f1(of: 1)
            case .macroF1: confusion.macroF1
            case .matthews: confusion.matthews
            case .pearson, .spearman: preconditionFailure("\(rawValue) compares values")
            case .spanF1: preconditionFailure("spans are those of a task's sentences; see TaskDefinition.score")
            }
        case .values(let values):
            let predictions = values.map(Double.init)
            let truths = expected.map { Double($0.value) }
            return switch self {
            case .pearson: correlation(predictions, truths)
            case .spearman: correlation(ranks(predictions), ranks(truths))
            case .accuracy, .f1, .macroF1, .matthews, .spanF1, .precisionAt1:
                preconditionFailure("\(rawValue) compares classes")
            }
        }
    }
}

/// How often each class was expected, predicted, and both.
private struct Confusion {
    private var hits: [Double]
    private var predicted: [Double]
    private var expected: [Double]
    private let total: Double

    init(predicted predictions: [Int], expected truths: [Int]) {
        let classes = 1 + max(1, predictions.max() ?? 0, truths.max() ?? 0)
        hits = [Double](repeating: 0, count: classes)
        predicted = hits
        expected = hits
        total = Double(truths.count)
        for (prediction, truth) in zip(predictions, truths) {
            predicted[prediction] += 1
            expected[truth] += 1
            if prediction == truth { hits[truth] += 1 }
        }
    }

    var accuracy: Double { ratio(hits.reduce(0, +), total) }

    func f1(of category: Int) -> Double { ratio(2 * hits[category], predicted[category] + expected[category]) }

    /// Over the classes that occur at all, as expected or as predicted ones.
    var macroF1: Double {
        let occurring = hits.indices.filter { predicted[$0] + expected[$0] > 0 }
        return ratio(occurring.reduce(0) { $0 + f1(of: $1) }, Double(occurring.count))
    }

    /// For any number of classes (Gorodkin 2004).
    var matthews: Double {
        let covariance = { (left: [Double], right: [Double], same: Double) in
            same * total - zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let both = covariance(predicted, expected, hits.reduce(0, +))
        return ratio(
            both,
            covariance(predicted, predicted, total).squareRoot() * covariance(expected, expected, total).squareRoot())
    }
}

private func ratio(_ part: Double, _ whole: Double) -> Double { whole == 0 ? 0 : part / whole }

/// Pearson's correlation coefficient; NaN where a value is not finite.
private func correlation(_ left: [Double], _ right: [Double]) -> Double {
    guard (left + right).allSatisfy(\.isFinite) else { return .nan }
    let (left, right) = (direction(left), direction(right))
    return max(-1, min(1, zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }))
}

/// The deviations from the mean, scaled to a Euclidean norm of 1; zeros where there are none.
private func direction(_ values: [Double]) -> [Double] {
    guard values.contains(where: { $0 != values[0] }) else { return values.map { _ in 0 } }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviations = values.map { $0 - mean }
    let norm = deviations.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return deviations.map { ratio($0, norm) }
}

/// The rank of each value from 1; equal values have the mean of their ranks.
private func ranks(_ values: [Double]) -> [Double] {
    guard values.allSatisfy(\.isFinite) else { return values.map { _ in .nan } }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for index in order[start..<end] { ranks[index] = Double(start + 1 + end) / 2 }
        start = end
    }
    return ranks
}
