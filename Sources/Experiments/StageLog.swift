/// What a stage has measured: the content of its `log` artifact, but for the head's features, which are tensors beside
/// it. A measurement that was not asked for is nil.
package struct StageLog: Codable, Hashable, Sendable {
    /// What was asked for, sorted.
    package let measures: [Measure]
    package var featureChange: FeatureChange?
    package var featureChangeInStage: FeatureChange?
    /// Between this stage's features and those of the one that it is listed after; only in reports.
    package var featureDistance: FeatureChange?
    package var weightDistance: [WeightDistance]?
    package var weightMagnitudes: Magnitudes?
    package var weightDistanceInStage: [WeightDistance]?
    package var weightMagnitudesInStage: Magnitudes?
    package var gradientNorms: [GradientNorms]?
    package var convergence: [Convergence]?
    package var heldOut: [HeldOut]?
    package var headFeatures: HeadFeatures?
    package var headFeaturesAtStart: HeadFeatures?
    package var generalizationGap: GeneralizationGap?
    package var predictions: Predictions?
    package var cost: StageCost?

    package init(measures: [Measure]) { self.measures = measures.sorted() }

    /// L2 distances between first-token states of two models, of the examples trained on.
    package struct FeatureChange: Codable, Hashable, Sendable {
        package let mean: Double
        package let deviation: Double
        /// The distance where the states of all examples are one vector.
        package let total: Double
        /// Rows that the head sees: more than one for an example with choices or tags.
        package let examples: Int

        package init(mean: Double, deviation: Double, total: Double, examples: Int) {
            (self.mean, self.deviation, self.total, self.examples) = (mean, deviation, total, examples)
        }

        /// - Parameter distances: of every row.
        package init(of distances: [Double]) {
            let mean = distances.reduce(0, +) / Double(max(1, distances.count))
            let variance = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, distances.count - 1))
            self.init(
                mean: mean, deviation: variance.squareRoot(),
                total: distances.reduce(0) { $0 + $1 * $1 }.squareRoot(), examples: distances.count)
        }
    }

    /// ‖θ - θ0‖₂ after a step, θ0 the pretrained values or those that the stage began with. What was added to the
    /// pretrained model and the head have no pretrained values: they count from the stage's start, but for LoRA, whose
    /// product is part of the weights that it is added to.
    package struct WeightDistance: Codable, Hashable, Sendable {
        package let step: Int
        package let backbone: Double
        package let head: Double

        package init(step: Int, backbone: Double, head: Double) {
            (self.step, self.backbone, self.head) = (step, backbone, head)
        }
    }

    /// How many entries of the backbone have moved by how much at the stage's end.
    package struct Magnitudes: Codable, Hashable, Sendable {
        /// log10 of the first bin's lower edge, and of the ratio of two neighbouring edges.
        package static let firstExponent = -8.0
        package static let exponentStep = 0.25
        /// Below the first edge, those that did not move included.
        package var below: Int
        /// |θ - θ0| between two edges; the last bin has all that is beyond.
        package var counts: [Int]

        package init(below: Int, counts: [Int]) { (self.below, self.counts) = (below, counts) }
    }

    /// Norms of a step's gradient, before clipping.
    package struct GradientNorms: Codable, Hashable, Sendable {
        package let step: Int
        package let backbone: Double
        package let head: Double

        package init(step: Int, backbone: Double, head: Double) {
            (self.step, self.backbone, self.head) = (step, backbone, head)
        }
    }

    /// At an evaluation: the mean loss of the steps since the last one, and the training set's score.
    package struct Convergence: Codable, Hashable, Sendable {
        package let step: Int
        package let epoch: Double
        package let loss: Double
        /// nil where it is undefined.
        package let score: Double?

        package init(step: Int, epoch: Double, loss: Double, score: Double?) {
            (self.step, self.epoch, self.loss, self.score) = (step, epoch, loss, score)
        }
    }

    /// At an evaluation: the mean loss of the steps since the last one, and loss and score on the validation split where
    /// there is one, on the dev set otherwise. Losses are a label's.
    package struct HeldOut: Codable, Hashable, Sendable {
        package let step: Int
        package let trainingLoss: Double
        package let loss: Double
        /// nil where it is undefined.
        package let score: Double?

        package init(step: Int, trainingLoss: Double, loss: Double, score: Double?) {
            (self.step, self.trainingLoss, self.loss, self.score) = (step, trainingLoss, loss, score)
        }
    }

    /// Which rows the tensors `head-features.train` and `head-features.dev` have: the labels of their examples.
    package struct HeadFeatures: Codable, Hashable, Sendable {
        package let train: [Double]
        package let dev: [Double]

        package init(train: [Double], dev: [Double]) { (self.train, self.dev) = (train, dev) }
    }

    /// Scores of the selected parameters on both files, by the task's first metric, where both are defined.
    package struct GeneralizationGap: Codable, Hashable, Sendable {
        package let train: Double
        package let dev: Double
        package var gap: Double { dev - train }

        package init(train: Double, dev: Double) { (self.train, self.dev) = (train, dev) }
    }

    /// What was said of each example of the dev set, and its labels: classes by their places, or values. Mostly one an
    /// example; as many as it has words where those are tagged.
    package struct Predictions: Codable, Hashable, Sendable {
        package let predicted: [[Double]]
        package let expected: [[Double]]
        /// Of each example those of all classes for its labels, one after the other; nil unless one of the task's metrics
        /// takes them.
        package let probabilities: [[Double]]?

        package init(predicted: [[Double]], expected: [[Double]], probabilities: [[Double]]? = nil) {
            (self.predicted, self.expected, self.probabilities) = (predicted, expected, probabilities)
        }
    }
}

/// What a stage took. Wall-clock figures differ from run to run; all else does not.
package struct StageCost: Codable, Hashable, Sendable {
    package var seconds: Double
    package var examplesPerSecond: Double
    package var tokensPerSecond: Double
    /// The most memory that rank 0's process has held, other stages of its life included.
    package var peakMemoryBytes: Int
    package var trainable: Int
    /// The size of all artifacts but the log together.
    package var artifactBytes: Int
    /// Gradients that went into sums over the ranks, of one rank.
    package var reducedBytes: Int

    package init(
        seconds: Double, examplesPerSecond: Double, tokensPerSecond: Double, peakMemoryBytes: Int, trainable: Int,
        artifactBytes: Int, reducedBytes: Int
    ) {
        self.seconds = seconds
        self.examplesPerSecond = examplesPerSecond
        self.tokensPerSecond = tokensPerSecond
        self.peakMemoryBytes = peakMemoryBytes
        self.trainable = trainable
        self.artifactBytes = artifactBytes
        self.reducedBytes = reducedBytes
    }
}
