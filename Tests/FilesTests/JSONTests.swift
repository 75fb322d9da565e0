import Files
import Testing

struct JSONTests {
    @Test func `a value in a sentence is written in one line`() throws {
        let text = #"{"a": ["b", 1.50, null], "c": {"d": true}}"#
        #expect(try "\(parse(text))" == "{a: [b, 1.50, null], c: {d: true}}")
    }

    private func parse(_ text: String) throws -> JSONValue { try JSONValue(parsing: text.utf8.span) }

    /// The value in one line, numbers as they were spelled.
    private func spelled(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): "\(bool)"
        case .number(let literal): literal
        case .string(let text): "'\(text)'"
        case .array(let elements): "[\(elements.map(spelled).joined(separator: " "))]"
        case .object(let members): "{\(members.map { "\($0.name)=\(spelled($0.value))" }.joined(separator: " "))}"
        }
    }

    @Test(arguments: [
        (" null ", "null"), ("[true,false]", "[true false]"), ("[]", "[]"), ("{}", "{}"),
        ("[0, -1.50e+3, 12345678901234567890]", "[0 -1.50e+3 12345678901234567890]"),
        (#"{"b": 1, "a": {"c": [2]}, "b": 3}"#, "{b=1 a={c=[2]} b=3}"),
        (#""a\"\\\/\b\f\n\r\tz""#, "'a\"\\/\u{8}\u{C}\n\r\tz'"),
        (#""\u00e9\ud83d\ude00\ud83dx\udE00""#, "'é😀\u{FFFD}x\u{FFFD}'"),
        (#""\ud83d\u0041""#, "'\u{FFFD}A'"),
    ])
    func `a document is read as it is written`(text: String, expected: String) throws {
        #expect(try spelled(parse(text)) == expected)
    }

    @Test func `names that are canonically equivalent are different names`() throws {
        let value = try parse(#"{"\u212b": 1, "\u00c5": 2}"#)
        #expect(value["\u{212B}"].map(spelled) == "1")
        #expect(value["\u{C5}"].map(spelled) == "2")
    }

    @Test func `the last of repeated members counts`() throws {
        #expect(try parse(#"{"a": 1, "a": 2}"#)["a"].map(spelled) == "2")
    }

    @Test(arguments: [
        ("", "the text ends where a value is expected"), ("[1,]", "a value is expected"),
        ("[1 2]", "',' or ']' is expected"), (#"{"a" 1}"#, "':' is expected"),
        ("{a: 1}", "a name in quotes is expected"),
        ("01", "something follows the value"), ("1.", "a value is expected"), ("tru", "a value is expected"),
        ("NaN", "a value is expected"), ("\"a", "a string does not end"),
        ("\"\u{1}\"", "a control character stands in a string"),
        (#""\x""#, "an unknown escape"), (#""\u12g4""#, "'\\u' needs four hexadecimal digits"),
        ("\"\\", "a string does not end"),
    ])
    func `what is no JSON is refused`(text: String, message: String) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.message == message)
    }

    @Test func `deep nesting is refused before the stack ends`() {
        let error = #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
        #expect(error?.message == "nested too deep")
    }

    @Test func `bytes that are not UTF-8 are refused where they stand`() {
        let bytes: [UInt8] = [0x22, 0x0A, 0xFF, 0x22]
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes.span) }
        #expect(error?.description == "not JSON: invalid UTF-8 (line 2, byte 2)")
    }
}
