package import Encoders
package import Experiments
package import Numerics
package import Safetensors

/// What a method adds to the steps of a stage, as passes over the arena between those of network and optimizer.
/// Steps are counted from 0.
package protocol StepRule {
    /// Before the step's forward passes.
    func begin(step: Int)
    /// After its backward passes, before the gradients are summed over the ranks.
    func end(step: Int)
    /// Whether `end` changes gradients: then none of their sums may begin before.
    var changesOwnGradients: Bool { get }
    /// Once the gradients are those of the whole batch, before clipping.
    func adjustGradients(step: Int)
    /// Before the optimizer changes the values, when it is known by how much the gradients are clipped.
    func beforeUpdate(step: Int)
    /// After it did, with the learning rate of the step.
    func afterUpdate(step: Int, rate: Double)
}

extension StepRule {
    package func begin(step: Int) {}
    package func end(step: Int) {}
    package var changesOwnGradients: Bool { false }
    package func adjustGradients(step: Int) {}
    package func beforeUpdate(step: Int) {}
    package func afterUpdate(step: Int, rate: Double) {}
}

extension Regularization {
    /// The rules of a stage, in the order in which they act.
    /// - Parameters:
    ///   - files: what the stage starts from; child-tuning that is driven by the task chooses by its statistics.
    ///   - weightDecay: of an optimizer whose decay acts on values; 0 otherwise.
    package func rules(
        _ store: ParameterStore, seed: UInt64, files: [ArtifactKind: SafetensorsFile], weightDecay: Double,
        _ compute: Compute
    ) throws(ModelError) -> [any StepRule] {
        let segments = try PulledSegment.backbone(of: store)
        var rules: [any StepRule] = []
        if let mixout {
            let mixed = mixoutLayers == .all ? segments + PulledSegment.head(of: store) : segments
            rules.append(
                Mixout(
                    store, mixed, probability: mixout, mask: mixoutMask,
                    gradient: mixoutGradient, seed: seed, compute))
        }
        if l1 > 0 || l2 > 0 {
            rules.append(DistancePenalty(store.arena, segments, l1: l1, l2: l2, compute))
        }
        switch child {
        case .free(let share, let mask):
            rules.append(FreeChildTuning(store.arena, segments, share: share, seed: seed, compute).laid(mask))
        case .driven(let share, let mask):
            let statistics = try files.required(.statistics)
            rules.append(try DrivenChildTuning(store, segments, share: share, statistics, compute).laid(mask))
        case nil: break
        }
        if let recadam { rules.append(RecAdamRule(store.arena, segments, recadam, weightDecay: weightDecay, compute)) }
        return rules
    }
}

/// A rule that changes gradients, when they have been clipped.
private struct AfterClipping: StepRule {
    let rule: any StepRule

    func beforeUpdate(step: Int) { rule.adjustGradients(step: step) }
}

extension StepRule {
    /// The rule where its mask is wanted.
    fileprivate func laid(_ mask: ChildMask) -> any StepRule {
        mask == .afterClipping ? AfterClipping(rule: self) : self
    }
}

/// The entries of one parameter that move, and the values that a rule pulls them to.
struct PulledSegment {
    let parameter: Parameter
    /// In the parameter table.
    let index: Int
    /// In the arena.
    let range: Range<Int>
    /// Which entries of the parameter they are; nil for all.
    let entries: [Int32]?
    /// Those values, θ0 of the backbone, in the arena's order.
    let origin: UnsafePointer<Float>
    /// Who owns them, unless it is the model.
    private let memory: FloatBuffer?

    private init(
        _ segment: Arena.Segment, of store: ParameterStore, to origin: UnsafePointer<Float>,
        in memory: FloatBuffer? = nil
    ) {
        index = segment.parameter
        parameter = store.table.parameters[index]
        range = segment.range
        entries = segment.entries
        self.origin = origin
        self.memory = memory
    }

    private init(_ segment: Arena.Segment, of store: ParameterStore, toCopyOf values: [Float]) {
        let memory = FloatBuffer(count: values.count)
        _ = memory.values.update(fromContentsOf: values)
        self.init(segment, of: store, to: UnsafePointer(memory.start), in: memory)
    }

    /// Those of the backbone, which are pulled to their pretrained values.
    static func backbone(of store: ParameterStore) throws(ModelError) -> [PulledSegment] {
        var segments: [PulledSegment] = []
        for segment in store.arena.segments where store.table.parameters[segment.parameter].isOfBackbone {
            let pretrained = try store.pretrained(segment.parameter)
            segments.append(
                segment.entries.map { entries in
                    PulledSegment(segment, of: store, toCopyOf: entries.map { pretrained[Int($0)] })
                } ?? PulledSegment(segment, of: store, to: pretrained.baseAddress!))
        }
        return segments
    }

    /// Those of the head, which are pulled to the values that they have now.
    static func head(of store: ParameterStore) -> [PulledSegment] {
        store.arena.segments.filter { store.table.parameters[$0.parameter].place == .head }.map {
            PulledSegment($0, of: store, toCopyOf: Array(store.arena.values[$0.range]))
        }
    }
}

extension PulledSegment {
    /// Goes over the segment in passes, with their places in the segment.
    func forEachPass(_ compute: Compute, _ body: (Range<Int>) -> Void) {
        compute.forEach((range.count + Arena.blockCount - 1) / Arena.blockCount) { passes in
            for pass in passes { body(pass * Arena.blockCount..<min(range.count, (pass + 1) * Arena.blockCount)) }
        }
    }

    /// The same with random bits for each entry.
    func forEachPass(_ compute: Compute, _ random: CounterRandom, _ body: (Range<Int>, UnsafePointer<UInt32>) -> Void) {
        forEachPass(compute) { part in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: Arena.blockCount) { bits in
                random.fill(bits, from: part.lowerBound)
                body(part, UnsafePointer(bits.baseAddress!))
            }
        }
    }
}
