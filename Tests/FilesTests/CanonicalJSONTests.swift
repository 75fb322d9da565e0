import Files
import Foundation
import Testing

/// The bytes that keys, the wire and the journal consist of.
struct CanonicalJSONTests {
    private struct Part: Codable {
        var fraction: Double
        var list: [Int]
        var absent: String?
        var named: [String: Float]
        var byte: UInt8
    }

    private enum Choice: Codable {
        case pair(Int, named: String)
        case none
        case part(Part)
    }

    private struct Whole: Codable {
        var zeta = -5
        var text: String
        var isTrue = true
        var part: Part?
        var choices: [Choice]
        var numbered = [3: "c", 10: "x", 2: "y"]
        var largest = UInt64.max
        var path = "/a/b"
        var nested: [[Double?]] = [
            [1.5, nil, 1e21, 1e16, 123_456_789_012_345_680, .leastNonzeroMagnitude, -0.0, 0.1, 2e-5, 1], [],
        ]
    }

    /// Of every character that is written in a way of its own, and of some that might be.
    private let text =
        String(String.UnicodeScalarView((0..<0x90).compactMap { Unicode.Scalar(UInt32($0)) }))
        + "é/\u{2028}😀\"\\e\u{301}"

    private func expectFoundationsBytes(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
        #expect(String(decoding: try CanonicalJSON.encode(value), as: UTF8.self) == expected)
    }

    @Test func `it is what Foundation writes with sorted keys and plain slashes`() throws {
        let named: [String: Float] = ["é": 0.1, "e": 1, "E": 3.4e38, "ee": -0.0]
        let part = Part(fraction: 1e-5, list: [1, 2], absent: nil, named: named, byte: 255)
        try expectFoundationsBytes(
            Whole(text: text, part: part, choices: [.pair(1, named: "q"), .none, .part(part)]))
        try expectFoundationsBytes("x")
        try expectFoundationsBytes(Int?.none)
        try expectFoundationsBytes([Int]())
        // What sorts otherwise where letters' case or numbers count.
        try expectFoundationsBytes([text: 1, "a10": 1, "a9": 2, "a_b": 3, "ab": 4, "aB": 5, "B": 6])
    }

    private struct Twice: Encodable {
        private enum Keys: CodingKey { case first, second, third }

        func encode(to encoder: any Encoder) throws {
            var first = encoder.container(keyedBy: Keys.self)
            try first.encode(1, forKey: .second)
            var second = encoder.container(keyedBy: Keys.self)
            try second.encode(2, forKey: .first)
            try second.encode(3, forKey: .second)
            var inner = second.nestedUnkeyedContainer(forKey: .third)
            try inner.encode("last")
        }
    }

    @Test func `containers of one encoder are one object, and a key's last member counts`() throws {
        try expectFoundationsBytes(Twice())
    }

    @Test func `what is no number, or has another form with Foundation, is refused`() {
        #expect(throws: EncodingError.self) { try CanonicalJSON.encode([Double.nan]) }
        #expect(throws: EncodingError.self) { try CanonicalJSON.encode([-Double.infinity]) }
        #expect(throws: EncodingError.self) { try CanonicalJSON.encode(["bytes": Data([1])]) }
    }
}
