package import Experiments
package import Tokenizers

/// A row as tokens.
package struct EncodedExample: Equatable, Sendable {
    package let ids: [Int32]
    package let types: [Int32]
    package let label: Label

    package init(ids: [Int32], types: [Int32], label: Label) {
        self.ids = ids
        self.types = types
        self.label = label
    }
}

/// Every example as tokens, in the same order.
package func encode(
    _ examples: [Example], with tokenizer: any Tokenizer, maxLength: Int, truncation: Truncation
) throws(TokenizerError) -> [EncodedExample] {
    var encoded: [EncodedExample] = []
    encoded.reserveCapacity(examples.count)
    for example in examples {
        let sequence = try tokenizer.encode(
            example.text, pair: example.pair, maxLength: maxLength, truncation: truncation)
        encoded.append(EncodedExample(ids: sequence.ids, types: sequence.types, label: example.label))
    }
    return encoded
}
