/// What a random number is for. Numbers for different purposes have nothing to do with each other, so no two purposes may
/// share a number, and none may ever get another one: stages of today would come out differently.
package struct RandomPurpose: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The order of the examples in an epoch (`step` is the epoch).
    package static let order = RandomPurpose(rawValue: 1)
    /// Which examples are held out for validation.
    package static let split = RandomPurpose(rawValue: 2)
    /// Initial values of the head (`example` is the parameter's index within the head).
    package static let headInitialization = RandomPurpose(rawValue: 3)
    /// Which entries of a backbone a random subset has.
    package static let entries = RandomPurpose(rawValue: 4)
    /// Which training examples are used where not all are.
    package static let samples = RandomPurpose(rawValue: 5)
    /// Initial values of a backbone that is drawn anew (`example` is the parameter's index in the table).
    package static let reinitialization = RandomPurpose(rawValue: 6)
    /// Which gradients child-tuning keeps in a step (`example` is the parameter's index in the table).
    package static let childTuning = RandomPurpose(rawValue: 7)
    /// Which weights mixout sets back in a step (`example` is the parameter's index in the table).
    package static let mixout = RandomPurpose(rawValue: 8)
    /// Initial values of an adapter (`example` is the parameter's index within the adapter).
    package static let adapterInitialization = RandomPurpose(rawValue: 9)
    /// Which rows of a training file a task is scored on (`step` is the label).
    package static let devRows = RandomPurpose(rawValue: 10)

    /// The pairs of a bootstrap sample (`example` is the sample).
    package static let resampling = RandomPurpose(rawValue: 0x200)
    /// The signs of differences in a permutation test (`example` is the draw).
    package static let signs = RandomPurpose(rawValue: 0x201)

    /// Dropout at one place of the network.
    package static func dropout(_ site: DropoutSite) -> RandomPurpose {
        RandomPurpose(rawValue: 0x1_0000 + site.rawValue)
    }

    /// The texts of a demo task (`step` is the task).
    package static let demoTexts = RandomPurpose(rawValue: 0x2_0000)
    /// Which tokens are hidden in a step of masked language modelling.
    package static let trainingMask = RandomPurpose(rawValue: 0x3_0000)
    /// Which tokens are hidden where a masked language model is scored (`step` is the file).
    package static let testingMask = RandomPurpose(rawValue: 0x3_0001)
}

/// A place of the network where dropout acts.
package struct DropoutSite: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let embeddings = DropoutSite(rawValue: 0)
    package static let headInput = DropoutSite(rawValue: 1)
    package static let headHidden = DropoutSite(rawValue: 2)
    package static func attentionProbabilities(layer: Int) -> DropoutSite { site(0, layer) }
    package static func attentionOutput(layer: Int) -> DropoutSite { site(1, layer) }
    package static func feedForwardOutput(layer: Int) -> DropoutSite { site(2, layer) }

    /// The keys and values before each sequence's own.
    package static func prefix(layer: Int) -> DropoutSite { DropoutSite(rawValue: 0x7000 + UInt32(layer)) }

    /// The input of a low-rank addition.
    /// - Parameter module: its number in the layer, below 8.
    package static func lowRank(layer: Int, module: Int) -> DropoutSite {
        DropoutSite(rawValue: 0x8000 + 8 * UInt32(layer) + UInt32(module))
    }

    private static func site(_ number: UInt32, _ layer: Int) -> DropoutSite {
        DropoutSite(rawValue: 16 + 4 * UInt32(layer) + number)
    }
}
