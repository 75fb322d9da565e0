/// Mean and standard deviation of scores over seeds, as tables show them.
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

/// Mean and standard deviation of what a few runs have measured, as it is drawn.
package struct Spread {
    package let mean: Double
    /// 0 of a single number.
    package let deviation: Double

    package init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
    }
}

/// The middle one of the sorted numbers, of an even count the upper; nil where there are none.
package func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
}
