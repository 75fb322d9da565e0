/// A JSON document as it is written: numbers keep their spelling and objects their order and every member, even where two
/// names are canonically equivalent (which are one key to Swift's `String` and to Foundation's decoders).
package enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// As the file spells it.
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    package struct Member: Sendable {
        package let name: String
        package let value: JSONValue
    }

    /// - Parameter bytes: one JSON document in UTF-8 (RFC 8259), nested at most 128 deep. Escaped lone surrogates are
    ///   read as U+FFFD.
    package init(parsing bytes: Span<UInt8>) throws(JSONError) {
        var parser = JSONParser(offset: 0)
        self = try parser.document(in: bytes)
    }

    /// The member of an object, the last one where a name is repeated; nil for what is not an object.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// What people call this kind of value.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a boolean"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}

/// Why bytes are not JSON, and where.
package struct JSONError: Error, Equatable, CustomStringConvertible, Sendable {
    /// Of the byte at which reading stopped, from 0.
    package let offset: Int
    /// Of that byte, from 1.
    package let line: Int
    package let message: String

    package var description: String { "not JSON: \(message) (line \(line), byte \(offset))" }
}
