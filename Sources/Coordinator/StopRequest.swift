import Dispatch
import Foundation
import Synchronization
package import Transport

/// A wish that the coordinator end, made from any thread.
package final class StopRequest: Sendable {
    private let isMade = Atomic<Bool>(false)
    private let firstSignal = Atomic<Int32>(0)
    /// Rings once the request is made.
    package let bell: Bell

    package init() throws(TransportError) {
        bell = try Bell()
    }

    package var isRequested: Bool { isMade.load(ordering: .acquiring) }

    /// The signal that made the request, where it was one.
    package var signal: Int32? {
        let number = firstSignal.load(ordering: .acquiring)
        return number == 0 ? nil : number
    }

    fileprivate func request(by signal: Int32) {
        firstSignal.store(signal, ordering: .releasing)
        request()
    }

    package func request() {
        isMade.store(true, ordering: .releasing)
        bell.ring()
    }

    /// Lets SIGINT, SIGTERM and SIGHUP make the request. The second of them ends the process at once, which loses nothing.
    ///
    /// - Parameter beforeExit: what is done then, on a thread of its own.
    /// - Returns: what listens; signals have their usual meaning again when it is let go.
    package func listenToSignals(beforeExit: @escaping @Sendable () -> Void = {}) -> SignalListener {
        SignalListener(for: self, beforeExit)
    }
}

/// Turns signals into a stop request for as long as it lives.
package final class SignalListener {
    private let numbers: [Int32]
    private let sources: [any DispatchSourceSignal]

    fileprivate init(for stop: StopRequest, _ beforeExit: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "headstart.signals")
        // Whoever started this process with `nohup` wants it to outlive the terminal.
        numbers = [SIGINT, SIGTERM] + (Signals.isIgnored(SIGHUP) ? [] : [SIGHUP])
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                if stop.isRequested {
                    beforeExit()
                    _exit(128 + number)
                }
                stop.request(by: number)
            }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in numbers { signal(number, SIG_DFL) }
    }
}
