import CZeroMQ
import Dispatch
import Foundation
import Synchronization

/// Decides who may connect to the CURVE sockets of a context (ZeroMQ RFC 27, ZAP): those whose key is listed.
///
/// libzmq lets every client in when no handler is bound at inproc://zeromq.zap.01. Therefore the initializer returns
/// only once it is bound, and a CURVE server socket can only be made with a gatekeeper, which it keeps alive. Should
/// the handler's thread fail, its socket stays bound and unanswered: nobody new gets in, and `failure` tells the
/// owner, who stops.
package final class Gatekeeper: Sendable {
    static let domain = "headstart"

    package let serverKey: CurvePublicKey
    let serverSecret: [UInt8]
    private let state: State

    /// Shared with the handler's thread, which must not keep the gatekeeper itself alive.
    private final class State: Sendable {
        let admitted: Mutex<AdmittedKeys>
        let failure = Mutex<TransportError?>(nil)
        let isClosed = Atomic<Bool>(false)
        let isDecided = DispatchSemaphore(value: 0)
        init(_ admitted: AdmittedKeys) { self.admitted = Mutex(admitted) }
    }

    /// - Parameter keys: the server's own.
    package init(in context: Context, keys: CurveKeyPair, admitted: AdmittedKeys) throws(TransportError) {
        guard Context.hasCurve else { throw TransportError.withoutCurve }
        serverKey = keys.publicKey
        serverSecret = keys.secretBytes
        state = State(admitted)
        let thread = Thread { [state] in Gatekeeper.serve(context, state) }
        thread.name = "gatekeeper"
        thread.start()
        state.isDecided.wait()
        if let failure { throw failure }
    }

    deinit { state.isClosed.store(true, ordering: .relaxed) }

    /// Why nobody is admitted any more; nil while all is well. The owner looks at it in its loop and stops.
    package var failure: TransportError? { state.failure.withLock { $0 } }

    /// Takes another list from now on. Connections that stand are not cut.
    package func admit(_ keys: AdmittedKeys) { state.admitted.withLock { $0 = keys } }

    // MARK: The handler's thread

    private static func serve(_ context: Context, _ state: State) {
        do throws(TransportError) {
            let socket = try Socket(ZMQ_REP, in: context, limits: MessageLimits(frameBytes: 4096, frames: 8))
            _ = try socket.bind(.inproc(name: "zeromq.zap.01"), insecure: false)
            state.isDecided.signal()
            do throws(TransportError) {
                try answer(socket, state)
            } catch {
                state.failure.withLock { $0 = error }
                while !state.isClosed.load(ordering: .relaxed) { usleep(100_000) }
            }
        } catch {
            state.failure.withLock { $0 = error }
            state.isDecided.signal()
        }
    }

    private static func answer(_ socket: Socket, _ state: State) throws(TransportError) {
        while !state.isClosed.load(ordering: .relaxed) {
            guard try poll([Requests(socket: socket)], timeoutMilliseconds: 100)[0] else { continue }
            guard let request = try socket.receive() else { continue }
            let isAdmitted = state.admitted.withLock { admits(request, $0) }
            let identifier = request.count > 1 ? request[1] : []
            let verdict = isAdmitted ? ["200", "OK"] : ["400", "key not admitted"]
            let reply = [Array("1.0".utf8), identifier] + verdict.map { Array($0.utf8) } + [[], []]
            _ = try socket.send(reply)
        }
    }

    private struct Requests: Pollable {
        let socket: Socket
        var waiting: Waiting { Waiting(place: .socket(socket.pointer)) }
    }

    /// A request's frames: version, request id, domain, address, identity, mechanism, credentials. Whatever is not a
    /// listed CURVE key is refused, NULL and PLAIN clients among them.
    private static func admits(_ request: [[UInt8]], _ admitted: AdmittedKeys) -> Bool {
        guard request.count == 7, request[0].elementsEqual("1.0".utf8), request[2].elementsEqual(domain.utf8),
            request[5].elementsEqual("CURVE".utf8), let key = CurvePublicKey(bytes: request[6])
        else { return false }
        return admitted.keys.contains(key)
    }
}
