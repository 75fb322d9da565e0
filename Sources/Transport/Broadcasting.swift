import CZeroMQ

/// Sends to all subscribers at once. What a subscriber misses (it connected late, or reads too slowly) is lost
/// without a word, so a publisher is never the only carrier of a fact.
package final class Publisher {
    let socket: Socket

    /// - Parameter gatekeeper: encrypts, and admits only listed keys; nil is for endpoints of this machine.
    package init(
        in context: Context, limits: MessageLimits, protectedBy gatekeeper: Gatekeeper? = nil
    ) throws(TransportError) {
        socket = try Socket(ZMQ_PUB, in: context, limits: limits)
        try socket.keepAliveByKernel()
        if let gatekeeper { try socket.protect(by: gatekeeper, .workers) }
    }

    /// - Returns: the endpoint with the port that was bound, if the system was to choose it.
    @discardableResult
    package func bind(_ endpoint: Endpoint, insecure: Bool = false) throws(TransportError) -> Endpoint {
        try socket.bind(endpoint, insecure: insecure)
    }

    package func send(_ frames: [[UInt8]]) throws(TransportError) { _ = try socket.send(frames) }
}

/// Receives all that a publisher sends while it is connected.
package final class Subscriber: Pollable {
    let socket: Socket

    package init(
        in context: Context, to endpoint: Endpoint, limits: MessageLimits, credentials: Credentials? = nil
    ) throws(TransportError) {
        socket = try Socket(ZMQ_SUB, in: context, limits: limits)
        try socket.set(ZMQ_SUBSCRIBE, [])
        try socket.keepAlive()
        try socket.retryConnecting()
        if let credentials { try socket.present(credentials) }
        try socket.connect(endpoint)
    }

    /// - Returns: nil when no message waits.
    package func receive() throws(TransportError) -> [[UInt8]]? { try socket.receive() }
}

/// Binds a router and, at the companion endpoint, its publisher. Where the system is to choose the port, both are
/// chosen so that the publisher's is the next one.
/// - Returns: the router's endpoint.
package func bindPair(
    _ router: Router, _ publisher: Publisher, at endpoint: Endpoint, insecure: Bool = false
) throws(TransportError) -> Endpoint {
    guard case .tcp(let host, nil) = endpoint else {
        guard let companion = endpoint.companion else {
            throw TransportError.badEndpoint(text: "\(endpoint)", reason: "the port after it is needed for broadcasts")
        }
        try router.bind(endpoint, insecure: insecure)
        try publisher.bind(companion, insecure: insecure)
        return endpoint
    }
    return try bindFreePair(router, publisher, host: host, insecure: insecure)
}

/// The publisher's port is the one that may be taken, so the system chooses that one, and the router's is the one
/// before.
private func bindFreePair(
    _ router: Router, _ publisher: Publisher, host: String, insecure: Bool
) throws(TransportError) -> Endpoint {
    for _ in 0..<32 {
        guard case .tcp(_, let port?) = try publisher.bind(.tcp(host: host, port: nil), insecure: insecure) else {
            break
        }
        do throws(TransportError) {
            return try router.bind(.tcp(host: host, port: port - 1), insecure: insecure)
        } catch .addressInUse {
            try publisher.socket.unbindLast()
        }
    }
    throw TransportError.addressInUse(.tcp(host: host, port: nil))
}

extension Socket {
    func unbindLast() throws(TransportError) {
        var text = [CChar](repeating: 0, count: 256)
        var count = text.count
        try check(zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &text, &count), in: "zmq_getsockopt(ZMQ_LAST_ENDPOINT)")
        try check(zmq_unbind(pointer, text), in: "zmq_unbind")
    }
}
