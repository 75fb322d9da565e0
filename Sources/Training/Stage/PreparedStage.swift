import Collectives
import Encoders
import Experiments
import Files
import Numerics
import Safetensors
import Tasks
import Tuning

/// A stage with everything read, checked and laid out: ready for its first step.
final class PreparedStage {
    let recipe: Recipe
    let seed: UInt64
    let task: TaskDefinition
    let data: EncodedDataset
    /// Places in the training file.
    let trainingExamples: [Int]
    /// What there is to select on: places held out in the training file or, where the recipe holds none out, all of the
    /// task's validation file.
    let validation: (file: DataFile, examples: [Int])?
    /// Parts of a batch that go through the network one after the other.
    let passes: Int
    let schedule: Schedule
    let store: ParameterStore
    let model: Model
    let learner: any Learner
    let measures: [Measure]
    /// Whether the head is that of the model's pretraining, which neither its file nor an earlier stage has.
    let drawsWordHead: Bool
    /// The head's hidden layer for some examples of both files, where that was measured: rows of the head's width.
    var headFeatures: (train: [Float], dev: [Float])?
    var headFeaturesAtStart: (train: [Float], dev: [Float])?
    /// What the head sees of the examples trained on at the stage's end, where that was measured.
    var features: [Float]?
    /// Whether earlier stages have changed the backbone that the stage begins with.
    let startsTuned: Bool
    /// What the method adds to every step.
    let rules: [any StepRule]

    /// What is done so that the stage fits into memory, as a sentence; nil where it does by itself.
    let fitting: String?

    /// - Parameters:
    ///   - memoryBytes: what the process may take; nil for what the stage asks for.
    ///   - onPass: called before each pass through the network or its head.
    init(
        _ job: StageJob, cache: InputCache, communicator: any Communicator, compute: Compute, memoryBytes: Int? = nil,
        onPass: @escaping () -> Void
    ) throws(StageFailure) {
        recipe = job.specification.recipe
        seed = job.specification.seed
        task = job.task
        measures = job.planned.measures
        startsTuned = !job.inputs.keys.filter { [.backbone, .delta, .adapter].contains($0) }.isEmpty
        let files: [ArtifactKind: SafetensorsFile]
        (data, store, files) = try communicator.agree {
            let backbone = try cache.backbone(at: job.modelDirectory, expecting: job.specification.backbone)
            let data = try cache.data(for: job, backbone: backbone)
            let files = try StageInputs.open(job)
            return (data, try Self.store(job, backbone, files), files)
        }
        let fit = try communicator.agree { [store, data] in
            try memoryBytes.map { try MemoryFit(of: job, store, data, ranks: communicator.size, into: $0) }
        }
        fitting = fit?.sentence
        passes = min(recipe.batch, recipe.accumulation * max(job.batchParts, fit?.batchParts ?? 1))
        drawsWordHead =
            recipe.head == .hf && task.kind == .maskedLM && job.inputs[.head] == nil && !store.backbone.hasWordHead
        let split = DataOrder.split(count: data.train.count, by: recipe, seed: seed)
        trainingExamples = split.training
        let heldOut: [(file: DataFile, examples: [Int])] = [
            (.train, split.validation), (.validation, Array(data.validation.indices)),
        ]
        validation = heldOut.first { !$0.examples.isEmpty }
        schedule = Schedule(recipe, examples: trainingExamples.count)
        model = Model(
            store: store, compute: compute, precision: recipe.precision,
            recomputes: job.planned.recomputes || fit?.recomputes ?? false, onPass: onPass)
        store.drawInitialValues(seed: seed)
        try communicator.agree { [recipe, store] in
            if let head = job.inputs[.head] {
                let drawsBiases = recipe.reinitialization == .headBiases
                try HeadFile.load(head, design: recipe.head, into: store) { !drawsBiases || $0.role != .bias }
            }
        }
        rules = try communicator.agree { [recipe, store, seed] in
            let optimizer = recipe.optimizer
            return try recipe.regularization.rules(
                store, seed: seed, files: files, weightDecay: optimizer.kind == .adamw ? optimizer.weightDecay : 0,
                compute)
        }
        let isEvaluated = recipe.estimate?.mode == .eval
        let dropout = isEvaluated ? .none : DropoutRates(recipe, store.table, schedule)
        let targets = recipe.classTargets(
            of: trainingExamples.lazy.flatMap { [data] in data.train[$0].labels }, task)
        let objective = Objective(compute, targets)
        if recipe.readsFeatures, FeatureStore.holds(data, model) {
            let features = try FeatureStore(job, communicator).features(model, data)
            learner = FeatureLearner(
                model: model, data: data, features: features, dropout: dropout, seed: seed, objective: objective)
        } else {
            let dropout = recipe.tune == .head ? dropout.ofHead : dropout
            learner = TextLearner(
                model: model, data: data, dropout: dropout, seed: seed, objective: objective,
                frozen: Self.frozenStates(
                    model, data, dropout, schedule, ranks: communicator.size, directory: job.workDirectory))
        }
    }

    /// Of the files that are read more than once as they are: the training file where nothing is hidden or dropped out, a
    /// rank sees the same examples in every epoch, and a resumed stage has the same bits though its batches are others.
    private static func frozenStates(
        _ model: Model, _ data: EncodedDataset, _ dropout: DropoutRates, _ schedule: Schedule, ranks: Int,
        directory: String
    ) -> [DataFile: FrozenStates] {
        guard model.hasFrozenLayers, schedule.steps > schedule.stepsPerEpoch else { return [:] }
        let isTrainSteady =
            data.masking == nil && dropout.spareBackbone && ranks == 1 && model.isExactInAnyBatch
        let files = data.files.filter { $0 == .train ? isTrainSteady : $0 != .test }
        return Dictionary(
            uniqueKeysWithValues: files.compactMap { file in
                FrozenStates(
                    tokens: data[file].map(\.tokenCount), width: model.store.table.configuration.hidden,
                    directory: directory
                ).map { (file, $0) }
            })
    }

    /// The entries that pruning has left at other than their pretrained values, by parameter; nil where nothing is pruned.
    private(set) var kept: [TrainablePart]?

    /// After the last step and before its evaluation: what the method does to the trained parameters.
    func finish() throws {
        guard case .prune(let share) = recipe.tune else { return }
        kept = try Pruning(store).prune(keeping: share)
        store.valuesChanged()
    }

    /// What the labels of some examples count in a mean of their losses: 1 each, unless their classes have weights.
    func lossWeight(of examples: some Sequence<Int>, in file: DataFile = .train) -> Double {
        learner.objective.weight(of: examples.lazy.flatMap { [data] in data[file][$0].labels })
    }

    /// Why numbers are none any more: the pretrained ones never were, or the recipe is to blame.
    func divergence(_ what: String) throws -> StageFailure {
        let backbone = store.backbone
        if let tensor = try backbone.brokenTensor(of: store.table) {
            return StageFailure(
                .badInput,
                "\(backbone.directory)/model.safetensors: tensor '\(tensor)' holds values that are no finite numbers; "
                    + "fetch the model again")
        }
        return StageFailure(.diverged, "\(what); lower lr (now \(recipe.learningRate)) or set clip")
    }

    /// The digest of every entry that moved, in the arena's order.
    func parametersDigest() -> Digest {
        var hasher = Digest.Hasher()
        hasher.update(UnsafeRawBufferPointer(store.arena.values))
        return hasher.finish()
    }

    /// What selection looks at: the task's first metric, on the validation split where there is one; nil where it is
    /// undefined.
    func selectionScore(_ evaluation: Evaluation) -> Double? {
        let split: Split = validation == nil ? .dev : .validation
        return evaluation.scores.first { $0.split == split && $0.metric == task.metrics[0] }?.value
    }

    /// What selection compares; less than any where the score is undefined.
    func selectionMerit(_ evaluation: Evaluation) -> Double {
        selectionScore(evaluation).map(task.metrics[0].merit) ?? -.infinity
    }

    private static func store(
        _ job: StageJob, _ backbone: Backbone, _ files: [ArtifactKind: SafetensorsFile]
    ) throws -> ParameterStore {
        let specification = job.specification
        let table = ParameterTable(
            configuration: backbone.configuration, recipe: specification.recipe, task: job.task,
            adapter: try StageInputs.adapter(specification.recipe.tune, files))
        return try ParameterStore(
            table: table, backbone: backbone, overlays: StageInputs.overlays(files),
            replacing: specification.reinitialized(backbone.configuration),
            parts: specification.recipe.trainableParts(of: table, seed: specification.seed, files: files))
    }
}

extension Recipe {
    /// Whether nothing below the head ever changes, so that each example's features are computed once.
    var readsFeatures: Bool { tune == .head && estimate == nil && reinitialization == nil }

    /// What labels stand for in the loss.
    /// - Parameter labels: of the examples trained on.
    fileprivate func classTargets(of labels: some Sequence<Label>, _ task: TaskDefinition) -> ClassTargets {
        let weights: [Double]? =
            switch classWeights {
            case .none: nil
            case .given(let weights): weights
            case .balanced: balancedWeights(labels, classes: task.labels?.count ?? 0)
            }
        return ClassTargets(weights: weights, smoothing: labelSmoothing)
    }

    /// n / (k n_c); 0 for a class of which there is no label.
    private func balancedWeights(_ labels: some Sequence<Label>, classes: Int) -> [Double] {
        var counts = [Int](repeating: 0, count: classes)
        for label in labels { counts[label.category] += 1 }
        let share = Double(counts.reduce(0, +)) / Double(counts.count { $0 > 0 })
        return counts.map { $0 == 0 ? 0 : share / Double($0) }
    }

    /// Statistics are of the whole backbone.
    fileprivate func trainableParts(
        of table: ParameterTable, seed: UInt64, files: [ArtifactKind: SafetensorsFile]
    ) throws -> [TrainablePart] {
        try (estimate == nil ? tune : .all).trainableParts(of: table, seed: seed, files: files)
    }
}

extension StageSpecification {
    /// The values of parameters that do not keep their pretrained ones.
    func reinitialized(_ configuration: EncoderConfiguration) -> (Int, Parameter) -> [Float]? {
        { index, parameter in
            recipe.reinitialization?.values(of: parameter, index: index, configuration: configuration, seed: seed)
        }
    }
}
