import Foundation
import TestKit
import Testing
import Tokenizers

struct ByteLevelTests {
    /// Five special tokens, one token a byte in GPT-2's alphabet, then what the merges make.
    static let merges = ["h e", "Ġ t", "Ġt he", "a a", "aa aa", "Ġ Ġ", "' s", "1 2"]

    static var files: [String: String] {
        let plain = Array(0x21...0x7E) + Array(0xA1...0xAC) + Array(0xAE...0xFF)
        let alphabet = (plain + Array(0x100..<0x100 + 256 - plain.count)).compactMap(Unicode.Scalar.init)
        let tokens =
            ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] + alphabet.map { String($0) }
            + merges.map { $0.replacing(" ", with: "") }
        let entries = tokens.enumerated().map { "\(jsonString($1)): \($0)" }
        return [
            "vocab.json": "{\(entries.joined(separator: ", "))}",
            "merges.txt": "#version: 0.2\n" + merges.joined(separator: "\n") + "\n",
        ]
    }

    private static func jsonString(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private func pieces(_ text: String, _ settings: String = "{}") throws -> [String] {
        var files = Self.files
        files["tokenizer_config.json"] = settings
        let folder = try TemporaryFolder(files)
        let tokenizer = try loadTokenizer(directory: folder.path)
        return tokenizer.tokens(of: tokenizer.ids(of: text))
    }

    @Test(arguments: [
        ("the the", ["t", "he", "Ġthe"]),
        ("aaaaa", ["aaaa", "a"]),
        ("he's 's", ["he", "'s", "Ġ", "'", "s"]),
        ("!'s", ["!", "'", "s"]),
        ("a12a", ["a", "12", "a"]),
        ("a   the  ", ["a", "ĠĠ", "Ġthe", "ĠĠ"]),
        ("a\n\na", ["a", "Ċ", "Ċ", "a"]),
        ("é\u{0}", ["Ã", "©", "Ā"]),
        ("x<mask> </s>y", ["x", "<mask>", "Ġ", "</s>", "y"]),
        ("", []),
    ])
    func `words of bytes merge by rank`(text: String, expected: [String]) throws {
        #expect(try pieces(text) == expected)
    }

    @Test func `a prefix space is given to each stretch of text that has none`() throws {
        let settings = #"{"add_prefix_space": true}"#
        #expect(try pieces("the<mask>the", settings) == ["Ġthe", "<mask>", "Ġthe"])
        #expect(try pieces(" the", settings) == ["Ġthe"])
        #expect(try pieces("", settings) == [])
    }

    @Test func `added tokens can swallow white space and insist on whole words`() throws {
        let settings = """
            {"added_tokens_decoder": {
                "4": {"content": "<mask>", "lstrip": true, "rstrip": false, "normalized": false, "special": true},
                "900": {"content": "he", "single_word": true, "normalized": true, "special": false}}}
            """
        // "he" is a piece as well, under that piece's id.
        #expect(try pieces("a \n<mask> a", settings) == ["a", "<mask>", "Ġ", "a"])
        #expect(try pieces("he the he-", settings) == ["he", "Ġthe", "Ġ", "he", "-"])
    }

    @Test func `a very long word takes no more than n log n steps`() throws {
        // A hundred thousand letters: quadratic work would take minutes.
        #expect(try pieces(String(repeating: "a", count: 100_000)) == [String](repeating: "aaaa", count: 25_000))
    }

    @Test func `a pair has two separators and types 0`() throws {
        let folder = try TemporaryFolder(Self.files)
        let tokenizer = try loadTokenizer(directory: folder.path)
        let sequence = try tokenizer.encode("<pad>", pair: "<unk>")
        #expect(sequence == TokenSequence(ids: [0, 1, 2, 2, 3, 2], types: [0, 0, 0, 0, 0, 0]))
    }
}
