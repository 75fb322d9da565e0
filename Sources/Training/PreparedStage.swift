import Collectives
import Encoders
import Experiments
import Numerics
import Safetensors
import Tasks
import Tuning

/// A stage with everything read, checked and laid out: ready for its first step.
final class PreparedStage {
    let recipe: Recipe
    let seed: UInt64
    let task: TaskDefinition
    let material: Material
    /// Places in the training file: those trained on, and those held out to select on.
    let trainingExamples: [Int]
    let validationExamples: [Int]
    let timetable: Timetable
    let store: ParameterStore
    let model: Model
    let learner: any Learner
    /// Width of the head's output: classes, or 1 for regression.
    let outputs: Int
    var isRegression: Bool { task.labels == nil }

    init(
        _ job: StageJob, library: Library, communicator: any Communicator, compute: Compute
    ) throws(StageFailure) {
        recipe = job.specification.recipe
        seed = job.specification.seed
        task = job.task
        outputs = job.task.labels?.count ?? 1
        let backbone: Backbone
        (backbone, material, store) = try communicator.agree { [outputs] in
            let backbone = try library.backbone(at: job.modelDirectory, expecting: job.specification.backbone)
            let material = try library.material(for: job, backbone: backbone)
            return (backbone, material, try Self.store(job, backbone, outputs: outputs))
        }
        (trainingExamples, validationExamples) = DataOrder.split(
            count: material.train.count, validation: recipe.validation, seed: seed)
        timetable = Timetable(recipe, examples: trainingExamples.count)
        model = Model(store: store, compute: compute)
        model.initializeHead(seed: seed)
        try communicator.agree { [recipe, store] in
            if let head = job.inputs[.head] { try HeadFile.load(head, design: recipe.head, into: store) }
        }
        let dropout = DropoutRates(recipe, backbone.configuration)
        if recipe.tune == .head {
            let features = try FeatureStore(job, communicator).features(model, material)
            learner = FeatureLearner(
                model: model, material: material, features: features, dropout: dropout, seed: seed)
        } else {
            learner = TextLearner(model: model, material: material, dropout: dropout, seed: seed)
        }
    }

    /// The digest of every entry that moved, in the arena's order.
    func parametersDigest() -> Digest {
        var hasher = Digest.Hasher()
        hasher.update(UnsafeRawBufferPointer(store.arena.values))
        return hasher.finish()
    }

    /// What selection compares: the task's first metric, on the validation split where there is one.
    func selectionScore(_ evaluation: Evaluation) -> Double {
        let split: Split = validationExamples.isEmpty ? .dev : .validation
        return evaluation.scores.first { $0.split == split && $0.metric == task.metrics[0] }?.value ?? -.infinity
    }

    private static func store(_ job: StageJob, _ backbone: Backbone, outputs: Int) throws -> ParameterStore {
        let recipe = job.specification.recipe
        let overlays = try [ArtifactKind.backbone, .delta].compactMap { job.inputs[$0] }.map {
            try SafetensorsFile(path: $0)
        }
        return try ParameterStore(
            table: ParameterTable(configuration: backbone.configuration, head: recipe.head, outputs: outputs),
            backbone: backbone, overlays: overlays,
            moving: { recipe.tune.moves($0, ofLayers: backbone.configuration.layers) })
    }

}
