import Foundation

/// Where a socket listens, or where it connects to.
package enum Endpoint: Hashable, Sendable {
    /// - Parameter port: nil lets the system choose a free one; only for listening.
    case tcp(host: String, port: UInt16?)
    case ipc(path: String)
    /// Between threads that share a `Context`.
    case inproc(name: String)

    /// Reads `tcp://HOST:PORT`, `tcp://HOST:*`, `tcp://[ADDRESS]:PORT` for IPv6, `ipc://PATH` or `inproc://NAME`.
    package init(_ text: String) throws(TransportError) {
        func refused(_ reason: String) -> TransportError { .badEndpoint(text: text, reason: reason) }
        guard let separator = text.range(of: "://") else { throw refused("'://' is missing") }
        let rest = String(text[separator.upperBound...])
        switch text[..<separator.lowerBound] {
        case "tcp":
            self = try Self.parseTCP(rest, refused)
        case "ipc":
            guard !rest.isEmpty else { throw refused("the path is missing") }
            guard !rest.hasPrefix("@") else { throw refused("abstract sockets have no owner") }
            guard rest.utf8.count <= longestSocketPath else {
                throw refused("the path is longer than the \(longestSocketPath) bytes that the system allows")
            }
            self = .ipc(path: rest)
        case "inproc":
            guard !rest.isEmpty else { throw refused("the name is missing") }
            self = .inproc(name: rest)
        default:
            throw refused("the transport '\(text[..<separator.lowerBound])' is unknown")
        }
    }

    private static func parseTCP(
        _ text: String, _ refused: (String) -> TransportError
    ) throws(TransportError) -> Endpoint {
        guard let colon = text.lastIndex(of: ":") else { throw refused("the port is missing") }
        var host = String(text[..<colon])
        let port = text[text.index(after: colon)...]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            throw refused("an IPv6 address needs brackets, as in tcp://[::1]:5555")
        }
        guard !host.isEmpty else { throw refused("the host is missing") }
        guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == ";" }) else {
            throw refused("'\(host)' is not a host")
        }
        if port == "*" { return .tcp(host: host, port: nil) }
        guard let number = UInt16(port), number > 0, port.allSatisfy(\.isNumber) else {
            throw refused("'\(port)' is not a port from 1 to 65535")
        }
        return .tcp(host: host, port: number)
    }

    /// Whether only processes of this machine can reach it.
    package var isLocal: Bool {
        switch self {
        case .tcp(let host, _):
            host == "localhost" || host == "::1" || isLoopbackAddress(host)
        case .ipc, .inproc:
            true
        }
    }

    /// The second endpoint of a pair, where a process that listens here also broadcasts: the next port, or the same
    /// path with an ending. nil for the last port and for a port that is not chosen yet.
    package var companion: Endpoint? {
        switch self {
        case .tcp(_, nil), .tcp(_, .max): nil
        case .tcp(let host, let port?): .tcp(host: host, port: port + 1)
        case .ipc(let path): .ipc(path: path + ".pub")
        case .inproc(let name): .inproc(name: name + ".pub")
        }
    }

    /// Whether it can be connected to: `*` is no host and no port of another process.
    package var isConnectable: Bool {
        if case .tcp(let host, let port) = self { return host != "*" && port != nil }
        return true
    }

    var isIPv6: Bool {
        if case .tcp(let host, _) = self { return host.contains(":") }
        return false
    }

    /// As libzmq wants it for `zmq_bind`, which resolves no names.
    var bindingText: String {
        if case .tcp("localhost", let port) = self { return Endpoint.tcp(host: "127.0.0.1", port: port).description }
        return description
    }
}

/// The room for a path in the system's socket address, with one byte less for the end and four for a companion's
/// ending.
private let longestSocketPath = 103

/// Whether the text is an address in 127.0.0.0/8, with nothing else around it.
func isLoopbackAddress(_ text: String) -> Bool {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}

extension Endpoint: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tcp(let host, let port):
            "tcp://\(host.contains(":") ? "[\(host)]" : host):\(port.map(String.init) ?? "*")"
        case .ipc(let path): "ipc://\(path)"
        case .inproc(let name): "inproc://\(name)"
        }
    }
}
