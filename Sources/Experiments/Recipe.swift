/// Everything about the training of one stage that decides its result. It is hashed into the stage's key; where and
/// with how many threads or ranks a stage runs is in `NodeSettings` and never enters the key.
///
/// The defaults are those of a plain fine-tuning run; configuration files name each setting in kebab case
/// (`learningRate` is `lr` there).
package struct Recipe: Codable, Hashable, Sendable {
    /// Which parameters move.
    package var tune: Tune = .all
    /// Gradient statistics to gather instead of training; nothing moves then.
    package var estimate: Estimate?
    /// The classification head put on the backbone.
    package var head: HeadDesign = .linear
    /// Whether the head has one score where there are two classes, as in EH-FT's code.
    @Implied<No> package var isLogistic: Bool
    /// How long to train, with `share` already applied.
    package var budget: Budget = .epochs(3)
    /// Examples in one optimizer step, over all ranks.
    package var batch: Int = 32
    /// Passes in which a batch is worked off; it bounds memory and changes the result only by rounding.
    package var accumulation: Int = 1
    /// The highest learning rate of the schedule.
    package var learningRate: Double = 2e-5
    /// The share of the steps over which the rate rises linearly from 0.
    package var warmup: Double = 0.1
    /// What the rate does after the warm-up.
    package var decay: Decay = .linear
    /// Where a linear decay ends, as a share of the highest rate.
    @Implied<Zero<Double>> package var floor: Double
    /// So many steps at the beginning have a twentieth of the highest rate, or at most that.
    @Implied<Zero<Int>> package var slowStart: Int
    /// Which of the two.
    @Implied<Plain<SlowRate>> package var slowRate: SlowRate
    /// What a batch's loss is of its examples' losses.
    @Implied<Plain<BatchLoss>> package var loss: BatchLoss
    /// How much each class counts in it.
    @Implied<Plain<ClassWeights>> package var classWeights: ClassWeights
    /// The share of each label that is spread evenly over all classes (Szegedy et al. 2016, section 7).
    @Implied<Zero<Double>> package var labelSmoothing: Double
    /// What the rate is multiplied by from each layer to the one below it: head and pooler have the whole rate, the last of
    /// L layers this share of it, the first its L-th power and the embeddings one more (Howard and Ruder 2018, section 3.2,
    /// by layers as in BEiT).
    @Implied<One> package var layerDecay: Double
    package var optimizer = OptimizerSettings()
    /// The global gradient norm above which gradients are scaled down; nil leaves them alone.
    package var clip: Double? = 1.0
    /// The dropout probability everywhere; nil takes those of the model's config.json.
    package var dropout: Double?
    /// The part at the beginning of each epoch in which anything drops out.
    @Implied<One> package var dropoutShare: Double
    /// What pulls the backbone to its pretrained values, or keeps part of it there.
    @Implied<Plain<Regularization>> package var regularization: Regularization
    /// Which parameters are drawn anew before the first step.
    package var reinitialization: Reinitialization?
    /// Train on so many examples of the training set, drawn by seed; nil takes all.
    package var samples: Int?
    package var shuffle: Shuffle = .everyEpoch
    /// The longest sequence in tokens, special tokens included.
    package var maxLength: Int = 128
    /// Which text of a pair is cut where the pair is too long.
    package var truncation: Truncation = .longest
    /// What running text is cut into.
    @Implied<Plain<TextBlocks>> package var blocks: TextBlocks
    /// Evaluations in an epoch.
    package var evaluations: Int = 1
    /// Which evaluation's parameters are the stage's result.
    package var selection: Selection = .last
    /// So many evaluations in a row without a better score end the stage; nil lets it train to its last step. The result is
    /// that of the best, so that `selection` is one of those.
    package var patience: Int?
    /// The share of the training set, drawn by seed, held out to select on; nil selects on the dev set.
    package var validation: Double?
    /// What `validation` is a share of.
    @Implied<Plain<ValidationBase>> package var validationBase: ValidationBase
    /// The seed that `validation` is drawn by; nil takes the stage's. Stages with different seeds hold out the same.
    package var validationSeed: UInt64?
    /// What the matrix products compute in; `auto` is resolved before it gets here.
    package var precision: Precision = .fp32
    /// What gradients are sent as between ranks: every rank's are rounded to it, added in single precision, and their sum
    /// is rounded again. A rank alone sends none and rounds none.
    @Implied<Plain<Precision>> package var allreduce: Precision

    package init() {}
}

extension Recipe {
    /// Whether the head has one score for a task's two classes.
    package func isLogistic(on task: TaskDefinition) -> Bool { isLogistic && task.hasTwoClasses }
}

package enum Budget: Codable, Hashable, Sendable {
    case epochs(Double)
    case steps(Int)
}

/// Which order the training examples have.
package enum Shuffle: String, Codable, CaseIterable, Sendable {
    /// Each epoch has one of its own, drawn by seed.
    case everyEpoch = "true"
    /// One is drawn by seed and holds for all epochs, as in EH-FT's code.
    case once
    /// The file's own.
    case never = "false"
}

package enum Decay: String, Codable, CaseIterable, Sendable {
    /// Linearly to 0 at the last step.
    case linear
    case constant
}

/// How a slow start's twentieth of the highest rate is meant.
package enum SlowRate: String, Codable, CaseIterable, Defaultable, Sendable {
    /// The schedule's own rate, where that is smaller.
    case atMost = "at-most"
    /// In every one of the steps, whatever the schedule says, as in EH-FT's code.
    case exactly

    package init() { self = .atMost }
}

/// What a batch's gradient is the gradient of.
package enum BatchLoss: String, Codable, CaseIterable, Defaultable, Sendable {
    /// The mean of the examples' losses.
    case mean
    /// Their sum, as Flair has it: clipping and penalties then weigh less by the batch's size.
    case sum

    package init() { self = .mean }
}

/// How much the classes count in the loss: an example by its class, and a batch's mean by the weights of its labels, as in
/// `torch.nn.CrossEntropyLoss`.
package enum ClassWeights: Hashable, Defaultable, Sendable {
    case none
    /// As often as a class is rare in the examples trained on: n / (k n_c) with n labels of k classes, n_c of them of this
    /// one, as scikit-learn has it. A class of which there is no example counts nothing.
    case balanced
    /// In the order of the task's `labels`, all above 0.
    case given([Double])

    package init() { self = .none }
}

/// As a word, or the list of weights.
extension ClassWeights: Codable {
    private static let words: [String: ClassWeights] = ["none": .none, "balanced": .balanced]

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = .given(try container.decode([Double].self))
        } catch DecodingError.typeMismatch {
            let word = try container.decode(String.self)
            guard let weights = Self.words[word] else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "'\(word)' is no kind of class weights"))
            }
            self = weights
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encode("none")
        case .balanced: try container.encode("balanced")
        case .given(let weights): try container.encode(weights)
        }
    }
}

package enum OptimizerKind: String, Codable, CaseIterable, Defaultable, Sendable {
    /// Decay acts on the values (Loshchilov and Hutter 2019).
    case adamw
    /// Decay is part of the gradient (Kingma and Ba 2015).
    case adam

    package init() { self = .adamw }
}

/// Adam or AdamW; decay acts on matrices only, never on biases or LayerNorm parameters.
package struct OptimizerSettings: Codable, Hashable, Sendable {
    @Implied<Plain<OptimizerKind>> package var kind: OptimizerKind
    package var beta1: Double = 0.9
    package var beta2: Double = 0.999
    package var epsilon: Double = 1e-8
    package var weightDecay: Double = 0.01

    package init() {}
}

/// What examples are held out of.
package enum ValidationBase: String, Codable, CaseIterable, Defaultable, Sendable {
    /// The whole training set; the samples are then drawn from what is left.
    case all
    /// The samples, which are drawn first: 100 of them are 80 and 20 (What to freeze, section IV-B,
    /// as the authors' code has it).
    case samples

    package init() { self = .all }
}

package enum Truncation: String, Codable, CaseIterable, Sendable {
    case longest, first, second
}

/// What an example of masked language modelling is.
package enum TextBlocks: String, Codable, CaseIterable, Defaultable, Sendable {
    /// So many tokens as the longest sequence has, whatever lines they are of.
    case longest = "max-length"
    /// A line of the file; one that is too long for a sequence is several examples.
    case lines

    package init() { self = .longest }
}

package enum Selection: String, Codable, CaseIterable, Sendable {
    case last
    /// The one with the best score, of equal ones the earliest.
    case best
    /// Of equal ones the latest.
    case latestBest = "latest-best"
}

package enum Precision: String, Codable, CaseIterable, Defaultable, Sendable {
    case fp32
    case bf16

    package init() { self = .fp32 }
}
