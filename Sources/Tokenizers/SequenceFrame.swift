/// The special tokens that a model family puts around a text or a pair.
package struct SequenceFrame: Equatable, Sendable {
    /// `[CLS]` or `<s>`.
    package let start: Int32
    /// `[SEP]` or `</s>`.
    package let end: Int32
    package let family: Family

    package enum Family: Sendable {
        /// `[CLS] a [SEP]` and `[CLS] a [SEP] b [SEP]`, the second text of type 1.
        case bert
        /// `<s> a </s>` and `<s> a </s></s> b </s>`, all of type 0.
        case roberta
    }

    package init(start: Int32, end: Int32, family: Family) {
        self.start = start
        self.end = end
        self.family = family
    }

    /// How many special tokens are added.
    func count(forPair isPair: Bool) -> Int {
        guard isPair else { return 2 }
        return family == .bert ? 3 : 4
    }

    /// How many tokens of text fit into a sequence of `maxLength`.
    func room(in maxLength: Int, forPair isPair: Bool) throws(TokenizerError) -> Int {
        let special = count(forPair: isPair)
        guard maxLength > special else { throw .noRoom(maxLength: maxLength, specialTokens: special) }
        return maxLength - special
    }

    func around(_ first: [Int32], _ second: [Int32]?) -> TokenSequence {
        var ids = [start] + first + [end]
        var types = [Int32](repeating: 0, count: ids.count)
        if let second {
            if family == .roberta { ids.append(end) }
            ids += second + [end]
            types += [Int32](repeating: family == .bert ? 1 : 0, count: ids.count - types.count)
        }
        return TokenSequence(ids: ids, types: types)
    }
}
