import Downloads
import Foundation
import Testing

struct PatienceTests {
    private let now = Date(timeIntervalSince1970: 784_111_777)

    private func decisions(_ outcomes: [HTTPOutcome], progressed: Bool = false) -> [Patience.Decision] {
        var patience = Patience()
        return outcomes.map { patience.decide(after: $0, progressed: progressed, now: now) }
    }

    private func answer(_ status: Int, _ fields: [String: String] = [:]) -> HTTPOutcome {
        .answered(HTTPHead(status: status, fields))
    }

    @Test func `a server in trouble is asked five times, after ever longer waits`() {
        #expect(
            decisions(Array(repeating: answer(503), count: 5))
                == [.wait(seconds: 0.5), .wait(seconds: 1), .wait(seconds: 2), .wait(seconds: 4), .giveUp])
    }

    @Test func `whoever brings something has all tries again`() {
        #expect(
            decisions(Array(repeating: .cut(""), count: 20), progressed: true)
                == Array(repeating: .wait(seconds: 0.5), count: 20))
    }

    @Test(arguments: [400, 401, 403, 404, 410, 416, 501])
    func `a refusal is not asked about again`(_ status: Int) {
        #expect(decisions([answer(status)]) == [.giveUp])
    }

    @Test func `nobody is waited for who was never there, but a network that was comes back`() {
        #expect(decisions([.unreachable("")]) == [.giveUp])
        #expect(decisions([.untrusted("")]) == [.giveUp])
        var patience = Patience()
        _ = patience.decide(after: .cut(""), progressed: true, now: now)
        #expect(patience.decide(after: .unreachable(""), progressed: false, now: now) == .wait(seconds: 1))
    }

    @Test(arguments: [
        ("7", 7), ("0", 0.5), ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sun, 06 Nov 1994 08:00:00 GMT", 0.5),
        ("soon", 0.5), ("-3", 0.5), ("nan", 0.5),
    ])
    func `it is waited as long as the server asks`(_ field: String, _ seconds: Double) {
        #expect(decisions([answer(429, ["retry-after": field])]) == [.wait(seconds: seconds)])
    }

    @Test func `nobody is made to wait for hours`() {
        #expect(decisions([answer(429, ["retry-after": "3600"])]) == [.giveUp])
        #expect(decisions([answer(429, ["retry-after": "1e300"])]) == [.giveUp])
    }
}

struct HTTPHeadTests {
    @Test func `a head is its last status and its fields`() throws {
        var head = try #require(HTTPHead(statusLine: "HTTP/1.1 206 Partial Content\r\n"))
        head.add(line: "Content-Range: bytes 5-9/10 \r\n")
        head.add(line: "X-ERROR-Code:\tGatedRepo\r\n")
        head.add(line: "nonsense\r\n")
        #expect(head.status == 206 && head.fields["x-error-code"] == "GatedRepo")
        #expect(head.contentRange?.first == 5 && head.contentRange?.whole == 10)
        #expect(HTTPHead(statusLine: "HTTP/2 200 \r\n")?.status == 200)
        #expect(HTTPHead(statusLine: "Date: x") == nil && HTTPHead(statusLine: "HTTP/1.1") == nil)
    }

    @Test(arguments: [("bytes */10", nil, 10), ("bytes 5-9/*", 5, nil), ("items 1-2/3", nil, nil), ("bytes", nil, nil)])
    func `a range may leave things open`(_ field: String, _ first: Int?, _ whole: Int?) {
        let range = HTTPHead(status: 206, ["content-range": field]).contentRange
        #expect(range?.first == first && range?.whole == whole)
    }
}
