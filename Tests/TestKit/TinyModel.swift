import Experiments
import Files
import Foundation
import Numerics
import Safetensors

/// A BERT of two layers of 32 with random weights and a vocabulary of a few words, written as Hugging Face would:
/// small enough that a stage takes a second.
package enum TinyModel {
    package static let words = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "cat", "dog", "bird", "runs", "sleeps", "sings",
        "good", "bad", "red", "blue", "and", "not", "##s", ".",
    ]

    private static let hidden = 32
    private static let intermediate = 64
    private static let layers = 2
    /// As many as the default `max-length` asks for.
    private static let positions = 128

    package static func write(to directory: String, changing: [String: String] = [:]) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var settings = [
            "architectures": "[\"BertModel\"]", "model_type": "\"bert\"", "hidden_act": "\"gelu\"",
            "hidden_size": "\(hidden)", "num_hidden_layers": "\(layers)", "num_attention_heads": "4",
            "intermediate_size": "\(intermediate)", "vocab_size": "\(words.count)", "type_vocab_size": "2",
            "max_position_embeddings": "\(positions)", "layer_norm_eps": "1e-12", "hidden_dropout_prob": "0.1",
            "attention_probs_dropout_prob": "0.1", "initializer_range": "0.02", "pad_token_id": "0",
        ]
        settings.merge(changing) { $1 }
        let lines = settings.sorted { $0.key < $1.key }.map { "  \"\($0.key)\": \($0.value)" }
        try AtomicFile.write(
            Data("{\n\(lines.joined(separator: ",\n"))\n}\n".utf8), to: "\(directory)/config.json")
        try AtomicFile.write(Data((words.joined(separator: "\n") + "\n").utf8), to: "\(directory)/vocab.txt")
        try AtomicFile.write(
            Data("{\"do_lower_case\": true, \"tokenizer_class\": \"BertTokenizer\"}\n".utf8),
            to: "\(directory)/tokenizer_config.json")
        try SafetensorsWriter.write(tensors(), metadata: ["format": "pt"], to: "\(directory)/model.safetensors")
    }

    private static func tensors() -> [TensorSource] {
        var tensors: [TensorSource] = []
        func add(_ name: String, _ shape: [Int], around mean: Float = 0) {
            let random = CounterRandom(seed: 1, purpose: RandomPurpose.headInitialization, example: tensors.count)
            let floats = (0..<shape.reduce(1, *)).map { mean + 0.2 * Float(random.normal($0)) }
            tensors.append(TensorSource(name: name, shape: shape, floats: floats))
        }
        func addLinear(_ name: String, _ outputs: Int, _ inputs: Int) {
            add("\(name).weight", [outputs, inputs])
            add("\(name).bias", [outputs])
        }
        func addNorm(_ name: String) {
            add("\(name).weight", [hidden], around: 1)
            add("\(name).bias", [hidden])
        }
        add("embeddings.word_embeddings.weight", [words.count, hidden])
        add("embeddings.position_embeddings.weight", [positions, hidden])
        add("embeddings.token_type_embeddings.weight", [2, hidden])
        addNorm("embeddings.LayerNorm")
        for layer in 0..<layers {
            let prefix = "encoder.layer.\(layer)"
            for name in ["query", "key", "value"] { addLinear("\(prefix).attention.self.\(name)", hidden, hidden) }
            addLinear("\(prefix).attention.output.dense", hidden, hidden)
            addNorm("\(prefix).attention.output.LayerNorm")
            addLinear("\(prefix).intermediate.dense", intermediate, hidden)
            addLinear("\(prefix).output.dense", hidden, intermediate)
            addNorm("\(prefix).output.LayerNorm")
        }
        addLinear("pooler.dense", hidden, hidden)
        return tensors
    }
}
