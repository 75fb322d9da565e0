import Crypto
import Foundation

/// A SHA-256 digest as 64 lower-case hexadecimal digits: the name of everything that is known by its content.
package struct Digest: Hashable, Comparable, Sendable {
    package let hex: String

    /// - Returns: nil unless `hex` is 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        let isHex = { (byte: UInt8) in (48...57).contains(byte) || (97...102).contains(byte) }
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(isHex) else { return nil }
        self.hex = hex
    }

    fileprivate init(_ digest: SHA256.Digest) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        hex = String(decoding: text, as: UTF8.self)
    }

    package init(of bytes: some Sequence<UInt8>) {
        var hasher = Hasher()
        hasher.update(Array(bytes))
        self = hasher.finish()
    }

    /// The digest of a value's canonical JSON: keys sorted, no white space, slashes as they are.
    /// Equal values have equal digests on every machine.
    package init(ofCanonicalJSON value: some Encodable) throws {
        self.init(of: try CanonicalJSON.encode(value))
    }

    /// The first ten digits, for people; never compared.
    package var short: String { String(hex.prefix(10)) }

    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }

    /// Digests bytes that arrive in pieces.
    package struct Hasher {
        private var state = SHA256()
        package init() {}
        package mutating func update(_ bytes: [UInt8]) { state.update(data: bytes) }
        package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
        package func finish() -> Digest { Digest(state.finalize()) }
    }
}

extension Digest: CustomStringConvertible, Codable {
    package var description: String { hex }

    package init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let digest = Digest(hex: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "'\(text)' is not a SHA-256 digest"))
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
