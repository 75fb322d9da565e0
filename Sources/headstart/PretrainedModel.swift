import Encoders
import Experiments
import Files
import Numerics
import Tasks
import Tokenizers
import Training

/// A pretrained encoder with the tokenizer that belongs to it.
struct PretrainedModel {
    let backbone: Backbone
    let tokenizer: any Tokenizer

    /// - Throws: also where the tokenizer knows more tokens than the model.
    init(directory: String) throws {
        let directory = Path.absolute(directory)
        backbone = try Backbone(directory: directory)
        tokenizer = try loadTokenizer(directory: directory)
        try checkFit(tokenizer, backbone)
    }

    /// - Parameter maxLength: of a sequence in tokens.
    func reader(maxLength: Int, truncation: Truncation) -> TextReader {
        TextReader(
            tokenizer: tokenizer, maxLength: maxLength, limit: backbone.configuration.longestSequence,
            truncation: truncation)
    }

    /// The final layer's states of the texts' first tokens, [texts, hidden].
    func features(of sequences: [TokenSequence], _ compute: Compute) throws -> [Float] {
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 1)
        let model = Model(
            store: try ParameterStore(table: table, backbone: backbone, moving: { _ in false }), compute: compute)
        let hidden = backbone.configuration.hidden
        var features = [Float](repeating: 0, count: sequences.count * hidden)
        for group in packs(of: Array(sequences.indices), lengths: { sequences[$0].ids.count }) {
            var batch = PackedBatch()
            for index in group {
                batch.append(ids: sequences[index].ids, types: sequences[index].types, example: index)
            }
            let states = model.features(batch)
            for (row, index) in group.enumerated() {
                features.replaceSubrange(
                    index * hidden..<(index + 1) * hidden, with: states[row * hidden..<(row + 1) * hidden])
            }
        }
        return features
    }
}
