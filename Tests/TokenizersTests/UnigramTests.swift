import Foundation
import TestKit
import Testing
import Tokenizers

struct UnigramTests {
    /// Scores are chosen so that `▁ab` + `c` beats `▁a` + `bc`; `xyz` is a piece whose letters are none.
    private static let pieces = """
        ["<s>", 0], ["<pad>", 0], ["</s>", 0], ["<unk>", 0], ["▁", -2], ["▁a", -2.5], ["▁ab", -2], ["bc", -3], ["c", -2],
        ["b", -4], ["a", -4], ["xyz", -40], ["<mask>", 0]
        """

    /// The double array of the replacement of `é` (C3 A9) by `e`, and of `X` by nothing.
    private static let map = PrecompiledMapBuilder.base64(["é": "e", "X": ""])

    private static func file(
        normalizer: String = "null", words: String = #"[{"type": "WhitespaceSplit"}, {"type": "Metaspace"}]"#,
        model: String = #""unk_id": 3"#
    ) -> String {
        """
        {"added_tokens": [{"id": 0, "content": "<s>", "special": true}, {"id": 2, "content": "</s>", "special": true},
            {"id": 12, "content": "<mask>", "special": true, "lstrip": true}],
         "normalizer": \(normalizer), "pre_tokenizer": {"type": "Sequence", "pretokenizers": \(words)},
         "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
         "model": {"type": "Unigram", \(model), "vocab": [\(pieces)]}}
        """
    }

    private func tokenizer(_ file: String) throws -> any Tokenizer {
        let folder = try TemporaryFolder(["tokenizer.json": file])
        return try loadTokenizer(directory: folder.path)
    }

    @Test(arguments: [
        ("abc", ["▁ab", "c"]),
        (" abc\t\u{3000}a ", ["▁ab", "c", "▁a"]),
        ("a☃☃b", ["▁a", "<unk>", "b"]),
        ("a <mask>a", ["▁a", "<mask>", "▁a"]),
        ("▁▁a", ["▁", "▁a"]),
        ("q", ["▁", "<unk>"]),
        ("", []),
    ])
    func `a word is cut into its most likely pieces`(text: String, expected: [String]) throws {
        let tokenizer = try tokenizer(Self.file())
        #expect(tokenizer.tokens(of: tokenizer.ids(of: text)) == expected)
    }

    @Test func `a pair has two separators`() throws {
        #expect(try tokenizer(Self.file()).encode("a", pair: "b").ids == [0, 5, 2, 2, 4, 9, 2])
    }

    @Test func `the character map replaces graphemes and characters`() throws {
        let tokenizer = try tokenizer(
            Self.file(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "\#(Self.map)"}"#))
        #expect(tokenizer.tokens(of: tokenizer.ids(of: "aXbé")) == ["▁ab", "<unk>"])
        // The accent belongs to X's grapheme, of which the table has the beginning.
        #expect(tokenizer.tokens(of: tokenizer.ids(of: "aX\u{301}b")) == ["▁ab"])
    }

    @Test func `white space that is left over is part of the words`() throws {
        let normalizer = """
            {"type": "Sequence", "normalizers": [{"type": "Strip", "strip_left": false, "strip_right": true},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"},
                {"type": "Replace", "pattern": {"String": "q"}, "content": "abc"}]}
            """
        let tokenizer = try tokenizer(Self.file(normalizer: normalizer, words: #"[{"type": "Metaspace"}]"#))
        #expect(tokenizer.tokens(of: tokenizer.ids(of: "a   q a \t")) == ["▁a", "▁ab", "c", "▁a"])
    }

    @Test func `a long text without spaces takes no more than linear time`() throws {
        let tokens = try tokenizer(Self.file()).ids(of: String(repeating: "abc", count: 50_000))
        #expect(tokens.count == 100_000)
    }

    @Test(arguments: [
        (
            file(normalizer: #"{"type": "NFKC"}"#),
            "'normalizer.type' is NFKC, supported: Sequence, Precompiled, Strip and Replace"
        ),
        (
            file(normalizer: #"{"type": "Precompiled", "precompiled_charsmap": "AAAA"}"#),
            "'normalizer.precompiled_charsmap' is a string, the base64 of a SentencePiece character map is expected"
        ),
        (
            file(normalizer: #"{"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}"#),
            "'normalizer.pattern.Regex' is 'a+', supported: ' {2,}'"
        ),
        (
            file(words: #"[{"type": "Digits"}]"#),
            "'pre_tokenizer.pretokenizers[0].type' is Digits, supported: Metaspace"
        ),
        (
            file(words: #"[{"type": "Metaspace", "prepend_scheme": "first"}]"#),
            "'pre_tokenizer.pretokenizers[0].prepend_scheme' is first, supported: always and never"
        ),
        (file(model: #""unk_id": 99"#), "'model.unk_id' 99 is not in the vocabulary of 13"),
        (file(model: #""unk_id": null"#), "'model.unk_id' is null, a whole number from 0 to 16777215 is expected"),
        (
            file(model: #""unk_id": 3, "byte_fallback": true"#),
            "'model.byte_fallback' is true, supported: Unigram without it, as XLM-RoBERTa's"
        ),
        (
            #"{"model": {"type": "Unigram", "unk_id": 0, "vocab": [["a"]]}}"#,
            "'model.vocab[0]' is an array, a piece and its score is expected"
        ),
        (
            #"{"model": {"type": "BPE", "vocab": [["a", 1]]}}"#, "'model.vocab' is an array, an object is expected"
        ),
    ])
    func `what is wrong with a tokenizer file is said`(file: String, message: String) throws {
        let folder = try TemporaryFolder(["tokenizer.json": file])
        let error = #expect(throws: TokenizerError.self) { try loadTokenizer(directory: folder.path) }
        #expect(error?.description == "\(folder.path)/tokenizer.json: \(message)")
    }
}

/// A double array of darts-clone for a few keys, each in a block of 256 units of its own.
private enum PrecompiledMapBuilder {
    static func base64(_ table: [String: String]) -> String {
        var units = [UInt32](repeating: 0, count: 256)
        var replacements: [UInt8] = []
        // An offset of block * 256 from place p leads to the block's units: p ^ offset, and p's own block is known.
        func open(_ place: Int) -> Int {
            let block = units.count
            units += [UInt32](repeating: 0, count: 256)
            units[place] |= UInt32(place ^ block) << 10
            return block
        }
        let root = open(0)
        for (key, replacement) in table.sorted(by: { $0.key < $1.key }) {
            var block = root
            for (index, byte) in key.utf8.enumerated() {
                let place = block ^ Int(byte)
                units[place] |= UInt32(byte)
                block = open(place)
                guard index == key.utf8.count - 1 else { continue }
                units[place] |= 1 << 8
                units[block] = UInt32(replacements.count) | 1 << 31
            }
            replacements += Array(replacement.utf8) + [0]
        }
        let words = [UInt32(units.count * 4)] + units
        let bytes = words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
        return Data(bytes + replacements).base64EncodedString()
    }
}
