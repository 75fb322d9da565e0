import Dashboard
import Testing

struct TargetTests {
    private func target(_ text: String) throws -> RequestTarget { try RequestTarget(Array(text.utf8)) }

    @Test(arguments: [
        ("/", "/", [:]), ("/stages/0f3a", "/stages/0f3a", [:]), ("/a%20b", "/a b", [:]), ("/%C3%A9", "/é", [:]),
        // Decoded once.
        ("/%252e%252e", "/%2e%2e", [:]),
        ("/?sweep=my+sweep~1&x", "/", ["sweep": "my sweep~1"]), ("/?a=1&a=2&b=", "/", ["a": "1,2"]),
        ("/?a=b=c?d/..", "/", ["a": "b=c?d/.."]), ("//x//y/", "/x/y", [:]),
    ])
    func `a target is decoded once`(text: String, path: String, query: [String: String]) throws {
        let found = try target(text)
        #expect(found == RequestTarget(path: path, query: query))
        expectHarmless(found)
    }

    @Test(arguments: [
        "/..", "/../ledger.sqlite", "/a/../b", "/.", "/..%2f..%2fetc/passwd", "/%2e%2e/x", "/%2E%2E%2Fx", "/a%00b",
        "/..%5c..%5cx", "/a\\b", "/stages%2F..", "/%0d%0aSet-Cookie:x", "/%7f",
    ])
    func `a path that would leave the store leads nowhere`(text: String) {
        let refusal = #expect(throws: Refusal.self) { try target(text) }
        #expect(refusal?.status == .notFound)
    }

    @Test(arguments: ["", "*", "a", "/%", "/%4", "/%zz", "/%ff", "/a#b", "/\u{e9}", "/?a=%0a", "/?%00=1", "/?a=%ff"])
    func `what is no target is a bad request`(text: String) {
        let refusal = #expect(throws: Refusal.self) { try target(text) }
        #expect(refusal?.status == .badRequest)
    }
}
