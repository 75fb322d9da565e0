import Encoders
import Experiments
import Files
import Safetensors

/// The folder of an adapter as peft's `save_pretrained` leaves it.
struct PeftFolder {
    enum AdapterType {
        case lowRank, prefix
    }

    let type: AdapterType
    let weights: SafetensorsFile
    private let path: String
    private let settings: JSONValue

    init(_ path: String) throws {
        let file = "\(path)/\(PeftAdapter.configurationName)"
        self.path = path
        settings = try Self.settings(in: file)
        type = try Self.type(settings, file)
        weights = try SafetensorsFile(path: "\(path)/\(PeftAdapter.weightsName)")
    }

    private static func settings(in file: String) throws -> JSONValue {
        let bytes = try Disk.read(file)
        do throws(JSONError) {
            return try JSONValue(parsing: bytes.span)
        } catch {
            throw StageFailure(.badInput, "\(file): \(error)")
        }
    }

    /// Refuses what is no adapter that can be read.
    private static func type(_ settings: JSONValue, _ file: String) throws(StageFailure) -> AdapterType {
        for key in ["use_dora", "use_rslora", "lora_bias", "fan_in_fan_out"] {
            guard case .bool(true)? = settings[key] else { continue }
            throw StageFailure(.badInput, "\(file): '\(key)' is true, which is not LoRA as it can be read")
        }
        for key in ["rank_pattern", "alpha_pattern"] where settings[key]?.members?.isEmpty == false {
            throw StageFailure(
                .badInput, "\(file): '\(key)' gives layers ranks of their own; only one for all can be read")
        }
        switch settings["peft_type"]?.string {
        case "LORA": return .lowRank
        case "PREFIX_TUNING": return .prefix
        case let other:
            throw StageFailure(
                .badInput, "\(file): 'peft_type' is \(other ?? "missing"); LORA and PREFIX_TUNING can be read")
        }
    }

    /// What the adapter calls the model that it was made for.
    var base: String? { settings["base_model_name_or_path"]?.string }

    private func refusal(_ problem: String) -> StageFailure { StageFailure(.badInput, "\(path): \(problem)") }

    private func number(_ key: String) throws -> Double {
        guard case .number(let text)? = settings[key], let number = Double(text), number.isFinite, number >= 0 else {
            throw refusal("'\(key)' of \(PeftAdapter.configurationName) is no number that can be")
        }
        return number
    }

    // MARK: Adapters

    /// - Parameter table: of the model with such an adapter.
    func adapter(
        _ configuration: EncoderConfiguration, _ table: (AdapterDesign) -> ParameterTable
    ) throws -> (AdapterDesign, [TensorSource]) {
        switch type {
        case .lowRank: try lowRank(configuration, table)
        case .prefix: try prefix(configuration)
        }
    }

    private func lowRank(
        _ configuration: EncoderConfiguration, _ table: (AdapterDesign) -> ParameterTable
    ) throws -> (AdapterDesign, [TensorSource]) {
        let names = try lowRankNames(configuration)
        let modules = Set(names.values.map(\.module))
        guard !modules.isEmpty else { throw refusal("has no tensor of a LoRA (lora_A, lora_B)") }
        guard let rank = settings["r"]?.integer, (1...65_536).contains(rank) else {
            throw refusal("'r' of \(PeftAdapter.configurationName) is no rank")
        }
        let design = AdapterDesign.lora(
            LoRASettings(
                rank: rank, alpha: try number("lora_alpha"), dropout: try number("lora_dropout"), modules: modules))
        let table = table(design)
        if let foreign = names.first(where: { table.index(of: $0.key) == nil }) {
            throw refusal(
                "tensor '\(foreign.value.name)' is of a layer that a model of \(configuration.layers) has not")
        }
        let tensors = try table.parameters.filter(\.isAdapter).map { parameter in
            guard let name = names[parameter.name]?.name, let tensor = weights.tensor(named: name) else {
                throw refusal(
                    "tensor '\(parameter.name)' is missing: a LoRA on \(spelled(modules)) is in all \(configuration.layers) layers"
                )
            }
            guard tensor.shape == parameter.shape, let floats = tensor.floats() else {
                throw refusal(
                    "tensor '\(name)' is \(tensor.shape), '\(design)' on this model asks for \(parameter.shape)")
            }
            return TensorSource(name: parameter.name, shape: parameter.shape, floats: floats)
        }
        return (design, tensors)
    }

    /// The tensors of a LoRA by the names of the table.
    private func lowRankNames(
        _ configuration: EncoderConfiguration
    ) throws -> [String: (name: String, module: LoRAModule)] {
        var names: [String: (name: String, module: LoRAModule)] = [:]
        for name in weights.names where name.contains(".lora_") {
            let own = tableName(name, configuration)
            let parts = own.split(separator: ".", maxSplits: 3)
            let known = LoRAModule.allCases.first { module in
                parts.count == 4
                    && [ParameterTable.lowRankDown, ParameterTable.lowRankUp].contains {
                        parts[3] == module.layerName + $0
                    }
            }
            guard parts.starts(with: ["encoder", "layer"]), let module = known else {
                let modules = LoRAModule.allCases.map(\.layerName).joined(separator: ", ")
                throw refusal("tensor '\(name)' is of no layer that LoRA can act on here; those are \(modules)")
            }
            names[own] = (name, module)
        }
        return names
    }

    private func spelled(_ modules: Set<LoRAModule>) -> String {
        LoRAModule.allCases.filter(modules.contains).map(\.rawValue).joined(separator: "+")
    }

    private func prefix(_ configuration: EncoderConfiguration) throws -> (AdapterDesign, [TensorSource]) {
        // Before a class of transformers the text's positions begin behind the prefix, which no prefix of ours knows.
        guard weights.metadata["backbone"] != nil else {
            throw refusal(
                "the prefix was not exported by headstart, and counts positions in another way; train it anew")
        }
        let (hidden, layers) = (configuration.hidden, configuration.layers)
        guard let tensor = weights.tensor(named: PeftAdapter.prefixes), let floats = tensor.floats(),
            let length = tensor.shape.first, length > 0
        else { throw refusal("has no tensor '\(PeftAdapter.prefixes)'") }
        guard tensor.shape == [length, 2 * layers * hidden] else {
            throw refusal(
                "tensor '\(tensor.name)' is \(tensor.shape), the model asks for [\(length), \(2 * layers * hidden)]")
        }
        let rows = { (place: Int) in
            (0..<length).flatMap { row in
                let start = (row * 2 * layers + place) * hidden
                return Array(floats[start..<start + hidden])
            }
        }
        let tensors = (0..<layers).flatMap { layer in
            [(ParameterTable.prefixKey, 2 * layer), (ParameterTable.prefixValue, 2 * layer + 1)].map { name, place in
                TensorSource(
                    name: ParameterTable.layerPrefix(layer) + name, shape: [length, hidden], floats: rows(place))
            }
        }
        return (.prefix(length: length, mlp: 0), tensors)
    }

    // MARK: Biases

    /// The biases of the backbone, as a stage that moved them leaves them.
    func biases(_ table: ParameterTable) throws -> [TensorSource] {
        guard ["all", "lora_only"].contains(settings["bias"]?.string) else { return [] }
        var tensors: [TensorSource] = []
        for name in weights.names where name.hasSuffix(".bias") {
            var own = tableName(name, table.configuration).replacing(".base_layer.", with: ".")
            // A class of ours has the pooler in its head.
            if table.head == .pooled, own == "head.dense.bias" { own = "pooler.dense.bias" }
            guard let index = table.index(of: own), table.parameters[index].place != .head else { continue }
            let parameter = table.parameters[index]
            guard let tensor = weights.tensor(named: name), tensor.shape == parameter.shape,
                let floats = tensor.floats()
            else { throw refusal("tensor '\(name)' has another shape than the model's \(parameter.shape)") }
            tensors.append(TensorSource(name: own, shape: parameter.shape, floats: floats))
        }
        return tensors
    }

    /// Without what peft and the model's class put before it.
    private func tableName(_ name: String, _ configuration: EncoderConfiguration) -> String {
        var name = name[...]
        for prefix in [PeftAdapter.lowRankPrefix, "\(configuration.family.rawValue)."] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        return String(name)
    }
}
