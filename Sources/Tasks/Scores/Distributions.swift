import Foundation

/// The probabilities of all classes for some labels, and the classes that are right.
struct Distributions {
    /// [labels, classes]
    private let probabilities: [Double]
    private let classes: Int
    private let expected: [Int]

    init(_ probabilities: [Double], expected: [Int]) {
        classes = probabilities.count / expected.count
        precondition(classes > 1 && probabilities.count == classes * expected.count)
        self.probabilities = probabilities
        self.expected = expected
    }

    /// Of two classes that of the second, of more the mean of each against all others; nil where a class, or any other
    /// one, is not expected anywhere.
    var areaUnderCurve: Double? { meanOverClasses(areaUnderCurve) }

    /// The same, but a class may be all there is.
    var averagePrecision: Double? { meanOverClasses(averagePrecision) }

    private func meanOverClasses(_ score: (Int) -> Double?) -> Double? {
        if classes == 2 { return score(1) }
        let scores = (0..<classes).compactMap(score)
        return scores.count == classes ? scores.reduce(0, +) / Double(classes) : nil
    }

    /// How often an example of the class has a higher probability of it than one of another class, ties counting half.
    private func areaUnderCurve(of category: Int) -> Double? {
        let right = expected.map { $0 == category }
        let positives = Double(right.count(where: \.self))
        let negatives = Double(right.count) - positives
        guard positives > 0, negatives > 0 else { return nil }
        let sum = zip(ranks(column(category)), right).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
        return (sum - positives * (positives + 1) / 2) / (positives * negatives)
    }

    /// Σ (R_n - R_(n-1)) P_n over the thresholds, from the highest probability to the lowest.
    private func averagePrecision(of category: Int) -> Double? {
        let positives = expected.count { $0 == category }
        guard positives > 0 else { return nil }
        let scores = column(category)
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (area, hits, start) = (0.0, 0, 0)
        while start < order.count {
            var (end, added) = (start, 0)
            while end < order.count, scores[order[end]] == scores[order[start]] {
                if expected[order[end]] == category { added += 1 }
                end += 1
            }
            hits += added
            area += Double(added) / Double(positives) * Double(hits) / Double(end)
            start = end
        }
        return area
    }

    /// No probability counts as less than the unit roundoff of double precision, as scikit-learn has it.
    var logLoss: Double {
        let least = Double.ulpOfOne
        let losses = expected.indices.map { place in
            -log(min(max(probabilities[place * classes + expected[place]], least), 1 - least))
        }
        return losses.reduce(0, +) / Double(losses.count)
    }

    /// Bins are open below and closed above.
    var calibrationError: Double {
        let bins = 15
        var (hits, confidence) = ([Double](repeating: 0, count: bins), [Double](repeating: 0, count: bins))
        for place in expected.indices {
            let row = probabilities[place * classes..<(place + 1) * classes]
            guard let highest = row.max(), let said = row.firstIndex(of: highest) else { continue }
            let bin = min(bins - 1, max(0, Int((highest * Double(bins)).rounded(.up)) - 1))
            confidence[bin] += highest
            if said - row.startIndex == expected[place] { hits[bin] += 1 }
        }
        return zip(hits, confidence).reduce(0) { $0 + abs($1.0 - $1.1) } / Double(expected.count)
    }

    private func column(_ category: Int) -> [Double] {
        expected.indices.map { probabilities[$0 * classes + category] }
    }
}
