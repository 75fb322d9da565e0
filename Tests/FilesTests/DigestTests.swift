import Files
import Testing

@Suite struct DigestTests {
    static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func `what is digested is written as SHA-256 is known`() {
        #expect(Digest(of: []).hex == Self.empty)
    }

    @Test(arguments: ["", String(empty.dropLast()), empty + "0", empty.uppercased(), "g" + empty.dropFirst()])
    func `other texts are no digests`(_ text: String) { #expect(Digest(hex: text) == nil) }

    @Test func `digits are read and written alike`() { #expect(Digest(hex: Self.empty)?.hex == Self.empty) }

    @Test func `digests stand in the order of their digits, and differ wherever a digit does`() throws {
        for place in 0..<64 {
            var digits = Array(Self.empty)
            digits[place] = digits[place] == "f" ? "0" : "f"
            let other = String(digits)
            let (left, right) = (try #require(Digest(hex: Self.empty)), try #require(Digest(hex: other)))
            #expect(left != right)
            #expect((left < right) == (Self.empty < other))
            #expect((right < left) == (other < Self.empty))
        }
    }
}
