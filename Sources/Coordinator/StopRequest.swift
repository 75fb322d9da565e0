import Dispatch
import Foundation
import Synchronization
package import Transport

/// A wish that the coordinator end, made from any thread.
package final class StopRequest: Sendable {
    private let isMade = Atomic<Bool>(false)
    let bell: Bell

    package init() throws(TransportError) {
        bell = try Bell()
    }

    package var isRequested: Bool { isMade.load(ordering: .acquiring) }

    package func request() {
        isMade.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Lets SIGINT and SIGTERM make the request. The second of them ends the process at once, which loses nothing.
    ///
    /// - Returns: what listens; signals have their usual meaning again when it is let go.
    package func listenToSignals() -> SignalListener { SignalListener(for: self) }
}

/// Turns signals into a stop request for as long as it lives.
package final class SignalListener {
    private static let numbers = [SIGINT, SIGTERM]
    private let sources: [any DispatchSourceSignal]

    fileprivate init(for stop: StopRequest) {
        let queue = DispatchQueue(label: "headstart.signals")
        sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if stop.isRequested { _exit(128 + number) }
                stop.request()
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
