/// How a parameter takes part in training.
package enum Movement: Hashable, Sendable {
    case fixed
    case whole
    /// Only these of its entries, ascending; at least one.
    case entries([Int32])

    /// The chosen entries; nil for none and for all.
    package var entries: [Int32]? {
        if case .entries(let entries) = self { entries } else { nil }
    }
}
