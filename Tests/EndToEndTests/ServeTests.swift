import Foundation
import TestKit
import Testing

/// The dashboard as a user begins it.
struct ServeTests {
    private let shop: Workshop

    init() throws {
        shop = try Workshop()
        try shop.write(
            """
            sweep: small
            model: \(shop.model)
            tasks: [tiny]
            seeds: [1, 2]
            defaults: { max-steps: 4, batch: 8 }
            methods: { whole: { tune: all }, tuned: { tune: bitfit } }
            """, to: "sweep.yaml")
    }

    private func sweep(_ words: String...) -> [String] {
        ["run", "sweep.yaml", "--data", "data", "--store", "store"] + words
    }

    /// The first line, once it is there.
    private func address(of server: Running) throws -> String {
        #expect(server.wait { $0.contains("\n") }, "\(server.output)")
        let line = try #require(server.output.split(separator: "\n").first)
        #expect(line.hasPrefix("http://127.0.0.1:") && line.hasSuffix("/"))
        return String(line)
    }

    /// What curl gets: the body, and the status as a last line.
    private func fetch(_ address: String, _ arguments: String...) throws -> (body: String, status: String) {
        let words = ["--silent", "--max-time", "60", "--write-out", "\n%{http_code}"] + arguments + [address]
        let output = try Running(words, of: "/usr/bin/curl").wait().output
        let end = try #require(output.lastIndex(of: "\n"))
        return (String(output[..<end]), String(output[output.index(after: end)...]))
    }

    @Test(.timeLimit(.minutes(10))) func `a store is served until a signal comes`() throws {
        #expect(try Program.run(sweep(), in: shop.folder).status == 0)
        let server = try shop.start(["serve", "--store", "store", "--listen", "127.0.0.1:*"])
        let address = try address(of: server)
        let first = try fetch(address)
        #expect(first.status == "200" && first.body.contains("small") && first.body.contains("tuned"))
        let pages = Set(first.body.matches(of: /href="\/([^"#]*)/).map { String($0.1) })
        #expect(pages.count > 3, "\(pages)")
        for page in pages {
            let target = address + page.replacingOccurrences(of: "&amp;", with: "&")
            #expect(try fetch(target).status == "200", "\(target)")
        }
        #expect(try fetch(address + "metrics").body.contains("headstart_stages{state=\"finished\"} 4\n"))
        #expect(try fetch(address + "..%2fsweep.yaml", "--path-as-is").status == "404")
        let second = try shop.run("serve", "--store", "store", "--listen", "\(address.dropFirst(7).dropLast())")
        #expect(second.status == 1 && second.errorLines.count == 1 && second.errors.contains("choose another port"))
        let asked = Date()
        server.kill(SIGTERM)
        #expect(server.wait().status == 128 + SIGTERM)
        #expect(Date().timeIntervalSince(asked) < 10)
    }

    @Test(.timeLimit(.minutes(10))) func `a sweep is shown while it runs, and commanded with a token`() throws {
        let long = sweep(
            "--set", "max-steps=100000", "--serve", "--serve-at", "127.0.0.1:*", "--token-file", "key/token")
        let running = try shop.start(long)
        let address = try address(of: running)
        #expect(running.wait { $0.contains("\nSweep small") })
        let attributes = try FileManager.default.attributesOfItem(atPath: shop.path("key/token"))
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let token = try String(contentsOfFile: shop.path("key/token"), encoding: .utf8).dropLast()
        #expect(try fetch(address).status == "401")
        let key = "Authorization: Bearer \(token)"
        let isRunning = try eventually(within: 300, every: 300) {
            try fetch(address + "metrics", "--header", key).body.contains("headstart_stages{state=\"running\"} 1\n")
        }
        #expect(isRunning)
        let paused = try fetch(address + "commands/pause", "--header", key, "--data", "method=tuned")
        #expect(paused.body == "Paused: 2 stages.\n" && paused.status == "200", "\(paused)")
        #expect(try fetch(address + "commands/cancel", "--header", key, "--data", "all=yes").status == "200")
        #expect(running.wait().status == 1)
    }

    @Test(.timeLimit(.minutes(10))) func `a dashboard that cannot be leaves the sweep alone`() throws {
        let blocker = try RunningSocket()
        let outcome = try Program.run(sweep("--serve", "--serve-at", "127.0.0.1:\(blocker.port)"), in: shop.folder)
        #expect(outcome.status == 0 && outcome.errors.contains("the sweep goes on without a dashboard"))
    }

    @Test func `to listen elsewhere takes a token that nobody else can read`() throws {
        #expect(try Program.run(sweep(), in: shop.folder).status == 0)
        let open = try shop.run("serve", "--store", "store", "--listen", "0.0.0.0:*")
        #expect(open.status == 2 && open.errorLines.count == 1 && open.errors.contains("--token-file"))
        try shop.write("0123456789abcdef", to: "token")
        chmod(shop.path("token"), 0o644)
        let read = try shop.run("serve", "--store", "store", "--token-file", "token")
        #expect(read.status == 2 && read.errors.contains("chmod 600"))
    }
}

/// A port that is taken.
private final class RunningSocket {
    private let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let port: UInt16

    init() throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) + listen(descriptor, 1) + getsockname(descriptor, $0, &size)
            }
        }
        try #require(code == 0)
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(descriptor) }
}
