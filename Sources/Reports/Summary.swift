import Foundation

/// Mean and standard deviation of the scores over seeds.
package struct Summary: Hashable, Sendable {
    package let mean: Double
    /// With n - 1 in the denominator; nil for a single score.
    package let deviation: Double?

    /// - Returns: nil where there are no scores.
    package init?(_ scores: [Double]) {
        guard let first = scores.first else { return nil }
        // Counted from the first score, so that equal scores deviate by exactly nothing.
        let mean = first + scores.map { $0 - first }.reduce(0, +) / Double(scores.count)
        self.mean = mean
        let squares = scores.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
        deviation = scores.count > 1 ? (squares / Double(scores.count - 1)).squareRoot() : nil
    }
}

extension Summary {
    /// "61.82 ± 1.20" in percent, the deviation only where there is one.
    var figures: String { percent(mean) + (deviation.map { " ± \(percent($0))" } ?? "") }
}

/// A score as the papers print it: in percent, two decimals.
func percent(_ value: Double) -> String { decimals(value * 100, 2) }

func decimals(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }

/// A difference of scores, in percentage points with its sign.
func signedPercent(_ value: Double) -> String { String(format: "%+.2f", value * 100) }

/// A number with so many digits that count, without zeros at the end.
func significant(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)g", value) }
