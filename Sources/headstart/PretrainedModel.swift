import Encoders
import Experiments
import Foundation
import Numerics
import Tokenizers

/// A pretrained encoder with the tokenizer that belongs to it.
struct PretrainedModel {
    let backbone: Backbone
    let tokenizer: any Tokenizer

    /// - Throws: also where the tokenizer knows more tokens than the model.
    init(directory: String) throws {
        let directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        backbone = try Backbone(directory: directory)
        tokenizer = try loadTokenizer(directory: directory)
        let rows = backbone.configuration.vocabulary
        guard tokenizer.vocabularyCount <= rows else {
            throw BadRequest(
                """
                \(directory): the tokenizer has ids up to \(tokenizer.vocabularyCount - 1), but the word embedding has \
                only \(rows) rows; use the tokenizer files the model came with
                """)
        }
    }

    /// The final layer's states of the texts' first tokens, [texts, hidden].
    func features(of sequences: [TokenSequence], _ compute: Compute) throws -> [Float] {
        let table = ParameterTable(configuration: backbone.configuration, head: .linear, outputs: 1)
        let model = Model(
            store: try ParameterStore(table: table, backbone: backbone, moving: { _ in false }), compute: compute)
        let hidden = backbone.configuration.hidden
        var features = [Float](repeating: 0, count: sequences.count * hidden)
        for group in Self.groups(of: sequences) {
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

    /// Consecutive sequences that together have few enough tokens to stay in the processor's caches.
    private static func groups(of sequences: [TokenSequence], tokenLimit: Int = 4096) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var (start, tokens) = (0, 0)
        for (index, sequence) in sequences.enumerated() {
            if index > start, tokens + sequence.ids.count > tokenLimit {
                groups.append(start..<index)
                (start, tokens) = (index, 0)
            }
            tokens += sequence.ids.count
        }
        return start < sequences.count ? groups + [start..<sequences.count] : groups
    }
}
