/// The special tokens that a model puts around a text or a pair.
package struct SequenceFrame: Equatable, Sendable {
    package enum Part: Equatable, Sendable {
        case special(Int32, type: Int32)
        case first(type: Int32)
        case second(type: Int32)
    }

    /// Around a single text.
    package let single: [Part]
    package let pair: [Part]

    package init(single: [Part], pair: [Part]) {
        self.single = single
        self.pair = pair
    }

    /// Whether every text has its place, and one alone.
    var isComplete: Bool {
        let first = { (parts: [Part]) in parts.count { if case .first = $0 { true } else { false } } }
        let second = { (parts: [Part]) in parts.count { if case .second = $0 { true } else { false } } }
        return (first(single), second(single)) == (1, 0) && (first(pair), second(pair)) == (1, 1)
    }

    /// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`, the second text of type 1.
    static func bert(start: Int32, end: Int32) -> SequenceFrame {
        let single: [Part] = [.special(start, type: 0), .first(type: 0), .special(end, type: 0)]
        return SequenceFrame(single: single, pair: single + [.second(type: 1), .special(end, type: 1)])
    }

    /// `<s> a </s>` and `<s> a </s></s> b </s>`, all of type 0.
    static func roberta(start: Int32, end: Int32) -> SequenceFrame {
        let stop = Part.special(end, type: 0)
        let single: [Part] = [.special(start, type: 0), .first(type: 0), stop]
        return SequenceFrame(single: single, pair: single + [stop, .second(type: 0), stop])
    }

    /// How many tokens of text fit into a sequence of `maxLength`.
    package func room(in maxLength: Int, forPair isPair: Bool) throws(TokenizerError) -> Int {
        let specialCount = specialCount(forPair: isPair)
        guard maxLength > specialCount else { throw .noRoom(maxLength: maxLength, specialTokens: specialCount) }
        return maxLength - specialCount
    }

    /// How many tokens stand around those of a text or a pair.
    package func specialCount(forPair isPair: Bool) -> Int {
        (isPair ? pair : single).count { if case .special = $0 { true } else { false } }
    }

    /// The special tokens around the tokens of a text or a pair.
    package func around(_ first: [Int32], _ second: [Int32]? = nil) -> FramedTexts {
        var (ids, types): ([Int32], [Int32]) = ([], [])
        var places = (first: 0..<0, second: 0..<0)
        func append(_ tokens: [Int32], _ type: Int32) -> Range<Int> {
            ids += tokens
            types += repeatElement(type, count: tokens.count)
            return ids.count - tokens.count..<ids.count
        }
        for part in second == nil ? single : pair {
            switch part {
            case .special(let id, let type): _ = append([id], type)
            case .first(let type): places.first = append(first, type)
            case .second(let type): places.second = append(second ?? [], type)
            }
        }
        return FramedTexts(
            sequence: TokenSequence(ids: ids, types: types), first: places.first, second: places.second)
    }
}

/// A sequence, and where in it the tokens of the texts lie.
package struct FramedTexts: Equatable, Sendable {
    package let sequence: TokenSequence
    package let first: Range<Int>
    /// Empty without a second text.
    package let second: Range<Int>
}
