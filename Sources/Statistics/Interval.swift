/// Where the 95 % interval of a mean difference comes from.
package enum IntervalMethod: String, CaseIterable, Sendable {
    /// The differences that the permutation test does not reject; never at odds with its p-value.
    case permutation
    /// The percentile bootstrap, which is narrower than it should be with few pairs.
    case bootstrap
}

extension PairedDifferences {
    /// - Returns: nil where there are too few pairs for bounds.
    package func interval(by method: IntervalMethod) -> ClosedRange<Double>? {
        switch method {
        case .permutation: permutationInterval()
        case .bootstrap: bootstrapInterval()
        }
    }
}
