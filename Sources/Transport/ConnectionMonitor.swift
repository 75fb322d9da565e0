import CZeroMQ
import Foundation
import Synchronization

/// How a client's connection stands.
package enum Connection: Equatable, Sendable {
    /// Nobody has answered yet, or the server went away.
    case connecting
    case connected
    /// The server does not admit this client's key.
    case keyRefused
    /// One side wants keys and the other has none, or the server's key is another one.
    case keysDoNotFit
}

/// Follows the events of a client's socket, so that "nobody answers" and "the key is refused" can be told apart.
final class ConnectionMonitor {
    private let events: Socket
    private var connection = Connection.connecting

    private static let count = Atomic<Int>(0)

    init(of socket: Socket) throws(TransportError) {
        let number = Self.count.add(1, ordering: .relaxed).newValue
        let endpoint = Endpoint.inproc(name: "monitor-\(number)")
        let wanted =
            ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
            | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        try check(zmq_socket_monitor(socket.pointer, endpoint.description, wanted), in: "zmq_socket_monitor")
        events = try Socket(ZMQ_PAIR, in: socket.context, limits: MessageLimits(frameBytes: 1024))
        try events.connect(endpoint)
    }

    func current() throws(TransportError) -> Connection {
        while let frames = try events.receive() {
            // The first frame is the event's number in 16 bits and its value in 32, in this machine's byte order.
            guard let event = frames.first, event.count >= 2 else { continue }
            follow(Int32(event.withUnsafeBytes { $0.loadUnaligned(as: UInt16.self) }))
        }
        return connection
    }

    private func follow(_ event: Int32) {
        switch event {
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: connection = .connected
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: connection = .keyRefused
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            // The failed handshake that follows a refusal, on the next attempt to connect, says less than the refusal.
            if connection != .keyRefused { connection = .keysDoNotFit }
        default:
            if connection == .connected { connection = .connecting }
        }
    }
}
