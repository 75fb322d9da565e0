package import Encoders
package import Experiments
import Foundation
package import Numerics
import Safetensors
package import Tasks
import Tokenizers
import Tuning

/// A trained stage's network, put together from the pretrained backbone and the stage's artifacts.
package final class TrainedModel {
    package let trained: TrainedStage
    package let backbone: Backbone
    package let store: ParameterStore
    private let model: Model
    private let tokenizer: any Tokenizer

    /// - Parameter modelDirectory: where the pretrained model is now, if not where it was.
    package init(_ trained: TrainedStage, modelDirectory: String? = nil, compute: Compute) throws(StageFailure) {
        self.trained = trained
        let record = trained.record
        let recipe = record.specification.recipe
        do {
            backbone = try InputCache().backbone(
                at: modelDirectory ?? record.model.path, expecting: record.specification.backbone)
            tokenizer = try loadTokenizer(directory: backbone.directory)
            let files = try Self.files(trained)
            let table = ParameterTable(
                configuration: backbone.configuration, recipe: recipe, task: record.task,
                adapter: try StageInputs.adapter(recipe.tune, files))
            store = try ParameterStore(
                table: table, backbone: backbone, overlays: StageInputs.overlays(files),
                replacing: record.specification.reinitialized(backbone.configuration),
                parts: table.headOnly)
            guard let head = trained.files[.head] else { throw Self.notKept(.head, record) }
            try HeadFile.load(head, design: recipe.head, into: store)
        } catch {
            throw StageFailure(classifying: error)
        }
        model = Model(store: store, compute: compute, precision: recipe.precision)
    }

    /// What the stage changed in the backbone lies over the pretrained values.
    private static func files(_ trained: TrainedStage) throws -> [ArtifactKind: SafetensorsFile] {
        var files: [ArtifactKind: SafetensorsFile] = [:]
        for kind in trained.record.specification.leaves {
            guard let path = trained.files[kind] else { throw notKept(kind, trained.record) }
            files[kind] = try SafetensorsFile(path: path)
        }
        return files
    }

    private static func notKept(_ kind: ArtifactKind, _ record: TrainedStage.Record) -> StageFailure {
        StageFailure(
            .badInput,
            """
            stage '\(record.label)' kept no \(kind.rawValue) artifact; run its sweep with `keep: model`, which trains \
            this stage again, or use `headstart train`
            """)
    }

    /// What the model says of texts as the stage's task would read them.
    /// - Parameter contents: of the lines of a file.
    package func predictions(_ contents: [Example.Content]) throws(StageFailure) -> [Prediction] {
        let record = trained.record
        let recipe = record.specification.recipe
        let encoding = Encoding(
            record.task, with: tokenizer, maxLength: recipe.maxLength, truncation: recipe.truncation)
        var examples: [EncodedExample] = []
        for (index, content) in contents.enumerated() {
            do {
                examples += try encoding.encode([Example(content, labels: [])])
            } catch {
                throw StageFailure(.badInput, "line \(index + 1): \(error)")
            }
        }
        return outputs(examples).map { Prediction($0[...], of: record.task) }
    }

    /// What the head gives for each example: [rows, outputs], in the order of its rows.
    package func outputs(_ examples: [EncodedExample]) -> [[Float]] {
        examples.inPacks(Array(examples.indices)) { pack in
            let outputs = Array(model.forward(examples.batch(pack)))
            var end = 0
            return pack.map { index in
                let start = end
                end += examples[index].rowCount * model.outputs
                return Array(outputs[start..<end])
            }
        }
    }
}

/// What a model says of one example.
package enum Prediction: Sendable {
    case label(String, probabilities: [String: Double])
    case value(Double)
    /// The tag of each word.
    case tags([String])

    /// The likeliest label or choice with the probability of each, the likeliest tag of each word, or a value.
    fileprivate init(_ outputs: ArraySlice<Float>, of task: TaskDefinition) {
        guard let labels = task.labels else {
            self = .value(Double(outputs[outputs.startIndex]))
            return
        }
        guard task.kind != .tags else {
            let rows = stride(from: outputs.startIndex, to: outputs.endIndex, by: labels.count)
            self = .tags(rows.map { labels[likeliest(outputs[$0..<$0 + labels.count])] })
            return
        }
        let (exponentials, sum) = exponentials(of: outputs)
        let probabilities = zip(labels, exponentials.map { $0 / sum })
        self = .label(labels[likeliest(outputs)], probabilities: Dictionary(uniqueKeysWithValues: probabilities))
    }
}
