package import Experiments
import Foundation

/// What a model says about some labels.
package enum Predictions: Equatable, Sendable {
    /// The most probable class of each.
    case categories([Int])
    /// The same, and the probabilities of all classes for each, [labels, classes].
    case distributions([Int], probabilities: [Double])
    case values([Float])

    package var count: Int {
        switch self {
        case .categories(let categories), .distributions(let categories, _): categories.count
        case .values(let values): values.count
        }
    }

    /// What was said of several examples, one after the other.
    /// - Parameter parts: all of one kind, at least one.
    package init(joining parts: [Predictions]) {
        var (categories, probabilities, values): ([Int], [Double], [Float]) = ([], [], [])
        for part in parts {
            switch part {
            case .categories(let classes): categories += classes
            case .distributions(let classes, let all):
                categories += classes
                probabilities += all
            case .values(let numbers): values += numbers
            }
        }
        switch parts.first {
        case .values: self = .values(values)
        case .distributions: self = .distributions(categories, probabilities: probabilities)
        case .categories, nil: self = .categories(categories)
        }
    }

    /// nil for values.
    package var categories: [Int]? {
        switch self {
        case .categories(let categories), .distributions(let categories, _): categories
        case .values: nil
        }
    }
}

extension TaskDefinition {
    /// What predictions for some of the task's examples score by all of its metrics.
    /// - Parameters:
    ///   - predicted: one for each label, in their order.
    ///   - expected: the labels of each example.
    package func scores(predicted: Predictions, expected: [[Label]], on split: Split) -> [Score] {
        metrics.map {
            Score(split: split, metric: $0, value: score($0, predicted: predicted, expected: expected))
        }
    }

    /// Which class is taken for which.
    /// - Returns: nil where the task has no classes.
    package func confusion(predicted: Predictions, expected: [[Label]]) -> Confusion? {
        guard labels != nil, let categories = predicted.categories else { return nil }
        return Confusion(predicted: categories, expected: expected.flatMap { $0.map(\.category) })
    }

    /// A score of predictions for some of the task's examples.
    /// - Parameters:
    ///   - predicted: one for each label, in their order.
    ///   - expected: the labels of each example.
    /// - Returns: nil where it is undefined.
    package func score(_ metric: Metric, predicted: Predictions, expected: [[Label]]) -> Double? {
        guard metric == .spanF1 else { return metric.compute(predicted: predicted, expected: expected.flatMap(\.self)) }
        guard let tags = predicted.categories, let scheme = TagScheme(labels ?? []) else {
            preconditionFailure("a task that marks no spans was given a metric of spans")
        }
        return scheme.f1(predicted: tags, expected: expected.map { $0.map(\.category) })
    }
}

extension Metric {
    /// The metric as scikit-learn and scipy define it, with scikit-learn's 0 for the F1 of a class that was neither
    /// predicted nor expected and for the correlation of Matthews with one class alone.
    /// - Parameters:
    ///   - predicted: of the kind that the metric compares: classes, with their probabilities where it takes them, or
    ///     values.
    ///   - expected: as many labels, of the same kind.
    /// - Returns: nil where it is undefined: a correlation or R2 with something constant, the precision of a class that
    ///   was never predicted, the recall of one that was never expected, the area under a curve of one class alone.
    package func compute(predicted: Predictions, expected: [Label]) -> Double? {
        precondition(predicted.count == expected.count)
        guard predicted.count > 0 else { return nil }
        let value =
            switch predicted {
            case .values(let values): compare(values.map(Double.init), expected.map { Double($0.value) })
            case .distributions(_, let probabilities) where takesProbabilities:
                compare(Distributions(probabilities, expected: expected.map(\.category)))
            case .categories(let categories), .distributions(let categories, _):
                compare(ClassCounts(predicted: categories, expected: expected.map(\.category)))
            }
        return value.flatMap { $0.isFinite ? $0 : nil }
    }

    private func compare(_ counts: ClassCounts) -> Double? {
        switch self {
        case .accuracy, .precisionAt1: counts.accuracy
        case .f1: counts.f1(of: 1) ?? 0
        case .macroF1: counts.macroF1
        case .weightedF1: counts.weightedF1
        case .precision: counts.precision(of: 1)
        case .recall: counts.recall(of: 1)
        case .macroPrecision: counts.macroPrecision
        case .macroRecall: counts.macroRecall
        case .balancedAccuracy: counts.balancedAccuracy
        case .matthews: counts.matthews
        case .auc, .averagePrecision, .logLoss, .calibrationError:
            preconditionFailure("\(rawValue) takes probabilities")
        case .pearson, .spearman, .rmse, .mae, .r2: preconditionFailure("\(rawValue) compares values")
        case .spanF1: preconditionFailure("spans are those of a task's sentences; see TaskDefinition.score")
        }
    }

    private func compare(_ distributions: Distributions) -> Double? {
        switch self {
        case .auc: distributions.areaUnderCurve
        case .averagePrecision: distributions.averagePrecision
        case .logLoss: distributions.logLoss
        case .calibrationError: distributions.calibrationError
        default: preconditionFailure("\(rawValue) takes no probabilities")
        }
    }

    private func compare(_ predictions: [Double], _ truths: [Double]) -> Double? {
        switch self {
        case .pearson: correlation(predictions, truths)
        case .spearman: correlation(ranks(predictions), ranks(truths))
        case .rmse: (meanDifference(predictions, truths) { $0 * $0 }).squareRoot()
        case .mae: meanDifference(predictions, truths, abs)
        case .r2: explainedShare(predictions, truths)
        default: preconditionFailure("\(rawValue) compares classes")
        }
    }
}

private func meanDifference(_ left: [Double], _ right: [Double], _ size: (Double) -> Double) -> Double {
    zip(left, right).reduce(0) { $0 + size($1.0 - $1.1) } / Double(left.count)
}

/// - Returns: nil where the truths do not vary.
private func explainedShare(_ predictions: [Double], _ truths: [Double]) -> Double? {
    guard truths.contains(where: { $0 != truths[0] }) else { return nil }
    let mean = truths.reduce(0, +) / Double(truths.count)
    let variance = meanDifference(truths, truths.map { _ in mean }) { $0 * $0 }
    return 1 - meanDifference(predictions, truths) { $0 * $0 } / variance
}

/// Pearson's correlation coefficient; nil where one side never changes or a value is not finite.
private func correlation(_ left: [Double], _ right: [Double]) -> Double? {
    guard (left + right).allSatisfy(\.isFinite), let left = direction(left), let right = direction(right) else {
        return nil
    }
    return max(-1, min(1, zip(left, right).reduce(0) { $0 + $1.0 * $1.1 }))
}

/// The deviations from the mean, scaled to a Euclidean norm of 1; nil where there are none.
private func direction(_ values: [Double]) -> [Double]? {
    guard values.contains(where: { $0 != values[0] }) else { return nil }
    let mean = values.reduce(0, +) / Double(values.count)
    let deviations = values.map { $0 - mean }
    let norm = deviations.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return norm == 0 ? nil : deviations.map { $0 / norm }
}

/// The rank of each value from 1; equal values have the mean of their ranks.
func ranks(_ values: [Double]) -> [Double] {
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
