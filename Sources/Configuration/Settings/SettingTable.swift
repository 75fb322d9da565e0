import Experiments

/// Every training setting there is: the one table behind sweep files, `configs/methods.yaml` and `--set key=value`. The
/// defaults are those of `StageSettings` and its recipe.
package enum Settings {
    static let all: [Setting] = stage + extent + rates + model + regularization + evaluation

    static let keys = all.map(\.key)

    /// Those that the command line may give, and what they are where nobody gives them.
    package static var overridable: [WrittenSetting] {
        all.filter { $0.scope == .anywhere }.map {
            WrittenSetting(key: $0.key, value: $0.initial ?? "", isDefault: true)
        }
    }

    static func named(_ key: String) -> Setting? { all.first { $0.key == key } }

    /// What a stage is.
    private static let stage: [Setting] = [
        Setting(
            "tune", \.tune, .spelled(Tune.spellings), "which parameters move; the head always does", scope: .stage),
        Setting(
            "estimate", \.recipe.estimate, .optional(.estimate),
            "gradient statistics that the stage gathers instead of training", scope: .stage),
        Setting(
            "name", \.name, .optional(.word("a word") { isName($0) && $0 != StageSource.previousWord ? $0 : nil }),
            "what other stages of the method call this one", scope: .stage),
        Setting(
            "task", \.task, .optional(.word("a task's name") { isName($0) ? $0 : nil }),
            "another task than the row's, for this stage", scope: .stage),
        Setting(
            "seed", \.seed, .optional(.word("a whole number from 0") { UInt64($0) }),
            "one seed for the stage, which all rows then share", scope: .stage),
        Setting(
            "share", \.share, .number("above 0 and at most 1") { $0 > 0 && $0 <= 1 },
            "the part of the budget that the stage gets", aliases: ["fraction"], scope: .stage),
        Setting(
            "from", \.inputs, .inputs, "what the stage starts from besides the pretrained model", scope: .stage,
            joining: { $0.merging($1) { $1 } }),
    ]

    /// How long a stage trains, on what.
    private static let extent: [Setting] = [
        // Both are the budget: the more specific place wins, and within one place `max-steps`, which follows.
        Setting(
            "epochs", \.recipe.budget, .epochs, "passes over the training set, before the share",
            aliases: ["epoch", "num-epochs", "num-train-epochs"]),
        Setting(
            "max-steps", \.recipe.budget, .steps, "exactly this many optimizer steps instead of epochs",
            aliases: ["steps", "num-steps"]),
        Setting(
            "batch", \.recipe.batch, .whole(from: 1, to: 1_000_000), "examples in one optimizer step, over all ranks",
            aliases: ["batch-size", "train-batch-size"]),
        Setting(
            "accumulation", \.recipe.accumulation, .whole(from: 1, to: 1_000_000),
            "passes in which a batch is worked off, to save memory",
            aliases: ["gradient-accumulation", "gradient-accumulation-steps"]),
        Setting(
            "gradient-checkpointing", \.recomputes, .flag,
            "whether activations are computed again, to save memory",
            aliases: ["recompute", "activation-checkpointing"]),
        Setting(
            "samples", \.recipe.samples, .optional(.whole(from: 1, to: 1_000_000_000), or: "all"),
            "how many training examples are used, drawn by seed", aliases: ["train-size"]),
        Setting(
            "shuffle", \.recipe.shuffle, .choice,
            "whether each epoch draws an order of its own, or all have the one drawn once"),
    ]

    /// The optimizer and its schedule.
    private static let rates: [Setting] = [
        Setting(
            "lr", \.rate, .rate, "the highest learning rate; chosen(METHOD, else=RATE) is that of METHOD's search",
            aliases: ["learning-rate", "rate"]),
        Setting(
            "warmup", \.recipe.warmup, .number("from 0 to 1") { 0...1 ~= $0 },
            "the share of the steps over which the rate rises", aliases: ["warmup-ratio", "warm-up"]),
        Setting(
            "decay", \.recipe.decay, .choice, "what the rate does after the warm-up",
            aliases: ["schedule", "scheduler", "lr-scheduler-type"]),
        Setting(
            "floor", \.recipe.floor, .number("from 0 to 1") { 0...1 ~= $0 },
            "where the linear decay ends, as a share of lr", aliases: ["min-lr", "end-lr"]),
        Setting(
            "slow-start", \.recipe.slowStart, .whole(from: 0, to: 1_000_000_000),
            "so many steps at the beginning have a twentieth of lr, as 'slow-rate' says"),
        Setting(
            "slow-rate", \.recipe.slowRate, .choice,
            "whether a slow start has at most a twentieth of lr, or exactly that in every step"),
        Setting(
            "layer-decay", \.recipe.layerDecay, .number("above 0 and at most 1") { $0 > 0 && $0 <= 1 },
            "what lr is multiplied by from each layer to the one below; the head has all of it",
            aliases: ["layerwise-lr-decay", "layer-lr-decay", "llrd"]),
        Setting("loss", \.recipe.loss, .choice, "what a batch's loss is of its examples' losses"),
        Setting(
            "class-weights", \.recipe.classWeights, .classWeights,
            "how much each class counts in the loss; balanced: as often as it is rare", aliases: ["class-weight"]),
        Setting(
            "label-smoothing", \.recipe.labelSmoothing, .number("from 0 to below 1") { 0..<1 ~= $0 },
            "the share of a label that is spread over all classes", aliases: ["smoothing", "label-smoothing-factor"]),
        Setting(
            "optimizer", \.recipe.optimizer.kind, .choice, "whether decay acts on values or on gradients",
            aliases: ["optim"]),
        Setting(
            "weight-decay", \.recipe.optimizer.weightDecay, .number("from 0") { $0 >= 0 },
            "AdamW's decay, on matrices only", aliases: ["wd"]),
        Setting(
            "betas", \.betas, .betas, "AdamW's averages of gradient and square", aliases: ["beta", "adam-betas"]),
        Setting(
            "epsilon", \.recipe.optimizer.epsilon, .number("above 0") { $0 > 0 },
            "AdamW's guard against division by 0", aliases: ["eps", "adam-epsilon"]),
        Setting(
            "clip", \.recipe.clip, .optional(.number("above 0") { $0 > 0 }, or: "none"),
            "the global gradient norm above which it is scaled down",
            aliases: ["max-grad-norm", "grad-clip", "gradient-clipping"]),
    ]

    /// The network and what it reads.
    private static let model: [Setting] = [
        Setting("head", \.recipe.head, .spelled(HeadDesign.spellings), "the classification head"),
        Setting(
            "logistic", \.recipe.isLogistic, .flag,
            "whether the head has one score for two classes instead of one each"),
        Setting(
            "dropout", \.recipe.dropout, .optional(.number("from 0 to below 1") { 0..<1 ~= $0 }, or: "model"),
            "the dropout probability everywhere; 'model' takes those of config.json"),
        Setting(
            "dropout-share", \.recipe.dropoutShare, .number("above 0 and at most 1") { $0 > 0 && $0 <= 1 },
            "the part at the beginning of each epoch in which anything drops out"),
        Setting(
            "max-length", \.recipe.maxLength, .whole(from: 3, to: 1_000_000), "the longest sequence in tokens",
            aliases: ["max-len", "max-seq-length", "length"]),
        Setting(
            "truncate", \.recipe.truncation, .choice, "which text of a pair is cut where it is too long",
            aliases: ["truncation"]),
        Setting(
            "blocks", \.recipe.blocks, .choice,
            "what running text is cut into: lines, or blocks of max-length across lines"),
        Setting(
            "precision", \.precision, .choice,
            "what is multiplied in the backbone; auto is bf16 where the planning host has it",
            aliases: ["dtype"]),
        Setting(
            "allreduce", \.recipe.allreduce, .choice,
            "what gradients are sent as between ranks; sums are in single precision"),
    ]

    /// What keeps the backbone near its pretrained values, or takes it away from them.
    private static let regularization: [Setting] = [
        Setting(
            "child", \.recipe.regularization.child, .optional(.spelled(ChildTuning.spellings)),
            "child-tuning, free of the task (f) or driven by its statistics (d)"),
        Setting(
            "mixout", \.recipe.regularization.mixout,
            .optional(.number("above 0 and below 1") { $0 > 0 && $0 < 1 }),
            "the probability with which a weight is back at its pretrained value for a step"),
        Setting(
            "mixout-layers", \.recipe.regularization.mixoutLayers, .choice,
            "the linear layers that mixout mixes; the head's go back to their first values"),
        Setting(
            "mixout-mask", \.recipe.regularization.mixoutMask, .choice, "what one decision of mixout holds for"),
        Setting(
            "mixout-gradient", \.recipe.regularization.mixoutGradient, .choice,
            "whether mixout's gradient has its factor 1/(1-p)"),
        Setting(
            "l1", \.recipe.regularization.l1, .number("from 0") { $0 >= 0 }, "c of the penalty c·Σ|θ-θ0|"),
        Setting(
            "l2", \.recipe.regularization.l2, .number("from 0") { $0 >= 0 }, "c of the penalty c·Σ(θ-θ0)²"),
        Setting(
            "recadam", \.recipe.regularization.recadam,
            .optional(.spelled(["recadam(k, t0, gamma)", "recadam(k, t0, gamma, decay=whole)"], words: ["recadam"])),
            "the annealed penalty of RecAdam"),
        Setting(
            "reinit", \.recipe.reinitialization, .optional(.spelled(Reinitialization.spellings)),
            "what loses its pretrained values before the first step"),
    ]

    /// What is measured, and what is kept.
    private static let evaluation: [Setting] = [
        Setting(
            "evaluations", \.recipe.evaluations, .whole(from: 1, to: 1_000_000), "evaluations in an epoch",
            aliases: ["evals", "eval-steps"]),
        Setting(
            "measure", \.measures, .measures, "what is measured besides the scores, for 'headstart analyze'",
            aliases: ["measures", "log"]),
        Setting(
            "select", \.recipe.selection, .choice, "which evaluation's parameters are the result",
            aliases: ["selection"]),
        Setting(
            "patience", \.recipe.patience, .optional(.whole(from: 1, to: 1_000_000), or: "none"),
            "ends the stage after so many evaluations in a row without a better score",
            aliases: ["early-stopping", "early-stopping-patience"]),
        Setting(
            "validation", \.recipe.validation, .optional(.number("between 0 and 1") { $0 > 0 && $0 < 1 }, or: "none"),
            "the share of the training set held out, by seed, to select on", aliases: ["validation-share"]),
        Setting(
            "validation-of", \.recipe.validationBase, .choice,
            "whether that is a share of all, or of the samples, which are then drawn first"),
        Setting(
            "validation-seed", \.recipe.validationSeed, .optional(.word("a whole number from 0") { UInt64($0) }),
            "the seed that it is drawn by; the stage's otherwise"),
    ]
}

extension Notation<Estimate> {
    fileprivate static var estimate: Notation {
        Notation(form: oneOf(Estimate.spellings), words: ["fisher"], shown: { $0.description }) {
            content throws(SpellingError) in try Estimate(written: content.text)
        }
    }
}

extension Notation<Budget> {
    fileprivate static var epochs: Notation {
        word(
            "a number above 0 and at most 1000000",
            shown: { if case .epochs(let epochs) = $0 { written(epochs) } else { nil } },
            parse: { finiteNumber($0) { $0 > 0 && $0 <= 1e6 }.map(Budget.epochs) })
    }

    fileprivate static var steps: Notation {
        word(
            "a whole number from 1 to 1000000000",
            shown: { if case .steps(let steps) = $0 { "\(steps)" } else { nil } },
            parse: { wholeNumber($0, in: 1...1_000_000_000).map(Budget.steps) })
    }
}

extension Notation<StageSettings.Rate> {
    fileprivate static var rate: Notation {
        Notation(form: "a number above 0", words: ["chosen"], shown: { written($0.value) }) {
            content throws(SpellingError) in
            if let rate = finiteNumber(content.text, where: { $0 > 0 }) { return .init(value: rate) }
            let chosen = try ChosenRate(spelled: content.text)
            return .init(value: chosen.otherwise, source: chosen.method)
        }
    }
}

extension Notation<[Double]> {
    fileprivate static var betas: Notation {
        Notation(
            form: "two numbers from 0 to below 1, as [0.9, 0.999]", words: [],
            shown: { $0.map(written).joined(separator: ", ") }
        ) { content throws(SpellingError) in
            let betas = content.words.map { finiteNumber($0) { 0..<1 ~= $0 } }
            guard betas.count == 2, let first = betas[0], let second = betas[1] else { throw SpellingError() }
            return [first, second]
        }
    }
}

extension ClassWeights {
    fileprivate var written: String {
        switch self {
        case .none: "none"
        case .balanced: "balanced"
        case .given(let weights): weights.map(Configuration.written).joined(separator: ", ")
        }
    }
}

extension Notation<ClassWeights> {
    fileprivate static var classWeights: Notation {
        Notation(
            form: "none, balanced, or a number above 0 for each class, as [1, 2.5]", words: ["none", "balanced"],
            shown: { $0.written }
        ) { content throws(SpellingError) in
            switch content.text {
            case "none": return .none
            case "balanced": return .balanced
            default:
                let weights = content.words.compactMap { finiteNumber($0) { $0 > 0 } }
                guard weights.count > 1, weights.count == content.words.count else { throw SpellingError() }
                return .given(weights)
            }
        }
    }
}

extension Notation<Set<Measure>> {
    fileprivate static var measures: Notation {
        let known = Measure.allCases.map(\.rawValue)
        return Notation(
            form: "a list of \(oneOf(known))", words: known + ["none"],
            shown: { $0.isEmpty ? "none" : $0.sorted().map(\.rawValue).joined(separator: ", ") }
        ) { content throws(SpellingError) in
            guard content.text != "none" else { return [] }
            guard !content.text.isEmpty else { throw SpellingError() }
            var measures: Set<Measure> = []
            for name in content.words where !name.isEmpty {
                guard let measure = Measure(rawValue: name) else {
                    throw SpellingError(
                        "nothing called '\(name)' can be measured, only \(oneOf(known))" + hint(for: name, among: known)
                    )
                }
                measures.insert(measure)
            }
            return measures
        }
    }
}

extension Notation<[ArtifactKind: StageSource]> {
    /// The kinds of artifacts that a stage may take from another.
    private static var kinds: [ArtifactKind] { [.adapter, .backbone, .delta, .head, .mask, .pretraining, .statistics] }

    /// `KIND: previous`, `KIND: NAME` or `KIND: PATH`, several of them separated by commas.
    fileprivate static var inputs: Notation {
        Notation(
            form: "{ head: previous }, another stage's name in place of previous, or a path with a /", words: [],
            shown: { inputs in
                let pairs = inputs.sorted { $0.key < $1.key }.map { "\($0.key.rawValue): \($0.value.word)" }
                return pairs.isEmpty ? nil : pairs.joined(separator: ", ")
            }
        ) { content throws(SpellingError) in
            guard !content.text.isEmpty, let pairs = content.pairs else { throw SpellingError() }
            var inputs: [ArtifactKind: StageSource] = [:]
            for (word, source) in pairs {
                guard isName(source) || source.contains("/") else { throw SpellingError() }
                guard let kind = ArtifactKind(rawValue: word), kinds.contains(kind) else {
                    let known = kinds.map(\.rawValue)
                    throw SpellingError(
                        "a stage cannot start from the '\(word)' of another, only from its \(oneOf(known))"
                            + hint(for: word, among: known))
                }
                inputs[kind] = StageSource(source)
            }
            return inputs
        }
    }
}

extension Settings {
    /// All settings, two lines each, for `--help`: what it does, what it must be and what it is otherwise.
    package static var help: String {
        let indent = String(repeating: " ", count: 17)
        return all.map { setting in
            let key = "  \(setting.key)".padding(to: indent.count)
            let otherwise = setting.initial.map { " (\($0))" } ?? ""
            let form = wrapped(setting.form + otherwise, to: 82).joined(separator: "\n\(indent)")
            return "\(key)\(setting.meaning)\n\(indent)\(form)"
        }.joined(separator: "\n")
    }

    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + word.count < width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(1, width - count))
    }
}
