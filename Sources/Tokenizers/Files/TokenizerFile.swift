/// A `tokenizer.json`, the one-file form of the `tokenizers` library.
struct TokenizerFile {
    let file: JSONField
    private let pieces: Vocabulary
    let addedTokens: [AddedToken]

    init(_ file: JSONField) throws(TokenizerError) {
        self.file = file
        let pieces = try Self.pieces(file["model"]["vocab"])
        let added = file["added_tokens"].isPresent ? try file["added_tokens"].elements() : []
        addedTokens = try added.map { field throws(TokenizerError) in
            try AddedToken(field, id: try field["id"].number(), besides: pieces)
        }
        self.pieces = pieces
    }

    /// A vocabulary is an object of ids, or with Unigram a list of scores in the order of the ids.
    private static func pieces(_ field: JSONField) throws(TokenizerError) -> Vocabulary {
        guard case .array = field.value else { return try readVocabulary(field) }
        return Vocabulary(try readScores(field).enumerated().map { ($1.spelling, Int32($0)) })
    }

    func tokenizer() throws(TokenizerError) -> any Tokenizer {
        let model = file["model"]
        // Files of the library's first versions do not name the model's type.
        let type =
            model["type"].isPresent ? try model["type"].string() : model["merges"].isPresent ? "BPE" : "WordPiece"
        if type == "Unigram" { return try unigram(model) }
        guard case .object = model["vocab"].value else { throw model["vocab"].wrong("an object") }
        switch type {
        case "WordPiece": return try wordPiece(model)
        case "BPE": return try byteLevel(model)
        default: throw unsupported(model["type"], type, "WordPiece, BPE and Unigram")
        }
    }

    private func wordPiece(_ model: JSONField) throws(TokenizerError) -> WordPieceTokenizer {
        try require("BertPreTokenizer", file["pre_tokenizer"]["type"])
        let unknown = try model["unk_token"].string()
        guard let unknownID = pieces.id(of: unknown) else {
            throw .malformed(path: file.path, "the unknown token '\(unknown)' is not in the vocabulary")
        }
        let prefix = model["continuing_subword_prefix"]
        return WordPieceTokenizer(
            pieces: pieces, frame: try frame(), text: try bertText(file["normalizer"]),
            addedTokens: addedTokens,
            unknown: unknownID, prefix: prefix.isPresent ? try prefix.string() : "##",
            longestWord: Int(try model["max_input_chars_per_word"].number(default: 100)))
    }

    private func bertText(_ normalizer: JSONField) throws(TokenizerError) -> BertText {
        guard normalizer.isPresent else {
            return BertText(cleans: false, spacesIdeographs: false, stripsAccents: false, lowercases: false)
        }
        try require("BertNormalizer", normalizer["type"])
        let lowercases = try normalizer["lowercase"].bool(default: true)
        return BertText(
            cleans: try normalizer["clean_text"].bool(default: true),
            spacesIdeographs: try normalizer["handle_chinese_chars"].bool(default: true),
            stripsAccents: try normalizer["strip_accents"].bool(default: lowercases), lowercases: lowercases)
    }

    private func byteLevel(_ model: JSONField) throws(TokenizerError) -> ByteLevelTokenizer {
        try require("ByteLevel", file["pre_tokenizer"]["type"])
        if file["normalizer"].isPresent { throw unsupported(file["normalizer"], "there", "none with byte-level BPE") }
        let departures = [
            try !file["pre_tokenizer"]["use_regex"].bool(default: true),
            try model["byte_fallback"].bool(default: false),
            try model["ignore_merges"].bool(default: false), model["dropout"].isPresent,
            try !isEmpty(model["continuing_subword_prefix"]), try !isEmpty(model["end_of_word_suffix"]),
        ]
        guard !departures.contains(true) else {
            throw unsupported(
                model, "not plain byte-level BPE", "models as GPT-2's and RoBERTa's, without further settings")
        }
        let pairs = try model["merges"].elements().map { field throws(TokenizerError) in try mergedPair(field) }
        let merges = try BytePairMerges(pairs, in: pieces, of: file.path)
        if model["unk_token"].isPresent, !merges.isComplete {
            throw unsupported(model["unk_token"], "needed", "vocabularies that hold every byte")
        }
        return ByteLevelTokenizer(
            pieces: pieces, frame: try frame(), merges: merges, addedTokens: addedTokens,
            addsPrefixSpace: try file["pre_tokenizer"]["add_prefix_space"].bool(default: true))
    }

    private func isEmpty(_ field: JSONField) throws(TokenizerError) -> Bool {
        guard field.isPresent else { return true }
        return try field.string().isEmpty
    }

    /// A merge is written as `"a b"`, or as `["a", "b"]` by newer versions of the library.
    private func mergedPair(_ field: JSONField) throws(TokenizerError) -> (left: String, right: String) {
        let parts: [String]
        if case .string(let text) = field.value {
            parts = text.unicodeScalars.split(separator: " ").map { String($0) }
        } else {
            parts = try field.elements().map { part throws(TokenizerError) in try part.string() }
        }
        guard parts.count == 2 else { throw field.wrong("a pair of tokens") }
        return (parts[0], parts[1])
    }

    // MARK: - Special tokens

    func frame() throws(TokenizerError) -> SequenceFrame {
        let processor = file["post_processor"]
        let bare = SequenceFrame(single: [.first(type: 0)], pair: [.first(type: 0), .second(type: 1)])
        guard processor.isPresent else { return bare }
        let type = try processor["type"].string()
        switch type {
        case "TemplateProcessing":
            let frame = SequenceFrame(
                single: try template(processor["single"], of: processor),
                pair: try template(processor["pair"], of: processor))
            guard frame.isComplete else {
                throw unsupported(
                    processor, "without a text, or has one twice", "A once in 'single', A and B in 'pair'")
            }
            return frame
        case "BertProcessing":
            return .bert(start: try numberedToken(processor["cls"]), end: try numberedToken(processor["sep"]))
        case "RobertaProcessing":
            return .roberta(start: try numberedToken(processor["cls"]), end: try numberedToken(processor["sep"]))
        case "ByteLevel": return bare
        default:
            throw unsupported(
                processor["type"], type, "TemplateProcessing, BertProcessing, RobertaProcessing and ByteLevel")
        }
    }

    /// `["[SEP]", 102]`
    private func numberedToken(_ field: JSONField) throws(TokenizerError) -> Int32 {
        let parts = try field.elements()
        guard parts.count == 2 else { throw field.wrong("a token and its id") }
        return try parts[1].number()
    }

    private func template(_ field: JSONField, of processor: JSONField) throws(TokenizerError) -> [SequenceFrame.Part] {
        var parts: [SequenceFrame.Part] = []
        for piece in try field.elements() {
            if piece["Sequence"].isPresent {
                let type = try piece["Sequence"]["type_id"].number()
                parts.append(try piece["Sequence"]["id"].string() == "A" ? .first(type: type) : .second(type: type))
            } else {
                let special = piece["SpecialToken"]
                let type = try special["type_id"].number()
                for id in try processor["special_tokens"][try special["id"].string()]["ids"].elements() {
                    parts.append(.special(try id.number(), type: type))
                }
            }
        }
        return parts
    }

    // MARK: - Errors

    func require(_ supported: String, _ field: JSONField) throws(TokenizerError) {
        let type = try field.string()
        if type != supported { throw unsupported(field, type, supported) }
    }

    func unsupported(_ field: JSONField, _ found: String, _ supported: String) -> TokenizerError {
        .malformed(path: file.path, "'\(field.key)' is \(found), supported: \(supported)")
    }
}
