import Experiments

/// The parameters that adapters add.
extension ParameterTable {
    /// Those of one layer; they stand after the layer's own.
    static func adapter(
        _ design: AdapterDesign?, layer: Int, _ configuration: EncoderConfiguration
    ) -> [Parameter] {
        let prefix = layerPrefix(layer)
        let matrix = { (name: String, rows: Int, columns: Int) in
            Parameter(
                name: prefix + name, shape: [rows, columns], role: .matrix, place: .layer(layer), isAdapter: true)
        }
        let hidden = configuration.hidden
        switch design {
        case .lora(let settings):
            return LoRAModule.allCases.filter(settings.modules.contains).flatMap { module in
                let (outputs, inputs) = module.size(configuration)
                return [
                    matrix(module.layerName + lowRankDown, settings.rank, inputs),
                    matrix(module.layerName + lowRankUp, outputs, settings.rank),
                ]
            }
        case .prefix(let length, mlp: 0, _):
            return [matrix(prefixKey, length, hidden), matrix(prefixValue, length, hidden)]
        case .bottleneck(let width, _):
            return [attentionBottleneck, feedForwardBottleneck].flatMap { name in
                adapterLinear("\(prefix)\(name).down", width, hidden, .layer(layer))
                    + adapterLinear("\(prefix)\(name).up", hidden, width, .layer(layer))
            }
        case .prefix, nil:
            return []
        }
    }

    /// Those that all layers share: the network that computes a prefix, named as peft names it. It acts from the first
    /// layer on.
    static func sharedAdapter(_ design: AdapterDesign?, _ configuration: EncoderConfiguration) -> [Parameter] {
        guard case .prefix(let length, let width, _) = design, width > 0 else { return [] }
        let (hidden, place) = (configuration.hidden, Parameter.Place.layer(0))
        let embedding = Parameter(
            name: prefixEmbedding, shape: [length, hidden], role: .matrix, place: place, isAdapter: true)
        return [embedding] + adapterLinear(prefixInner, width, hidden, place)
            + adapterLinear(prefixOuter, 2 * configuration.layers * hidden, width, place)
    }

    /// After the name of a linear layer: A [rank, inputs] and B [outputs, rank].
    package static let lowRankDown = ".lora_A.weight"
    package static let lowRankUp = ".lora_B.weight"
    /// [length, H] each, in a layer.
    package static let prefixKey = "attention.prefix.key"
    package static let prefixValue = "attention.prefix.value"
    /// [length, H], what the network of a prefix makes keys and values of.
    static let prefixEmbedding = "encoder.prefix.embedding.weight"
    static let prefixInner = "encoder.prefix.transform.0"
    static let prefixOuter = "encoder.prefix.transform.2"
    static let attentionBottleneck = "attention.adapter"
    static let feedForwardBottleneck = "output.adapter"

    private static func adapterLinear(
        _ name: String, _ outputs: Int, _ inputs: Int, _ place: Parameter.Place
    ) -> [Parameter] {
        [
            Parameter(
                name: "\(name).weight", shape: [outputs, inputs], role: .matrix, place: place, isAdapter: true),
            Parameter(name: "\(name).bias", shape: [outputs], role: .bias, place: place, isAdapter: true),
        ]
    }
}

extension LoRAModule {
    /// In a layer, as the checkpoint names it.
    package var layerName: String {
        switch self {
        case .query: "attention.self.query"
        case .key: "attention.self.key"
        case .value: "attention.self.value"
        case .output: "attention.output.dense"
        case .intermediate: "intermediate.dense"
        case .feedForwardOutput: "output.dense"
        }
    }

    fileprivate func size(_ configuration: EncoderConfiguration) -> (outputs: Int, inputs: Int) {
        let (hidden, intermediate) = (configuration.hidden, configuration.intermediate)
        return switch self {
        case .query, .key, .value, .output: (hidden, hidden)
        case .intermediate: (intermediate, hidden)
        case .feedForwardOutput: (hidden, intermediate)
        }
    }
}
