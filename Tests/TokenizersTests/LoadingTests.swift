import TestKit
import Testing
import Tokenizers

struct LoadingTests {
    private func failure(_ files: [String: String]) throws -> String {
        let folder = try TemporaryFolder(files)
        let error = #expect(throws: TokenizerError.self) { try loadTokenizer(directory: folder.path) }
        return error?.description.replacing(folder.path + "/", with: "").replacing(folder.path, with: "DIR") ?? ""
    }

    private let bert = """
        {"added_tokens": [{"id": 9, "content": "<new>", "special": true, "normalized": false}],
         "normalizer": {"type": "BertNormalizer", "lowercase": true},
         "pre_tokenizer": {"type": "BertPreTokenizer"},
         "post_processor": {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "B", "type_id": 1}}, {"Sequence": {"id": "A", "type_id": 2}}],
            "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [1], "tokens": ["[CLS]"]}}},
         "model": {"type": "WordPiece", "unk_token": "[UNK]",
            "vocab": {"[UNK]": 0, "[CLS]": 1, "a": 2, "b": 3, "\\u212b": 4, "\\u00c5": 5}}}
        """

    @Test func `a template says where special tokens go and which types there are`() throws {
        let folder = try TemporaryFolder(["tokenizer.json": bert])
        let tokenizer = try loadTokenizer(directory: folder.path)
        #expect(try tokenizer.encode("a <new>b") == TokenSequence(ids: [1, 2, 9, 3], types: [0, 0, 0, 0]))
        #expect(try tokenizer.encode("a", pair: "b b") == TokenSequence(ids: [3, 3, 2], types: [1, 1, 2]))
    }

    @Test func `a template that leaves a text out, or has it twice, is refused`() throws {
        let once = #"{"Sequence": {"id": "A", "type_id": 0}}],"#
        for wrong in [#"{"Sequence": {"id": "B", "type_id": 0}}],"#, "],", "\(once.dropLast(2)), \(once)"] {
            let text = bert.replacing(once, with: wrong).replacing(", ],", with: "],")
            #expect(try failure(["tokenizer.json": text]).contains("'post_processor' is without a text"))
        }
    }

    @Test func `a text of no tokens without special ones around it is refused`() throws {
        let folder = try TemporaryFolder(["tokenizer.json": bert.replacing("post_processor", with: "none")])
        let tokenizer = try loadTokenizer(directory: folder.path)
        #expect(try tokenizer.encode("a").ids == [2])
        #expect(throws: TokenizerError.noTokens) { try tokenizer.encode("") }
    }

    @Test func `the vocabulary counts up to its largest id, added tokens included`() throws {
        let folder = try TemporaryFolder(["tokenizer.json": bert])
        #expect(try loadTokenizer(directory: folder.path).vocabularyCount == 10)
    }

    @Test func `canonically equivalent tokens are two tokens`() throws {
        let folder = try TemporaryFolder(["tokenizer.json": bert])
        let vocabulary = try loadTokenizer(directory: folder.path).vocabulary
        #expect(vocabulary.id(of: "\u{212B}") == 4)
        #expect(vocabulary.id(of: "\u{C5}") == 5)
    }

    @Test func `lines of a vocabulary may end with CR LF`() throws {
        let folder = try TemporaryFolder(["vocab.txt": "[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n"])
        #expect(try loadTokenizer(directory: folder.path).encode("a").ids == [1, 3, 2])
    }

    @Test func `a directory without tokenizer files is an error`() throws {
        #expect(
            try failure([:])
                == "DIR: no tokenizer: expected tokenizer.json, vocab.txt, vocab.json with merges.txt,"
                + " or sentencepiece.bpe.model")
        #expect(try failure(["vocab.json": "{}"]).hasPrefix("DIR: no tokenizer"))
    }

    @Test(arguments: [
        (["tokenizer.json": "{"], "tokenizer.json: not JSON: a name in quotes is expected (line 1, byte 1)"),
        (["tokenizer.json": "{}"], "tokenizer.json: 'model.vocab' is missing, an object is expected"),
        (
            ["tokenizer.json": #"{"model": {"vocab": {"a": -1}}}"#],
            "tokenizer.json: 'model.vocab.a' is a number, a whole number from 0 to 16777215 is expected"
        ),
        (
            ["tokenizer.json": #"{"model": {"type": "WordLevel", "vocab": {}}}"#],
            "tokenizer.json: 'model.type' is WordLevel, supported: WordPiece, BPE and Unigram"
        ),
        (
            ["tokenizer.json": #"{"model": {"type": "BPE", "vocab": {}}, "pre_tokenizer": {"type": "Split"}}"#],
            "tokenizer.json: 'pre_tokenizer.type' is Split, supported: ByteLevel"
        ),
        (
            ["vocab.txt": "[UNK]\n[CLS]\n"],
            "vocab.txt: the special token 'sep_token' is not in the vocabulary"
        ),
        (
            ["vocab.txt": "[UNK]", "tokenizer_config.json": #"{"do_lower_case": "yes", "cls_token": "[UNK]"}"#],
            "tokenizer_config.json: 'do_lower_case' is a string, true or false is expected"
        ),
        (
            ["vocab.json": #"{"<s>": 0, "</s>": 1}"#, "merges.txt": "a b c"],
            "merges.txt:1: 'a b c' is not a pair of tokens"
        ),
        (
            ["vocab.json": #"{"<s>": 0, "</s>": 1, "a": 2}"#, "merges.txt": "a a"],
            "merges.txt: the merge 'a a' is of tokens not in the vocabulary"
        ),
    ])
    func `what is wrong with a file is said`(files: [String: String], message: String) throws {
        #expect(try failure(files) == message)
    }
}
