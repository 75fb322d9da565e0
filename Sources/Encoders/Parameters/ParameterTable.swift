package import Experiments

/// What a layer of a head is for.
package enum HeadLayer: String, Sendable {
    case dense, norm, out
}

/// All parameters of an encoder, its adapter and its head in their one order: embeddings, layers, pooler where the head
/// stands on it, head. Everything that lays out parameters (arena, artifacts, exported models) follows it.
package struct ParameterTable: Sendable {
    package let configuration: EncoderConfiguration
    package let head: HeadDesign
    /// What the head sees of the final states.
    package let readout: ReadoutForm
    /// The head's outputs for each row: classes, or 1 for regression.
    package let outputs: Int
    /// Whether the head has one score for two classes instead of one each.
    package let isLogistic: Bool
    /// What is added to the pretrained model's own parameters.
    package let adapter: AdapterDesign?
    package let parameters: [Parameter]
    private let indices: [String: Int]

    package init(
        configuration: EncoderConfiguration, head: HeadDesign, readout: ReadoutForm = .first, outputs: Int,
        isLogistic: Bool = false, adapter: AdapterDesign? = nil
    ) {
        precondition(!isLogistic || outputs == 2)
        self.isLogistic = isLogistic
        self.adapter = adapter
        self.configuration = configuration
        self.head = head
        self.readout = readout
        self.outputs = outputs
        parameters =
            Self.embeddings(configuration)
            + Self.sharedAdapter(adapter, configuration)
            + (0..<configuration.layers).flatMap {
                Self.layer($0, configuration) + Self.adapter(adapter, layer: $0, configuration)
            }
            + (head == .hf && readout == .tokens
                ? Self.wordHead(configuration, outputs: outputs)
                : Self.head(
                    head, configuration, inputs: readout.vectors * configuration.hidden,
                    outputs: isLogistic ? 1 : outputs))
        indices = Dictionary(uniqueKeysWithValues: parameters.enumerated().map { ($1.name, $0) })
    }

    /// The encoder with the head that a recipe and its task ask for.
    package init(
        configuration: EncoderConfiguration, recipe: Recipe, task: TaskDefinition, adapter: AdapterDesign? = nil
    ) {
        self.init(
            configuration: configuration, head: recipe.head, readout: task.readout,
            outputs: task.outputs(vocabulary: configuration.vocabulary), isLogistic: recipe.isLogistic(on: task),
            adapter: adapter)
    }

    package func index(of name: String) -> Int? { indices[name] }

    /// The head trained, and nothing else.
    package var headOnly: [TrainablePart] { parameters.map { $0.place == .head ? .whole : .fixed } }

    /// The layers of the head in the order in which rows go through them, by what parameters of the table call them.
    package var headLayers: [(layer: HeadLayer, name: String)] {
        let family = configuration.family
        switch head {
        case .linear: return [(.out, "head.out")]
        case .mlp: return [(.dense, "head.dense"), (.out, "head.out")]
        case .hf where readout == .tokens:
            let names = family.wordLayers
            return [(.dense, names.dense), (.norm, names.norm), (.out, names.out)]
        case .hf: return [(.dense, family.headLayers.dense), (.out, family.headLayers.out)]
        case .pooled: return [(.dense, Self.pooler), (.out, EncoderConfiguration.Family.bert.headLayers.out)]
        }
    }

    package static let wordEmbeddings = "embeddings.word_embeddings.weight"

    static let pooler = "pooler.dense"

    /// The prefix of the parameters of one layer.
    package static func layerPrefix(_ layer: Int) -> String { "encoder.layer.\(layer)." }

    private static func embeddings(_ configuration: EncoderConfiguration) -> [Parameter] {
        let table = { (name: String, rows: Int) in
            Parameter(
                name: "embeddings.\(name).weight", shape: [rows, configuration.hidden], role: .embedding,
                place: .embeddings)
        }
        return [
            table("word_embeddings", configuration.vocabulary),
            table("position_embeddings", configuration.positions),
            table("token_type_embeddings", configuration.types),
        ] + norm("embeddings.LayerNorm", configuration.hidden, .embeddings)
    }

    /// Key and value stand side by side, so that one product yields both.
    private static func layer(_ number: Int, _ configuration: EncoderConfiguration) -> [Parameter] {
        let prefix = layerPrefix(number)
        let place = Parameter.Place.layer(number)
        let (hidden, intermediate) = (configuration.hidden, configuration.intermediate)
        let query = linear(prefix + "attention.self.query", hidden, hidden, place)
        let key = linear(prefix + "attention.self.key", hidden, hidden, place)
        let value = linear(prefix + "attention.self.value", hidden, hidden, place)
        return query + [key[0], value[0], key[1], value[1]]
            + linear(prefix + "attention.output.dense", hidden, hidden, place)
            + norm(prefix + "attention.output.LayerNorm", hidden, place)
            + linear(prefix + "intermediate.dense", intermediate, hidden, place)
            + linear(prefix + "output.dense", hidden, intermediate, place)
            + norm(prefix + "output.LayerNorm", hidden, place)
    }

    private static func head(
        _ design: HeadDesign, _ configuration: EncoderConfiguration, inputs: Int, outputs: Int
    ) -> [Parameter] {
        switch design {
        case .linear:
            return linear("head.out", outputs, inputs, .head)
        case .mlp(let width):
            return linear("head.dense", width, inputs, .head) + linear("head.out", outputs, width, .head)
        case .hf:
            let (names, hidden) = (configuration.family.headLayers, configuration.hidden)
            return linear(names.dense, hidden, inputs, .head) + linear(names.out, outputs, hidden, .head)
        case .pooled:
            let (out, hidden) = (EncoderConfiguration.Family.bert.headLayers.out, configuration.hidden)
            return linear(pooler, hidden, inputs, .pooler) + linear(out, outputs, hidden, .head)
        }
    }

    /// The head of the family's pretraining.
    private static func wordHead(_ configuration: EncoderConfiguration, outputs: Int) -> [Parameter] {
        let (names, hidden) = (configuration.family.wordLayers, configuration.hidden)
        return linear(names.dense, hidden, hidden, .head) + norm(names.norm, hidden, .head)
            + linear(names.out, outputs, hidden, .head)
    }

    private static func linear(
        _ name: String, _ outputs: Int, _ inputs: Int, _ place: Parameter.Place
    ) -> [Parameter] {
        [
            Parameter(name: "\(name).weight", shape: [outputs, inputs], role: .matrix, place: place),
            Parameter(name: "\(name).bias", shape: [outputs], role: .bias, place: place),
        ]
    }

    private static func norm(_ name: String, _ size: Int, _ place: Parameter.Place) -> [Parameter] {
        [
            Parameter(name: "\(name).weight", shape: [size], role: .normWeight, place: place),
            Parameter(name: "\(name).bias", shape: [size], role: .normBias, place: place),
        ]
    }
}
