package import Experiments

/// How often each class was expected, predicted, and both.
package struct ClassCounts {
    private var hits: [Double]
    private var predicted: [Double]
    private var expected: [Double]
    private let total: Double

    init(predicted predictions: [Int], expected truths: [Int]) {
        self.init(classes: 1 + max(1, predictions.max() ?? 0, truths.max() ?? 0), total: truths.count)
        for (prediction, truth) in zip(predictions, truths) { add(prediction, truth, 1) }
    }

    package init(_ confusion: Confusion) {
        let highest = confusion.entries.map { max($0.expected, $0.predicted) }.max() ?? 0
        self.init(classes: 1 + max(1, highest), total: confusion.entries.reduce(0) { $0 + $1.count })
        for entry in confusion.entries { add(entry.predicted, entry.expected, Double(entry.count)) }
    }

    private init(classes: Int, total: Int) {
        hits = [Double](repeating: 0, count: classes)
        predicted = hits
        expected = hits
        self.total = Double(total)
    }

    private mutating func add(_ prediction: Int, _ truth: Int, _ count: Double) {
        predicted[prediction] += count
        expected[truth] += count
        if prediction == truth { hits[truth] += count }
    }

    /// How often a class was expected.
    package func support(of category: Int) -> Int { expected.indices.contains(category) ? Int(expected[category]) : 0 }

    /// The share of what was predicted as the class that is of it; nil where nothing was.
    package func precision(of category: Int) -> Double? { share(of: category, in: predicted) }

    /// The share of what is of the class that was predicted as it; nil where nothing is.
    package func recall(of category: Int) -> Double? { share(of: category, in: expected) }

    /// The harmonic mean of both; nil where the class was neither predicted nor expected.
    package func f1(of category: Int) -> Double? {
        guard hits.indices.contains(category), predicted[category] + expected[category] > 0 else { return nil }
        return 2 * hits[category] / (predicted[category] + expected[category])
    }

    private func share(of category: Int, in counts: [Double]) -> Double? {
        guard counts.indices.contains(category), counts[category] > 0 else { return nil }
        return hits[category] / counts[category]
    }

    var accuracy: Double { ratio(hits.reduce(0, +), total) }

    var macroF1: Double { mean(over: occurring) { f1(of: $0) } }
    var macroPrecision: Double { mean(over: occurring) { precision(of: $0) } }
    var macroRecall: Double { mean(over: occurring) { recall(of: $0) } }
    var balancedAccuracy: Double { mean(over: expected.indices.filter { expected[$0] > 0 }) { recall(of: $0) } }

    var weightedF1: Double {
        ratio(expected.indices.reduce(0) { $0 + expected[$1] * (f1(of: $1) ?? 0) }, total)
    }

    /// The classes that were expected or predicted at all.
    private var occurring: [Int] { hits.indices.filter { predicted[$0] + expected[$0] > 0 } }

    /// With 0 for what is undefined, as scikit-learn has it.
    private func mean(over classes: [Int], _ value: (Int) -> Double?) -> Double {
        ratio(classes.reduce(0) { $0 + (value($1) ?? 0) }, Double(classes.count))
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
