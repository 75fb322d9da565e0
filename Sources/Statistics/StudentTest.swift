package import Experiments
import Foundation

/// Student's t-test of whether a mean is 0, where the permutation test would claim too much: the differences between two
/// methods on the folds of a task are no independent draws, as any two of their training sets share examples.
package struct StudentTest: Hashable, Sendable {
    package let mean: Double
    /// Of the mean; nil where nothing is known of it: for a single value, or for values that are all the same.
    package let standardError: Double?
    package let degreesOfFreedom: Int

    /// - Parameters:
    ///   - values: at least one.
    ///   - overlap: what values have in common counts as this much more variance of their mean, as a share of theirs; 0
    ///     where they are independent.
    package init(_ values: [Double], overlap: Double = 0) {
        let summary = Summary(values)
        mean = summary?.mean ?? 0
        degreesOfFreedom = max(1, values.count - 1)
        let slack = 1e-12 * (values.map(abs).max() ?? 0)
        switch summary?.deviation {
        case let deviation? where deviation > slack:
            standardError = deviation * (1 / Double(values.count) + overlap).squareRoot()
        case _? where abs(mean) <= slack: standardError = 0
        default: standardError = nil
        }
    }

    /// The corrected resampled t-test (Nadeau and Bengio 2003) of what was measured on folds: the correction is the ratio of
    /// examples scored on to examples trained on. Seeds repeat a fold and add no examples: their mean counts, once a fold.
    ///
    /// - Returns: nil where there are no folds.
    package init?(folds values: [Repetition: Double]) {
        guard let count = values.keys.lazy.compactMap(\.fold?.count).first, count > 1 else { return nil }
        let means = Dictionary(grouping: values.sorted { $0.key < $1.key }) { $0.key.fold?.number ?? 0 }
            .sorted { $0.key < $1.key }.compactMap { Summary($0.value.map(\.value))?.mean }
        self.init(means, overlap: 1 / Double(count - 1))
    }

    /// A weighted mean of independent means, by the degrees of freedom of Welch (1947), rounded down.
    /// - Parameter weights: they sum to 1.
    package init(combining parts: [(test: StudentTest, weight: Double)]) {
        mean = parts.reduce(0) { $0 + $1.weight * $1.test.mean }
        let terms = parts.map { test, weight in
            (variance: test.standardError.map { weight * weight * $0 * $0 }, freedom: Double(test.degreesOfFreedom))
        }
        let known = terms.compactMap(\.variance)
        let variance = known.reduce(0, +)
        standardError = known.count == terms.count ? variance.squareRoot() : nil
        let inverse = terms.reduce(0) { $0 + ($1.variance ?? 0) * ($1.variance ?? 0) / $1.freedom }
        degreesOfFreedom = inverse > 0 ? max(1, Int(variance * variance / inverse * (1 + 1e-12))) : 1
    }

    /// Two-sided; 1 where nothing is known of the error.
    package var pValue: Double {
        guard let standardError, standardError > 0 else { return 1 }
        return 1 - Self.shareWithin(abs(mean) / standardError, degreesOfFreedom)
    }

    /// The 95 % interval of the mean, which leaves out 0 exactly where `pValue` is below 0.05; nil where nothing is known
    /// of the error.
    package var interval: ClosedRange<Double>? {
        standardError.map { error in
            let half = Self.bound(degreesOfFreedom) * error
            return (mean - half)...(mean + half)
        }
    }

    /// What lies between -t and t of Student's distribution: the finite series for whole degrees of freedom (Abramowitz and
    /// Stegun 1964, 26.7.3 and 26.7.4).
    private static func shareWithin(_ t: Double, _ degrees: Int) -> Double {
        let angle = atan(t / Double(degrees).squareRoot())
        let (sine, cosine) = (sin(angle), cos(angle))
        let isOdd = !degrees.isMultiple(of: 2)
        var term = isOdd ? cosine : 1
        var sum = degrees > 1 ? term : 0
        for place in stride(from: isOdd ? 3 : 2, to: degrees, by: 2) {
            term *= cosine * cosine * Double(place - 1) / Double(place)
            sum += term
        }
        return min(1, isOdd ? 2 / Double.pi * (angle + sine * sum) : sine * sum)
    }

    /// The t within whose two signs 95 of 100 lie, by halving.
    private static func bound(_ degrees: Int) -> Double {
        var (low, high) = (1.0, 16.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if shareWithin(middle, degrees) > 1 - SignFlipTest.level { high = middle } else { low = middle }
        }
        return high
    }
}
