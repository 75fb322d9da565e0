/// What pulls the backbone to its pretrained values θ0 while it trains, or keeps part of it there.
package struct Regularization: Codable, Hashable, Defaultable, Sendable {
    /// Child-tuning (Xu et al. 2021).
    package var child: ChildTuning?
    /// The probability with which a weight is back at θ0 for one step (Lee et al. 2020).
    package var mixout: Double?
    /// Which linear layers mixout mixes.
    @Implied<Plain<MixoutLayers>> package var mixoutLayers: MixoutLayers
    /// What one random decision of mixout holds for.
    @Implied<Plain<MixoutMask>> package var mixoutMask: MixoutMask
    /// Whether mixout's gradient has the factor that its formula asks for.
    @Implied<Plain<MixoutGradient>> package var mixoutGradient: MixoutGradient
    /// c of c·Σ|θ-θ0|, added to the loss.
    @Implied<Zero<Double>> package var l1: Double
    /// c of c·Σ(θ-θ0)², added to the loss.
    @Implied<Zero<Double>> package var l2: Double
    package var recadam: RecAdam?

    package init() {}

    package init(
        child: ChildTuning? = nil, mixout: Double? = nil, l1: Double = 0, l2: Double = 0, recadam: RecAdam? = nil
    ) {
        self.child = child
        self.mixout = mixout
        self.l1 = l1
        self.l2 = l2
        self.recadam = recadam
    }
}

package enum ChildTuning: Hashable, Sendable {
    /// Each step, every entry's gradient times Bernoulli(p) / p.
    case free(share: Double, mask: ChildMask = .beforeClipping)
    /// The p entries of the layers with the largest Fisher information keep their gradients, the others get none.
    case driven(share: Double, mask: ChildMask = .beforeClipping)
}

/// Which gradients child-tuning's mask is laid over.
package enum ChildMask: String, CaseIterable, Sendable {
    /// Those of the batch: what is left of them is clipped.
    case beforeClipping = "before-clipping"
    /// Those that were clipped with all entries, inside the optimizer, as in the authors' code.
    case afterClipping = "after-clipping"
}

package enum MixoutLayers: String, Codable, CaseIterable, Defaultable, Sendable {
    case backbone
    /// Those of the head too, which go back to the values that they have before the first step, as in EH-FT's code.
    case all

    package init() { self = .backbone }
}

package enum MixoutMask: String, Codable, CaseIterable, Defaultable, Sendable {
    case entry
    /// One decision for each input of a layer, as in the authors' code.
    case input

    package init() { self = .entry }
}

package enum MixoutGradient: String, Codable, CaseIterable, Defaultable, Sendable {
    /// (1-M)/(1-p) times that of the mixed weights.
    case exact
    /// (1-M) times it, as in the authors' code.
    case reference

    package init() { self = .exact }
}

/// The annealed penalty of RecAdam (Chen et al. 2020): λ(t) = 1 / (1 + exp(-k (t - t0))) weighs the task, 1 - λ(t) the
/// penalty γ/2·Σ(θ-θ0)².
package struct RecAdam: Hashable, Sendable {
    package var rate: Double
    package var start: Double
    package var strength: Double
    package var decay: RecAdamDecay

    package init(rate: Double, start: Double, strength: Double, decay: RecAdamDecay = .annealed) {
        self.rate = rate
        self.start = start
        self.strength = strength
        self.decay = decay
    }
}

/// What AdamW's weight decay is under RecAdam.
package enum RecAdamDecay: String, CaseIterable, Sendable {
    /// Part of the optimizer's step, and weighed by λ(t) with it.
    case annealed
    /// Whole, after the step and the pull, as in the authors' code.
    case whole
}

/// Which parameters of the backbone lose their pretrained values before the first step.
package enum Reinitialization: Hashable, Sendable {
    /// All biases of the backbone are set to 0.
    case biases
    /// The head's biases are drawn again, whatever head the stage starts from, as in EH-FT's code after BitFit.
    case headBiases
    /// Every parameter is drawn as before pretraining.
    case all
    /// Those of the last layers are.
    case last(layers: Int)
}

/// Gradient statistics of the backbone: the squared gradients of examples or batches, added up.
package struct Estimate: Hashable, Sendable {
    package var unit: EstimateUnit
    package var label: EstimateLabel
    /// The norm to which each parameter's gradient is cut before it is squared; nil leaves it.
    package var clip: Double?
    package var mode: EstimateMode
    /// What the loss of an example is of the losses of its tokens. Of a batch it is what the recipe's `loss` says.
    package var tokens: EstimateSum
    /// What is made of the squares of all examples or batches.
    package var examples: EstimateSum

    package init(
        unit: EstimateUnit = .example, label: EstimateLabel = .gold, clip: Double? = nil, mode: EstimateMode = .eval,
        tokens: EstimateSum = .mean, examples: EstimateSum = .mean
    ) {
        self.unit = unit
        self.label = label
        self.clip = clip
        self.mode = mode
        self.tokens = tokens
        self.examples = examples
    }
}

package enum EstimateUnit: String, CaseIterable, Sendable {
    case example, batch
}

package enum EstimateSum: String, CaseIterable, Sendable {
    case sum, mean
}

package enum EstimateLabel: String, CaseIterable, Sendable {
    /// The observed label: the empirical Fisher information.
    case gold
    /// The expectation over the model's own distribution of labels.
    case expected
}

/// How the network goes over the examples, in PyTorch's words.
package enum EstimateMode: String, CaseIterable, Sendable {
    /// In the file's order, without dropout.
    case eval
    /// In an order drawn by seed, with dropout, as in the code of child-tuning's authors.
    case train
}

extension ChildTuning: Spelled {
    package static let spellings = ["f(P)", "d(P)", "d(P, mask=after-clipping)"]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        guard ["f", "d"].contains(call.name) else { throw SpellingError() }
        let arguments = try call.arguments(["p", "mask"])
        let share = try arguments.share("p", of: call.name)
        guard call.name == "d" || share >= 1e-6 else {
            throw SpellingError("'p' of 'f' must be a number from 1e-6 to 1, not '\(arguments["p"] ?? "")'")
        }
        let mask = try arguments.choice("mask", of: call.name, default: ChildMask.beforeClipping)
        self = call.name == "f" ? .free(share: share, mask: mask) : .driven(share: share, mask: mask)
    }

    package var description: String {
        switch self {
        case .free(let share, let mask): spelledCall("f", [spelled(share), mask.argument])
        case .driven(let share, let mask): spelledCall("d", [spelled(share), mask.argument])
        }
    }
}

extension ChildMask {
    /// nil where it goes without saying.
    fileprivate var argument: String? { self == .beforeClipping ? nil : "mask=\(rawValue)" }
}

extension RecAdam: Spelled {
    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        guard call.name == "recadam" else { throw SpellingError() }
        let arguments = try call.arguments(["k", "t0", "gamma", "decay"])
        self.init(
            rate: try arguments.number("k", of: "recadam", "a number above 0", default: 0.1) { $0 > 0 },
            start: try arguments.number("t0", of: "recadam", "a number from 0", default: 250) { $0 >= 0 },
            strength: try arguments.number("gamma", of: "recadam", "a number from 0", default: 5000) { $0 >= 0 },
            decay: try arguments.choice("decay", of: "recadam", default: .annealed))
    }

    package var description: String {
        spelledCall(
            "recadam",
            [
                "k=\(spelled(rate))", "t0=\(spelled(start))", "gamma=\(spelled(strength))",
                decay == .annealed ? nil : "decay=\(decay.rawValue)",
            ])
    }
}

extension Reinitialization: Spelled {
    package static let spellings = ["biases", "head-biases", "all", "last(K)"]

    package init(spelled text: String) throws(SpellingError) {
        let call = try SpelledCall(text)
        switch call.name {
        case "biases", "head-biases", "all":
            _ = try call.arguments([])
            self = call.name == "all" ? .all : call.name == "biases" ? .biases : .headBiases
        case "last": self = .last(layers: try call.arguments(["k"]).whole("k", of: "last", in: 1...1000))
        default: throw SpellingError()
        }
    }

    package var description: String {
        switch self {
        case .biases: "biases"
        case .headBiases: "head-biases"
        case .all: "all"
        case .last(let layers): "last(\(layers))"
        }
    }
}

extension Estimate: Spelled {
    package static let spellings = [
        "fisher", "fisher(per=batch)", "fisher(label=expected)", "fisher(mode=train)", "fisher(tokens=mean)",
        "fisher(examples=sum)",
    ]

    /// As it is written in keys, where the mean is left out.
    package init(spelled text: String) throws(SpellingError) { try self.init(text, tokens: .mean) }

    /// As people write it. What is left out is as in equation 2 of Is there an optimal subset: the mean over the
    /// examples of the squared gradient of log p of the whole label, all tagged words or all hidden tokens of a text.
    package init(written text: String) throws(SpellingError) { try self.init(text, tokens: .sum) }

    /// - Parameter tokens: where the text says nothing of them.
    private init(_ text: String, tokens: EstimateSum) throws(SpellingError) {
        let call = try SpelledCall(text)
        guard call.name == "fisher" else { throw SpellingError() }
        let arguments = try call.arguments(["per", "label", "clip", "mode", "tokens", "examples"])
        let unit: EstimateUnit = try arguments.choice("per", of: "fisher", default: .example)
        guard unit == .example || arguments["tokens"] == nil else {
            throw SpellingError("'tokens' is of single examples; what a batch's loss is the setting 'loss' says")
        }
        self.init(
            unit: unit,
            label: try arguments.choice("label", of: "fisher", default: .gold),
            clip: arguments["clip"] == nil
                ? nil : try arguments.number("clip", of: "fisher", "a number above 0") { $0 > 0 },
            mode: try arguments.choice("mode", of: "fisher", default: .eval),
            tokens: unit == .batch ? .mean : try arguments.choice("tokens", of: "fisher", default: tokens),
            examples: try arguments.choice("examples", of: "fisher", default: .mean))
        guard mode == .eval || label == .gold else {
            throw SpellingError("'mode=train' of 'fisher' has the observed labels; leave out label=expected")
        }
    }

    package var description: String {
        spelledCall(
            "fisher",
            [
                "per=\(unit.rawValue)", "label=\(label.rawValue)", clip.map { "clip=\(spelled($0))" },
                mode == .eval ? nil : "mode=\(mode.rawValue)", tokens == .mean ? nil : "tokens=\(tokens.rawValue)",
                examples == .mean ? nil : "examples=\(examples.rawValue)",
            ])
    }
}
