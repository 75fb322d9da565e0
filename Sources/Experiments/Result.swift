package import Files
import Foundation

/// One value of one metric on one split.
package struct Score: Codable, Hashable, Sendable {
    package let split: Split
    package let metric: Metric
    /// nil where the metric is undefined, as a correlation with what never changes; JSON has null then.
    package let value: Double?

    package init(split: Split, metric: Metric, value: Double?) {
        self.split = split
        self.metric = metric
        self.value = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(split, forKey: .split)
        try container.encode(metric, forKey: .metric)
        try container.encode(value, forKey: .value)
    }

    /// As tables have it.
    package var figure: String { value.map(metric.figure) ?? "undefined" }
}

extension Score {
    /// The mean of a score over folds; undefined where one of them is.
    /// - Returns: nil where one of them is not known.
    package init?(meanOf scores: [Score?]) {
        let known = scores.compactMap(\.self)
        guard known.count == scores.count, let first = known.first else { return nil }
        let values = known.compactMap(\.value)
        let mean = values.reduce(0, +) / Double(values.count)
        self.init(split: first.split, metric: first.metric, value: values.count == known.count ? mean : nil)
    }
}

package enum Split: String, Codable, CaseIterable, Sendable {
    case train, validation, dev, test
}

/// What is known after some steps of a stage.
package struct Evaluation: Codable, Hashable, Sendable {
    package let step: Int
    package let epoch: Double
    /// The mean training loss since the last evaluation.
    package let trainingLoss: Double
    package let scores: [Score]
    /// Of the dev split; nil where nothing is classified.
    package let confusion: Confusion?

    package init(step: Int, epoch: Double, trainingLoss: Double, scores: [Score], confusion: Confusion? = nil) {
        self.step = step
        self.epoch = epoch
        self.trainingLoss = trainingLoss
        self.scores = scores
        self.confusion = confusion
    }
}

extension Evaluation: CustomStringConvertible {
    /// One line for logs: step, epoch, loss and scores.
    package var description: String {
        let values = scores.map { "\($0.split.rawValue) \($0.metric.rawValue) \($0.figure)" }
        let collapse = confusion?.onlyClass == nil ? [] : ["one class for every example"]
        return
            (["step \(step)", "epoch \(Self.digits(epoch, 1))", "loss \(Self.digits(trainingLoss, 4))"] + values
            + collapse).joined(separator: "  ")
    }

    private static func digits(_ value: Double, _ count: Int) -> String { String(format: "%.\(count)f", value) }
}

/// What a stage yields besides its artifacts.
package struct StageResult: Codable, Hashable, Sendable {
    /// Scores of the selected parameters; the task's first metric on the dev split is the stage's score. Those on the test
    /// split are there for whoever asks for them, and nothing else reads them.
    package var scores: [Score]
    /// What the selected parameters say of the dev split, by class; nil where nothing is classified.
    package var confusion: Confusion?
    package var steps: Int
    /// The mean loss of the last step.
    package var finalLoss: Double
    /// Real (unpadded) tokens that went forward and backward, over all ranks.
    package var tokens: Int
    /// Seconds of training, evaluation included, summed over attempts.
    package var seconds: Double
    /// `tokens` by the seconds of training steps alone, evaluations left out.
    package var tokensPerSecond: Double
    /// Entries that moved, the head's included.
    package var trainable: Int
    /// The digest of every entry that moved, in the arena's order: equal digests are equal bits.
    package var parameters: Digest
    package var artifacts: [ArtifactReference]
    /// What the `log` among the artifacts holds, sorted.
    @Implied<Empty<Measure>> package var measured: [Measure]
    package var node: NodeSettings

    package init(
        scores: [Score], confusion: Confusion? = nil, steps: Int, finalLoss: Double, tokens: Int, seconds: Double,
        tokensPerSecond: Double, trainable: Int, parameters: Digest, artifacts: [ArtifactReference],
        measured: [Measure] = [], node: NodeSettings
    ) {
        self.scores = scores
        self.confusion = confusion
        self.steps = steps
        self.finalLoss = finalLoss
        self.tokens = tokens
        self.seconds = seconds
        self.tokensPerSecond = tokensPerSecond
        self.trainable = trainable
        self.parameters = parameters
        self.artifacts = artifacts
        self.measured = measured
        self.node = node
    }

    /// - Returns: nil where there is no score, or an undefined one.
    package func score(_ metric: Metric, on split: Split) -> Double? { scored(metric, on: split)?.value }

    /// - Returns: nil where the stage was not scored so.
    package func scored(_ metric: Metric, on split: Split) -> Score? {
        scores.first { $0.metric == metric && $0.split == split }
    }

    package func artifact(_ kind: ArtifactKind) -> ArtifactReference? { artifacts.first { $0.kind == kind } }
}

/// Why an attempt ended without a result.
package struct StageFailure: Codable, Hashable, Sendable, Error, CustomStringConvertible {
    package enum Cause: String, Codable, CaseIterable, Sendable {
        /// The loss or a gradient is no longer finite.
        case diverged
        /// The data, the model or the settings cannot be trained on, as far as one host can tell.
        case badInput
        /// The host cannot: a file that it cannot read, another version, ranks that differ.
        case node
        case outOfMemory
        /// It cannot be made to fit into the memory that the host's processes may take.
        case tooLarge
        case diskFull
        /// A time limit of the host or its batch system ended the group.
        case timeLimit
        /// The group's program ended; the message has its status and the last lines it wrote.
        case exited
        /// The group made no progress for longer than its own pace explains.
        case stalled
        /// The worker fell silent.
        case lost
        /// Stopped on request.
        case stopped

        /// Whose fault it is.
        package enum Fault: Sendable {
            /// Every host would have ended alike: a verdict on the stage.
            case stage
            /// Bad input may be this host's copy of it, and another host may allow more memory: a verdict once a second host
            /// agrees, or where there is none.
            case input
            /// Another host may well succeed.
            case host
            /// The worker's life ended, and nobody can say why.
            case worker
            case nobody
        }

        package var fault: Fault {
            switch self {
            case .diverged: .stage
            case .badInput, .tooLarge: .input
            case .node, .outOfMemory, .diskFull, .timeLimit, .exited, .stalled: .host
            case .lost: .worker
            case .stopped: .nobody
            }
        }
    }

    package let cause: Cause
    package let message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }

    package var description: String { message }
}
