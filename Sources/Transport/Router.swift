import CZeroMQ

/// Who a router's message came from; a dealer chooses its identity.
package struct Peer: Hashable, Sendable {
    package let identity: [UInt8]
    package init(identity: [UInt8]) { self.identity = identity }
}

/// The server's end of a dialogue with many dealers. It says when a peer cannot be reached, where libzmq would drop the
/// message silently; a peer that connects again under its old identity takes over from its old connection.
package final class Router: Pollable {
    let socket: Socket

    /// - Parameter gatekeeper: encrypts, and admits only listed keys; nil is for endpoints of this machine.
    package init(
        in context: Context, limits: MessageLimits, protectedBy gatekeeper: Gatekeeper? = nil
    ) throws(TransportError) {
        socket = try Socket(ZMQ_ROUTER, in: context, limits: limits)
        try socket.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        try socket.set(ZMQ_ROUTER_HANDOVER, Int32(1))
        try socket.keepAlive()
        if let gatekeeper { try socket.protect(by: gatekeeper) }
    }

    /// - Returns: the endpoint with the port that was bound, if the system was to choose it.
    @discardableResult
    package func bind(_ endpoint: Endpoint, insecure: Bool = false) throws(TransportError) -> Endpoint {
        try socket.bind(endpoint, insecure: insecure)
    }

    package func send(_ frames: [[UInt8]], to peer: Peer) throws(TransportError) -> Delivery {
        try socket.send([peer.identity] + frames)
    }

    /// - Returns: nil when no message waits.
    package func receive() throws(TransportError) -> (peer: Peer, frames: [[UInt8]])? {
        guard let message = try socket.receive(envelope: 1) else { return nil }
        return (Peer(identity: message[0]), Array(message.dropFirst()))
    }
}
