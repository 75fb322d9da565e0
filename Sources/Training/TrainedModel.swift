package import Encoders
package import Experiments
import Foundation
package import Numerics
import Safetensors
import Tasks
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
            backbone = try Library().backbone(
                at: modelDirectory ?? record.model.path, expecting: record.specification.backbone)
            tokenizer = try loadTokenizer(directory: backbone.directory)
            let files = try Self.files(trained)
            let table = ParameterTable(
                configuration: backbone.configuration, head: recipe.head, outputs: record.task.labels?.count ?? 1,
                adapter: try StageInputs.adapter(recipe.tune, files))
            store = try ParameterStore(
                table: table, backbone: backbone, overlays: StageInputs.overlays(files),
                replacing: record.specification.reinitialized(backbone.configuration),
                movement: table.parameters.map { $0.place == .head ? .whole : .fixed })
            guard let head = trained.files[.head] else { throw Self.notKept(.head, record) }
            try HeadFile.load(head, design: recipe.head, into: store)
        } catch {
            throw StageFailure(classifying: error)
        }
        model = Model(store: store, compute: compute)
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

    /// The head's outputs [texts, outputs] for texts as the stage's task would read them.
    package func outputs(_ texts: [(text: String, pair: String?)]) throws(StageFailure) -> [[Float]] {
        let recipe = trained.record.specification.recipe
        var sequences: [TokenSequence] = []
        for (index, text) in texts.enumerated() {
            do {
                sequences.append(
                    try tokenizer.encode(
                        text.text, pair: text.pair, maxLength: recipe.maxLength, truncation: recipe.truncation))
            } catch {
                throw StageFailure(.badInput, "line \(index + 1): \(error)")
            }
        }
        return packs(of: Array(sequences.indices), lengths: { sequences[$0].ids.count }).flatMap { pack in
            var batch = PackedBatch()
            for index in pack {
                batch.append(ids: sequences[index].ids, types: sequences[index].types, example: index)
            }
            let outputs = Array(model.forward(batch, dropout: nil))
            let width = outputs.count / pack.count
            return stride(from: 0, to: outputs.count, by: width).map { Array(outputs[$0..<$0 + width]) }
        }
    }

    /// What the outputs say: the likeliest label with every label's probability, or the value of a regression.
    package func prediction(_ outputs: [Float]) -> Prediction {
        guard let labels = trained.record.task.labels else { return .value(Double(outputs[0])) }
        let highest = outputs.max() ?? 0
        let exponentials = outputs.map { exp(Double($0 - highest)) }
        let sum = exponentials.reduce(0, +)
        let best = outputs.indices.max { outputs[$0] < outputs[$1] } ?? 0
        let probabilities = zip(labels, exponentials.map { $0 / sum })
        return .label(labels[best], probabilities: Dictionary(uniqueKeysWithValues: probabilities))
    }
}

package enum Prediction: Sendable {
    case label(String, probabilities: [String: Double])
    case value(Double)
}
