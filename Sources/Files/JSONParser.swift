/// A recursive-descent reader of RFC 8259.
struct JSONParser {
    var offset: Int
    private var depth = 0
    private static let maximalDepth = 128

    init(offset: Int) { self.offset = offset }

    mutating func document(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        do {
            _ = try UTF8Span(validating: bytes)
        } catch {
            offset = error.byteOffsets.lowerBound
            throw failure("invalid UTF-8", bytes)
        }
        let value = try value(in: bytes)
        skipSpace(bytes)
        guard offset == bytes.count else { throw failure("something follows the value", bytes) }
        return value
    }

    private mutating func value(in bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        skipSpace(bytes)
        guard offset < bytes.count else { throw failure("the text ends where a value is expected", bytes) }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return try nested(bytes) { parser, bytes throws(JSONError) in try parser.object(bytes) }
        case UInt8(ascii: "["): return try nested(bytes) { parser, bytes throws(JSONError) in try parser.array(bytes) }
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "t"): return try word("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try word("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try word("null", .null, bytes)
        default: return .number(try number(bytes))
        }
    }

    private mutating func nested(
        _ bytes: Span<UInt8>, _ read: (inout JSONParser, Span<UInt8>) throws(JSONError) -> JSONValue
    ) throws(JSONError) -> JSONValue {
        guard depth < Self.maximalDepth else { throw failure("nested too deep", bytes) }
        depth += 1
        defer { depth -= 1 }
        offset += 1
        return try read(&self, bytes)
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        var members: [JSONValue.Member] = []
        guard !skip("}", bytes) else { return .object(members) }
        repeat {
            skipSpace(bytes)
            guard offset < bytes.count, bytes[offset] == UInt8(ascii: "\"") else {
                throw failure("a name in quotes is expected", bytes)
            }
            let name = try string(bytes)
            guard skip(":", bytes) else { throw failure("':' is expected", bytes) }
            members.append(JSONValue.Member(name: name, value: try value(in: bytes)))
        } while skip(",", bytes)
        guard skip("}", bytes) else { throw failure("',' or '}' is expected", bytes) }
        return .object(members)
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> JSONValue {
        var elements: [JSONValue] = []
        guard !skip("]", bytes) else { return .array(elements) }
        repeat { elements.append(try value(in: bytes)) } while skip(",", bytes)
        guard skip("]", bytes) else { throw failure("',' or ']' is expected", bytes) }
        return .array(elements)
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue, _ bytes: Span<UInt8>) throws(JSONError)
        -> JSONValue
    {
        guard bytes.count - offset >= word.utf8CodeUnitCount,
            (0..<word.utf8CodeUnitCount).allSatisfy({ bytes[offset + $0] == word.utf8Start[$0] })
        else { throw failure("a value is expected", bytes) }
        offset += word.utf8CodeUnitCount
        return value
    }

    private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        let start = offset
        skipByte("-", bytes)
        if !skipByte("0", bytes) { try digits(bytes) }
        if skipByte(".", bytes) { try digits(bytes) }
        if skipByte("e", bytes) || skipByte("E", bytes) {
            if !skipByte("+", bytes) { skipByte("-", bytes) }
            try digits(bytes)
        }
        return text(start..<offset, bytes)
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(JSONError) {
        let start = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        guard offset > start else { throw failure("a value is expected", bytes) }
    }

    // MARK: - Strings

    /// Stands on the opening quotation mark.
    private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
        offset += 1
        var result = ""
        var start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let rest = text(start..<offset, bytes)
                offset += 1
                return result.isEmpty ? rest : result + rest
            case UInt8(ascii: "\\"):
                result += text(start..<offset, bytes)
                result.unicodeScalars.append(try escape(bytes))
                start = offset
            case 0..<0x20: throw failure("a control character stands in a string", bytes)
            default: offset += 1
            }
        }
        throw failure("a string does not end", bytes)
    }

    /// Stands on the backslash.
    private mutating func escape(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        guard offset + 1 < bytes.count else { throw failure("a string does not end", bytes) }
        let letter = bytes[offset + 1]
        if letter == UInt8(ascii: "u") { return try escapedScalar(bytes) }
        let pairs: [UInt8: Unicode.Scalar] = [
            UInt8(ascii: "\""): "\"", UInt8(ascii: "\\"): "\\", UInt8(ascii: "/"): "/", UInt8(ascii: "b"): "\u{8}",
            UInt8(ascii: "f"): "\u{C}", UInt8(ascii: "n"): "\n", UInt8(ascii: "r"): "\r", UInt8(ascii: "t"): "\t",
        ]
        guard let scalar = pairs[letter] else { throw failure("an unknown escape", bytes) }
        offset += 2
        return scalar
    }

    private mutating func escapedScalar(_ bytes: Span<UInt8>) throws(JSONError) -> Unicode.Scalar {
        let high = try codeUnit(bytes)
        if let scalar = Unicode.Scalar(high) { return scalar }
        let afterHigh = offset
        if high < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
            bytes[offset + 1] == UInt8(ascii: "u")
        {
            let low = try codeUnit(bytes)
            if (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(high) - 0xD800) << 10 + UInt32(low) - 0xDC00)
            {
                return scalar
            }
            offset = afterHigh
        }
        return "\u{FFFD}"
    }

    /// Stands on the backslash of `\uXXXX`.
    private mutating func codeUnit(_ bytes: Span<UInt8>) throws(JSONError) -> UInt16 {
        guard offset + 6 <= bytes.count, (offset + 2..<offset + 6).allSatisfy({ isHexDigit(bytes[$0]) }),
            let unit = UInt16(text(offset + 2..<offset + 6, bytes), radix: 16)
        else { throw failure("'\\u' needs four hexadecimal digits", bytes) }
        offset += 6
        return unit
    }

    private func isHexDigit(_ byte: UInt8) -> Bool { Unicode.Scalar(byte).properties.isASCIIHexDigit }

    // MARK: - Bytes

    private func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
        bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while offset < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[offset]) { offset += 1 }
    }

    /// Skips white space, then `character` if it follows.
    private mutating func skip(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        skipSpace(bytes)
        return skipByte(character, bytes)
    }

    @discardableResult
    private mutating func skipByte(_ character: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
        offset += 1
        return true
    }

    private func failure(_ message: String, _ bytes: Span<UInt8>) -> JSONError {
        let line = 1 + (0..<min(offset, bytes.count)).count { bytes[$0] == 0x0A }
        return JSONError(offset: offset, line: line, message: message)
    }
}
