package import Foundation

/// The one JSON form that is hashed and put on the wire.
package enum CanonicalJSON {
    package static func encode(_ value: some Encodable) throws -> Data {
        Data(try CanonicalEncoder.encode(value))
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
        try CanonicalDecoder.decode(type, from: data.span) ?? JSONDecoder().decode(type, from: data)
    }
}
