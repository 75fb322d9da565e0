import Encoders
package import Experiments
import Files
import Foundation
import Safetensors

/// Writes a trained model as a Hugging Face directory that `transformers` loads: with the head `hf`, and BERT with
/// `pooled`, a complete sequence classification model, with any other the backbone, and the head beside it in `head.safetensors`.
package struct HuggingFaceExport {
    private let model: TrainedModel
    private var task: TaskDefinition { model.trained.record.task }
    private var head: HeadDesign { model.trained.record.specification.recipe.head }
    /// Whether transformers has a class for the model with its head.
    private var isComplete: Bool {
        guard head == .hf || head == .pooled && configuration.family == .bert else { return false }
        return task.kind == nil || task.kind == .choices && configuration.family == .bert
    }
    private var configuration: EncoderConfiguration { model.backbone.configuration }

    package init(_ model: TrainedModel) { self.model = model }

    /// - Parameter directory: must not exist yet; it appears as a whole or not at all.
    package func write(to directory: String) throws(StageFailure) {
        guard access(directory, F_OK) != 0 else {
            throw StageFailure(.badInput, "\(directory): exists already; name a folder that does not")
        }
        try checkAdapter()
        let place = Path.absolute(directory)
        let temporary = "\(place).\(getpid()).tmp"
        do {
            try Directory.make(temporary)
            try writeConfiguration(to: "\(temporary)/config.json")
            try SafetensorsWriter.write(try tensors(), metadata: ["format": "pt"], to: "\(temporary)/model.safetensors")
            if !isComplete, let head = model.trained.files[.head] {
                try AtomicFile.copy(head, to: "\(temporary)/head.safetensors")
            }
            for name in ModelFiles.tokenizer {
                let file = "\(model.backbone.directory)/\(name)"
                guard access(file, F_OK) == 0 else { continue }
                try AtomicFile.copy(file, to: "\(temporary)/\(name)")
            }
            try Disk.rename(temporary, to: place, isDurable: false)
        } catch {
            removeLeftovers(temporary)
            throw StageFailure(classifying: error)
        }
    }

    private func checkAdapter() throws(StageFailure) {
        guard let adapter = model.store.table.adapter else { return }
        if case .lora = adapter { return }
        throw StageFailure(
            .badInput, "transformers' models have no place for '\(adapter)'; use `headstart predict` with this run")
    }

    /// The failure that brought us here matters more than what is left of the copy.
    private func removeLeftovers(_ path: String) {
        do { try Directory.remove(path) } catch {}
    }

    private func tensors() throws -> [TensorSource] {
        var tensors: [TensorSource] = []
        for (index, parameter) in model.store.table.parameters.enumerated() {
            guard let name = exportedName(of: parameter) else { continue }
            let (shape, floats) = exported(parameter, model.store.mergedValues(index))
            tensors.append(TensorSource(name: name, shape: shape, floats: floats))
        }
        if !isComplete, head != .pooled {
            let width = configuration.hidden
            for (name, shape) in [("pooler.dense.weight", [width, width]), ("pooler.dense.bias", [width])] {
                guard let pooler = try model.backbone.values(named: name, shape: shape) else { continue }
                tensors.append(TensorSource(name: name, shape: shape, floats: pooler))
            }
        }
        return tensors
    }

    /// transformers has a score for each class: that of the first is 0 where ours has one for both.
    private func exported(_ parameter: Parameter, _ values: [Float]) -> (shape: [Int], floats: [Float]) {
        guard model.store.table.isLogistic, parameter.place == .head, parameter.shape[0] == 1 else {
            return (parameter.shape, values)
        }
        return ([2] + parameter.shape.dropFirst(), [Float](repeating: 0, count: values.count) + values)
    }

    /// - Returns: nil for the parameters of a head that transformers does not know, and for those that LoRA added, which
    ///   are merged into others.
    private func exportedName(of parameter: Parameter) -> String? {
        if parameter.isAdapter { return nil }
        let family = configuration.family.rawValue
        guard parameter.place == .head else { return isComplete ? "\(family).\(parameter.name)" : parameter.name }
        guard isComplete else { return nil }
        let name = parameter.name.dropFirst("head.".count)
        return switch configuration.family {
        case .bert: name.hasPrefix("pooler.") ? "bert.\(name)" : "\(name)"
        case .roberta: "classifier.\(name)"
        }
    }

    /// What transformers calls the families in the names of its classes, by `model_type`.
    private static let classNames = [
        "bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert",
    ]

    private func writeConfiguration(to path: String) throws {
        let original = Data(try Disk.read("\(model.backbone.directory)/config.json"))
        // Read by what writes it again, so that what is not changed stays as it was.
        guard var json = try JSONSerialization.jsonObject(with: original) as? [String: Any] else {
            throw StageFailure(.badInput, "\(model.backbone.directory)/config.json: not a JSON object")
        }
        let modelType = json["model_type"] as? String ?? configuration.family.rawValue
        let family = Self.classNames[modelType] ?? modelType
        let purpose = task.kind == .choices ? "MultipleChoice" : "SequenceClassification"
        json["architectures"] = [isComplete ? "\(family)For\(purpose)" : "\(family)Model"]
        json["torch_dtype"] = "float32"
        if isComplete, task.kind == nil {
            let labels = task.labels
            let numbered = (labels ?? ["score"]).enumerated()
            json["problem_type"] = labels == nil ? "regression" : "single_label_classification"
            json["id2label"] = Dictionary(uniqueKeysWithValues: numbered.map { ("\($0.offset)", $0.element) })
            json["label2id"] = Dictionary(uniqueKeysWithValues: numbered.map { ($0.element, $0.offset) })
        }
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try JSONSerialization.data(withJSONObject: json, options: options), to: path)
    }
}
