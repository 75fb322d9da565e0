import CZeroMQ
import Foundation

/// What can go wrong between processes, with a case of its own where a caller acts differently.
package enum TransportError: Error, Equatable, Sendable, CustomStringConvertible {
    case badEndpoint(text: String, reason: String)
    case addressInUse(Endpoint)
    /// The address to listen at belongs to no interface of this machine, or is a name where a number is needed.
    case notOfThisMachine(Endpoint)
    /// Everyone who reaches the endpoint would be let in.
    case unprotected(Endpoint)
    case outdatedLibrary(version: String)
    case withoutCurve
    /// A key, a key file or a list of keys that cannot be used; the text names the file.
    case badKey(String)
    /// A peer sent a message of more frames than the receiver accepts; it has been read and dropped.
    case tooManyFrames(count: Int, limit: Int)
    case failed(call: String, code: Int32)

    package var description: String {
        switch self {
        case .badEndpoint(let text, let reason):
            "'\(text)' is not an address: \(reason); write tcp://HOST:PORT, tcp://HOST:* or ipc://PATH"
        case .addressInUse(let endpoint):
            "\(endpoint): the address is in use; stop the process that listens there or choose another port"
        case .notOfThisMachine(let endpoint):
            "\(endpoint): cannot listen there; write the number of one of this machine's addresses, or * for all"
        case .unprotected(let endpoint):
            "\(endpoint) can be reached from other machines; give keys, or listen at tcp://127.0.0.1:PORT or ipc://PATH"
        case .outdatedLibrary(let version):
            "libzmq \(version) has known security holes; install 4.3.3 or newer (Debian and Ubuntu: libzmq3-dev)"
        case .withoutCurve:
            "this libzmq was built without CURVE encryption; install the distribution's libzmq5"
        case .badKey(let sentence):
            sentence
        case .tooManyFrames(let count, let limit):
            "a message of \(count) frames was dropped; at most \(limit) are accepted"
        case .failed(let call, let code):
            "\(call): \(String(cString: zmq_strerror(code)).lowercased())"
        }
    }
}

/// Turns the -1 of a ZeroMQ call into an error that names the call.
@discardableResult
func check(_ result: Int32, in call: String) throws(TransportError) -> Int32 {
    guard result >= 0 else { throw TransportError.failed(call: call, code: zmq_errno()) }
    return result
}
