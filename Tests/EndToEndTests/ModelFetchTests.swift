import Foundation
import TestKit
import Testing

/// `headstart model fetch` beside a server that behaves like the hub, and then misbehaves.
@Suite(.timeLimit(.minutes(5)))
struct ModelFetchTests {
    let hub: LocalHub

    init() throws { hub = try LocalHub(try Workshop()) }

    @Test func `a model comes once, is linked as the hub's own library does, and is found by its name`() throws {
        let first = try hub.run("model", "fetch", "org/tiny", environment: ["HF_TOKEN": "hf_good"])
        #expect(first.status == 0 && first.errors.isEmpty, "\(first)")
        let snapshot = try hub.snapshot(of: "org/tiny")
        #expect(first.output.hasPrefix("org/tiny, 0.1 MB, is in \(snapshot)"), "\(first.output)")
        #expect(try hub.isWhole("org/tiny"))
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(snapshot)/model.safetensors")
        #expect(link.hasPrefix("../../blobs/") && link.count == 12 + 64)

        // The store that the hub sends us to is not shown the token, which is for the hub alone.
        let requests = try hub.requests()
        #expect(requests.map(\.host) == Array(repeating: "127.0.0.1", count: 5) + ["localhost"])
        #expect(requests.map(\.authorization) == Array(repeating: "Bearer hf_good", count: 5) + [nil])

        let second = try hub.run("model", "fetch", "org/tiny")
        #expect(second.status == 0 && second.output == first.output)
        #expect(try hub.requests().count == 1, "only what there is was asked")

        let list = try hub.run("model", "list")
        #expect(list.output.contains("org/tiny") && list.output.contains("main") && !list.output.contains("not whole"))
    }

    @Test(arguments: [
        LocalHub.Fault(path: "/cdn/", times: 3, fault: "cut", bytes: 20_000),
        LocalHub.Fault(path: "/cdn/", times: 1, fault: "stall", bytes: 20_000),
    ])
    func `what is cut off goes on where it stopped`(_ fault: LocalHub.Fault) throws {
        try hub.fail(fault)
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("model.safetensors: ") && outcome.errors.contains("; asking again in a moment"))
        let ranges = try hub.requests().filter { $0.path.hasPrefix("/cdn/") }.map(\.range)
        #expect(ranges == [nil] + (1...(fault.times ?? 0)).map { "bytes=\($0 * 20_000)-" })
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test func `whoever never gets further gives up, and the next try goes on`() throws {
        try hub.fail(
            LocalHub.Fault(path: "/cdn/", times: 1, fault: "cut", bytes: 30_000),
            LocalHub.Fault(path: "/cdn/", times: 5, fault: "cut", bytes: 0))
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 1)
        let last = String(outcome.errorLines.last ?? "")
        #expect(last.hasPrefix("headstart: 127.0.0.1:\(hub.port) broke off 5 times in a row ("), "\(last)")
        #expect(last.hasSuffix("; the same command goes on where it stopped"))
        #expect(try hub.run("model", "list").output.contains("not whole"))
        _ = try hub.requests()
        try hub.fail()
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try hub.requests().compactMap(\.range) == ["bytes=30000-", "bytes=30000-"])
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test func `a server that knows no ranges sends all again`() throws {
        try hub.fail(
            LocalHub.Fault(path: "/cdn/", times: 1, fault: "cut", bytes: 20_000),
            LocalHub.Fault(path: "/cdn/", fault: "no-ranges"))
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test(arguments: [
        ("change", "model.safetensors: what came is not what HUB announced (its digest is not "),
        ("short", "model.safetensors: the server sent "),
        ("long", "model.safetensors: the server sends more than the "),
    ])
    func `bytes that are not those announced are not kept`(_ fault: String, _ sentence: String) throws {
        try hub.fail(LocalHub.Fault(path: "/cdn/", fault: fault))
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 1 && outcome.errorLines.count == 1, "\(outcome)")
        #expect(outcome.errors.hasPrefix("headstart: " + sentence.replacing("HUB", with: hub.endpoint)), "\(outcome)")
        #expect(outcome.errors.contains("nothing of it was kept"))
        let blobs = try FileManager.default.contentsOfDirectory(atPath: "\(hub.cache)/models--org--tiny/blobs")
        #expect(blobs.allSatisfy { $0.count == 40 }, "\(blobs)")
        try hub.fail()
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test func `a beginning that is another file's is begun anew`() throws {
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        let snapshot = try hub.snapshot(of: "org/tiny")
        let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(snapshot)/model.safetensors")
        let blob = "\(snapshot)/\(link)"
        try FileManager.default.removeItem(atPath: blob)
        try Data(repeating: 7, count: 1_000).write(to: URL(filePath: "\(blob).incomplete"))
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test func `a copy that was damaged is fetched again`() throws {
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        let weights = "\(try hub.snapshot(of: "org/tiny"))/model.safetensors"
        var bytes = try Data(contentsOf: URL(filePath: weights))
        bytes[bytes.count / 2] ^= 1
        let blob = URL(filePath: weights).resolvingSymlinksInPath()
        try bytes.write(to: blob)
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 0)
        #expect(outcome.errors == "model.safetensors: the copy in \(hub.cache) is damaged; it is fetched again\n")
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test func `bytes from another place are refused`() throws {
        try hub.fail(
            LocalHub.Fault(path: "/cdn/", times: 1, fault: "cut", bytes: 20_000),
            LocalHub.Fault(path: "/cdn/", fault: "wrong-range"))
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("bytes from 20000 on were asked for, and the server sends 'bytes 20001-"))
    }

    @Test func `a server in trouble is asked again, as late as it asks for`() throws {
        try hub.fail(
            LocalHub.Fault(path: "/api/", times: 1, fault: "status", status: 503),
            LocalHub.Fault(path: "/resolve/", times: 1, fault: "status", status: 429, fields: ["Retry-After": "2"]))
        let start = ContinuousClock.now
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 0)
        #expect(start.duration(to: .now) > .seconds(2.5))
        #expect(
            outcome.errors == """
                org/tiny: the server answers 503; asking again in a moment
                config.json: too many requests (429); asking again in 2 s

                """)
    }

    @Test(arguments: [
        (503, [:], "is in trouble (503, 5 times in a row); try again later"),
        (429, ["Retry-After": "4000"], "has had too many requests (429); try again in 4000 s"),
    ])
    func `a server that stays in trouble is given up`(
        _ status: Int, _ fields: [String: String], _ sentence: String
    ) throws {
        try hub.fail(LocalHub.Fault(path: "/api/", fault: "status", status: status, fields: fields))
        let outcome = try hub.run("model", "fetch", "org/tiny")
        #expect(outcome.status == 1)
        #expect(outcome.errorLines.last == "headstart: 127.0.0.1:\(hub.port) \(sentence)", "\(outcome.errors)")
    }

    @Test func `two processes that want the same model fetch it once`() throws {
        try hub.fail(LocalHub.Fault(path: "/cdn/", fault: "slow", seconds: 0.6))
        let both = try [hub.start("model", "fetch", "org/tiny"), hub.start("model", "fetch", "org/tiny")]
        let outcomes = both.map { $0.wait() }
        #expect(outcomes.map(\.status) == [0, 0], "\(outcomes)")
        #expect(outcomes[0].output == outcomes[1].output)
        #expect(try hub.requests().count { $0.path.hasPrefix("/cdn/") } == 1)
        #expect(
            outcomes.map(\.errors).joined() == "model.safetensors: another process fetches it; waiting for that\n")
        #expect(try hub.isWhole("org/tiny"))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `whoever is stopped in the middle says so, and goes on later`(_ signal: Int32) throws {
        try hub.fail(LocalHub.Fault(path: "/cdn/", times: 2, fault: "slow", seconds: 0.4))
        for _ in 1...2 {
            let running = try hub.start("model", "fetch", "org/tiny")
            let blobs = "\(hub.cache)/models--org--tiny/blobs"
            let before = partialCount(blobs)
            #expect(eventually(within: 60) { partialCount(blobs) > before })
            running.kill(signal)
            let outcome = running.wait()
            #expect(outcome.status == 128 + signal, "\(outcome)")
            #expect(outcome.errors == "headstart: stopped; the same command goes on where it stopped\n")
        }
        _ = try hub.requests()
        try hub.fail()
        #expect(try hub.run("model", "fetch", "org/tiny").status == 0)
        #expect(try hub.requests().compactMap(\.range).count == 2, "a range of the hub, and one of where it sends us")
        #expect(try hub.isWhole("org/tiny"))
    }

    /// How many bytes of a file that is not whole are here.
    private func partialCount(_ folder: String) -> Int {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".incomplete") && $0.count > 60 }.compactMap { name in
            try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size] as? Int
        }.reduce(0, +)
    }

    @Test func `the environment's proxy is asked`() throws {
        let outcome = try hub.run(
            "model", "fetch", "org/tiny",
            environment: [
                "HF_ENDPOINT": "http://hub.invalid", "http_proxy": hub.endpoint, "no_proxy": "localhost",
            ])
        #expect(outcome.status == 0, "\(outcome)")
        #expect(try hub.requests().first?.path == "http://hub.invalid/api/models/org/tiny/revision/main?blobs=true")
    }

    @Test func `nobody there, and no TLS there, are told apart`() throws {
        let gone = try LocalHub(try Workshop(), models: [])
        gone.stop()
        let absent = try gone.run("model", "fetch", "org/tiny")
        #expect(absent.status == 1)
        #expect(absent.errors.hasPrefix("headstart: 127.0.0.1:\(gone.port) cannot be reached ("), "\(absent.errors)")
        let host = try hub.run("model", "fetch", "org/tiny", environment: ["HF_ENDPOINT": "http://hub.invalid"])
        #expect(host.errors.hasPrefix("headstart: hub.invalid cannot be reached ("), "\(host.errors)")
        let plain = try hub.run(
            "model", "fetch", "org/tiny", environment: ["HF_ENDPOINT": "https://127.0.0.1:\(hub.port)"])
        #expect(plain.status == 1)
        #expect(plain.errors.hasPrefix("headstart: 127.0.0.1:\(hub.port) could not be trusted ("), "\(plain.errors)")
    }

    @Test func `a certificate that nobody vouched for is refused, unless one says to trust it`() throws {
        let hub = try LocalHub(try Workshop(), isSecure: true)
        let refused = try hub.run("model", "fetch", "org/tiny")
        #expect(refused.status == 1 && refused.errorLines.count == 1)
        #expect(
            refused.errors.hasPrefix(
                "headstart: 127.0.0.1:\(hub.port) could not be trusted (SSL certificate problem: "),
            "\(refused.errors)")
        #expect(try hub.requests().isEmpty)
        let trusted = try hub.run(
            "model", "fetch", "org/tiny", environment: ["SSL_CERT_FILE": hub.shop.path("certificate.own")])
        #expect(trusted.status == 0, "\(trusted.errors)")
        #expect(try hub.isWhole("org/tiny"))
    }
}
