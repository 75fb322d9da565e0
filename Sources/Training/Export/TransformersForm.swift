import Encoders
import Experiments

/// What transformers calls a model and its parameters: those of a class of its own where it has one for the head and the kind of
/// task, else those of the class in the file that lies beside the weights (`ModelingFile`).
struct TransformersForm {
    let table: ParameterTable
    let kind: TaskDefinition.Kind?
    /// Whether transformers has the class.
    let isNative: Bool
    private let modelType: String

    /// - Parameters:
    ///   - modelType: as config.json has it.
    ///   - carriesAdapter: whether what LoRA cannot merge stays in the model: a prefix or bottlenecks, for which transformers has
    ///     no class.
    init(_ table: ParameterTable, _ task: TaskDefinition, modelType: String, carriesAdapter: Bool) {
        self.table = table
        kind = task.kind
        self.modelType = modelType
        isNative = !carriesAdapter && Self.hasClass(table, task.kind)
    }

    private static func hasClass(_ table: ParameterTable, _ kind: TaskDefinition.Kind?) -> Bool {
        switch (kind, table.head, table.configuration.family) {
        case (nil, .hf, _), (nil, .pooled, .bert), (.choices, .hf, .bert), (.choices, .pooled, _): true
        case (.tags, .linear, _), (.maskedLM, .hf, _): true
        default: false
        }
    }

    private var family: EncoderConfiguration.Family { table.configuration.family }

    /// Before the names of its classes, by `model_type`.
    var familyName: String {
        ["bert": "Bert", "roberta": "Roberta", "xlm-roberta": "XLMRoberta", "camembert": "Camembert"][modelType]
            ?? modelType
    }

    private var purpose: String {
        switch kind {
        case nil, .targetWords: "SequenceClassification"
        case .choices: "MultipleChoice"
        case .tags: "TokenClassification"
        case .maskedLM: "MaskedLM"
        }
    }

    var className: String { (isNative ? familyName : "Headstart") + "For" + purpose }
    var autoClassName: String { "AutoModelFor" + purpose }

    /// What peft calls the purpose; nil where it has no word for it.
    var peftTask: String? {
        switch kind {
        case nil, .targetWords: "SEQ_CLS"
        case .tags: "TOKEN_CLS"
        case .choices, .maskedLM: nil
        }
    }

    /// The modules that have the whole head.
    var headModules: [String] {
        guard isNative else { return ["head"] }
        if kind == .maskedLM { return [family == .bert ? "cls" : "lm_head"] }
        return table.head == .hf && family == .bert ? ["classifier", "pooler"] : ["classifier"]
    }

    /// What a parameter is called; two names where transformers has it twice.
    func names(of parameter: Parameter) -> [String] {
        for (layer, name) in table.headLayers where parameter.name.hasPrefix("\(name).") {
            let suffix = parameter.name.dropFirst(name.count)
            let names = [(isNative ? nativeName(of: layer, name) : "head.\(layer)") + suffix]
            guard isNative, kind == .maskedLM, layer == .out, parameter.role == .bias else { return names }
            return names + [family.wordLayers.bias]
        }
        return ["\(family.rawValue).\(parameter.name)"]
    }

    private func nativeName(of layer: HeadLayer, _ name: String) -> String {
        if kind == .maskedLM { return String(name.dropFirst("head.".count)) }
        if kind == .tags { return "classifier" }
        switch (layer, table.head, family) {
        case (.out, .hf, .roberta): return "classifier.out_proj"
        case (.out, _, _): return "classifier"
        case (_, .hf, .roberta): return "classifier.dense"
        default: return "\(family.rawValue).pooler.dense"
        }
    }

    /// Whether a parameter is of the head's last layer, which there has a score for each of two classes where ours may have one
    /// for both.
    func isDoubled(_ parameter: Parameter) -> Bool {
        guard table.isLogistic, let last = table.headLayers.last else { return false }
        return parameter.name.hasPrefix("\(last.name).")
    }
}
