import TestKit
import Testing
import Tokenizers

struct WordPieceTests {
    private static let vocabulary = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able", "##a", "a", "!", "i", "##s", "ss", "Un",
        "é",
        "日", "σ", "##σ", "e", "##́", "x", "##x", "##\u{1D165}", "##\u{1D16D}", "##\u{1D16E}",
    ]

    private func pieces(_ text: String, _ settings: String = "{}") throws -> [String] {
        let folder = try TemporaryFolder([
            "vocab.txt": Self.vocabulary.joined(separator: "\n") + "\n", "tokenizer_config.json": settings,
        ])
        let tokenizer = try loadTokenizer(directory: folder.path)
        return tokenizer.tokens(of: tokenizer.ids(of: text))
    }

    @Test(arguments: [
        ("unaffable", ["un", "##aff", "##able"]),
        ("Unaffable!a", ["un", "##aff", "##able", "!", "a"]),
        ("unaffx!", ["un", "##aff", "##x", "!"]),
        ("unq !", ["[UNK]", "!"]),
        ("É e\u{301}", ["e", "e"]),
        ("İ", ["i"]),
        ("a日a", ["a", "日", "a"]),
        ("ΣΣ", ["σ", "##σ"]),
        ("a\u{0}\u{FFFD}\u{200D}\u{7F}a", ["a", "##a"]),
        ("a\u{3000}a\u{A0}a\r\na", ["a", "a", "a", "a"]),
        ("[MASK]a[mask] x[SEP]", ["[MASK]", "a", "[UNK]", "[UNK]", "[UNK]", "x", "[SEP]"]),
        ("", []),
        (" \n", []),
    ])
    func `uncased words become the longest pieces from the left`(text: String, expected: [String]) throws {
        #expect(try pieces(text) == expected)
    }

    @Test func `cased words keep their case and accents`() throws {
        let settings = #"{"do_lower_case": false}"#
        #expect(try pieces("Unaffable unaffable", settings) == ["Un", "##aff", "##able", "un", "##aff", "##able"])
        #expect(try pieces("é e\u{301} É", settings) == ["é", "e", "##\u{301}", "[UNK]"])
    }

    @Test func `ideographs and accents are left alone where the settings say so`() throws {
        let settings = #"{"tokenize_chinese_chars": false, "strip_accents": false}"#
        #expect(try pieces("a日 É", settings) == ["[UNK]", "é"])
    }

    @Test func `a word of more than 100 characters is unknown`() throws {
        let hundred = String(repeating: "x", count: 100)
        #expect(try pieces(hundred) == ["x"] + [String](repeating: "##x", count: 99))
        #expect(try pieces(hundred + "x") == ["[UNK]"])
    }

    /// U+1D165 is of class 216, as U+1D16E; U+1D16D of class 226.
    @Test func `marks come in the order of their classes, and equals as they were`() throws {
        let marks = "\u{1D16D}\u{1D16E}\u{1D165}"
        let ordered = ["x", "##\u{1D16E}", "##\u{1D165}", "##\u{1D16D}"]
        #expect(try pieces("x\(marks)") == ordered)
        #expect(try pieces("x\(marks)a x\(marks)").suffix(4) == ordered[...])
    }

    @Test(.timeLimit(.minutes(1))) func `a million marks are put in order in seconds`() throws {
        #expect(try pieces("x" + String(repeating: "\u{301}\u{316}", count: 500_000) + " x") == ["x", "x"])
    }

    @Test func `a word met again has the same tokens`() throws {
        let word = ["un", "##aff", "##able"]
        #expect(try pieces("unaffable unaffable a unaffable") == word + word + ["a"] + word)
    }

    @Test func `a pair is framed with types 0 and 1`() throws {
        let folder = try TemporaryFolder(["vocab.txt": Self.vocabulary.joined(separator: "\n")])
        let sequence = try loadTokenizer(directory: folder.path).encode("a a", pair: "x")
        #expect(sequence == TokenSequence(ids: [2, 9, 9, 3, 21, 3], types: [0, 0, 0, 0, 1, 1]))
    }

    /// The ids are those of tokenizers 0.23.3: `Tokenizer.from_file("tokenizer.json").encode(text).ids`.
    @Test(
        .enabled(if: Given.minilm != nil, "the MiniLM model is not here; scripts/fetch-minilm gets it"),
        arguments: [
            ("Hello, World!", [101, 7592, 1010, 2088, 999, 102]),
            (
                "naïve café İstanbul ẞtraße ΟΔΥΣΣΕΥΣ",
                [101, 15743, 7668, 9960, 1096, 6494, 17499, 1169, 29722, 29735, 29733, 29733, 29723, 29735, 29733, 102]
            ),
            ("日本 [MASK] [mask] x", [101, 1864, 1876, 103, 1031, 7308, 1033, 1060, 102]),
            ("a\u{0}b\u{FFFD}c\u{200D}d\u{A0}e\r\nf", [101, 5925, 2094, 1041, 1042, 102]),
            (
                "unbelievably antidisestablishmentarianism 😀",
                [101, 4895, 8671, 2666, 3567, 6321, 3424, 10521, 4355, 7875, 13602, 3672, 12199, 2964, 100, 102]
            ),
            ("\u{E3A}\u{1885}\u{301}q", [101, 100, 102]),
        ] as [(String, [Int32])])
    func `MiniLM's tokens are those of its own tokenizer`(text: String, expected: [Int32]) throws {
        let tokenizer = try loadTokenizer(directory: #require(Given.minilm))
        #expect(try tokenizer.encode(text).ids == expected)
        #expect(tokenizer.vocabularyCount == 30522)
    }
}
