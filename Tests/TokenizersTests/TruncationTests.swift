import Experiments
import TestKit
import Testing
import Tokenizers

struct TruncationTests {
    private func tokenizer() throws -> any Tokenizer {
        let folder = try TemporaryFolder(["vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\nb"])
        return try loadTokenizer(directory: folder.path)
    }

    private func counts(
        _ first: Int, _ second: Int, maxLength: Int, _ truncation: Truncation
    ) throws -> [Int] {
        let text = String(repeating: "a ", count: first)
        let pair = String(repeating: "b ", count: second)
        let sequence = try tokenizer().encode(text, pair: pair, maxLength: maxLength, truncation: truncation)
        return [sequence.ids.count { $0 == 3 }, sequence.ids.count { $0 == 4 }]
    }

    /// The table of the library's own test `truncate_encodings_longest_first`, with room for 7 tokens beside three
    /// special ones.
    @Test(arguments: [
        (0, 0, [0, 0]), (0, 2, [0, 2]), (0, 4, [0, 4]), (0, 8, [0, 7]), (2, 0, [2, 0]), (2, 2, [2, 2]), (2, 4, [2, 4]),
        (2, 8, [2, 5]), (4, 0, [4, 0]), (4, 2, [4, 2]), (4, 4, [3, 4]), (4, 8, [3, 4]), (8, 0, [7, 0]), (8, 2, [5, 2]),
        (8, 4, [4, 3]), (8, 8, [3, 4]),
    ])
    func `the longer text is cut first`(first: Int, second: Int, expected: [Int]) throws {
        #expect(try counts(first, second, maxLength: 10, .longest) == expected)
    }

    @Test func `one side alone can be cut`() throws {
        #expect(try counts(8, 4, maxLength: 10, .first) == [3, 4])
        #expect(try counts(4, 8, maxLength: 10, .second) == [4, 3])
        #expect(try counts(2, 2, maxLength: 10, .second) == [2, 2])
    }

    @Test func `a single text is cut whichever side is asked for`() throws {
        for truncation in Truncation.allCases {
            let ids = try tokenizer().encode("a a a b", maxLength: 4, truncation: truncation).ids
            #expect(ids == [1, 3, 3, 2])
        }
    }

    @Test func `a side that is too short to be cut is an error`() throws {
        let error = #expect(throws: TokenizerError.self) { try counts(3, 8, maxLength: 10, .first) }
        #expect(
            error?.description == "the first text has 3 tokens and cannot be cut by 4;"
                + " choose a greater maximal length or truncate the longest")
    }

    @Test func `a maximal length without room for text is an error`() throws {
        let error = #expect(throws: TokenizerError.self) { try tokenizer().encode("a", maxLength: 2) }
        #expect(
            error?.description == "a maximal length of 2 leaves no room beside 2 special tokens; choose at least 3")
        #expect(try tokenizer().encode("a b", maxLength: 3).ids == [1, 3, 2])
        #expect(throws: TokenizerError.self) { try tokenizer().encode("a", pair: "b", maxLength: 3) }
    }
}
