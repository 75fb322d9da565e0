import Files

extension EncoderConfiguration {
    /// Reads a config.json. Whatever it asks for that this encoder does not compute is an error that names the key.
    package init(path: String) throws(ModelError) {
        let file = try ConfigurationFile(path: path)
        try file.refuseUnsupported()
        family = try file.family()
        vocabulary = try file.size("vocab_size", upTo: 1 << 24)
        hidden = try file.size("hidden_size", upTo: 1 << 16)
        layers = try file.size("num_hidden_layers", upTo: 1_000)
        heads = try file.size("num_attention_heads", upTo: 1 << 16)
        intermediate = try file.size("intermediate_size", upTo: 1 << 20)
        positions = try file.size("max_position_embeddings", upTo: 1 << 20, default: 512)
        types = try file.size("type_vocab_size", upTo: 1 << 10, default: 2)
        layerNormEpsilon = Float(try file.fraction("layer_norm_eps", default: 1e-12))
        let hiddenDropout = try file.fraction("hidden_dropout_prob", default: 0.1)
        self.hiddenDropout = hiddenDropout
        attentionDropout = try file.fraction("attention_probs_dropout_prob", default: 0.1)
        classifierDropout = try file.fraction("classifier_dropout", default: hiddenDropout)
        initializerRange = try file.fraction("initializer_range", default: 0.02)
        padToken = try file.integer("pad_token_id", default: family == .roberta ? 1 : 0)
        guard hidden.isMultiple(of: heads) else {
            throw file.error("'hidden_size' \(hidden) is not a multiple of 'num_attention_heads' \(heads)")
        }
        guard padToken >= 0, longestSequence > 0 else {
            throw file.error(
                "'max_position_embeddings' \(positions) leaves no position after 'pad_token_id' \(padToken)")
        }
    }
}

/// The keys of a config.json, read one at a time.
struct ConfigurationFile {
    private let path: String
    private let object: JSONValue

    init(path: String) throws(ModelError) {
        self.path = path
        let bytes: [UInt8]
        do {
            bytes = try MappedFile(path: path).copy()
        } catch {
            let missing = "cannot read the model's configuration: is this a model directory?"
            throw ModelError(path: path, problem: error.isMissing ? missing : "cannot read: \(error.reason)")
        }
        do {
            object = try JSONValue(parsing: bytes.span)
        } catch {
            throw ModelError(path: path, problem: "not a JSON object")
        }
        guard object.members != nil else { throw ModelError(path: path, problem: "not a JSON object") }
    }

    func error(_ problem: String) -> ModelError { ModelError(path: path, problem: problem) }

    func family() throws(ModelError) -> EncoderConfiguration.Family {
        let supported = "supported are 'bert', 'roberta', 'xlm-roberta' and 'camembert'"
        guard let name = object["model_type"]?.string else { throw error("'model_type' is missing; \(supported)") }
        switch name {
        case "bert": return .bert
        case "roberta", "xlm-roberta", "camembert": return .roberta
        default: throw error("'model_type' is '\(name)'; \(supported)")
        }
    }

    func refuseUnsupported() throws(ModelError) {
        try require("hidden_act", among: ["gelu"])
        try require("position_embedding_type", among: ["absolute"])
        for key in ["is_decoder", "add_cross_attention"] {
            guard let value = given(key) else { continue }
            guard case .bool(false) = value else {
                throw error("'\(key)' is \(value); only encoders are supported")
            }
        }
    }

    /// nil for null too, which stands for a default in these files.
    private func given(_ key: String) -> JSONValue? {
        if case .null = object[key] { nil } else { object[key] }
    }

    private func require(_ key: String, among supported: [String]) throws(ModelError) {
        guard let value = given(key) else { return }
        guard let text = value.string, supported.contains(text) else {
            throw error("'\(key)' is '\(value)'; supported is '\(supported.joined(separator: "', '"))'")
        }
    }

    func number(_ key: String, default fallback: Double?) throws(ModelError) -> Double {
        guard let value = given(key) else {
            guard let fallback else { throw error("'\(key)' is missing") }
            return fallback
        }
        guard case .number(let literal) = value, let number = Double(literal), number.isFinite else {
            throw error("'\(key)' is '\(value)', not a number")
        }
        return number
    }

    func integer(_ key: String, default fallback: Int?) throws(ModelError) -> Int {
        let number = try number(key, default: fallback.map(Double.init))
        guard let integer = Int(exactly: number) else { throw error("'\(key)' is \(number), not an integer") }
        return integer
    }

    /// At least 1 and at most `limit`, which is beyond all models and keeps products of sizes from overflowing.
    func size(_ key: String, upTo limit: Int, default fallback: Int? = nil) throws(ModelError) -> Int {
        let value = try integer(key, default: fallback)
        guard (1...limit).contains(value) else { throw error("'\(key)' is \(value), not a possible size") }
        return value
    }

    /// From 0 to below 1.
    func fraction(_ key: String, default fallback: Double) throws(ModelError) -> Double {
        let value = try number(key, default: fallback)
        guard (0..<1).contains(value) else { throw error("'\(key)' is \(value), not a number from 0 to below 1") }
        return value
    }
}
