import CCurl
import Files
import Foundation

/// What a server says before the bytes.
package struct HTTPHead: Hashable, Sendable {
    package let status: Int
    /// By their names in small letters.
    package private(set) var fields: [String: String] = [:]

    package init(status: Int, _ fields: [String: String] = [:]) {
        self.status = status
        self.fields = fields
    }

    /// A status line, as `HTTP/1.1 206 Partial Content`; nil for other lines.
    package init?(statusLine: String) {
        guard statusLine.hasPrefix("HTTP/") else { return nil }
        let words = statusLine.split(separator: " ")
        guard words.count > 1, let status = Int(words[1]) else { return nil }
        self.init(status: status)
    }

    package mutating func add(line: String) {
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        fields[line[..<colon].lowercased()] = String(value.reversed().drop { $0.isWhitespace }.reversed())
    }

    var contentLength: Int? { fields["content-length"].flatMap { Int($0) } }

    /// The first byte and the length of the whole, of `bytes 100-199/200`, or of `bytes */200`, which has no first one.
    package var contentRange: (first: Int?, whole: Int?)? {
        guard let field = fields["content-range"], field.hasPrefix("bytes ") else { return nil }
        let parts = field.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return (parts[0].split(separator: "-").first.flatMap { Int($0) }, Int(parts[1]))
    }
}

/// How a GET ended.
package enum HTTPOutcome: Hashable, Sendable {
    /// The server's last head.
    case answered(HTTPHead)
    /// The host has no address, or nobody answers there.
    case unreachable(String)
    /// Its certificate is not to be trusted.
    case untrusted(String)
    /// It stopped before the end.
    case cut(String)
    case refused(String)
    case missingLibrary
}

/// Takes what comes.
protocol HTTPReceiver: AnyObject {
    /// Bytes of a body that was asked for: of status 200 or 206. None of others come here.
    func receive(_ bytes: UnsafeRawBufferPointer, of head: HTTPHead) throws
    /// Asked at least once a second; what it throws ends the transfer.
    func check() throws
}

/// One GET.
struct HTTPRequest {
    let url: String
    var token: String?
    /// The byte to begin with.
    var offset = 0
    var stallSeconds = 10

    /// The file that the environment names, as curl's own program and Python's libraries take one.
    private var certificates: String? {
        let environment = ProcessInfo.processInfo.environment
        return ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"].lazy.compactMap { environment[$0] }
            .first { !$0.isEmpty }
    }

    /// - Throws: what the receiver threw.
    func perform(_ receiver: any HTTPReceiver) throws -> HTTPOutcome {
        let exchange = Exchange(receiver)
        let outcome = withExtendedLifetime(exchange) { run(exchange) }
        if let failure = exchange.failure { throw failure }
        let problem = withUnsafeBytes(of: outcome.problem) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        switch outcome.end {
        case ccurl_complete: return .answered(exchange.head)
        case ccurl_unreachable: return .unreachable(problem)
        case ccurl_untrusted: return .untrusted(problem)
        case ccurl_cut: return .cut(problem)
        case ccurl_missing: return .missingLibrary
        default: return .refused(problem)
        }
    }

    private func run(_ exchange: Exchange) -> ccurl_outcome {
        var listener = ccurl_listener(
            context: Unmanaged.passUnretained(exchange).toOpaque(),
            line: { Exchange.of($0).hear(line: UnsafeRawBufferPointer(start: $1, count: $2)) },
            body: { Exchange.of($0).hear(body: UnsafeRawBufferPointer(start: $1, count: $2)) },
            wait: { Exchange.of($0).hearNothing() })
        let range = offset > 0 ? "\(offset)-" : nil
        let words = [url, "headstart", token, range, certificates].map { $0.flatMap { strdup($0) } }
        defer { for word in words { free(word) } }
        var request = ccurl_request(
            url: words[0], token: words[2], range: words[3], agent: words[1], certificates: words[4],
            connect_seconds: 10, stall_seconds: stallSeconds)
        return ccurl_get(&request, &listener)
    }
}

/// The listener of one GET, for as long as `ccurl_get` runs.
private final class Exchange {
    private let receiver: any HTTPReceiver
    private(set) var head = HTTPHead(status: 0)
    private(set) var failure: (any Error)?

    init(_ receiver: any HTTPReceiver) { self.receiver = receiver }

    static func of(_ context: UnsafeMutableRawPointer?) -> Exchange {
        guard let context else { preconditionFailure("curl forgot its listener") }
        return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
    }

    func hear(line: UnsafeRawBufferPointer) -> Int32 {
        let line = String(decoding: line, as: UTF8.self)
        if let next = HTTPHead(statusLine: line) { head = next } else { head.add(line: line) }
        return 0
    }

    func hear(body: UnsafeRawBufferPointer) -> Int32 {
        guard head.status == 200 || head.status == 206 else { return 0 }
        return going { try receiver.receive(body, of: head) }
    }

    func hearNothing() -> Int32 { going { try receiver.check() } }

    private func going(_ body: () throws -> Void) -> Int32 {
        do {
            try body()
            return 0
        } catch {
            failure = error
            return 1
        }
    }
}
