import Encoders
import Experiments
import Testing
import Tuning

struct TuneTests {
    private func parameter(
        _ role: Parameter.Role, _ place: Parameter.Place, _ name: String = "encoder.layer.1.output.dense.bias"
    ) -> Parameter {
        Parameter(name: name, shape: [1], role: role, place: place)
    }

    @Test func `tuning all moves everything`() {
        for role in [Parameter.Role.embedding, .matrix, .bias, .normWeight, .normBias] {
            #expect(Tune.all.moves(parameter(role, .layer(0)), ofLayers: 2))
        }
    }

    @Test func `tuning the head leaves the backbone alone`() {
        #expect(!Tune.head.moves(parameter(.matrix, .layer(3)), ofLayers: 2))
        #expect(!Tune.head.moves(parameter(.bias, .embeddings), ofLayers: 2))
        #expect(Tune.head.moves(parameter(.matrix, .head), ofLayers: 2))
    }

    @Test func `bitfit moves every bias of the encoder and the whole head`() {
        #expect(Tune.bitfit.moves(parameter(.bias, .layer(1)), ofLayers: 2))
        #expect(Tune.bitfit.moves(parameter(.normBias, .embeddings), ofLayers: 2))
        #expect(!Tune.bitfit.moves(parameter(.normWeight, .layer(1)), ofLayers: 2))
        #expect(!Tune.bitfit.moves(parameter(.matrix, .layer(1)), ofLayers: 2))
        #expect(!Tune.bitfit.moves(parameter(.embedding, .embeddings), ofLayers: 2))
        #expect(Tune.bitfit.moves(parameter(.matrix, .head), ofLayers: 2))
    }

    @Test func `bitfit of some kinds of biases moves those alone`() {
        let tune = Tune.parameters(.biases([.query, .norm]))
        let query = parameter(.bias, .layer(0), "encoder.layer.0.attention.self.query.bias")
        let output = parameter(.bias, .layer(0), "encoder.layer.0.attention.output.dense.bias")
        #expect(tune.moves(query, ofLayers: 2))
        #expect(!tune.moves(output, ofLayers: 2))
        #expect(tune.moves(parameter(.normBias, .layer(0)), ofLayers: 2))
        #expect(!tune.moves(parameter(.normBias, .embeddings), ofLayers: 2))
    }

    @Test func `the last layers are counted from the head`() {
        #expect(Tune.parameters(.top(layers: 1)).moves(parameter(.matrix, .layer(1)), ofLayers: 2))
        #expect(!Tune.parameters(.top(layers: 1)).moves(parameter(.matrix, .layer(0)), ofLayers: 2))
    }

    /// finetune_roberta.py of EH-FT gives a layer its `input_layernorm` and `post_attention_layernorm`; the former is what
    /// Hugging Face has at the end of the layer below, or after the embeddings, and `final_layernorm` is in no layer.
    @Test
    func `where a layer has the LayerNorm at its beginning, the embeddings' is the first layer's and the last is out`()
        throws
    {
        let layers = 3
        let table = ParameterTable(
            configuration: EncoderConfiguration(
                family: .roberta, vocabulary: 30, hidden: 8, layers: layers, heads: 2, intermediate: 16),
            head: .linear, outputs: 2)
        let moved = { (tune: String) in
            let tune = try Tune(spelled: tune)
            return Set(table.parameters.filter { $0.place != .head && tune.moves($0, ofLayers: layers) }.map(\.name))
        }
        let inLayer = [
            "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            "attention.output.LayerNorm", "intermediate.dense", "output.dense",
        ]
        let modules = { (numbers: Range<Int>) in
            numbers.flatMap { number in
                [number == 0 ? "embeddings.LayerNorm" : "encoder.layer.\(number - 1).output.LayerNorm"]
                    + inLayer.map { "encoder.layer.\(number).\($0)" }
            }
        }
        for last in 1...layers {
            #expect(
                try moved("top(\(last), norms=input)")
                    == Set(modules(layers - last..<layers).flatMap { ["\($0).weight", "\($0).bias"] }))
        }
        let biases = Set(modules(0..<layers).map { "\($0).bias" })
        #expect(try moved("bitfit(query+key+value+output+intermediate+norm, norms=input)") == biases)
        #expect(try moved("bitfit(norm, norms=input)") == biases.filter { $0.contains("LayerNorm") })
        #expect(try moved("bitfit(norms=input)") == biases)
    }
}
