import CZeroMQ
import Foundation

/// What became of a message that was to be sent.
package enum Delivery: Equatable, Sendable {
    /// It is in the queue to the peer. Only an answer shows that it arrived.
    case queued
    /// The queue is full, or, for a dealer, nobody is connected. Send it again later.
    case busy
    /// No peer of this identity is connected (routers only).
    case unroutable
}

/// How much of what peers send is accepted. A frame that is larger ends the connection that it comes on.
package struct MessageLimits: Sendable {
    package let frameBytes: Int
    package let frames: Int
    /// Messages that wait in each direction of one connection.
    package let queued: Int

    package init(frameBytes: Int, frames: Int = 4, queued: Int = 256) {
        self.frameBytes = frameBytes
        self.frames = frames
        self.queued = queued
    }
}

/// How long what was sent before closing may take to leave.
let lingerMilliseconds: Int32 = 5000

/// How long a connection may take to say who it is; one that does not is closed, and its descriptor is free again.
private let handshakeMilliseconds: Int32 = 5000

/// By how much a frame is longer on the wire where it is encrypted: the command's name, a nonce, the box's tag and the flags
/// (CurveZMQ, RFC 26, MESSAGE). libzmq compares that length with its limit.
private let encryptionBytes = 8 + 8 + 16 + 1

/// The C socket with its options, sends and receives. Never blocks: waiting is `poll`'s.
final class Socket {
    let pointer: UnsafeMutableRawPointer
    let context: Context
    private let limits: MessageLimits
    /// Kept for as long as the socket, so that no CURVE socket is ever without the thread that admits its peers.
    private var gatekeeper: Gatekeeper?
    var isGuarded: Bool { gatekeeper != nil }
    /// By which key the sender of the last message was let in.
    private(set) var sender: CurvePublicKey?

    init(_ kind: Int32, in context: Context, limits: MessageLimits) throws(TransportError) {
        guard let pointer = zmq_socket(context.pointer, kind) else {
            throw TransportError.failed(call: "zmq_socket", code: zmq_errno())
        }
        self.pointer = pointer
        self.context = context
        self.limits = limits
        try set(ZMQ_LINGER, lingerMilliseconds)
        try set(ZMQ_SNDHWM, Int32(clamping: limits.queued))
        try set(ZMQ_RCVHWM, Int32(clamping: limits.queued))
        try set(ZMQ_MAXMSGSIZE, Int64(limits.frameBytes))
        try set(ZMQ_HANDSHAKE_IVL, handshakeMilliseconds)
    }

    deinit { zmq_close(pointer) }

    // MARK: Options

    func set<Value: FixedWidthInteger>(_ option: Int32, _ value: Value) throws(TransportError) {
        var value = value
        try check(
            zmq_setsockopt(pointer, option, &value, MemoryLayout<Value>.size), in: "zmq_setsockopt(\(option))")
    }

    func set(_ option: Int32, _ bytes: some Collection<UInt8>) throws(TransportError) {
        let bytes = Array(bytes)
        try check(zmq_setsockopt(pointer, option, bytes, bytes.count), in: "zmq_setsockopt(\(option))")
    }

    /// Makes this the server's side of CURVE. It takes a gatekeeper to do so, since libzmq lets every client in that
    /// has a key of its own while no handler is bound.
    func protect(by gatekeeper: Gatekeeper, _ gate: Gate) throws(TransportError) {
        try set(ZMQ_CURVE_SERVER, Int32(1))
        try set(ZMQ_CURVE_SECRETKEY, gatekeeper.serverSecret)
        try set(ZMQ_ZAP_DOMAIN, gate.rawValue.utf8)
        try set(ZMQ_MAXMSGSIZE, Int64(limits.frameBytes + encryptionBytes))
        self.gatekeeper = gatekeeper
    }

    /// Makes this a client of a CURVE server.
    func present(_ credentials: Credentials) throws(TransportError) {
        try set(ZMQ_CURVE_SERVERKEY, credentials.server.bytes)
        try set(ZMQ_CURVE_PUBLICKEY, credentials.own.publicKey.bytes)
        try set(ZMQ_CURVE_SECRETKEY, credentials.own.secretBytes)
        try set(ZMQ_MAXMSGSIZE, Int64(limits.frameBytes + encryptionBytes))
    }

    // MARK: Addresses

    /// - Parameter insecure: listen without keys where other machines can connect.
    /// - Returns: the endpoint with the port that was bound, if the system was to choose it.
    func bind(_ endpoint: Endpoint, insecure: Bool) throws(TransportError) -> Endpoint {
        guard endpoint.isLocal || isGuarded || insecure else { throw TransportError.unprotected(endpoint) }
        if endpoint.isIPv6 { try set(ZMQ_IPV6, Int32(1)) }
        guard zmq_bind(pointer, endpoint.bindingText) == 0 else {
            switch zmq_errno() {
            case EADDRINUSE: throw TransportError.addressInUse(endpoint)
            case EADDRNOTAVAIL, ENODEV: throw TransportError.notOfThisMachine(endpoint)
            case let code: throw TransportError.failed(call: "listening at \(endpoint)", code: code)
            }
        }
        return try boundEndpoint(for: endpoint)
    }

    private func boundEndpoint(for endpoint: Endpoint) throws(TransportError) -> Endpoint {
        guard case .tcp(let host, nil) = endpoint else { return endpoint }
        var text = [CChar](repeating: 0, count: 256)
        var count = text.count
        try check(zmq_getsockopt(pointer, ZMQ_LAST_ENDPOINT, &text, &count), in: "zmq_getsockopt(ZMQ_LAST_ENDPOINT)")
        let bound = try Endpoint(String(decoding: text.prefix(max(0, count - 1)).map(UInt8.init), as: UTF8.self))
        guard case .tcp(_, let port) = bound else { return endpoint }
        return .tcp(host: host, port: port)
    }

    func connect(_ endpoint: Endpoint) throws(TransportError) {
        guard endpoint.isConnectable else {
            throw TransportError.badEndpoint(text: "\(endpoint)", reason: "'*' is not where a process can be reached")
        }
        if endpoint.isIPv6 { try set(ZMQ_IPV6, Int32(1)) }
        try check(zmq_connect(pointer, endpoint.description), in: "connecting to \(endpoint)")
    }

    // MARK: Messages

    /// Sends all frames or none of them.
    func send(_ frames: [[UInt8]]) throws(TransportError) -> Delivery {
        for (index, frame) in frames.enumerated() {
            let more = index < frames.count - 1 ? ZMQ_SNDMORE : 0
            while zmq_send(pointer, frame, frame.count, more | ZMQ_DONTWAIT) < 0 {
                switch zmq_errno() {
                case EINTR: continue
                case EAGAIN where index == 0: return .busy
                case EHOSTUNREACH where index == 0: return .unroutable
                case let code: throw TransportError.failed(call: "zmq_send", code: code)
                }
            }
        }
        return .queued
    }

    /// - Parameter envelope: frames that come with a message besides those the limit counts.
    /// - Returns: nil when no message waits.
    func receive(envelope: Int = 0) throws(TransportError) -> [[UInt8]]? {
        var frames: [[UInt8]] = []
        var count = 0
        var hasMore = true
        while hasMore {
            guard let frame = try receiveFrame(hasMore: &hasMore) else { return nil }
            count += 1
            if count <= limits.frames + envelope { frames.append(frame) }
        }
        guard count == frames.count else {
            throw TransportError.tooManyFrames(count: count - envelope, limit: limits.frames)
        }
        return frames
    }

    /// - Returns: nil when no frame waits, which can only be at the start of a message: messages arrive whole.
    private func receiveFrame(hasMore: inout Bool) throws(TransportError) -> [UInt8]? {
        let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)
        zmq_msg_init(message)
        defer {
            zmq_msg_close(message)
            message.deallocate()
        }
        while zmq_msg_recv(message, pointer, ZMQ_DONTWAIT) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return nil
            case let code: throw TransportError.failed(call: "zmq_msg_recv", code: code)
            }
        }
        hasMore = zmq_msg_more(message) == 1
        if isGuarded {
            sender = zmq_msg_gets(message, "User-Id").flatMap { CurvePublicKey(z85: String(cString: $0)) }
        }
        return Array(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message)))
    }
}
