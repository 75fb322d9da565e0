import Experiments
import Files
import Foundation
import Testing

struct DigestTests {
    /// The examples of FIPS 180-2, appendix B.
    @Test(arguments: [
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `the digest is SHA-256`(text: String, hex: String) {
        #expect(Digest(of: Array(text.utf8)).hex == hex)
    }

    @Test func `pieces give the digest of the whole`() {
        var hasher = Digest.Hasher()
        hasher.update([97])
        [UInt8]([98, 99]).withUnsafeBytes { hasher.update($0) }
        #expect(hasher.finish() == Digest(of: Array("abc".utf8)))
    }

    @Test(arguments: ["", "ab", String(repeating: "g", count: 64), String(repeating: "A", count: 64)])
    func `what is not 64 lower-case hexadecimal digits is no digest`(text: String) throws {
        #expect(Digest(hex: text) == nil)
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.decode([Digest].self, from: Data("[\"\(text)\"]".utf8))
        }
    }

    @Test func `canonical JSON sorts keys, leaves out white space and keeps slashes`() throws {
        let value = ["b": "x/y", "a": "ü"]
        #expect(String(decoding: try CanonicalJSON.encode(value), as: UTF8.self) == #"{"a":"ü","b":"x/y"}"#)
    }

    @Test func `identifiers are written as their bare value`() throws {
        let key = StageKey(rawValue: Digest(of: []))
        let json = String(decoding: try CanonicalJSON.encode([key]), as: UTF8.self)
        #expect(json == "[\"\(key.rawValue.hex)\"]")
        #expect(try CanonicalJSON.decode([StageKey].self, from: Data(json.utf8)) == [key])
        #expect(key.short == "e3b0c44298")
        #expect(try CanonicalJSON.decode([Attempt].self, from: Data("[3]".utf8)) == [Attempt(rawValue: 3)])
    }
}
