import Foundation
package import Messages
package import Pages
import Synchronization
import Transport

/// A dashboard in the browser: a small HTTP server on a thread of its own.
///
/// It only reads the store; what it changes, it asks of the coordinator. Whatever becomes of it does nothing to a sweep that
/// runs in the same process.
package final class Dashboard: Sendable {
    /// Where a browser finds it.
    package let address: String
    private let bell: Bell
    private let isOver = Atomic<Bool>(false)
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Listens from now on.
    ///
    /// - Parameters:
    ///   - address: `HOST:PORT`, or `HOST:*` for a free port.
    ///   - machine: what this machine is called.
    ///   - token: what everybody has to show; nil only where no other machine can connect.
    ///   - forecasting: what the time that is left is reckoned from, beside what has been taken.
    ///   - ask: asks the store's coordinator, from another thread; nil where there is none.
    package init(
        store: String, at address: String, machine: String, token: AccessToken?,
        forecasting: @escaping Forecasting = { _ in [:] }, ask: @escaping @Sendable (Request) throws -> Reply?
    ) throws {
        let endpoint: Endpoint
        do throws(TransportError) {
            endpoint = try Endpoint("tcp://\(address)")
        } catch {
            guard case .badEndpoint(_, let reason) = error else { throw error }
            throw DashboardError.badAddress(address, reason: reason)
        }
        guard endpoint.isLocal || token != nil else { throw DashboardError.unprotected(address) }
        let listener = try Listener(endpoint)
        self.address = "http://\(Listener.text(of: listener.endpoint))/".replacingOccurrences(
            of: "//*:", with: "//\(machine):")
        let bell = try Bell()
        self.bell = bell
        let admission = Admission(at: listener.endpoint, machine: machine, token: token)
        let backstage = Backstage(store: store, hasCommands: token != nil, forecasting: forecasting, ask: ask)
        let thread = Thread { [self] in
            // Its connections end with it, before anybody hears that it has ended.
            ServerLoop(listener, admission, backstage, bell) { self.isOver.load(ordering: .acquiring) }.run()
            hasEnded.signal()
        }
        thread.name = "dashboard"
        thread.start()
    }

    /// Ends it, and all of its connections.
    package func stop() {
        isOver.store(true, ordering: .releasing)
        bell.ring()
        hasEnded.wait()
    }
}
