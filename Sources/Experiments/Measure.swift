/// What a stage may measure besides its scores. Measuring never changes what training computes, so it is no part of a
/// stage's key: like the artifacts that are kept, it is something that the stage must yield.
package enum Measure: String, Codable, CaseIterable, Comparable, Sendable {
    /// How far the backbone's final first-token states are from the pretrained model's, on the training set.
    case featureChange = "feature-change"
    /// The same from where they were at the stage's start.
    case featureChangeInStage = "feature-change-in-stage"
    /// Those states themselves, for the distance between two stages of a method.
    case features
    /// How far the parameters are from the pretrained ones, over the steps, and how many entries are how far away.
    case weightDistance = "weight-distance"
    /// The same from where they were at the stage's start.
    case weightDistanceInStage = "weight-distance-in-stage"
    /// The gradient's norms of head and backbone over the steps.
    case gradientNorms = "gradient-norms"
    /// Loss and score on the training set over the steps.
    case convergence
    /// Loss in training, and loss and score on held-out examples, over the steps.
    case heldOut = "held-out"
    /// The hidden layer of the head for examples of both files.
    case headFeatures = "head-features"
    /// The same at the stage's start.
    case headFeaturesAtStart = "head-features-at-start"
    /// Score on held-out examples less that on those trained on.
    case generalizationGap = "generalization-gap"
    /// What the stage's result says about each example of the dev set, beside what is right.
    case predictions
    /// Time, speed, memory and bytes.
    case cost

    package static func < (left: Measure, right: Measure) -> Bool { left.rawValue < right.rawValue }
}
