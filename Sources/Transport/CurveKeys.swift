import CZeroMQ
import Foundation

/// A CURVE public key: 32 bytes, written as 40 characters of Z85 (ZeroMQ RFC 32).
package struct CurvePublicKey: Hashable, Sendable, CustomStringConvertible {
    let bytes: [UInt8]

    init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// - Parameter text: 40 characters of Z85.
    package init(_ text: String) throws(TransportError) {
        guard let key = CurvePublicKey(z85: text) else {
            throw TransportError.badKey("'\(text)' is not a public key: 40 characters of Z85 are expected")
        }
        self = key
    }

    init?(z85 text: String) {
        guard let bytes = decodeZ85(text) else { return nil }
        self.bytes = bytes
    }

    package var description: String { encodeZ85(bytes) }
}

/// A public key and the secret that goes with it.
package struct CurveKeyPair: Sendable {
    package let publicKey: CurvePublicKey
    let secretBytes: [UInt8]

    package static func generate() throws(TransportError) -> CurveKeyPair {
        guard Context.hasCurve else { throw TransportError.withoutCurve }
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        try check(zmq_curve_keypair(&publicText, &secretText), in: "zmq_curve_keypair")
        return try CurveKeyPair(secret: String(decoding: secretText.prefix(40).map(UInt8.init), as: UTF8.self))
    }

    /// - Parameter secret: 40 characters of Z85; the public key follows from it.
    init(secret: String) throws(TransportError) {
        guard let bytes = decodeZ85(secret) else {
            throw TransportError.badKey("not a secret key: 40 characters of Z85 are expected")
        }
        guard Context.hasCurve else { throw TransportError.withoutCurve }
        var publicText = [CChar](repeating: 0, count: 41)
        try check(zmq_curve_public(&publicText, secret), in: "zmq_curve_public")
        publicKey = try CurvePublicKey(String(decoding: publicText.prefix(40).map(UInt8.init), as: UTF8.self))
        secretBytes = bytes
    }

    var secretText: String { encodeZ85(secretBytes) }
}

/// What a client shows to a protected server, and the server's key by which it knows that server.
package struct Credentials: Sendable {
    package let own: CurveKeyPair
    package let server: CurvePublicKey

    package init(own: CurveKeyPair, server: CurvePublicKey) {
        self.own = own
        self.server = server
    }
}

/// - Returns: nil unless the text is 40 characters of Z85 that stand for 32 bytes.
private func decodeZ85(_ text: String) -> [UInt8]? {
    guard text.utf8.count == 40, !text.utf8.contains(0) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 32)
    guard zmq_z85_decode(&bytes, text) != nil else { return nil }
    return bytes
}

private func encodeZ85(_ bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: 41)
    precondition(zmq_z85_encode(&text, bytes, bytes.count) != nil, "a key has 32 bytes, a multiple of 4")
    return String(decoding: text.prefix(40).map(UInt8.init), as: UTF8.self)
}
