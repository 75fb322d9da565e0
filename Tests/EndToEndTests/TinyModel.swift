import Files
import Foundation
import Safetensors

/// A BERT of random weights that trains in seconds: 2 layers of 32, some forty tokens.
struct TinyModel {
    static let judgements = [["bad", "poor", "dull", "awful"], ["good", "great", "fine", "lovely"]]
    static let fillers = [
        "the", "a", "film", "play", "was", "is", "very", "quite", "story", "and", "its", "music", "seemed", "to", "me",
    ]
    static let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + fillers + judgements.flatMap { $0 }

    var type = "bert"
    var hidden = 32
    var layers = 2
    /// Rows of the word embedding.
    var rows = vocabulary.count

    func write(to directory: String) throws {
        try Directory.make(directory)
        try AtomicFile.write(Data((Self.vocabulary.joined(separator: "\n") + "\n").utf8), to: "\(directory)/vocab.txt")
        try AtomicFile.write(Data(configuration.utf8), to: "\(directory)/config.json")
        try SafetensorsWriter.write(tensors, to: "\(directory)/model.safetensors")
    }

    private var configuration: String {
        """
        {"model_type": "\(type)", "architectures": ["BertModel"], "vocab_size": \(rows), "hidden_size": \(hidden),
         "num_hidden_layers": \(layers), "num_attention_heads": 2, "intermediate_size": \(2 * hidden),
         "max_position_embeddings": 128, "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu",
         "hidden_dropout_prob": 0.1, "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02, "pad_token_id": 0}
        """
    }

    private var tensors: [TensorSource] {
        var tensors = [
            matrix("embeddings.word_embeddings", rows, hidden), matrix("embeddings.position_embeddings", 128, hidden),
            matrix("embeddings.token_type_embeddings", 2, hidden),
        ]
        tensors += norm("embeddings.LayerNorm")
        for layer in 0..<layers {
            let prefix = "encoder.layer.\(layer)."
            for name in [
                "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            ] {
                tensors += linear(prefix + name, hidden, hidden)
            }
            tensors += norm(prefix + "attention.output.LayerNorm")
            tensors += linear(prefix + "intermediate.dense", 2 * hidden, hidden)
            tensors += linear(prefix + "output.dense", hidden, 2 * hidden)
            tensors += norm(prefix + "output.LayerNorm")
        }
        return tensors + linear("pooler.dense", hidden, hidden)
    }

    private func linear(_ name: String, _ outputs: Int, _ inputs: Int) -> [TensorSource] {
        [matrix(name, outputs, inputs), constant("\(name).bias", 0, outputs)]
    }

    private func norm(_ name: String) -> [TensorSource] {
        [constant("\(name).weight", 1, hidden), constant("\(name).bias", 0, hidden)]
    }

    private func constant(_ name: String, _ value: Float, _ count: Int) -> TensorSource {
        TensorSource(name: name, shape: [count], floats: [Float](repeating: value, count: count))
    }

    /// Values between -0.1 and 0.1 that depend on the name and the place alone.
    private func matrix(_ name: String, _ rows: Int, _ columns: Int) -> TensorSource {
        var state = name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        let floats = (0..<rows * columns).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max) * 0.1
        }
        return TensorSource(name: "\(name).weight", shape: [rows, columns], floats: floats)
    }
}
