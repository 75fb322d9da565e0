package import Experiments
package import Tokenizers

/// A row as a model reads it.
package struct EncodedExample: Equatable, Sendable {
    /// Mostly one. Each choice is a sequence of its own, and so is each part of a sentence that is too long for one.
    package var sequences: [EncodedSequence]
    /// What is to be predicted, in the order of the rows that the head sees; one for all choices together.
    package let labels: [Label]

    package init(_ sequences: [EncodedSequence], labels: [Label]) {
        self.sequences = sequences
        self.labels = labels
    }

    package var tokenCount: Int { sequences.reduce(0) { $0 + $1.tokens.ids.count } }

    /// The rows that the head sees.
    package var rowCount: Int { sequences.reduce(0) { $0 + $1.readout.rowCount } }
}

/// Tokens, and what the head sees of their final states.
package struct EncodedSequence: Equatable, Sendable {
    package var tokens: TokenSequence
    package let readout: Readout

    package init(_ tokens: TokenSequence, readout: Readout = .first) {
        self.tokens = tokens
        self.readout = readout
    }
}

/// How a model reads a task's examples.
package struct Encoding: Sendable {
    private let definition: TaskDefinition
    private let tokenizer: any Tokenizer
    private let maxLength: Int
    private let truncation: Truncation
    private let blocks: TextBlocks

    /// - Parameters:
    ///   - maxLength: of a sequence in tokens, special ones included.
    ///   - truncation: which text of a pair is cut where it is too long.
    ///   - blocks: what running text is cut into.
    package init(
        _ definition: TaskDefinition, with tokenizer: any Tokenizer, maxLength: Int, truncation: Truncation,
        blocks: TextBlocks = .longest
    ) {
        self.definition = definition
        self.tokenizer = tokenizer
        self.maxLength = maxLength
        self.truncation = truncation
        self.blocks = blocks
    }

    /// Every example as tokens, in the same order. Running text, in which tokens are to be hidden, is cut into blocks
    /// instead, with no tokens hidden yet and no labels.
    package func encode(_ examples: [Example]) throws(TokenizerError) -> [EncodedExample] {
        guard definition.kind != .maskedLM else { return try cut(examples) }
        var encoded: [EncodedExample] = []
        encoded.reserveCapacity(examples.count)
        for example in examples {
            encoded.append(EncodedExample(try sequences(example.content), labels: example.labels))
        }
        return encoded
    }

    private func sequences(_ content: Example.Content) throws(TokenizerError) -> [EncodedSequence] {
        switch content {
        case .text(let texts): [EncodedSequence(try tokens(texts))]
        case .choices(let choices):
            try choices.map { texts throws(TokenizerError) in EncodedSequence(try tokens(texts)) }
        case .targets(let texts, let first, let second): [try marked(texts, first, second)]
        case .words(let words): try parts(words)
        }
    }

    private func tokens(_ texts: TextPair) throws(TokenizerError) -> TokenSequence {
        try tokenizer.encode(texts.text, pair: texts.pair, maxLength: maxLength, truncation: truncation)
    }

    // MARK: - Target words

    private func marked(
        _ texts: TextPair, _ first: TargetWord, _ second: TargetWord
    ) throws(TokenizerError) -> EncodedSequence {
        let text = try MarkedText(texts.text, texts.pair == nil ? [first, second] : [first], tokenizer)
        let pair = try texts.pair.map { pair throws(TokenizerError) in try MarkedText(pair, [second], tokenizer) }
        let framed = try tokenizer.framed(text.ids, pair?.ids, maxLength: maxLength, truncation: truncation)
        let firstPlace = try place(text.words[0], texts.text[bytes: first], in: framed.first)
        let secondPlace =
            if let pair, let other = texts.pair {
                try place(pair.words[0], other[bytes: second], in: framed.second)
            } else {
                try place(text.words[1], texts.text[bytes: second], in: framed.first)
            }
        return EncodedSequence(framed.sequence, readout: .spans(firstPlace, secondPlace))
    }

    /// Where in the sequence a word's tokens lie, if its text was not cut before it.
    private func place(
        _ word: Range<Int>, _ spelling: Substring, in text: Range<Int>
    ) throws(TokenizerError) -> Range<Int> {
        guard word.upperBound <= text.count else { throw .cutAway(word: String(spelling), maxLength: maxLength) }
        return text.lowerBound + word.lowerBound..<text.lowerBound + word.upperBound
    }

    // MARK: - Words

    /// The words in as many sequences as they need, each read out at the first token of every word. A word that is too
    /// long for a sequence by itself loses its end.
    private func parts(_ words: [String]) throws(TokenizerError) -> [EncodedSequence] {
        let room = try tokenizer.frame.room(in: maxLength, forPair: false)
        var parts: [EncodedSequence] = []
        var ids: [Int32] = []
        var starts: [Int] = []
        func close() {
            let framed = tokenizer.frame.around(ids)
            let places = starts.map { framed.first.lowerBound + $0 }
            parts.append(EncodedSequence(framed.sequence, readout: .tokens(places)))
            (ids, starts) = ([], [])
        }
        for word in words {
            let tokens = try tokenizer.ids(ofWord: " " + word).prefix(room)
            if ids.count + tokens.count > room { close() }
            starts.append(ids.count)
            ids += tokens
        }
        close()
        return parts
    }

    // MARK: - Running text

    /// The texts, each by itself or one after the other, in blocks of the maximal length; a last one may be shorter.
    private func cut(_ examples: [Example]) throws(TokenizerError) -> [EncodedExample] {
        let room = try tokenizer.frame.room(in: maxLength, forPair: false)
        let texts = definition.lines(of: examples, with: tokenizer)
        let runs = blocks == .lines ? texts : [texts.flatMap(\.self)]
        return runs.flatMap { ids in
            stride(from: 0, to: ids.count, by: room).map { start in
                let framed = tokenizer.frame.around(Array(ids[start..<min(start + room, ids.count)]))
                return EncodedExample([EncodedSequence(framed.sequence, readout: .tokens([]))], labels: [])
            }
        }
    }

}

extension TaskDefinition {
    /// How the examples could be cut into blocks; nil where they are no running text.
    package func runningText(of examples: [Example], with tokenizer: any Tokenizer) -> RunningText? {
        guard kind == .maskedLM else { return nil }
        let lengths = lines(of: examples, with: tokenizer).map(\.count)
        return RunningText(lengths: lengths, frame: tokenizer.frame.specialCount(forPair: false))
    }

    /// The tokens of each text.
    fileprivate func lines(of examples: [Example], with tokenizer: any Tokenizer) -> [[Int32]] {
        examples.compactMap { example in
            guard case .text(let texts) = example.content else { return nil }
            return tokenizer.ids(of: readable(texts.text, by: tokenizer))
        }
    }

    /// The text without spaces around it and with one between words, its unknown words spelled as the tokenizer spells
    /// them.
    private func readable(_ text: String, by tokenizer: any Tokenizer) -> String {
        let trimmed = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard let unknown, let token = tokenizer.unknownToken, let spelling = tokenizer.vocabulary.token(of: token)
        else { return trimmed }
        return trimmed.replacing(unknown, with: spelling)
    }
}

/// A text as tokens, and which of them are those of some words in it.
private struct MarkedText {
    private(set) var ids: [Int32] = []
    /// In the order in which the words were given.
    private(set) var words: [Range<Int>]

    /// Tokenizers never join what a space or the border of a word separates, so the text may be cut there. A piece
    /// takes along the space before it, which some tokenizers count as part of a word.
    init(_ text: String, _ targets: [TargetWord], _ tokenizer: any Tokenizer) throws(TokenizerError) {
        words = targets.map { _ in 0..<0 }
        let bytes = Array(text.utf8)
        var end = 0
        for index in targets.indices.sorted(by: { targets[$0].lowerBound < targets[$1].lowerBound }) {
            let target = targets[index]
            let isSpaced = target.lowerBound > end && bytes[target.lowerBound - 1] == UInt8(ascii: " ")
            ids += tokenizer.ids(of: String(text[bytes: end..<target.lowerBound - (isSpaced ? 1 : 0)]))
            let start = ids.count
            ids += try tokenizer.ids(ofWord: (isSpaced ? " " : "") + text[bytes: target])
            words[index] = start..<ids.count
            end = target.upperBound
        }
        ids += tokenizer.ids(of: String(text[bytes: end..<bytes.count]))
    }
}

extension Tokenizer {
    /// At least one token, also for what the tokenizer leaves out.
    fileprivate func ids(ofWord word: String) throws(TokenizerError) -> [Int32] {
        let ids = ids(of: word)
        guard ids.isEmpty else { return ids }
        guard let unknown = unknownToken else { throw .lacks(token: "token for unknown words") }
        return [unknown]
    }
}

extension String {
    /// The characters that these bytes spell.
    fileprivate subscript(bytes range: Range<Int>) -> Substring {
        self[utf8.index(startIndex, offsetBy: range.lowerBound)..<utf8.index(startIndex, offsetBy: range.upperBound)]
    }
}
