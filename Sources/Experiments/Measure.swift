/// What a stage may measure besides its scores. Measuring never changes what training computes, so it is no part of a
/// stage's key: like the artifacts that are kept, it is something that the stage must yield.
package enum Measure: String, Codable, CaseIterable, Comparable, Sendable {
    /// How far the backbone's final first-token states have moved on the training set.
    case featureChange = "feature-change"
    /// How far the parameters are from where they began, over the steps, and by how much each entry has moved.
    case weightDistance = "weight-distance"
    /// The gradient's norms of head and backbone over the steps.
    case gradientNorms = "gradient-norms"
    /// Loss and score on the training set over the steps.
    case convergence
    /// The hidden layer of the head for examples of both files.
    case headFeatures = "head-features"
    /// Score on held-out examples less that on those trained on.
    case generalizationGap = "generalization-gap"
    /// Time, speed, memory and bytes.
    case cost

    package static func < (left: Measure, right: Measure) -> Bool { left.rawValue < right.rawValue }
}
