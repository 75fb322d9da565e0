import Foundation

/// Writes what Foundation's encoder writes with sorted keys and plain slashes, byte for byte, in a fraction of the time:
/// digests of stages, the wire and the journal are all canonical JSON.
///
/// It knows nothing of the types that Foundation writes in a way of its own, as data and addresses: they are refused.
final class CanonicalEncoder: Encoder {
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }
    fileprivate var part: Part?

    /// - Parameter value: one that encodes as something; what encodes nothing is an empty object.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try part(of: value).write(to: &bytes)
        return bytes
    }

    fileprivate static func part<Value: Encodable>(of value: Value) throws -> Part {
        guard Value.self != Data.self, Value.self != URL.self, Value.self != Decimal.self else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: [], debugDescription: "\(Value.self) has no canonical form"))
        }
        let encoder = CanonicalEncoder()
        try value.encode(to: encoder)
        return encoder.part ?? .object(Members())
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        // Asked for twice, it is the same object.
        if case .object(let members)? = part { return KeyedEncodingContainer(ObjectContainer(members)) }
        let members = Members()
        part = .object(members)
        return KeyedEncodingContainer(ObjectContainer(members))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if case .array(let elements)? = part { return ArrayContainer(elements) }
        let elements = Elements()
        part = .array(elements)
        return ArrayContainer(elements)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ScalarContainer(encoder: self) }
}

/// A part of the document.
private enum Part {
    case null
    case bool(Bool)
    case integer(Int64)
    case natural(UInt64)
    /// As it is written.
    case number(String)
    case string(String)
    case array(Elements)
    case object(Members)
}

private final class Elements {
    var parts: [Part] = []
}

private final class Members {
    var parts: [(key: String, part: Part)] = []
}

extension Part {
    /// - Parameter text: how the number is spelled.
    static func number(_ text: String, isFinite: Bool) throws -> Part {
        guard isFinite else {
            throw EncodingError.invalidValue(
                text, .init(codingPath: [], debugDescription: "\(text) is no number of JSON"))
        }
        return .number(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }

    func write(to bytes: inout [UInt8]) {
        switch self {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let value): bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .natural(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let text): bytes.append(contentsOf: text.utf8)
        case .string(let text): Self.write(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (place, part) in elements.parts.enumerated() {
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                part.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let members):
            bytes.append(UInt8(ascii: "{"))
            let (parts, order) = (members.parts, members.order)
            for (place, index) in order.enumerated() {
                let member = parts[index]
                if place > 0 { bytes.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                member.part.write(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ text: String, to bytes: inout [UInt8]) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { utf8 in
            var start = 0
            for place in utf8.indices where utf8[place] < 0x20 || utf8[place] == 0x22 || utf8[place] == 0x5C {
                bytes.append(contentsOf: utf8[start..<place])
                bytes.append(contentsOf: escape(utf8[place]).utf8)
                start = place + 1
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private static func escape(_ byte: UInt8) -> String {
        switch byte {
        case 0x22: "\\\""
        case 0x5C: "\\\\"
        case 0x08: "\\b"
        case 0x0C: "\\f"
        case 0x0A: "\\n"
        case 0x0D: "\\r"
        case 0x09: "\\t"
        default: "\\u00\(byte < 0x10 ? "0" : "")\(String(byte, radix: 16))"
        }
    }
}

extension Members {
    /// Where the members stand, by their keys; of a key that was written twice the last member. Places are sorted, since
    /// moving a member costs more than comparing it.
    var order: [Int] {
        var order = Array(parts.indices)
        order.sort { (parts[$0].key, $0) < (parts[$1].key, $1) }
        for place in order.indices.dropLast().reversed() where parts[order[place]].key == parts[order[place + 1]].key {
            order.remove(at: place)
        }
        return order
    }
}

// MARK: - Containers

private struct ObjectContainer<Key: CodingKey>: KeyedEncodingContainerProtocol {
    var codingPath: [any CodingKey] { [] }
    private let members: Members

    init(_ members: Members) { self.members = members }

    private func add(_ part: Part, _ key: Key) { members.parts.append((key.stringValue, part)) }

    func encodeNil(forKey key: Key) { add(.null, key) }
    func encode(_ value: String, forKey key: Key) { add(.string(value), key) }
    func encode(_ value: Int, forKey key: Key) { add(.integer(Int64(value)), key) }
    func encode(_ value: Bool, forKey key: Key) { add(.bool(value), key) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        add(try CanonicalEncoder.part(of: value), key)
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        let nested = Members()
        add(.object(nested), key)
        return KeyedEncodingContainer(ObjectContainer<Nested>(nested))
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        let nested = Elements()
        add(.array(nested), key)
        return ArrayContainer(nested)
    }

    func superEncoder() -> any Encoder { preconditionFailure("no class inherits how it is encoded") }
    func superEncoder(forKey key: Key) -> any Encoder { superEncoder() }
}

private struct ArrayContainer: UnkeyedEncodingContainer {
    var codingPath: [any CodingKey] { [] }
    private let elements: Elements

    init(_ elements: Elements) { self.elements = elements }

    var count: Int { elements.parts.count }

    func encodeNil() { elements.parts.append(.null) }
    func encode<Value: Encodable>(_ value: Value) throws { elements.parts.append(try CanonicalEncoder.part(of: value)) }

    func nestedContainer<Nested>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        let nested = Members()
        elements.parts.append(.object(nested))
        return KeyedEncodingContainer(ObjectContainer<Nested>(nested))
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
        let nested = Elements()
        elements.parts.append(.array(nested))
        return ArrayContainer(nested)
    }

    func superEncoder() -> any Encoder { preconditionFailure("no class inherits how it is encoded") }
}

private struct ScalarContainer: SingleValueEncodingContainer {
    var codingPath: [any CodingKey] { [] }
    let encoder: CanonicalEncoder

    func encodeNil() { encoder.part = .null }
    func encode(_ value: Bool) { encoder.part = .bool(value) }
    func encode(_ value: String) { encoder.part = .string(value) }
    func encode(_ value: Double) throws { encoder.part = try .number(value.description, isFinite: value.isFinite) }
    func encode(_ value: Float) throws { encoder.part = try .number(value.description, isFinite: value.isFinite) }
    func encode(_ value: Int) { encoder.part = .integer(Int64(value)) }
    func encode(_ value: Int8) { encoder.part = .integer(Int64(value)) }
    func encode(_ value: Int16) { encoder.part = .integer(Int64(value)) }
    func encode(_ value: Int32) { encoder.part = .integer(Int64(value)) }
    func encode(_ value: Int64) { encoder.part = .integer(value) }
    func encode(_ value: UInt) { encoder.part = .natural(UInt64(value)) }
    func encode(_ value: UInt8) { encoder.part = .natural(UInt64(value)) }
    func encode(_ value: UInt16) { encoder.part = .natural(UInt64(value)) }
    func encode(_ value: UInt32) { encoder.part = .natural(UInt64(value)) }
    func encode(_ value: UInt64) { encoder.part = .natural(value) }
    func encode(_ value: some Encodable) throws { encoder.part = try CanonicalEncoder.part(of: value) }
}
