import Files
import Testing

@Suite struct DigestOrderTests {
    @Test func `digests stand in the order of their digits, and differ wherever a digit does`() throws {
        let text = Digest(of: []).hex
        for place in 0..<64 {
            var digits = Array(text)
            digits[place] = digits[place] == "f" ? "0" : "f"
            let other = String(digits)
            let (left, right) = (try #require(Digest(hex: text)), try #require(Digest(hex: other)))
            #expect(left != right)
            #expect((left < right) == (text < other))
            #expect((right < left) == (other < text))
            #expect(right.hex == other)
        }
    }
}
