import Experiments
import Files
import Foundation
import Messages
import Synchronization
package import Transport

/// Where people ask a running coordinator: a socket in its store for those of this machine, and another one for those
/// elsewhere who hold a client's key.
package struct ControlSockets {
    private let routers: [Router]

    /// Who has asked, and where the reply goes.
    struct Asker: Sendable {
        fileprivate let router: Int
        fileprivate let peer: Peer
    }

    init(_ routers: [Router]) { self.routers = routers }

    var sources: [any Pollable] { routers }

    /// - Returns: nil when nothing waits; no request in place of what cannot be understood.
    func receive() throws(TransportError) -> (Asker, Request?)? {
        for (index, router) in routers.enumerated() {
            let message: (peer: Peer, frames: [[UInt8]])?
            do throws(TransportError) { message = try router.receive() } catch .tooManyFrames { continue }
            guard let message else { continue }
            let asker = Asker(router: index, peer: message.peer)
            do throws(MessageError) {
                return (asker, try Request.decode(Data(message.frames.first ?? [])))
            } catch {
                return (asker, nil)
            }
        }
        return nil
    }

    /// Whoever is gone asks again.
    func send(_ reply: Reply, to asker: Asker) throws(TransportError) {
        let frame: Data
        do throws(MessageError) {
            frame = try reply.encoded()
        } catch {
            return try send(.refused("the answer is too long; ask about fewer stages"), to: asker)
        }
        _ = try routers[asker.router].send([Array(frame)], to: asker.peer)
    }

    /// The socket in a store; nil where the store's path is longer than the system allows for one.
    package static func local(toStore store: String) -> Endpoint? {
        let folder = Path.absolute(store)
        do throws(TransportError) { return try Endpoint("ipc://\(folder)/control.socket") } catch { return nil }
    }
}

/// Sweeps that people have handed in, planned beside the loop: models and datasets are read for it.
final class Submissions: Sendable {
    private let planned = Mutex<[Planned]>([])
    private let open = Atomic<Int>(0)
    private let plan: @Sendable ([String]) throws -> any GrowingPlan
    /// Rings when one is planned.
    let bell: Bell

    struct Planned: Sendable {
        let asker: ControlSockets.Asker
        /// The words that it was handed in with.
        let arguments: [String]
        let outcome: Result<any GrowingPlan, any Error>
    }

    init(_ plan: @escaping @Sendable ([String]) throws -> any GrowingPlan) throws(TransportError) {
        self.plan = plan
        bell = try Bell()
    }

    /// - Parameter asker: whom the outcome is for.
    func begin(_ arguments: [String], for asker: ControlSockets.Asker) {
        open.add(1, ordering: .relaxed)
        let thread = Thread { [self] in
            let outcome = Result { try plan(arguments) }
            planned.withLock { $0.append(Planned(asker: asker, arguments: arguments, outcome: outcome)) }
            bell.ring()
        }
        thread.name = "submission"
        thread.start()
    }

    /// Whether there is one that was not taken yet.
    var isPlanning: Bool { open.load(ordering: .relaxed) > 0 }

    func take() -> [Planned] {
        bell.silence()
        return planned.withLock { planned in
            defer { planned = [] }
            open.subtract(planned.count, ordering: .relaxed)
            return planned
        }
    }
}
