import Files
import Foundation
import Testing

/// The bytes that keys, the wire and the journal consist of.
struct CanonicalJSONTests {
    private struct Part: Codable, Equatable {
        var fraction: Double
        var list: [Int]
        var absent: String?
        var named: [String: Float]
        var byte: UInt8
    }

    private enum Choice: Codable, Equatable {
        case pair(Int, named: String)
        case none
        case part(Part)
    }

    private struct Whole: Codable, Equatable {
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

    // MARK: - Reading

    /// - Returns: nil where it is refused.
    private func foundations<Value: Decodable>(_ type: Value.Type, _ json: [UInt8]) -> Value? {
        do { return try JSONDecoder().decode(type, from: Data(json)) } catch { return nil }
    }

    @Test func `it is read without Foundation, and as Foundation reads it`() throws {
        let part = Part(fraction: 1e-5, list: [1, -2], absent: nil, named: ["é": 0.1, "e": 3.4e38], byte: 255)
        let whole = Whole(text: "é/😀e\u{301}", part: part, choices: [.pair(1, named: "q"), .none, .part(part)])
        var plain = whole
        plain.nested = [[1.5, nil, 1e21, -0.0, 0.1, 2e-5, 1], []]
        let json = [UInt8](try CanonicalJSON.encode(plain))
        #expect(CanonicalDecoder.decode(Whole.self, from: json.span) == plain)
        #expect(foundations(Whole.self, json) == plain)
        // With the smallest number, which is left to Foundation.
        let edge = try CanonicalJSON.encode(whole)
        #expect(CanonicalDecoder.decode(Whole.self, from: edge.span) == nil)
        #expect(try CanonicalJSON.decode(Whole.self, from: edge) == whole)
    }

    @Test func `what has one byte changed is read as Foundation reads it, or left to it`() throws {
        let part = Part(fraction: 0.25, list: [10], absent: "x", named: ["e": 1], byte: 25)
        let whole = Whole(text: "q", part: part, choices: [.none], nested: [[1.5, nil]])
        let json = [UInt8](try CanonicalJSON.encode(whole))
        var read = 0
        for place in json.indices {
            for byte in Array("09-+.eE\"\\ {}[],:nzt".utf8) + [0, 0x1F, 0x7F, 0x80, 0xC3, 0xFF] {
                var other = json
                other[place] = byte
                guard let value = CanonicalDecoder.decode(Whole.self, from: other.span) else { continue }
                read += 1
                #expect(value == foundations(Whole.self, other), "\(String(decoding: other, as: UTF8.self))")
            }
        }
        #expect(read > json.count, "most places have bytes with which it is another value")
    }

    @Test(arguments: [
        "1", "-0", "0", "255", "256", "-1", "1.0", "1e2", "1E+2", "0.5", "1e400", "1e-400", "5e-324", "0e5", "01", "1.",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "123456789012345678901234567890123",
        "0.1000000000000000055511151231257827", "16777217", "3.4028235677973366e38", "null", "true", "\"1\"", "[1]",
        #"{"a":1}"#, #"{"b":1,"a":2}"#, #"{"a":1,"a":2}"#, #"{"1":1}"#, " 1", "", "\u{FEFF}1",
    ])
    func `a number is read as Foundation reads it, or left to it`(json: String) {
        expectFoundations(Int.self, json)
        expectFoundations(UInt8.self, json)
        expectFoundations(UInt64.self, json)
        expectFoundations(Double.self, json)
        expectFoundations(Float.self, json)
        expectFoundations(Int?.self, json)
        expectFoundations(String.self, json)
        expectFoundations([Int?].self, json)
        expectFoundations([String: Int].self, json)
        expectFoundations([Int: Int].self, json)
        expectFoundations(Data.self, json)
        expectFoundations(URL.self, json)
    }

    private func expectFoundations<Value: Decodable & Equatable>(
        _ type: Value.Type, _ json: String, location: SourceLocation = #_sourceLocation
    ) {
        let bytes = Array(json.utf8)
        guard let value = CanonicalDecoder.decode(type, from: bytes.span) else { return }
        #expect(value == foundations(type, bytes), "\(type) of \(json)", sourceLocation: location)
    }
}
