import Experiments
import Messages
import Testing

struct CommandTests {
    private static let token = "0123456789abcdef0123456789abcdef"
    private let form = "Content-Type: application/x-www-form-urlencoded"
    private let bearer = "Authorization: Bearer \(token)"

    private func server(reply: Reply? = .done(count: 2)) throws -> RunningDashboard {
        try RunningDashboard(token: Self.token) { request in request == .status ? nil : reply }
    }

    @Test(arguments: [
        ("pause", "key=0f3a", Request.pause(StageSelector(key: "0f3a"))),
        ("pause", "key=0f3a&priority=soon", Request.pause(StageSelector(key: "0f3a"))),
        (
            "resume", "task=rte&method=eh-ft+2&seed=3&state=",
            .resume(StageSelector(task: "rte", method: "eh-ft 2", seed: 3))
        ),
        ("cancel", "all=yes", .cancel(.all)), ("retry", "state=set-aside", .retry(StageSelector(state: .setAside))),
        ("priority", "sweep=a&all=yes&priority=-1", .priority(StageSelector(sweep: "a"), -1)),
    ])
    func `a command with the token reaches the coordinator`(name: String, body: String, request: Request) throws {
        let server = try server()
        let answer = try server.ask("POST", "/commands/\(name)", [form, bearer], body: body)
        #expect(answer.status == 200 && answer.body.hasSuffix(": 2 stages.\n"), "\(answer.body)")
        #expect(server.requests == [request])
    }

    @Test func `a page's form says what became of it and leads back`() throws {
        let server = try server(reply: .done(count: 1))
        let cookie = "Cookie: headstart-\(server.port)=\(Self.token)"
        let own = "Origin: http://localhost:\(server.port)"
        let body = "key=0f&page=/stages/0f%3Fsweep%3Da"
        let answer = try server.ask("POST", "/commands/pause", [form, cookie, own, "Accept: text/html"], body: body)
        #expect(answer.status == 200 && answer.body.contains("Paused: 1 stage."))
        #expect(answer.body.contains("href=\"/stages/0f?sweep=a\""))
        let foreign = "key=0f&page=//evil.example/%22%3E"
        let other = try server.ask("POST", "/commands/pause", [form, cookie, own, "Accept: text/html"], body: foreign)
        #expect(!other.body.contains("href=\"//") && !other.body.contains("\">\""))
    }

    @Test func `the commands of a sweep's page are for that sweep alone, and for all of it only where that is said`()
        throws
    {
        let server = try server()
        let cookie = "Cookie: headstart-\(server.port)=\(Self.token)"
        let page = try server.ask("GET", "/", [cookie]).body
        #expect(page.contains("<input type=\"hidden\" name=\"sweep\" value=\"\(server.plan.name)\">"))
        #expect(page.contains("<input type=\"checkbox\" name=\"all\" value=\"yes\">"))
    }

    @Test(arguments: [
        (400, "key=0f&all=yes"), (400, ""), (400, "priority=5"), (400, "seed=one"), (400, "state=tired"),
        (400, "nonsense=1&key=0f"), (400, "key=%zz"),
    ])
    func `a command that says not which stages is refused`(status: Int, body: String) throws {
        let server = try server()
        let answer = try server.ask("POST", "/commands/pause", [form, bearer], body: body)
        #expect(answer.status == status && server.requests.isEmpty, "\(answer.body)")
    }

    @Test(arguments: [("seed=one", "seed"), ("state=tired", "set-aside"), ("nonsense=1&key=0f", "nonsense")])
    func `a refusal names the field and what may stand there`(body: String, word: String) throws {
        #expect(try server().ask("POST", "/commands/pause", [form, bearer], body: body).body.contains(word))
    }

    @Test func `without the token nothing is changed, nor from another site`() throws {
        let server = try server()
        let cookie = "Cookie: headstart-\(server.port)=\(Self.token)"
        let ways: [(Int, [String])] = [
            (401, [form]), (401, [form, "Authorization: Bearer guess"]), (403, [form, cookie]),
            (403, [form, cookie, "Origin: http://evil.example"]), (403, [form, bearer, "Origin: null"]),
            (415, ["Content-Type: text/plain", bearer]), (415, [bearer]),
        ]
        for (status, fields) in ways {
            let answer = try server.ask("POST", "/commands/cancel", fields, body: "all=yes")
            #expect(answer.status == status, "\(fields): \(answer.body)")
        }
        #expect(try server.ask("POST", "/commands/erase", [form, bearer], body: "all=yes").status == 404)
        #expect(server.requests.isEmpty)
    }

    @Test func `a dashboard without a token only shows, and says so`() throws {
        let server = try RunningDashboard { _ in .done(count: 1) }
        let answer = try server.ask("POST", "/commands/cancel", [form, bearer], body: "all=yes")
        #expect(answer.status == 403 && answer.body.contains("--token-file") && server.requests.isEmpty)
        #expect(try !server.ask().body.contains("<form method=\"post\""))
    }

    @Test(arguments: [
        (Reply?.none, 503, "No coordinator"), (.refused("its store cannot be written"), 409, "cannot be written"),
    ])
    func `what the coordinator does not do is told`(reply: Reply?, status: Int, words: String) throws {
        let answer = try server(reply: reply).ask("POST", "/commands/pause", [form, bearer], body: "all=yes")
        #expect(answer.status == status && answer.body.contains(words))
    }

    @Test func `with a token everything asks for it but for whether it lives`() throws {
        let server = try server()
        for path in ["/", "/metrics", "/events", "/live.js"] {
            let answer = try server.ask("GET", path)
            #expect(answer.status == 401 && answer["WWW-Authenticate"] != nil, "\(path)")
        }
        #expect(try server.ask("GET", "/healthz").status == 200)
        #expect(try server.ask("GET", "/metrics", [bearer]).body.contains("headstart_stages{state=\"waiting\"} 3\n"))
        #expect(try server.ask("GET", "/?token=guess").status == 401)
        let greeting = try server.ask("GET", "/?token=\(Self.token)&sweep=sweep")
        let cookie = try #require(greeting["Set-Cookie"]?.split(separator: ";").first)
        #expect(
            greeting.status == 200 && greeting.body.contains("url=/?sweep=sweep\"")
                && !greeting.body.contains(Self.token))
        let page = try server.ask("GET", "/", ["Cookie: \(cookie)"])
        #expect(page.status == 200 && page.body.contains("action=\"/commands/pause\""))
    }
}
