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

extension Metric {
    package func compute(predicted: Predictions, expected: [Label]) -> Double { 0 }
}
