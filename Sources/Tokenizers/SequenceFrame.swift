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
        let specialCount = (isPair ? pair : single).count { if case .special = $0 { true } else { false } }
        guard maxLength > specialCount else { throw .noRoom(maxLength: maxLength, specialTokens: specialCount) }
        return maxLength - specialCount
    }

    func around(_ first: [Int32], _ second: [Int32]?) -> TokenSequence {
        var ids: [Int32] = []
        var types: [Int32] = []
        func append(_ tokens: [Int32], _ type: Int32) {
            ids += tokens
            types += repeatElement(type, count: tokens.count)
        }
        for part in second == nil ? single : pair {
            switch part {
            case .special(let id, let type): append([id], type)
            case .first(let type): append(first, type)
            case .second(let type): append(second ?? [], type)
            }
        }
        return TokenSequence(ids: ids, types: types)
    }
}
