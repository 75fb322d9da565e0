/// The older form of a tokenizer: `vocab.txt`, or `vocab.json` with `merges.txt`, and `tokenizer_config.json`.
struct VocabularyFiles {
    private let directory: String
    private let settings: JSONField

    init(directory: String) throws(TokenizerError) {
        self.directory = directory
        let path = "\(directory)/tokenizer_config.json"
        settings = try JSONField.read(path) ?? JSONField(path: path, key: "", value: nil)
    }

    /// - Returns: nil without a vocab.txt.
    func wordPiece() throws(TokenizerError) -> WordPieceTokenizer? {
        let path = "\(directory)/vocab.txt"
        guard let lines = try lines(path) else { return nil }
        var vocabulary = Vocabulary(lines.enumerated().map { ($1, Int32($0)) })
        let names = [
            ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("cls_token", "[CLS]"),
            ("mask_token", "[MASK]"),
        ]
        let special = try specialTokens(names, in: &vocabulary, of: path)
        let lowercases = try settings["do_lower_case"].bool(default: true)
        let text = BertText(
            spacesIdeographs: try settings["tokenize_chinese_chars"].bool(default: true),
            stripsAccents: try settings["strip_accents"].bool(default: lowercases), lowercases: lowercases)
        return WordPieceTokenizer(
            vocabulary: vocabulary, frame: .bert(start: special.ids[3], end: special.ids[1]), text: text,
            addedTokens: special.added, unknown: special.ids[0])
    }

    /// - Returns: nil without a vocab.json and a merges.txt.
    func byteLevel() throws(TokenizerError) -> ByteLevelTokenizer? {
        let mergesPath = "\(directory)/merges.txt"
        guard let file = try JSONField.read("\(directory)/vocab.json"), let lines = try lines(mergesPath) else {
            return nil
        }
        var vocabulary = try readVocabulary(file)
        let names = [
            ("cls_token", "<s>"), ("pad_token", "<pad>"), ("sep_token", "</s>"), ("unk_token", "<unk>"),
            ("mask_token", "<mask>"),
        ]
        let special = try specialTokens(names, in: &vocabulary, of: file.path)
        return ByteLevelTokenizer(
            vocabulary: vocabulary, frame: .roberta(start: special.ids[0], end: special.ids[2]),
            merges: try BytePairMerges(try pairs(lines, of: mergesPath), in: vocabulary, of: mergesPath),
            addedTokens: special.added, addsPrefixSpace: try settings["add_prefix_space"].bool(default: false))
    }

    private func pairs(_ lines: [String], of path: String) throws(TokenizerError) -> [(left: String, right: String)] {
        var pairs: [(left: String, right: String)] = []
        for (index, line) in lines.enumerated() where !line.isEmpty && !(index == 0 && line.hasPrefix("#version")) {
            let parts = line.unicodeScalars.split(separator: " ")
            guard parts.count == 2 else {
                throw .malformed(path: "\(path):\(index + 1)", "'\(line)' is not a pair of tokens")
            }
            pairs.append((String(parts[0]), String(parts[1])))
        }
        return pairs
    }

    /// - Returns: nil where there is no such file.
    private func lines(_ path: String) throws(TokenizerError) -> [String]? {
        guard var bytes = try readFile(path) else { return nil }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw .malformed(path: path, "invalid UTF-8 at byte \(error.byteOffsets.lowerBound)")
        }
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
    }

    // MARK: - Special tokens

    /// The ids of the named tokens in their order, and all tokens that are to be found in texts.
    private func specialTokens(
        _ names: [(setting: String, usual: String)], in vocabulary: inout Vocabulary, of path: String
    ) throws(TokenizerError) -> (ids: [Int32], added: [AddedToken]) {
        var ids: [Int32] = []
        var added: [AddedToken] = []
        for (setting, usual) in names {
            let field = settings[setting]
            let spelling = try spelling(field) ?? usual
            guard let id = vocabulary.id(of: spelling) else {
                throw .malformed(path: path, "the special token '\(spelling)' is not in the vocabulary")
            }
            ids.append(id)
            added.append(
                field["content"].isPresent ? try AddedToken(field, id: id) : AddedToken(spelling: spelling, id: id))
        }
        guard settings["added_tokens_decoder"].isPresent else { return (ids, added) }
        for (name, field) in try settings["added_tokens_decoder"].members() {
            guard let id = Int32(name), (0..<1 << 24).contains(id) else { throw field.wrong("an id as its name") }
            let token = try AddedToken(field, id: id).entered(in: &vocabulary)
            added.removeAll { $0.id == token.id }
            added.append(token)
        }
        return (ids, added)
    }

    /// A special token is a string, or an object with its `content`.
    private func spelling(_ field: JSONField) throws(TokenizerError) -> String? {
        guard field.isPresent else { return nil }
        return try field["content"].isPresent ? field["content"].string() : field.string()
    }
}
