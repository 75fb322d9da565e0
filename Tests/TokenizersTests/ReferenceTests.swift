import Experiments
import Files
import Foundation
import TestKit
import Testing
import Tokenizers

/// Compares with what the `tokenizers` library made of the same texts; `scripts/tokenizer-parity` writes it.
@Suite(
    .enabled(
        if: Given.reference("tokenizers") != nil,
        "HEADSTART_REFERENCE names no such folder; scripts/test --parity makes it"))
struct ReferenceTests {
    @Test(arguments: [
        "minilm", "uncased-files", "accents-files", "cased-files", "cased-added", "uncased-added", "bpe-files", "bpe",
        "bpe-prefix-added", "sentencepiece", "unigram", "unigram-added",
    ])
    func `every text has the tokens of the reference`(name: String) throws {
        let directory = try #require(Given.reference("tokenizers"))
        let tokenizer = try loadTokenizer(directory: "\(directory)/\(name)")
        let expected = try Reference.numbers("\(directory)/\(name)/expected.i32")
        var place = 0
        var differences = 0
        for reference in try Reference.cases("\(directory)/cases.jsonl") {
            let count = Int(expected[place])
            let sequence = try? tokenizer.encode(
                reference.text, pair: reference.pair, maxLength: reference.maxLength, truncation: reference.truncation)
            let numbers = expected[place + 1..<place + 1 + 2 * max(0, count)]
            place += numbers.count + 1
            let hasRoom = reference.maxLength.map {
                (try? tokenizer.frame.room(in: $0, forPair: reference.pair != nil)) != nil
            }
            if hasRoom == false {
                #expect(sequence == nil)
            } else if sequence.map({ $0.ids + $0.types }) != (count < 0 ? nil : Array(numbers)), differences < 10 {
                differences += 1
                let tokens = sequence.map { tokenizer.tokens(of: $0.ids) }
                Issue.record(
                    """
                    \(reference) gave \(String(describing: tokens)), \
                    not \(count < 0 ? ["an error"] : tokenizer.tokens(of: Array(numbers.prefix(count))))
                    """)
            }
        }
        #expect(place == expected.count)
    }
}

private enum Reference {
    struct Case {
        let text: String
        let pair: String?
        let maxLength: Int?
        let truncation: Truncation
    }

    static func cases(_ path: String) throws -> [Case] {
        try MappedFile(path: path).copy().split(separator: 0x0A).map { line in
            let value = try JSONValue(parsing: line.span)
            func string(_ name: String) -> String? { if case .string(let text) = value[name] { text } else { nil } }
            var maxLength: Int?
            if case .number(let literal) = value["max"] { maxLength = Int(literal) }
            return Case(
                text: try #require(string("text")), pair: string("pair"), maxLength: maxLength,
                truncation: string("truncation").flatMap(Truncation.init(rawValue:)) ?? .longest)
        }
    }

    static func numbers(_ path: String) throws -> [Int32] {
        try MappedFile(path: path).copy().withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    }
}
