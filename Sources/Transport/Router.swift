import CZeroMQ
import Files

/// The connection that a router's message came from. A peer that connects again is another one.
package struct Peer: Hashable, Sendable {
    /// The router's own name for the connection.
    package let identity: [UInt8]
    /// By which key the gatekeeper let it in; nil where none stands at the gate.
    package let key: CurvePublicKey?

    package init(identity: [UInt8], key: CurvePublicKey? = nil) {
        self.identity = identity
        self.key = key
    }

    /// Whether it may speak under this name. Without keys everybody may be anybody.
    package func owns(_ name: String) -> Bool { key?.owns(name) ?? true }
}

extension CurvePublicKey {
    /// The name with an ending that nobody but the owner of this key may use.
    package func owned(_ name: String) -> String { "\(name)-\(fingerprint)" }

    func owns(_ name: String) -> Bool { name.hasSuffix("-\(fingerprint)") }

    private var fingerprint: String { String(Digest(of: bytes).hex.prefix(16)) }
}

/// The server's end of a dialogue with many dealers. It says when a peer cannot be reached, where libzmq would drop the
/// message silently. It names connections itself, so that no peer can take over another's.
package final class Router: Pollable {
    let socket: Socket

    /// - Parameters:
    ///   - gatekeeper: encrypts, and admits only listed keys; nil is for endpoints of this machine.
    ///   - gate: whose list counts.
    package init(
        in context: Context, limits: MessageLimits, protectedBy gatekeeper: Gatekeeper? = nil, gate: Gate = .workers
    ) throws(TransportError) {
        socket = try Socket(ZMQ_ROUTER, in: context, limits: limits)
        try socket.set(ZMQ_ROUTER_MANDATORY, Int32(1))
        try socket.keepAliveByKernel()
        if let gatekeeper { try socket.protect(by: gatekeeper, gate) }
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
        // Where keys count, a message without one is nobody's.
        guard !socket.isGuarded || socket.sender != nil else { return try receive() }
        return (Peer(identity: message[0], key: socket.sender), Array(message.dropFirst()))
    }
}
