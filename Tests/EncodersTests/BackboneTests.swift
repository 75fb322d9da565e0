import Encoders
import Foundation
import Numerics
import Safetensors
import TestKit
import Testing

struct BackboneTests {
    /// Written with the names and types that are about, every model is the same.
    @Test(arguments: ["prefix", "gamma", "half", "brain"])
    func `a checkpoint is read whatever its names and types are`(form: String) throws {
        var small = SmallModel.bert
        switch form {
        case "prefix": small.fileName = { "bert.\($0)" }
        case "gamma":
            small.fileName = {
                $0.contains("LayerNorm")
                    ? $0.replacingOccurrences(of: ".weight", with: ".gamma").replacingOccurrences(
                        of: ".bias", with: ".beta")
                    : $0
            }
        case "half": small.type = .f16
        default: small.type = .bf16
        }
        let (plain, other) = (try TestModel(.bert), try TestModel(small))
        let batch = makeBatch([5, 3], small.configuration)
        #expect(Array(other.model.finalStates(batch)) == Array(plain.model.finalStates(batch)))
    }

    static let settings: [(String, String, String)] = [
        (
            "model_type", "\"deberta\"",
            "'model_type' is 'deberta'; supported are 'bert', 'roberta', 'xlm-roberta' and 'camembert'"
        ),
        ("vocab_size", "99999999999999", "'vocab_size' is 99999999999999, not a possible size"),
        ("hidden_act", "\"relu\"", "'hidden_act' is 'relu'; supported is 'gelu'"),
        (
            "position_embedding_type", "\"relative_key\"",
            "'position_embedding_type' is 'relative_key'; supported is 'absolute'"
        ),
        ("num_attention_heads", "5", "'hidden_size' 12 is not a multiple of 'num_attention_heads' 5"),
        ("hidden_size", "\"wide\"", "'hidden_size' is 'wide', not a number"),
        ("num_hidden_layers", "0", "'num_hidden_layers' is 0, not a possible size"),
        ("hidden_dropout_prob", "1.5", "'hidden_dropout_prob' is 1.5, not a number from 0 to below 1"),
        ("layer_norm_eps", "-1", "'layer_norm_eps' is -1.0, not a number from 0 to below 1"),
        ("num_attention_heads", "true", "'num_attention_heads' is 'true', not a number"),
        ("intermediate_size", "3.5", "'intermediate_size' is 3.5, not an integer"),
    ]

    @Test(arguments: settings)
    func `a configuration that is not supported is refused with key and value`(
        key: String, value: String, problem: String
    ) throws {
        let folder = try TemporaryFolder()
        var small = SmallModel.bert
        small.settings = [key: value]
        #expect(throws: ModelError(path: folder["config.json"], problem: problem)) {
            try small.backbone(in: folder)
        }
    }

    @Test(arguments: ["is_decoder", "add_cross_attention"])
    func `a decoder is refused`(key: String) throws {
        let folder = try TemporaryFolder()
        var small = SmallModel.bert
        small.settings = [key: "true"]
        let error = #expect(throws: ModelError.self) { try small.backbone(in: folder) }
        #expect(error?.problem.contains("'\(key)'") == true)
    }

    @Test func `a tensor that is missing or has another shape is named`() throws {
        var small = SmallModel.bert
        small.fileName = { $0.hasSuffix("1.output.dense.bias") ? nil : $0 }
        let missing = #expect(throws: ModelError.self) { try TestModel(small) }
        #expect(missing?.problem.contains("'encoder.layer.1.output.dense.bias' [12] is missing") == true)

        let folder = try TemporaryFolder()
        try SmallModel.bert.write(to: folder)
        var other = SmallModel.bert
        other.configuration.intermediate = 22
        let otherFolder = try TemporaryFolder()
        try other.write(to: otherFolder)
        try FileManager.default.removeItem(atPath: folder["model.safetensors"])
        try FileManager.default.copyItem(
            atPath: otherFolder["model.safetensors"], toPath: folder["model.safetensors"])
        let backbone = try Backbone(directory: folder.path)
        let wrong = #expect(throws: ModelError.self) {
            let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 2)
            _ = try ParameterStore(table: table, backbone: backbone, moving: { _ in true })
        }
        #expect(
            wrong?.problem
                == "tensor 'encoder.layer.0.intermediate.dense.weight' is [22, 12], config.json asks for [21, 12]")
    }

    @Test func `a folder without a model, or with a file cut short, is one clear error`() throws {
        let folder = try TemporaryFolder()
        #expect(throws: ModelError.self) { try Backbone(directory: folder.path) }
        try SmallModel.bert.write(to: folder)
        let weights = try Data(contentsOf: URL(fileURLWithPath: folder["model.safetensors"]))
        try weights.dropLast(100).write(to: URL(fileURLWithPath: folder["model.safetensors"]))
        let error = #expect(throws: ModelError.self) { try Backbone(directory: folder.path) }
        #expect(error?.problem.hasPrefix("truncated: ") == true)
    }

    @Test func `the content digest changes with configuration, weights and tokenizer, and with nothing else`() throws {
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        let digest = try SmallModel.bert.backbone(in: first).contentDigest()
        #expect(try SmallModel.bert.backbone(in: second).contentDigest() == digest)
        try second.write("notes", to: "README.md")
        #expect(try Backbone(directory: second.path).contentDigest() == digest)
        try second.write("[PAD]\n", to: "vocab.txt")
        #expect(try Backbone(directory: second.path).contentDigest() != digest)
    }

    @Test func `what the system says of a file that it does not give is passed on`() throws {
        let folder = try TemporaryFolder()
        let backbone = try SmallModel.bert.backbone(in: folder)
        try FileManager.default.createDirectory(atPath: folder["vocab.txt"], withIntermediateDirectories: true)
        #expect(throws: ModelError(path: folder["vocab.txt"], problem: "cannot read: is a directory")) {
            try backbone.contentDigest()
        }
        try FileManager.default.removeItem(atPath: folder["config.json"])
        let missing = "cannot read the model's configuration: is this a model directory?"
        #expect(throws: ModelError(path: folder["config.json"], problem: missing)) {
            try Backbone(directory: folder.path)
        }
        try FileManager.default.createDirectory(atPath: folder["config.json"], withIntermediateDirectories: true)
        #expect(throws: ModelError(path: folder["config.json"], problem: "cannot read: is a directory")) {
            try Backbone(directory: folder.path)
        }
    }

    @Test func `RoBERTa's positions begin after the padding token's`() throws {
        #expect(SmallModel.roberta.configuration.longestSequence == 40)
        #expect(SmallModel.bert.configuration.longestSequence == 40)
        let test = try TestModel(.roberta)
        test.learn(makeBatch([3], SmallModel.roberta.configuration))
        let index = try #require(test.model.store.index(of: "embeddings.position_embeddings.weight"))
        let gradient = try #require(test.model.store.gradient(index))
        let touched = (0..<42).filter { row in gradient[(row * 20)..<(row * 20 + 20)].contains { $0 != 0 } }
        #expect(touched == [2, 3, 4])
    }
}
