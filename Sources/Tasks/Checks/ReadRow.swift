package import Experiments
package import Tokenizers

/// A row as a model reads it, spelled out for people.
package struct ReadRow: Encodable, Equatable, Sendable {
    /// From 1; of running text the number of the block.
    package let row: Int
    /// What is to be predicted, where that is one thing.
    package let label: String
    /// The tokens of each sequence. A word with a tag has it after a slash, and target words stand in « ».
    package let sequences: [String]
    /// How many tokens the maximal length takes away.
    package let cut: Int
}

extension Dataset {
    /// The first rows of a part as a model reads them.
    package func preview(
        of examples: [Example], count: Int, _ tokenizer: any Tokenizer, maxLength: Int,
        truncation: Truncation = .longest
    ) throws(TokenizerError) -> [ReadRow] {
        // Running text is cut into blocks, of which any number of lines may make one.
        let wanted = Array(examples.prefix(definition.kind == .maskedLM ? max(count, 1000) : count))
        let encode = { (length: Int) throws(TokenizerError) in
            try Encoding(definition, with: tokenizer, maxLength: length, truncation: truncation).encode(wanted)
        }
        let read = try encode(maxLength)
        let whole = definition.kind == .maskedLM ? read : try encode(.max)
        return zip(read, whole).prefix(count).enumerated().map { index, pair in
            let (read, whole) = pair
            return ReadRow(
                row: index + 1, label: definition.spelled(read.labels), sequences: definition.spelled(read, tokenizer),
                cut: definition.kind == .tags ? 0 : max(0, whole.tokenCount - read.tokenCount))
        }
    }
}

extension TaskDefinition {
    fileprivate func spelled(_ labels: [Label]) -> String {
        guard kind != .tags, let label = labels.first else { return "" }
        return spelled(label)
    }

    fileprivate func spelled(_ example: EncodedExample, _ tokenizer: any Tokenizer) -> [String] {
        var labels = example.labels[...]
        return example.sequences.map { sequence in
            var words = tokenizer.tokens(of: sequence.tokens.ids)
            switch sequence.readout {
            case .first: break
            case .tokens(let places):
                for place in places { words[place] += labels.popFirst().map { "/" + spelled($0) } ?? "" }
            case .spans(let first, let second):
                for span in [first, second] where !span.isEmpty {
                    words[span.lowerBound] = "«" + words[span.lowerBound]
                    words[span.upperBound - 1] += "»"
                }
            }
            return words.joined(separator: " ")
        }
    }
}
