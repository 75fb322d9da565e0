import Foundation
import Transport

/// A socket that waits for connections.
final class Listener: Sendable {
    let descriptor: Int32
    /// With the port that was taken.
    let endpoint: Endpoint

    init(_ endpoint: Endpoint) throws(DashboardError) {
        guard case .tcp(let host, let port) = endpoint else {
            throw .badAddress("\(endpoint)", reason: "it is no address of the network")
        }
        let text = Self.text(of: endpoint)
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host == "*" ? "0.0.0.0" : host, "\(port ?? 0)", &hints, &found)
        guard code == 0, let address = found?.pointee else {
            throw .badAddress(text, reason: String(cString: gai_strerror(code)).lowercased())
        }
        defer { freeaddrinfo(found) }
        descriptor = socket(
            address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .failed(call: "socket", address: text, code: errno) }
        do throws(DashboardError) {
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, listen(descriptor, 1024) == 0 else {
                throw errno == EADDRINUSE
                    ? .addressInUse(text) : .failed(call: "bind", address: text, code: errno)
            }
            self.endpoint = .tcp(host: host, port: try Self.port(of: descriptor, text))
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Nobody can connect from now on.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// `HOST:PORT`, as a person writes it.
    static func text(of endpoint: Endpoint) -> String { String("\(endpoint)".dropFirst("tcp://".count)) }

    private static func port(of descriptor: Int32, _ text: String) throws(DashboardError) -> UInt16 {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        guard code == 0 else { throw .failed(call: "getsockname", address: text, code: errno) }
        // Both families have their port in the same place.
        return withUnsafeBytes(of: address) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// - Returns: a connection that does not block; nil where none waits, or the process has as many files as it may.
    func accept() -> Int32? {
        let connection = Foundation.accept(descriptor, nil, nil)
        guard connection >= 0 else { return nil }
        guard fcntl(connection, F_SETFD, FD_CLOEXEC) == 0, fcntl(connection, F_SETFL, O_NONBLOCK) == 0 else {
            close(connection)
            return nil
        }
        return connection
    }
}
