import Coordinator
import Foundation
import Logging
import Synchronization
import Worker

/// The worker groups of `headstart run`, supervised on a thread of their own beside the coordinator's loop.
final class LocalGroups: Sendable {
    private let failure = Mutex<SupervisorError?>(nil)
    private let end = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - stop: when it is requested, the groups write their checkpoints and leave.
    ///   - whenDone: is told once no group runs any more.
    init(
        _ settings: SupervisorSettings, logger: Logger, until stop: StopRequest, whenDone: StopRequest
    ) {
        let supervisor = NodeSupervisor(settings, logger: logger) { group, line in
            logger.debug("a worker group said", metadata: ["group": "\(group)", "line": "\(line)"])
        }
        let thread = Thread { [self] in
            do throws(SupervisorError) {
                try supervisor.run(until: { stop.isRequested })
            } catch {
                failure.withLock { $0 = error }
            }
            end.signal()
            whenDone.request()
        }
        thread.name = "worker groups"
        thread.start()
    }

    /// Waits until no group runs any more.
    func join() throws(SupervisorError) {
        end.wait()
        if let failure = failure.withLock({ $0 }) { throw failure }
    }
}
