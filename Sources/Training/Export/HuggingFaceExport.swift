import Encoders
package import Experiments
import Files
import Foundation
package import Numerics
import Safetensors

/// Writes what was trained as a folder that the libraries of Hugging Face load without a new weight: an adapter of peft where
/// the stage left one, else, or where it is asked for, a whole model of transformers.
package struct HuggingFaceExport {
    private let model: TrainedModel
    private let isMerging: Bool
    private let compute: Compute
    private var record: TrainedStage.Record { model.trained.record }
    private var table: ParameterTable { model.store.table }

    /// - Parameter isMerging: whether it becomes a whole model in any case.
    package init(_ model: TrainedModel, isMerging: Bool, compute: Compute) {
        self.model = model
        self.isMerging = isMerging
        self.compute = compute
    }

    /// What was written.
    package enum Outcome: Sendable {
        case model(className: String)
        case adapter
    }

    /// - Parameter directory: must not exist yet; it appears as a whole or not at all.
    package func write(to directory: String) throws(StageFailure) -> Outcome {
        guard access(directory, F_OK) != 0 else {
            throw StageFailure(.badInput, "\(directory): exists already; name a folder that does not")
        }
        let place = Path.absolute(directory)
        let temporary = "\(place).\(getpid()).tmp"
        do {
            try Directory.make(temporary)
            let outcome = try writeFiles(to: temporary)
            for name in ModelFiles.tokenizer {
                let file = "\(model.backbone.directory)/\(name)"
                guard access(file, F_OK) == 0 else { continue }
                try AtomicFile.copy(file, to: "\(temporary)/\(name)")
            }
            try Disk.rename(temporary, to: place, isDurable: false)
            return outcome
        } catch {
            removeLeftovers(temporary)
            throw StageFailure(classifying: error)
        }
    }

    /// The failure that brought us here matters more than what is left of the copy.
    private func removeLeftovers(_ path: String) {
        do { try Directory.remove(path) } catch {}
    }

    private func writeFiles(to folder: String) throws -> Outcome {
        var settings = try modelSettings()
        let modelType = settings["model_type"] as? String ?? table.configuration.family.rawValue
        if !isMerging, let adapter = try PeftAdapter(model, modelType: modelType) {
            try write(adapter, to: folder)
            return .adapter
        }
        let isCarried = if case .lora = table.adapter { false } else { table.adapter != nil }
        let form = TransformersForm(table, record.task, modelType: modelType, carriesAdapter: isCarried)
        settings.merge(description(form)) { $1 }
        try write(json: settings, to: "\(folder)/config.json")
        if !form.isNative {
            try write(ModelingFile(form, record.task, adapter: table.adapter), to: folder)
        }
        try SafetensorsWriter.write(
            tensors(form, where: { _ in true }) + prefix(), metadata: try metadata(), to: "\(folder)/model.safetensors")
        try write(ModelCard(record, form: form, adapter: nil), to: folder)
        return .model(className: form.className)
    }

    private func write(_ adapter: PeftAdapter, to folder: String) throws {
        let form = adapter.form
        let modules = Set(form.headModules)
        let head = tensors(form) { parameter in
            let names = form.names(of: parameter)[0].split(separator: ".")
            return parameter.place == .head
                || parameter.place == .pooler && names.contains { modules.contains("\($0)") }
        }
        try write(json: adapter.configuration, to: "\(folder)/\(PeftAdapter.configurationName)")
        try SafetensorsWriter.write(
            adapter.tensors(head, compute), metadata: try metadata(), to: "\(folder)/\(PeftAdapter.weightsName)")
        if let file = adapter.modelingFile { try write(file, to: folder) }
        try write(ModelCard(record, form: form, adapter: adapter.summary), to: folder)
    }

    private func write(_ file: ModelingFile, to folder: String) throws {
        try AtomicFile.write(Data(file.text.utf8), to: "\(folder)/\(ModelingFile.name)")
    }

    private func write(_ card: ModelCard, to folder: String) throws {
        try AtomicFile.write(Data(try card.text().utf8), to: "\(folder)/README.md")
    }

    private func write(json: [String: Any], to path: String) throws {
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try JSONSerialization.data(withJSONObject: json, options: options), to: path)
    }

    // MARK: Weights

    /// What the weights belong to, for whoever reads them back.
    private func metadata() throws -> [String: String] {
        var metadata = [
            "format": "pt", "backbone": record.specification.backbone.hex, "head": table.head.description,
        ]
        metadata["labels"] = try record.task.labelsAsJSON
        return metadata
    }

    /// The parameters of the model, with what LoRA adds to them; a bottleneck's are layers of the model's class.
    private func tensors(_ form: TransformersForm, where isWanted: (Parameter) -> Bool) -> [TensorSource] {
        var tensors: [TensorSource] = []
        for (index, parameter) in table.parameters.enumerated() where isWanted(parameter) {
            if parameter.isAdapter {
                guard case .bottleneck = table.adapter else { continue }
            }
            let (shape, floats) = exported(parameter, model.store.mergedValues(index), form)
            for name in form.names(of: parameter) {
                tensors.append(TensorSource(name: name, shape: shape, floats: floats))
            }
        }
        return tensors
    }

    private func prefix() -> [TensorSource] {
        guard case .prefix(let length, _, _) = table.adapter, let floats = model.store.prefixes(compute) else {
            return []
        }
        return [TensorSource(name: "prefix", shape: [length, floats.count / length], floats: floats)]
    }

    /// transformers has a score for each class: that of the first is 0 where ours has one for both.
    private func exported(
        _ parameter: Parameter, _ values: [Float], _ form: TransformersForm
    ) -> (shape: [Int], floats: [Float]) {
        guard form.isDoubled(parameter) else { return (parameter.shape, values) }
        return ([2] + parameter.shape.dropFirst(), [Float](repeating: 0, count: values.count) + values)
    }

    // MARK: Configuration

    private func modelSettings() throws -> [String: Any] {
        let path = "\(model.backbone.directory)/\(ModelFiles.configuration)"
        // Read by what writes it again, so that what is not changed stays as it was.
        guard let json = try JSONSerialization.jsonObject(with: Data(try Disk.read(path))) as? [String: Any] else {
            throw StageFailure(.badInput, "\(path): not a JSON object")
        }
        return json
    }

    private func description(_ form: TransformersForm) -> [String: Any] {
        var json: [String: Any] = ["architectures": [form.className], "torch_dtype": "float32"]
        if !form.isNative { json["auto_map"] = [form.autoClassName: "\(ModelingFile.module).\(form.className)"] }
        let task = record.task
        switch task.kind {
        // Its last layer is a parameter of its own here.
        case .maskedLM: json["tie_word_embeddings"] = false
        case .choices: break
        case nil, .targetWords, .tags:
            let numbered = (task.labels ?? ["score"]).enumerated()
            if task.kind != .tags {
                json["problem_type"] = task.labels == nil ? "regression" : "single_label_classification"
            }
            json["id2label"] = Dictionary(uniqueKeysWithValues: numbered.map { ("\($0.offset)", $0.element) })
            json["label2id"] = Dictionary(uniqueKeysWithValues: numbered.map { ($0.element, $0.offset) })
        }
        return json
    }
}
