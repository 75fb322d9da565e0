import Experiments
import Foundation
import Tasks
import TestKit
import Testing
import Tokenizers

struct EncodingTests {
    private func tokenizer(_ folder: TemporaryFolder) throws -> any Tokenizer {
        try loadTokenizer(directory: folder.path)
    }

    @Test func `examples become tokens in their order, with their labels`() throws {
        let folder = try TemporaryFolder(["vocab.txt": Array("[UNK]\n[CLS]\n[SEP]\na\nb".utf8)])
        let examples = [
            Example(text: "a a a", pair: "b", label: .category(1)), Example(text: "b", pair: "a", label: .value(0.5)),
        ]
        let encoded = try encode(examples, with: tokenizer(folder), maxLength: 5, truncation: .longest)
        #expect(
            encoded == [
                EncodedExample(ids: [1, 3, 2, 4, 2], types: [0, 0, 0, 1, 1], label: .category(1)),
                EncodedExample(ids: [1, 4, 2, 3, 2], types: [0, 0, 0, 1, 1], label: .value(0.5)),
            ])
    }

    @Test func `an example that cannot be cut is an error`() throws {
        let folder = try TemporaryFolder(["vocab.txt": Array("[UNK]\n[CLS]\n[SEP]\na".utf8)])
        let examples = [Example(text: "a", pair: "a a a", label: .category(0))]
        let tokenizer = try tokenizer(folder)
        #expect(throws: TokenizerError.self) {
            try encode(examples, with: tokenizer, maxLength: 5, truncation: .first)
        }
    }
}
