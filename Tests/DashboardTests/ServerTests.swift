import Dashboard
import Foundation
import Ledger
import TestKit
import Testing

struct ServerTests {
    @Test func `a page comes whole and with the script that keeps it fresh`() throws {
        let server = try RunningDashboard()
        let page = try server.ask()
        #expect(page.status == 200 && page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.body.contains("<main") && page.body.hasSuffix("</html>\n"))
        #expect(page["Content-Length"] == "\(page.body.utf8.count)")
        let script = try #require(page.body.firstMatch(of: /<script src="(\/live\.js\?of=[0-9a-f]+)" data-version/))
        let text = try server.ask("GET", String(script.1))
        #expect(text["Content-Type"] == "text/javascript; charset=utf-8")
        #expect(text["Cache-Control"] == "public, max-age=31536000, immutable")
        #expect(try server.ask("GET", "/live.js?of=0")["Cache-Control"] == "no-store")
    }

    @Test func `every page that the first one leads to is there`() throws {
        let server = try RunningDashboard()
        try server.finish(server.plan.stages[0].key)
        var seen: Set<String> = []
        var next: Set<String> = ["/"]
        while let path = next.popFirst() {
            guard seen.insert(path).inserted else { continue }
            let page = try server.ask("GET", path)
            #expect(page.status == 200, "\(path): \(page.status) \(page.body.prefix(200))")
            for match in page.body.matches(of: /href="(\/[^"#]*)/) {
                next.insert(match.1.replacingOccurrences(of: "&amp;", with: "&"))
            }
            try #require(seen.count < 200)
        }
        #expect(seen.count > 3, "\(seen)")
    }

    @Test(arguments: [
        ("GET", "/nonsense", 404), ("GET", "/..%2f..%2fledger.sqlite", 404), ("GET", "/ledger.sqlite", 404),
        ("GET", "/stages/../../lock", 404), ("GET", "/a%00", 404), ("GET", "/artifacts/", 404),
        ("GET", "/stages/%2e%2e%2f%2e%2e%2flock", 404), ("GET", "/stages/0", 404),
        ("PUT", "/", 405), ("DELETE", "/stages/1", 405), ("OPTIONS", "/", 405), ("POST", "/", 405),
        ("GET", "/commands/pause", 405), ("HEAD", "/events", 405), ("BREW", "/", 501), ("GET", "/%", 400),
    ])
    func `what there is not is refused with a sentence`(method: String, target: String, status: Int) throws {
        let answer = try RunningDashboard().ask(method, target)
        #expect(answer.status == status && answer["Content-Type"] == "text/plain; charset=utf-8")
        #expect((answer["Allow"] != nil) == (status == 405))
        if method != "HEAD" { #expect(answer.body.hasSuffix(".\n"), "\(answer.body)") }
    }

    @Test func `a host or an origin of elsewhere is refused`() throws {
        let server = try RunningDashboard()
        #expect(try server.ask("GET", "/", ["Origin: http://evil.example"]).status == 403)
        let client = try RawClient(port: server.port)
        try client.send("GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n")
        #expect(client.readToEnd().hasPrefix("HTTP/1.1 403 "))
    }

    @Test func `a connection serves one request after the other`() throws {
        let server = try RunningDashboard()
        let client = try RawClient(port: server.port)
        let question = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        try client.send(question + question)
        #expect(client.read { $0.components(separatedBy: "\r\n\r\nok\n").count == 3 }.hasSuffix("ok\n"))
        // As many as fit are no recursion.
        try client.send(
            String(repeating: question, count: 2000) + question.replacingOccurrences(of: "1.1", with: "1.0"))
        let answers = client.readToEnd()
        #expect(answers.components(separatedBy: "\r\n\r\nok\n").count == 2002)
    }

    /// Idle connections live for 15 s; one that was closed at the other end is none.
    @Test func `a connection that the client has closed is closed at once`() throws {
        let server = try RunningDashboard()
        let client = try RawClient(port: server.port)
        try client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(client.read { $0.hasSuffix("ok\n") }.hasSuffix("ok\n"))
        let begin = ContinuousClock.now
        client.finishSending()
        #expect(client.readToEnd().isEmpty)
        #expect(begin.duration(to: .now) < .seconds(10))
    }

    @Test func `slow and idle clients keep nobody waiting, and too many are turned away`() throws {
        let server = try RunningDashboard()
        let slow = try (0..<60).map { _ in try RawClient(port: server.port) }
        for client in slow { try client.send("GET / HTTP/1.1\r\nHo") }
        // Idle ones make room.
        let idle = try (0..<100).map { _ in try RawClient(port: server.port) }
        #expect(try server.ask().status == 200)
        var more: [RawClient] = []
        let isRefused = eventually(within: 60, every: 0) {
            // Those that have begun a request are not let go for it.
            guard let client = try? RawClient(port: server.port) else { return true }
            more.append(client)
            do { try client.send("GET / HTTP/1.1\r\nHo") } catch { return false }
            return more.count > 100 && client.read { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 503 ")
        }
        #expect(isRefused)
        withExtendedLifetime((slow, idle, more)) {}
    }

    @Test func `a client that does not read its answer keeps nobody waiting`() throws {
        let server = try RunningDashboard(seeds: 1...2000)
        let size = try server.ask().body.utf8.count
        let deaf = try RawClient(port: server.port)
        for _ in 0..<(8_000_000 / max(1, size)) { try deaf.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") }
        #expect(try server.ask().status == 200)
        #expect(try server.ask("GET", "/healthz").body == "ok\n")
    }

    /// What it takes until the first byte, with much room for a machine that does much else: where copies are not served
    /// while new ones are made, it is a multiple of it.
    @Test func `a page of 10,000 stages is there soon while the sweep goes on`() throws {
        let server = try RunningDashboard(seeds: 1...9_999)
        let writer = Writer(server)
        defer { writer.stop() }
        let waits = try (0..<20).map { _ in
            let began = ContinuousClock.now
            let client = try RawClient(port: server.port)
            try client.send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            #expect(client.read { !$0.isEmpty }.hasPrefix("HTTP/1.1 200 "))
            let wait = began.duration(to: .now)
            usleep(300_000)
            return wait
        }
        #expect(waits[0] < .seconds(30) && waits.dropFirst().allSatisfy { $0 < .seconds(5) }, "\(waits)")
    }

    @Test func `whoever watches hears of a change, and the page shows it`() throws {
        let server = try RunningDashboard()
        let before = try server.ask().body
        let watcher = try RawClient(port: server.port)
        try watcher.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let start = watcher.read { $0.contains("data: ") && $0.hasSuffix("\n\n") }
        #expect(start.contains("Content-Type: text/event-stream\r\n") && start.contains("\r\n\r\nretry: 2000\n\n"))
        let shown = try #require(start.firstMatch(of: /event: version\ndata: ([0-9a-f]+)\n\n/)).1
        #expect(before.contains("data-version=\"\(shown)\""))
        try server.finish(server.plan.stages[0].key)
        let change = watcher.read { $0.contains("data: ") && $0.hasSuffix("\n\n") }
        let latest = try #require(change.firstMatch(of: /event: version\ndata: ([0-9a-f]+)\n\n/)).1
        #expect(latest != shown)
        let after = try server.ask().body
        #expect(after.contains("data-version=\"\(latest)\"") && after != before)
    }

    @Test func `as many watch as may`() throws {
        let server = try RunningDashboard()
        let question = "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        var watchers: [RawClient] = []
        for _ in 0..<48 {
            let watcher = try RawClient(port: server.port)
            try watcher.send(question)
            #expect(watcher.read { $0.contains("retry") }.hasPrefix("HTTP/1.1 200 "))
            watchers.append(watcher)
        }
        #expect(try server.ask("GET", "/events").status == 503)
        watchers.removeLast()
        let next = try eventually(within: 30, every: 50) {
            let watcher = try RawClient(port: server.port)
            try watcher.send(question)
            return watcher.read { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 200 ")
        }
        #expect(next, "one that left makes room")
    }

    @Test func `before a sweep has begun the page says so, and then it is there`() throws {
        let store = try TemporaryFolder()
        let dashboard = try Dashboard(store: store["new"], at: "127.0.0.1:*", machine: "here", token: nil) { _ in nil }
        defer { dashboard.stop() }
        let port = try #require(URL(string: dashboard.address)?.port.map(UInt16.init))
        func ask() throws -> Answer {
            let client = try RawClient(port: port)
            try client.send("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            return try #require(Answer(client.readToEnd()))
        }
        let early = try ask()
        #expect(early.status == 503 && early.body.contains("No sweep was begun here yet"))
        let ledger = try Ledger(store: store["new"])
        try ledger.commit([.planned(try makePlan(), at: .init(rawValue: 1))])
        #expect(try ask().status == 200)
    }

    @Test func `a port in use is told, and an address of elsewhere needs a token`() throws {
        let server = try RunningDashboard()
        func begin(_ address: String) throws {
            try Dashboard(store: server.store.path, at: address, machine: "here", token: nil) { _ in nil }.stop()
        }
        #expect(throws: DashboardError.addressInUse("127.0.0.1:\(server.port)")) {
            try begin("127.0.0.1:\(server.port)")
        }
        #expect(throws: DashboardError.unprotected("0.0.0.0:*")) { try begin("0.0.0.0:*") }
        #expect(throws: DashboardError.self) { try begin("nonsense") }
        #expect(throws: DashboardError.self) { try begin("127.0.0.1:99999") }
    }

    @Test func `it ends at once, whoever is connected`() throws {
        let server = try RunningDashboard()
        let watcher = try RawClient(port: server.port)
        try watcher.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _ = watcher.read { $0.contains("retry") }
        let began = ContinuousClock.now
        server.stop()
        #expect(ContinuousClock.now - began < .seconds(10))
        _ = watcher.readToEnd()
        #expect(throws: (any Error).self) { try RawClient(port: server.port) }
    }
}
