import Encoders
import Experiments
import Foundation
import Numerics
import Safetensors

/// What a stage left besides its head as an adapter of peft: LoRA, with biases where they moved, too; biases alone; or a prefix.
struct PeftAdapter {
    static let configurationName = "adapter_config.json"
    static let weightsName = "adapter_model.safetensors"

    let form: TransformersForm
    private let store: ParameterStore
    private let design: AdapterDesign?
    /// The biases of the backbone that moved, by index in the table.
    private let biases: [Int]
    private let record: TrainedStage.Record

    /// - Returns: nil where peft has no adapter for what the stage left: then a whole model takes it.
    init?(_ model: TrainedModel, modelType: String) throws {
        record = model.trained.record
        store = model.store
        design = store.table.adapter
        let leaves = record.specification.leaves
        guard !leaves.isEmpty, leaves.isSubset(of: [.adapter, .delta]),
            record.specification.recipe.reinitialization == nil
        else { return nil }
        let moved = try model.trained.files[.delta].map { try SafetensorsFile(path: $0) }
        var biases: [Int] = []
        for name in moved?.names ?? [] {
            guard let index = store.table.index(of: name), store.table.parameters[index].isBias else { return nil }
            biases.append(index)
        }
        self.biases = biases
        let isPrefix: Bool
        switch design {
        case .bottleneck: return nil
        // peft sets a prefix before a text or a pair, and moves nothing besides it.
        case .prefix:
            guard biases.isEmpty, record.task.kind != .choices, record.task.kind != .maskedLM else { return nil }
            isPrefix = true
        case .lora, nil: isPrefix = false
        }
        form = TransformersForm(store.table, record.task, modelType: modelType, carriesAdapter: isPrefix)
    }

    /// The file of the class that the adapter goes onto, where transformers has none; the prefix is peft's.
    var modelingFile: ModelingFile? {
        form.isNative ? nil : ModelingFile(form, record.task, adapter: nil)
    }

    // MARK: Weights

    /// - Parameter compute: for the network that makes a prefix.
    func tensors(_ head: [TensorSource], _ compute: Compute) -> [TensorSource] {
        if let prefixes = store.prefixes(compute), case .prefix(let length, _, _) = design {
            return head.map { $0.renamed("base_model.\($0.name)") } + [
                TensorSource(name: Self.prefixes, shape: [length, prefixes.count / length], floats: prefixes)
            ]
        }
        let parameters = store.table.parameters
        var tensors = head
        for index in parameters.indices where parameters[index].isAdapter { tensors.append(tensor(index)) }
        if design == nil { tensors += nothing }
        // The pooler is of the head where the file of the class has it so.
        let inHead = Set(head.map(\.name))
        for index in biases {
            let bias = tensor(index)
            if inHead.contains(bias.name) { continue }
            let layer = bias.name.dropLast(".bias".count)
            tensors.append(isWrapped(parameters[index]) ? bias.renamed("\(layer).base_layer.bias") : bias)
        }
        return tensors.map { $0.renamed("\(Self.lowRankPrefix)\($0.name)") }
    }

    /// The one tensor of a prefix: [length, 2 layers H], as `ParameterStore.prefixes` has it.
    static let prefixes = "prompt_embeddings"
    static let lowRankPrefix = "base_model.model."

    private func tensor(_ index: Int) -> TensorSource {
        let parameter = store.table.parameters[index]
        return TensorSource(
            name: form.names(of: parameter)[0], shape: parameter.shape, floats: store.values(index))
    }

    /// peft keeps biases beside a LoRA and has no adapter of biases alone, so these have one that adds nothing to one layer.
    private var nothing: [TensorSource] {
        let hidden = store.table.configuration.hidden
        return [(ParameterTable.lowRankDown, [1, hidden]), (ParameterTable.lowRankUp, [hidden, 1])].map {
            suffix, shape in
            TensorSource(
                name: "\(store.table.configuration.family.rawValue).\(Self.idleLayer)\(suffix)", shape: shape,
                floats: [Float](repeating: 0, count: hidden))
        }
    }

    static let idleLayer = ParameterTable.layerPrefix(0) + LoRAModule.query.layerName

    /// Whether peft has put a layer of its own around the one that the bias belongs to.
    private func isWrapped(_ parameter: Parameter) -> Bool {
        let layer = parameter.name.dropLast(".bias".count)
        if design == nil { return layer == Self.idleLayer }
        return store.table.index(of: layer + ParameterTable.lowRankDown) != nil
    }

    // MARK: Configuration

    var configuration: [String: Any] {
        let base = BaseModel(record.model)
        var json: [String: Any] = [
            "base_model_name_or_path": base.name, "revision": base.revision ?? NSNull(), "inference_mode": true,
            "task_type": form.peftTask ?? NSNull(), "modules_to_save": form.headModules, "auto_mapping": NSNull(),
        ]
        switch design {
        case .prefix(let length, _, _):
            let configuration = store.table.configuration
            json.merge([
                "peft_type": "PREFIX_TUNING", "num_virtual_tokens": length, "token_dim": configuration.hidden,
                "num_transformer_submodules": 1, "num_attention_heads": configuration.heads,
                "num_layers": configuration.layers, "encoder_hidden_size": configuration.hidden,
                "prefix_projection": false,
            ]) { $1 }
        case .lora(let lora):
            let modules = LoRAModule.allCases.filter(lora.modules.contains).map(\.layerName)
            json.merge(
                lowRank(
                    rank: lora.rank, alpha: lora.alpha, dropout: lora.dropout,
                    target: #".*\.layer\.\d+\.("# + modules.map(escaped).joined(separator: "|") + ")")
            ) { $1 }
        case nil, .bottleneck:
            json.merge(lowRank(rank: 1, alpha: 1, dropout: 0, target: #".*\."# + escaped(Self.idleLayer))) { $1 }
        }
        return json
    }

    private func lowRank(rank: Int, alpha: Double, dropout: Double, target: String) -> [String: Any] {
        [
            "peft_type": "LORA", "r": rank, "lora_alpha": alpha, "lora_dropout": dropout, "target_modules": target,
            "bias": biases.isEmpty ? "none" : "all", "fan_in_fan_out": false, "use_rslora": false, "use_dora": false,
            "init_lora_weights": true,
        ]
    }

    private func escaped(_ name: String) -> String { name.split(separator: ".").joined(separator: #"\."#) }

    /// For the model card: what the adapter is.
    var summary: String {
        switch design {
        case .lora(let lora):
            "LoRA of rank \(lora.rank)" + (biases.isEmpty ? "" : " and \(biases.count) biases")
        case .prefix(let length, _, _): "a prefix of \(length)"
        case .bottleneck, nil: "\(biases.count) biases, beside a LoRA that adds nothing"
        }
    }
}

extension Parameter {
    fileprivate var isBias: Bool { role == .bias || role == .normBias }
}

/// What others call a pretrained model: its name on the hub where it lies in the hub's cache, else the folder.
struct BaseModel {
    let name: String
    let revision: String?

    init(_ model: ModelLocation) {
        let parts = model.path.split(separator: "/")
        if let place = parts.lastIndex(of: "snapshots"), place > 0, place + 1 < parts.count,
            parts[place - 1].hasPrefix("models--")
        {
            name = parts[place - 1].dropFirst("models--".count).split(separator: "--", maxSplits: 1).joined(
                separator: "/")
            revision = String(parts[place + 1])
        } else {
            (name, revision) = (model.path, nil)
        }
    }
}
