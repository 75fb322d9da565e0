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
        StageFailure(.badInput, "stage '\(record.label)' kept no \(kind.rawValue) artifact; train it again")
    }

    /// What the model says of each text, as the stage's task would read it, with the probabilities of all classes.
    package func predictions(_ contents: [Example.Content]) throws(StageFailure) -> [Predictions] {
        var examples: [EncodedExample] = []
        do {
            let encoding = try ExampleEncoding(
                trained.record.task, with: tokenizer, trained.record.specification.recipe)
            for (index, content) in contents.enumerated() {
                do throws(TokenizerError) {
                    examples += try encoding.encode([Example(content, labels: [])], .test)
                } catch {
                    throw StageFailure(.badInput, "text \(index + 1): \(error)")
                }
            }
        } catch {
            throw StageFailure(classifying: error)
        }
        return try predictions(examples)
    }

    /// What the model scores on examples of a task that its head fits.
    /// - Parameter file: whose examples they are: of running text it decides which tokens are hidden.
    /// - Returns: the task's metrics, and where there are classes which is taken for which.
    package func scores(
        _ examples: [Example], of task: TaskDefinition, in file: DataFile
    ) throws(StageFailure) -> (scores: [Score], confusion: Confusion?) {
        let encoded: [EncodedExample]
        do {
            let recipe = trained.record.specification.recipe
            encoded = try ExampleEncoding(task, with: tokenizer, recipe).encode(examples, file)
        } catch {
            throw StageFailure(classifying: error)
        }
        let said = Predictions(joining: try predictions(encoded))
        let expected = encoded.map(\.labels)
        return (
            task.scores(predicted: said, expected: expected, on: file.split),
            task.confusion(predicted: said, expected: expected)
        )
    }

    private func predictions(_ examples: [EncodedExample]) throws(StageFailure) -> [Predictions] {
        let outputs = outputs(examples)
        guard outputs.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw StageFailure(
                .badInput, "stage '\(trained.record.label)': the model's outputs are no numbers; train it again")
        }
        return outputs.map { Predictions($0[...], of: trained.record.task, classes: model.outputs) }
    }

    /// What the head gives for each example: [rows, outputs], in the order of its rows.
    package func outputs(_ examples: [EncodedExample]) -> [[Float]] {
        examples.inPacks(Array(examples.indices)) { pack in
            let outputs = Array(model.outputs(of: examples.batch(pack)))
            var end = 0
            return pack.map { index in
                let start = end
                end += examples[index].rowCount * model.outputs
                return Array(outputs[start..<end])
            }
        }
    }
}

extension Predictions {
    /// What the head's outputs for one example say: the probabilities of its classes or choices, of the classes of each word
    /// or of each hidden token, or a value.
    fileprivate init(_ outputs: ArraySlice<Float>, of task: TaskDefinition, classes: Int) {
        guard !task.isRegression else {
            self = .values(Array(outputs))
            return
        }
        // Each choice is a row of one score.
        let width = task.kind == .choices ? outputs.count : classes
        let rows = stride(from: outputs.startIndex, to: outputs.endIndex, by: width).map { outputs[$0..<$0 + width] }
        // There are as many probabilities of a hidden token as tokens, and no metric takes them.
        guard task.kind != .maskedLM else {
            self = .categories(rows.map(likeliest))
            return
        }
        self = .distributions(rows.map(likeliest), probabilities: rows.flatMap(softmax))
    }
}
