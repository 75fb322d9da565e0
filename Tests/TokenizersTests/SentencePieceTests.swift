import Files
import Foundation
import TestKit
import Testing
import Tokenizers

/// The model is the one that `scripts/tokenizer-parity` trains; what it makes of texts is in `ReferenceTests`.
@Suite(
    .enabled(
        if: Given.reference("tokenizers/sentencepiece") != nil,
        "HEADSTART_REFERENCE names no such folder; scripts/test --parity makes it"))
struct SentencePieceTests {
    private func model() throws -> [UInt8] {
        let folder = try #require(Given.reference("tokenizers/sentencepiece"))
        return try MappedFile(path: "\(folder)/sentencepiece.bpe.model").copy()
    }

    private func failure(_ model: [UInt8], _ files: [String: String] = [:]) throws -> String {
        let folder = try TemporaryFolder(files)
        try Data(model).write(to: URL(fileURLWithPath: "\(folder.path)/sentencepiece.bpe.model"))
        let error = #expect(throws: TokenizerError.self) { try loadTokenizer(directory: folder.path) }
        return error?.description.replacing(folder.path + "/", with: "") ?? ""
    }

    @Test func `ids are fairseq's and the mask is the last`() throws {
        let folder = try #require(Given.reference("tokenizers/sentencepiece"))
        let tokenizer = try loadTokenizer(directory: folder)
        #expect(tokenizer.vocabularyCount == 8002)
        #expect(try tokenizer.encode("<pad>", pair: "☃ <mask>").ids.prefix(4) == [0, 1, 2, 2])
        #expect(try tokenizer.encode("<mask>").ids == [0, 8001, 2])
    }

    @Test(arguments: [0, 1, 100, 50_000]) func `a model cut short is an error`(count: Int) throws {
        let message = try failure(Array(try model().prefix(count)))
        #expect(message.hasPrefix("sentencepiece.bpe.model: not a SentencePiece model, or cut short: "))
        #expect(!message.contains("\n"))
    }

    @Test func `a file of another kind is an error`() throws {
        let message = try failure(Array("PK\u{3}\u{4} this is a zip file, not a model".utf8))
        #expect(message.hasPrefix("sentencepiece.bpe.model: not a SentencePiece model"))
    }

    @Test func `another family's model is an error`() throws {
        let message = try failure(model(), ["tokenizer_config.json": #"{"tokenizer_class": "CamembertTokenizer"}"#])
        #expect(
            message == "tokenizer_config.json: 'tokenizer_class' is CamembertTokenizer, supported beside"
                + " sentencepiece.bpe.model: XLMRobertaTokenizer and XLMRobertaTokenizerFast; a tokenizer.json works too"
        )
    }
}
