import Dashboard
import Experiments
import Foundation
import Ledger
import Messages
import Synchronization
import TestKit
import Testing

/// A dashboard on a store of its own, at a free port.
final class RunningDashboard: Sendable {
    let store: TemporaryFolder
    let ledger: Ledger
    let plan: SweepPlan
    /// What was asked of the coordinator, but for its status.
    private let asked = Asked()
    private let dashboard: Mutex<Dashboard?> = Mutex(nil)
    let port: UInt16

    /// - Parameters:
    ///   - token: what everybody has to show.
    ///   - reply: the coordinator's; nil where there is none.
    init(
        token: String? = nil, seeds: ClosedRange<UInt64> = 1...2,
        reply: @escaping @Sendable (Request) throws -> Reply? = { _ in nil }
    ) throws {
        store = try TemporaryFolder()
        ledger = try Ledger(store: store.path)
        plan = try makePlan(seeds: Array(seeds))
        try ledger.commit([.planned(plan, at: Timestamp(rawValue: 1000))])
        let ask: @Sendable (Request) throws -> Reply? = { [asked] request in
            if request != .status { asked.requests.withLock { $0.append(request) } }
            return try reply(request)
        }
        let begun = try Dashboard(
            store: store.path, at: "127.0.0.1:*", machine: "here", token: token.map { AccessToken($0) }, ask: ask)
        port = try #require(URL(string: begun.address)?.port.map(UInt16.init))
        dashboard.withLock { $0 = begun }
    }

    deinit { stop() }

    func stop() {
        dashboard.withLock { $0.take() }?.stop()
    }

    var requests: [Request] { asked.requests.withLock { $0 } }

    /// Something happens in the sweep.
    func finish(_ stage: StageKey) throws {
        let attempt = Attempt(rawValue: 1)
        let worker = WorkerID(rawValue: "w")
        try ledger.commit([
            .started(stage, attempt, on: worker, node: anyNode, at: Timestamp(rawValue: 2000)),
            .ended(stage, attempt, failure: nil, at: Timestamp(rawValue: 3000)),
            .stands(StageRecord(key: stage, standing: .finished(makeResult()), attempts: 1)),
        ])
    }

    /// Asks on a connection of its own.
    func ask(_ method: String = "GET", _ target: String = "/", _ fields: [String] = [], body: String = "") throws
        -> Answer
    {
        let client = try RawClient(port: port)
        let length = body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"]
        let lines = ["\(method) \(target) HTTP/1.1", "Host: localhost:\(port)", "Connection: close"] + fields + length
        try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
        return try #require(Answer(client.readToEnd()))
    }
}

/// Finishes one stage after the other, on a thread of its own.
final class Writer: Sendable {
    private let isOver = Atomic<Bool>(false)
    private let hasEnded = DispatchSemaphore(value: 0)

    init(_ server: RunningDashboard) {
        Thread.detachNewThread { [self] in
            for stage in server.plan.stages where !isOver.load(ordering: .acquiring) {
                do { try server.finish(stage.key) } catch { Issue.record(error) }
                usleep(5_000)
            }
            hasEnded.signal()
        }
    }

    func stop() {
        isOver.store(true, ordering: .releasing)
        hasEnded.wait()
    }
}

private final class Asked: Sendable {
    let requests = Mutex<[Request]>([])
}

struct Answer {
    let status: Int
    let head: String
    let body: String

    init?(_ text: String) {
        guard let end = text.range(of: "\r\n\r\n"), let status = Int(text.dropFirst(9).prefix(3)) else { return nil }
        self.status = status
        head = String(text[..<end.lowerBound])
        body = String(text[end.upperBound...])
    }

    subscript(name: String) -> String? {
        head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("\(name.lowercased()): ") }
            .map { String($0.dropFirst(name.count + 2)) }
    }
}

/// A connection that sends what a test says, byte by byte.
final class RawClient {
    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, code == 0 else { throw CocoaError(.fileReadNoSuchFile) }
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        let count = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        try #require(count == bytes.count)
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// What comes until the text satisfies a condition, or the server closes.
    func read(until condition: (String) -> Bool) -> String {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while !condition(String(decoding: bytes, as: UTF8.self)) {
            let count = recv(descriptor, &piece, piece.count, 0)
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    func readToEnd() -> String { read { _ in false } }
}
