import Dashboard
import Foundation
import TestKit
import Testing

struct RequestTests {
    private func read(_ text: String) throws -> HTTPRequest? { try HTTPRequest.read(Array(text.utf8))?.request }

    private static let whole =
        "POST /commands/pause?a=b HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 5\r\nX-Two: 1\r\nx-two:\t2 \r\n\r\nkey=1"

    @Test func `a request is read, and what follows is left`() throws {
        let bytes = Array((Self.whole + "GET").utf8)
        let (request, byteCount) = try #require(try HTTPRequest.read(bytes))
        #expect(byteCount == bytes.count - 3)
        #expect(
            request
                == HTTPRequest(
                    .post, RequestTarget(path: "/commands/pause", query: ["a": "b"]),
                    fields: ["host": "localhost:8080", "content-length": "5", "x-two": "1, 2"],
                    body: Array("key=1".utf8)))
    }

    @Test func `of a request that is not whole more is waited for`() throws {
        let bytes = Array(Self.whole.utf8)
        for count in bytes.indices { #expect(try HTTPRequest.read(Array(bytes[..<count])) == nil, "\(count)") }
    }

    @Test(arguments: [
        ("HTTP/1.1", "", true), ("HTTP/1.1", "Connection: close\r\n", false), ("HTTP/1.0", "", false),
        ("HTTP/1.0", "Connection: Keep-Alive\r\n", true), ("HTTP/1.1", "Connection: te, close\r\n", false),
    ])
    func `a connection is kept as the client wishes`(version: String, field: String, keeps: Bool) throws {
        #expect(try read("GET / \(version)\r\nHost: a\r\n\(field)\r\n")?.keepsConnection == keeps)
    }

    @Test(arguments: [
        (400, "\u{16}\u{3}\u{1} TLS"), (400, "\r\n"), (400, "GET /\r\n\r\n"),
        (400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1\nHost: a\n\r\n\r\n"), (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n"), (400, "GET / HTTP/1.1\r\nHost: a\u{0}b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\n: a\r\n\r\n"), (400, "GET / FTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), (400, "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
        (400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
        (413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"),
        (413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        (414, "GET /" + String(repeating: "a", count: 8192)),
        (431, "GET / HTTP/1.1\r\nHost: " + String(repeating: "a", count: 8192)),
        (431, "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "a: b\r\n", count: 64) + "\r\n"),
        (501, "BREW / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
        (505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ])
    func `what is no request is refused with its status`(status: Int, text: String) {
        let refusal = #expect(throws: Refusal.self) { try read(text) }
        #expect(refusal?.status.rawValue == status, "\(String(describing: refusal))")
    }

    @Test func `a head and a body of the greatest size are read`() throws {
        let start = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\nA: "
        let head = start + String(repeating: "b", count: RequestLimits.headBytes - start.utf8.count - 4) + "\r\n\r\n"
        #expect(head.utf8.count == RequestLimits.headBytes)
        #expect(try read(head + String(repeating: "c", count: 65536))?.body.count == 65536)
    }

    @Test func `whatever a stranger sends is a request or a refusal`() throws {
        let samples = [
            Self.whole, "GET /stages/0f3a?sweep=a%20b&methods=x&methods=y HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
            "HEAD /..%2f..%2fetc HTTP/1.0\r\nHost: 127.0.0.1\r\nCookie: a=b; c=d\r\nOrigin: null\r\n\r\n",
        ].map { Array($0.utf8) }
        var mutator = Mutator(seed: 13)
        let watchdog = Watchdog()
        var (requests, refusals) = (0, 0)
        for number in 0..<fuzzCount(20_000) {
            let sample = samples[number % samples.count]
            let bytes =
                number % 5 == 0
                ? (0..<Int.random(in: 0...64, using: &mutator.generator)).map { _ in
                    UInt8.random(in: 0...255, using: &mutator.generator)
                } : mutator.mutated(sample, among: samples)
            watchdog.watch("request \(number)") {
                do throws(Refusal) {
                    guard let (request, byteCount) = try HTTPRequest.read(bytes) else { return }
                    requests += 1
                    #expect(byteCount <= bytes.count && request.fields["host"] != nil)
                    expectHarmless(request.target)
                } catch {
                    refusals += 1
                    #expect((400...505).contains(error.status.rawValue) && !error.sentence.isEmpty)
                }
            }
        }
        #expect(requests > 100 && refusals > 100, "\(requests) requests, \(refusals) refusals")
    }
}

/// What holds of every target: it leads nowhere but to a page, and means the same when it is written again.
func expectHarmless(_ target: RequestTarget) {
    let names = target.path.split(separator: "/", omittingEmptySubsequences: false)
    #expect(names.first == "" && !names.contains("..") && !names.contains("."), "\(target.path)")
    #expect(target.path == "/" || !names.dropFirst().contains(""), "\(target.path)")
    #expect(!target.path.contains("\\") && target.path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(target.path)")
    do {
        let again = try RequestTarget(Array(target.description.utf8))
        #expect(again == target, "\(target)")
    } catch {
        Issue.record("\(target): \(error)")
    }
}
