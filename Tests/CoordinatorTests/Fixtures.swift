import Coordinator
import Experiments
import Foundation
import Logging
import Messages
import Synchronization
import TestKit
import Testing
import Transport

/// A coordinator on a thread of its own, at an ipc endpoint in its store.
final class RunningCoordinator: Sendable {
    private let stop: StopRequest
    private let isKilled = Atomic<Bool>(false)
    private let pause = Atomic<Int>(0)
    private let hasEnded = DispatchSemaphore(value: 0)
    private let outcome = Mutex<Result<Bool, any Error>?>(nil)
    private let status = Mutex<CoordinatorStatus?>(nil)

    /// - Parameter isKillable: it never ends by itself, only by `kill`.
    init(
        _ plans: [any GrowingPlan], store: TemporaryFolder, isKillable: Bool = false,
        _ change: (inout CoordinatorSettings) -> Void = { _ in },
        prepare: @escaping @Sendable ([String]) throws -> any GrowingPlan = { _ in throw CannotPrepare() }
    ) throws {
        stop = try StopRequest()
        var settings = CoordinatorSettings(listen: store.endpoint)
        settings.scheduler.idleMilliseconds = 50
        settings.reportMilliseconds = 20
        change(&settings)
        let path = store.path
        let thread = Thread { [self, settings] in
            let result = Result { try self.work(plans, path, settings, isKillable, prepare) }
            outcome.withLock { $0 = result }
            hasEnded.signal()
        }
        thread.start()
    }

    private func work(
        _ plans: [any GrowingPlan], _ store: String, _ settings: CoordinatorSettings, _ isKillable: Bool,
        _ prepare: @escaping @Sendable ([String]) throws -> any GrowingPlan
    ) throws -> Bool {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let coordinator = try Coordinator(
            plans: plans, store: store, settings: settings, logger: logger, prepare: prepare)
        guard isKillable else {
            return try coordinator.run(until: stop) { now in
                self.status.withLock { $0 = now }
                usleep(UInt32(self.pause.exchange(0, ordering: .acquiringAndReleasing)) * 1_000)
            }
        }
        while !isKilled.load(ordering: .acquiring) { try coordinator.turn(waitingFor: stop) }
        return false
    }

    /// - Returns: whether every stage has ended.
    func waitForEnd() throws -> Bool {
        guard hasEnded.wait(timeout: .now() + 120) == .success else { throw Timeout() }
        guard let outcome = outcome.withLock({ $0 }) else { throw Timeout() }
        return try outcome.get()
    }

    /// Waits until how things stand satisfies a condition.
    func wait(until condition: (CoordinatorStatus) -> Bool) throws {
        if eventually({ status.withLock { $0 }.map(condition) ?? false }) { return }
        let trouble = status.withLock { $0?.trouble }
        throw Timeout(description: "it did not come to that; trouble: \(trouble ?? "none")")
    }

    /// Lets the coordinator stand still between two turns.
    func freeze(milliseconds: Int) { pause.store(milliseconds, ordering: .releasing) }

    func requestStop() { stop.request() }

    /// Asks it to stop, and waits until it has.
    func end() throws {
        requestStop()
        _ = try waitForEnd()
    }

    /// Ends the coordinator between two turns without a word, as SIGKILL would; the store stays as the last commit
    /// left it.
    func kill() throws {
        isKilled.store(true, ordering: .releasing)
        _ = try waitForEnd()
    }

    struct Timeout: Error, CustomStringConvertible {
        var description = "the coordinator did not end"
    }
}

/// Asks as the commands do.
///
/// - Parameter endpoint: the one in the store otherwise.
func askCoordinator(
    _ request: Request, of store: TemporaryFolder, at endpoint: Endpoint? = nil, _ credentials: Credentials? = nil,
    seconds: Double = 120
) throws -> Reply? {
    let endpoint = try #require(endpoint ?? ControlSockets.local(toStore: store.path))
    let dealer = try Dealer(
        in: Context(), to: endpoint, limits: MessageLimits(frameBytes: controlByteLimit), credentials: credentials)
    var isSent = false
    return try eventually(within: seconds) {
        if !isSent { isSent = try dealer.send([Array(try request.encoded())]) == .queued }
        return try dealer.receive().map { try Reply.decode(Data($0[0])) }
    }
}
