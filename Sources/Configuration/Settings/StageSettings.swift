import Experiments

/// All settings of one stage, as they stand after every place that may give them was heard.
struct StageSettings: Hashable, Sendable {
    /// The recipe with the budget of the whole method.
    var recipe = Recipe()
    /// What `precision: auto` stands for.
    var automaticPrecision: Precision = .fp32
    /// The part of the budget that the stage gets.
    var share: Double = 1
    /// What other stages of the method call this one.
    var name: String?
    /// Another task than the row's.
    var task: String?
    /// Another seed than the row's.
    var seed: UInt64?
    /// The method whose search finds the stage's learning rate, on the stage's task; the recipe has the one that holds
    /// where the sweep has no such search.
    var rateSource: String?
    /// The artifacts that the stage starts from, and which stages they come from.
    var inputs: [ArtifactKind: StageSource] = [:]

    /// Whether layers compute their activations again rather than keep them; no part of the recipe, since it changes
    /// nothing.
    var recomputes = false
    /// What is measured besides the scores; no part of the recipe, since it changes nothing.
    var measures: Set<Measure> = []

    /// The recipe with its share of the budget. What does not matter for gathering statistics is left out, so that
    /// methods with other rates share them; and so is how a validation part is drawn where that is the same either way, and
    /// how rates fall over layers of which none moves. Who waits for the best evaluation selects it.
    var finished: Recipe {
        var recipe = recipe.estimate.map(recipe.gathering) ?? recipe
        if recipe.validation == nil || recipe.samples == nil { recipe.validationBase = .all }
        if recipe.validation == nil { recipe.validationSeed = nil }
        if recipe.patience != nil, recipe.selection == .last { recipe.selection = .best }
        if recipe.tune == .head { recipe.layerDecay = 1 }
        if recipe.estimate != nil { return recipe }
        switch recipe.budget {
        case .steps(let steps): recipe.budget = .steps(max(1, Int((Double(steps) * share).rounded())))
        // Rounded, so that a tenth of 30 epochs is the same budget, and so the same stage, as 3 epochs.
        case .epochs(let epochs): recipe.budget = .epochs((epochs * share * 1e9).rounded() / 1e9)
        }
        return recipe
    }

    /// What the matrix products compute in, as it is written.
    var precision: PrecisionChoice {
        get { recipe.precision == .fp32 ? .fp32 : .bf16 }
        set {
            switch newValue {
            case .fp32: recipe.precision = .fp32
            case .bf16: recipe.precision = .bf16
            case .auto: recipe.precision = automaticPrecision
            }
        }
    }

    /// What no single setting shows to be impossible.
    var contradiction: String? {
        if recipe.accumulation > recipe.batch {
            return "'accumulation' is \(recipe.accumulation), more than the \(recipe.batch) examples of a batch"
        }
        if case .prune = recipe.tune {
            let pruning = "'\(recipe.tune)' prunes after the last step; it cannot"
            if recipe.selection != .last { return "\(pruning) 'select' the best evaluation before" }
            if recipe.patience != nil { return "\(pruning) wait with 'patience' for an evaluation before" }
        }
        if recipe.layerDecay != 1, recipe.regularization.recadam != nil {
            return "'recadam' pulls all layers at one rate and cannot go with 'layer-decay'; drop one"
        }
        if recipe.regularization.child != nil, !recipe.tune.movesBackbone {
            return "'child' chooses among the backbone's gradients, and '\(recipe.tune)' moves nothing there; drop one"
        }
        if recipe.regularization.mixout != nil, recipe.tune.isMasked {
            return
                "'mixout' mixes whole layers and cannot go with '\(recipe.tune)', which moves single entries; drop one"
        }
        if recipe.regularization.mixout == nil,
            recipe.regularization.mixoutMask != .entry || recipe.regularization.mixoutGradient != .exact
                || recipe.regularization.mixoutLayers != .backbone
        {
            return "'mixout-layers', 'mixout-mask' or 'mixout-gradient' is given, but no 'mixout'"
        }
        if recipe.slowStart == 0, recipe.slowRate != .atMost {
            return "'slow-rate' is given, but no 'slow-start'"
        }
        if !measures.isDisjoint(with: [.headFeatures, .headFeaturesAtStart]), recipe.head == .linear {
            return
                "'measure' has head-features, but the head 'linear' has no hidden layer; give 'head' mlp(N), hf or pooled"
        }
        return nil
    }
}

/// Settings that are more than one value of a recipe.
extension StageSettings {
    /// A stage that trains gathers no statistics.
    var tune: Tune {
        get { recipe.tune }
        set { (recipe.tune, recipe.estimate) = (newValue, nil) }
    }

    /// A learning rate, and the method whose search finds a better one.
    struct Rate: Sendable {
        let value: Double
        var source: String?
    }

    var rate: Rate {
        get { Rate(value: recipe.learningRate, source: rateSource) }
        set { (recipe.learningRate, rateSource) = (newValue.value, newValue.source) }
    }

    /// Adam's two.
    var betas: [Double] {
        get { [recipe.optimizer.beta1, recipe.optimizer.beta2] }
        set { (recipe.optimizer.beta1, recipe.optimizer.beta2) = (newValue[0], newValue[1]) }
    }
}

/// The stage of a method that another one starts from, or a file or folder in its place.
enum StageSource: Hashable, Sendable {
    case previous
    case named(String)
    /// What has a slash, which no name has.
    case file(String)

    static let previousWord = "previous"

    init(_ word: String) {
        self = word == Self.previousWord ? .previous : word.contains("/") ? .file(word) : .named(word)
    }

    var word: String {
        switch self {
        case .previous: Self.previousWord
        case .named(let word), .file(let word): word
        }
    }
}

/// What may be written for a recipe's precision.
enum PrecisionChoice: String, CaseIterable, Sendable {
    case fp32, bf16
    /// bf16 where the processor that plans the sweep multiplies it faster, else fp32.
    case auto
}

extension Recipe {
    /// Only what statistics depend on; everything else at its default.
    fileprivate func gathering(_ estimate: Estimate) -> Recipe {
        var recipe = Recipe()
        recipe.estimate = estimate
        recipe.head = head
        recipe.isLogistic = isLogistic
        if estimate.unit == .batch { recipe.batch = batch }
        if estimate.unit == .batch, estimate.label == .gold { recipe.loss = loss }
        recipe.samples = samples
        recipe.maxLength = maxLength
        recipe.truncation = truncation
        recipe.blocks = blocks
        recipe.precision = precision
        recipe.validation = validation
        recipe.validationBase = validationBase
        recipe.validationSeed = validationSeed
        if estimate.mode == .train { recipe.dropout = dropout }
        return recipe
    }
}
