import Foundation

/// Reads what canonical JSON says as Foundation's decoder reads it, in a fraction of the time: of all that a coordinator
/// does with a stage, a third was hearing of it.
///
/// What it is not sure of it leaves to Foundation: text with escapes, keys in another order or twice, numbers at the edge
/// of what their type holds, and whatever does not fit the type. So all that is refused is refused in Foundation's words.
package struct CanonicalDecoder: Decoder {
    package var codingPath: [any CodingKey] { [] }
    package var userInfo: [CodingUserInfoKey: Any] { [:] }
    private let value: JSONValue

    private init(_ value: JSONValue) { self.value = value }

    /// - Returns: nil for what is left to Foundation.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: Span<UInt8>) -> Value? {
        guard !bytes.contains(UInt8(ascii: "\\")) else { return nil }
        do {
            return try read(type, of: try JSONValue(parsing: bytes))
        } catch {
            return nil
        }
    }

    fileprivate static func read<Value: Decodable>(_ type: Value.Type, of value: JSONValue) throws -> Value {
        // What Foundation reads in a way of its own.
        guard type != Data.self, type != URL.self, type != Decimal.self else { throw LeftToFoundation() }
        return try Value(from: CanonicalDecoder(value))
    }

    package func container<Key>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(try ObjectContainer(value))
    }

    package func unkeyedContainer() throws -> any UnkeyedDecodingContainer { try ArrayContainer(value) }

    package func singleValueContainer() -> any SingleValueDecodingContainer { ScalarContainer(value: value) }
}

private struct LeftToFoundation: Error {}

extension Span<UInt8> {
    fileprivate func contains(_ byte: UInt8) -> Bool {
        withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { memchr($0, Int32(byte), bytes.count) != nil } ?? false
        }
    }
}

extension JSONValue {
    fileprivate func read() throws -> String {
        guard case .string(let text) = self else { throw LeftToFoundation() }
        return text
    }

    fileprivate func read() throws -> Bool {
        guard case .bool(let bool) = self else { throw LeftToFoundation() }
        return bool
    }

    fileprivate func read<Integer: FixedWidthInteger>() throws -> Integer {
        guard case .number(let literal) = self, let number = Integer(literal) else { throw LeftToFoundation() }
        return number
    }

    fileprivate func read<Float: BinaryFloatingPoint & LosslessStringConvertible>() throws -> Float {
        guard case .number(let literal) = self, literal.utf8.count < 30, let number = Float(literal), number.isFinite
        else { throw LeftToFoundation() }
        // A zero that is written with an exponent may be a number that is too small.
        guard number.isNormal || !literal.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }) else {
            throw LeftToFoundation()
        }
        return number
    }
}

// MARK: - Containers

private struct ObjectContainer<Key: CodingKey>: KeyedDecodingContainerProtocol {
    var codingPath: [any CodingKey] { [] }
    private let members: [JSONValue.Member]

    init(_ value: JSONValue) throws {
        guard case .object(let members) = value,
            zip(members, members.dropFirst()).allSatisfy({ $0.name < $1.name })
        else { throw LeftToFoundation() }
        self.members = members
    }

    var allKeys: [Key] { members.compactMap { Key(stringValue: $0.name) } }

    /// By halves: a stranger's object may have a hundred thousand members.
    private func find(_ key: Key) -> JSONValue? {
        let name = key.stringValue
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].name == name ? members[low].value : nil
    }

    private func value(_ key: Key) throws -> JSONValue {
        guard let value = find(key) else { throw LeftToFoundation() }
        return value
    }

    func contains(_ key: Key) -> Bool { find(key) != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }
    func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key).read() }
    func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key).read() }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key).read() }
    func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try value(key).read() }
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try CanonicalDecoder.read(type, of: value(key))
    }

    func nestedContainer<Nested>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(try ObjectContainer<Nested>(value(key)))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try ArrayContainer(value(key))
    }

    func superDecoder() throws -> any Decoder { throw LeftToFoundation() }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw LeftToFoundation() }
}

private struct ArrayContainer: UnkeyedDecodingContainer {
    var codingPath: [any CodingKey] { [] }
    private let elements: [JSONValue]
    private(set) var currentIndex = 0

    init(_ value: JSONValue) throws {
        guard case .array(let elements) = value else { throw LeftToFoundation() }
        self.elements = elements
    }

    var count: Int? { elements.count }
    var isAtEnd: Bool { currentIndex == elements.count }

    private func current() throws -> JSONValue {
        guard !isAtEnd else { throw LeftToFoundation() }
        return elements[currentIndex]
    }

    mutating func decodeNil() throws -> Bool {
        let isNull = try current().isNull
        if isNull { currentIndex += 1 }
        return isNull
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let value = try CanonicalDecoder.read(type, of: current())
        currentIndex += 1
        return value
    }

    mutating func nestedContainer<Nested>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        let nested = KeyedDecodingContainer(try ObjectContainer<Nested>(current()))
        currentIndex += 1
        return nested
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        let nested = try ArrayContainer(current())
        currentIndex += 1
        return nested
    }

    mutating func superDecoder() throws -> any Decoder { throw LeftToFoundation() }
}

private struct ScalarContainer: SingleValueDecodingContainer {
    var codingPath: [any CodingKey] { [] }
    let value: JSONValue

    func decodeNil() -> Bool { value.isNull }
    func decode(_ type: Bool.Type) throws -> Bool { try value.read() }
    func decode(_ type: String.Type) throws -> String { try value.read() }
    func decode(_ type: Double.Type) throws -> Double { try value.read() }
    func decode(_ type: Float.Type) throws -> Float { try value.read() }
    func decode(_ type: Int.Type) throws -> Int { try value.read() }
    func decode(_ type: Int8.Type) throws -> Int8 { try value.read() }
    func decode(_ type: Int16.Type) throws -> Int16 { try value.read() }
    func decode(_ type: Int32.Type) throws -> Int32 { try value.read() }
    func decode(_ type: Int64.Type) throws -> Int64 { try value.read() }
    func decode(_ type: UInt.Type) throws -> UInt { try value.read() }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try value.read() }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try value.read() }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try value.read() }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try value.read() }
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try CanonicalDecoder.read(type, of: value) }
}

extension JSONValue {
    fileprivate var isNull: Bool { if case .null = self { true } else { false } }
}
