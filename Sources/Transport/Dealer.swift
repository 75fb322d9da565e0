import CZeroMQ

/// A client's end of the dialogue with one router. It connects again by itself for as long as it lives.
package final class Dealer: Pollable {
    let socket: Socket
    private let monitor: ConnectionMonitor

    /// Starts to connect; `connection` tells how that goes.
    /// - Parameter credentials: for a router that is protected by a gatekeeper.
    package init(
        in context: Context, to endpoint: Endpoint, limits: MessageLimits, credentials: Credentials? = nil
    ) throws(TransportError) {
        socket = try Socket(ZMQ_DEALER, in: context, limits: limits)
        // Nothing queues up for a router that is away: what it is told when it comes back is the news of then.
        try socket.set(ZMQ_IMMEDIATE, Int32(1))
        try socket.keepAlive()
        try socket.retryConnecting()
        if let credentials { try socket.present(credentials) }
        monitor = try ConnectionMonitor(of: socket)
        try socket.connect(endpoint)
    }

    /// - Returns: `busy` while nobody is connected.
    package func send(_ frames: [[UInt8]]) throws(TransportError) -> Delivery { try socket.send(frames) }

    /// - Returns: nil when no message waits.
    package func receive() throws(TransportError) -> [[UInt8]]? { try socket.receive() }

    /// How the connection stands now.
    package func connection() throws(TransportError) -> Connection { try monitor.current() }
}

extension Socket {
    /// For whoever connects: notices within a minute that the other end is gone, which TCP alone may never do.
    func keepAlive() throws(TransportError) {
        try set(ZMQ_HEARTBEAT_IVL, Int32(15_000))
        try set(ZMQ_HEARTBEAT_TIMEOUT, Int32(30_000))
    }

    /// For whoever is connected to, perhaps by a thousand: the same of machines that are gone, but the kernel asks them.
    func keepAliveByKernel() throws(TransportError) {
        try set(ZMQ_TCP_KEEPALIVE, Int32(1))
        try set(ZMQ_TCP_KEEPALIVE_IDLE, Int32(15))
        try set(ZMQ_TCP_KEEPALIVE_INTVL, Int32(5))
        try set(ZMQ_TCP_KEEPALIVE_CNT, Int32(3))
        // Of what was sent and is not acknowledged.
        try set(ZMQ_TCP_MAXRT, Int32(30_000))
    }

    func retryConnecting() throws(TransportError) {
        try set(ZMQ_RECONNECT_IVL, Int32(100))
        try set(ZMQ_RECONNECT_IVL_MAX, Int32(2000))
    }
}
