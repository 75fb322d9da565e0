import Crypto
import Foundation

/// A SHA-256 digest, the name of everything that is known by its content; written as 64 lower-case hexadecimal digits.
/// It lies in place, without memory of its own, since there are millions of them.
package struct Digest: Hashable, Sendable {
    /// The 32 bytes in their order, the first at the top of the first word.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// - Returns: nil unless `hex` is 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var (word, count): (UInt64, Int) = (0, 0)
        for byte in hex.utf8 {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            default: return nil
            }
            word = word << 4 | UInt64(digit)
            count += 1
            if count % 16 == 0 { words = (words.1, words.2, words.3, word) }
        }
        guard count == 64 else { return nil }
        self.words = words
    }

    fileprivate init(_ digest: SHA256.Digest) {
        words = digest.withUnsafeBytes { bytes in
            let word = { (place: Int) in
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * place, as: UInt64.self))
            }
            return (word(0), word(1), word(2), word(3))
        }
    }

    package var hex: String {
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 64) { text in
            for (place, word) in [words.0, words.1, words.2, words.3].enumerated() {
                for digit in 0..<16 {
                    text[16 * place + digit] = digits.utf8Start[Int(word >> (60 - 4 * UInt64(digit)) & 15)]
                }
            }
            return 64
        }
    }

    package static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Swift.Hasher) {
        // Digests are drawn evenly: one word is as good as all.
        hasher.combine(words.0)
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

    /// In the order of the digits.
    package static func < (left: Digest, right: Digest) -> Bool { left.words < right.words }

    /// The first ten digits, for people; never compared.
    package var short: String { String(hex.prefix(10)) }

    /// Digests bytes that arrive in pieces.
    package struct Hasher {
        private var state = SHA256()
        package init() {}
        package mutating func update(_ bytes: [UInt8]) { state.update(data: bytes) }
        package mutating func update(_ bytes: UnsafeRawBufferPointer) { state.update(bufferPointer: bytes) }
        package func finish() -> Digest { Digest(state.finalize()) }
    }
}

extension Digest: Comparable, CustomStringConvertible, Codable {
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
