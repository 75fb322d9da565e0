import Dashboard
import Testing
import Transport

struct AdmissionTests {
    private let token = "0123456789abcdef0123456789abcdef"

    private func admission(_ address: String = "127.0.0.1:8080", hasToken: Bool = false) throws -> Admission {
        Admission(
            at: try Endpoint("tcp://\(address)"), machine: "Node7.cluster",
            token: hasToken ? AccessToken(token) : nil)
    }

    private func request(
        _ fields: [String: String], query: [String: String] = [:], method: HTTPRequest.Method = .get
    ) -> HTTPRequest {
        let local = ["host": "localhost:8080"]
        return HTTPRequest(
            method, RequestTarget(path: "/", query: query), fields: local.merging(fields) { _, given in given })
    }

    private func status(_ body: () throws -> Void) -> HTTPStatus? {
        do { try body() } catch { return (error as? Refusal)?.status }
        return nil
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "localhost:8080", true), ("127.0.0.1:8080", "LOCALHOST", true),
        // Through a tunnel.
        ("127.0.0.1:8080", "127.0.0.1:9999", true), ("127.0.0.1:8080", "[::1]:8080", true),
        ("127.0.0.1:8080", "evil.example", false), ("127.0.0.1:8080", "localhost.evil.example:8080", false),
        ("127.0.0.1:8080", "10.0.0.1:8080", false), ("127.0.0.1:8080", "localhost:http", false),
        ("127.0.0.1:8080", "", false), ("127.0.0.1:8080", "[::1", false), ("127.0.0.1:8080", "a@localhost", false),
        ("dash.cluster:80", "dash.cluster", true), ("dash.cluster:80", "node7", false),
        ("0.0.0.0:80", "10.1.2.3:80", true), ("0.0.0.0:80", "[fe80::1]:80", true), ("*:80", "node7:80", true),
        ("0.0.0.0:80", "node7.cluster", true), ("0.0.0.0:80", "evil.example", false),
    ])
    func `the host must be where the dashboard listens`(address: String, host: String, isOwn: Bool) throws {
        let admission = try admission(address)
        #expect(status { try admission.demandOwnSite(request(["host": host])) } == (isOwn ? nil : .forbidden))
    }

    @Test(arguments: [
        ("http://localhost:8080", true), ("https://localhost:8080", true), ("null", false),
        ("http://localhost:8081", false), ("http://evil.example", false), ("http://127.0.0.1:8080", false), ("", false),
    ])
    func `another site may not ask`(origin: String, isOwn: Bool) throws {
        let admission = try admission()
        #expect(status { try admission.demandOwnSite(request(["origin": origin])) } == (isOwn ? nil : .forbidden))
    }

    @Test func `without a token everybody reads and nobody commands`() throws {
        let admission = try admission()
        #expect(status { try admission.demandToken(request([:])) } == nil)
        #expect(status { try admission.demandLeave(request(["authorization": "Bearer \(token)"])) } == .forbidden)
        #expect(try admission.greet(request([:], query: ["token": token])) == nil)
    }

    @Test(arguments: [
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef", true),
        ("authorization", "bearer 0123456789abcdef0123456789abcdef", true),
        ("authorization", "Basic 0123456789abcdef0123456789abcdef", false),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdee", false),
        ("authorization", "Bearer 0123456789abcdef", false), ("authorization", "Bearer", false),
        ("authorization", "Bearer 0123456789abcdef0123456789abcdef0", false),
        ("cookie", "a=b; headstart-8080=0123456789abcdef0123456789abcdef", true),
        ("cookie", "headstart-8081=0123456789abcdef0123456789abcdef", false), ("cookie", "headstart-8080=", false),
        ("x-token", "0123456789abcdef0123456789abcdef", false),
    ])
    func `with a token whoever shows it may read`(field: String, value: String, isRight: Bool) throws {
        let admission = try admission(hasToken: true)
        #expect(status { try admission.demandToken(request([field: value])) } == (isRight ? nil : .unauthorized))
    }

    @Test func `a cookie commands only from a page of ours`() throws {
        let admission = try admission(hasToken: true)
        let cookie = ["cookie": "headstart-8080=\(token)"]
        #expect(status { try admission.demandLeave(request(cookie)) } == .forbidden)
        let own = cookie.merging(["origin": "http://localhost:8080"]) { $1 }
        #expect(status { try admission.demandLeave(request(own)) } == nil)
        #expect(status { try admission.demandLeave(request(["authorization": "Bearer \(token)"])) } == nil)
        #expect(status { try admission.demandLeave(request(["origin": "http://localhost:8080"])) } == .unauthorized)
    }

    @Test func `the token in an address becomes a cookie that no script reads`() throws {
        let admission = try admission(hasToken: true)
        let cookie = try admission.greet(request([:], query: ["token": token]))
        #expect(cookie?.value == "headstart-8080=\(token); Path=/; HttpOnly; SameSite=Strict")
        #expect(status { _ = try admission.greet(request([:], query: ["token": "guess"])) } == .unauthorized)
    }
}
