package import Experiments

/// Turns text into the tokens of a pretrained model, equal token for token to the model's own tokenizer.
package protocol Tokenizer: Sendable {
    var vocabulary: Vocabulary { get }
    /// The special tokens put around a text or a pair.
    var frame: SequenceFrame { get }
    /// The tokens of a text, without the special tokens that the frame adds.
    func ids(of text: String) -> [Int32]
}

/// A text or a pair as the model reads it.
package struct TokenSequence: Equatable, Sendable {
    package let ids: [Int32]
    /// The segment of each token: 1 for the second text of a pair where the model tells the two apart, else 0.
    package let types: [Int32]

    package init(ids: [Int32], types: [Int32]) {
        self.ids = ids
        self.types = types
    }
}

extension Tokenizer {
    /// The largest id plus one; a model's word embedding needs at least this many rows.
    package var vocabularyCount: Int { vocabulary.count }

    /// - Parameter maxLength: the longest sequence, special tokens included; nil cuts nothing.
    /// - Throws: when `maxLength` leaves no room for a text, or the side to cut is too short for what must go.
    package func encode(
        _ text: String, pair: String? = nil, maxLength: Int? = nil, truncation: Truncation = .longest
    ) throws(TokenizerError) -> TokenSequence {
        try framed(ids(of: text), pair.map { ids(of: $0) }, maxLength: maxLength, truncation: truncation).sequence
    }

    /// The same for texts that are tokens already.
    package func framed(
        _ first: [Int32], _ second: [Int32]?, maxLength: Int? = nil, truncation: Truncation = .longest
    ) throws(TokenizerError) -> FramedTexts {
        var (first, second) = (first, second)
        if let maxLength {
            let room = try frame.room(in: maxLength, forPair: second != nil)
            try cut(&first, &second, to: room, by: truncation)
        }
        let texts = frame.around(first, second)
        guard !texts.sequence.ids.isEmpty else { throw .noTokens }
        return texts
    }

    /// Stands for what the vocabulary lacks.
    package var unknownToken: Int32? { vocabulary.id(of: "[UNK]") ?? vocabulary.id(of: "<unk>") }

    /// Stands for a token that is hidden.
    package var maskToken: Int32? { vocabulary.id(of: "[MASK]") ?? vocabulary.id(of: "<mask>") }

    /// The tokens as the vocabulary spells them, for people.
    package func tokens(of ids: [Int32]) -> [String] { ids.map { vocabulary.token(of: $0) ?? "?" } }
}
