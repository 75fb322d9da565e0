/// The forms in which both kinds of tokenizer files hold their vocabularies.
func readVocabulary(_ field: JSONField) throws(TokenizerError) -> Vocabulary {
    var vocabulary = Vocabulary([])
    for (spelling, id) in try field.members() { vocabulary.add(spelling, id: try id.number()) }
    return vocabulary
}

extension AddedToken {
    init(_ field: JSONField, id: Int32) throws(TokenizerError) {
        self.init(
            spelling: try field["content"].string(), id: id,
            isSingleWord: try field["single_word"].bool(default: false),
            stripsLeft: try field["lstrip"].bool(default: false),
            stripsRight: try field["rstrip"].bool(default: false),
            isNormalized: try field["normalized"].bool(default: !field["special"].bool(default: false)))
    }

    /// The token under the id that the vocabulary gives it; a token that is new to the vocabulary is added to it.
    func entered(in vocabulary: inout Vocabulary) -> AddedToken {
        var token = self
        if let known = vocabulary.id(of: spelling) { token.id = known } else { vocabulary.add(spelling, id: id) }
        return token
    }
}

extension BytePairMerges {
    /// - Parameter pairs: in the order of their ranks.
    init(
        _ pairs: [(left: String, right: String)], in vocabulary: Vocabulary, of path: String
    ) throws(TokenizerError) {
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(pairs.count)
        for (rank, pair) in pairs.enumerated() {
            guard let left = vocabulary.id(of: pair.left), let right = vocabulary.id(of: pair.right),
                let id = vocabulary.id(of: pair.left + pair.right)
            else {
                throw .malformed(
                    path: path, "the merge '\(pair.left) \(pair.right)' is of tokens not in the vocabulary")
            }
            merges[Self.pair(left, right)] = Merge(rank: Int32(rank), id: id)
        }
        self.init(byteTokens: ByteAlphabet.characters.map { vocabulary.id(of: String($0)) }, merges: merges)
    }
}
