import Dispatch
import Experiments
import Foundation
import Logging
import Messages
import Transport

/// Rank 0's own thread for the coordinator: it owns the sockets, so that no training ever delays a heartbeat.
final class NetworkThread {
    private let hasEnded = DispatchSemaphore(value: 0)

    init(
        _ worker: WorkerID, settings: WorkerSettings, cache: ArtifactCache, mailbox: Mailbox, logger: Logger,
        shouldLeave: @escaping @Sendable () -> Bool
    ) {
        let thread = Thread { [hasEnded] in
            do {
                let line = try Line(worker, settings: settings, cache: cache, mailbox: mailbox, logger: logger)
                try line.run(until: shouldLeave)
            } catch {
                mailbox.stopTraining()
                mailbox.give(.end(.failed(.network("\(error)"))))
            }
            hasEnded.signal()
        }
        thread.name = "network"
        thread.start()
    }

    /// Waits until the last message has left and the sockets are closed.
    func join() { hasEnded.wait() }
}

/// The sockets of a worker and the loop over them.
private final class Line: DialogueOutlet {
    private let dealer: Dealer
    private let subscriber: Subscriber?
    private let mailbox: Mailbox
    private let settings: WorkerSettings
    private let logger: Logger
    private let worker: WorkerID
    private let cache: ArtifactCache

    init(
        _ worker: WorkerID, settings: WorkerSettings, cache: ArtifactCache, mailbox: Mailbox, logger: Logger
    ) throws(TransportError) {
        let context = try Context()
        let (endpoint, credentials) = (settings.coordinator, settings.credentials)
        dealer = try Dealer(
            in: context, identity: worker.rawValue, to: endpoint,
            limits: MessageLimits(frameBytes: max(controlByteLimit, chunkByteLimit), frames: 2),
            credentials: credentials)
        subscriber =
            if let companion = endpoint.companion {
                try Subscriber(
                    in: context, to: companion, limits: MessageLimits(frameBytes: broadcastByteLimit, frames: 2),
                    credentials: credentials)
            } else { nil }
        self.mailbox = mailbox
        self.settings = settings
        self.logger = logger
        self.worker = worker
        self.cache = cache
    }

    func run(until shouldLeave: () -> Bool) throws(TransportError) {
        let dialogue = Dialogue(
            worker, settings: settings, cache: cache, logger: logger, outlet: self, now: .now)
        var sources: [any Pollable] = [dealer, mailbox.bell]
        if let subscriber { sources.append(subscriber) }
        while !dialogue.hasEnded {
            _ = try poll(sources, timeoutMilliseconds: 50)
            try hearCoordinator(dialogue)
            for report in mailbox.takeReports() { dialogue.hear(report, at: .now) }
            dialogue.progress = mailbox.progress
            if shouldLeave() { dialogue.leave(at: .now) }
            try checkAdmission(dialogue)
            if !dialogue.hasEnded { dialogue.tick(at: .now) }
        }
    }

    private func hearCoordinator(_ dialogue: Dialogue) throws(TransportError) {
        while let frames = try received({ () throws(TransportError) in try dealer.receive() }) {
            if let message = decoded(ToWorker.self, frames) {
                dialogue.hear(message, bytes: frames.count > 1 ? frames[1] : nil, at: .now)
                dialogue.tick(at: .now)
            }
        }
        while let frames = try received({ () throws(TransportError) in try subscriber?.receive() }) {
            if let broadcast = decoded(Broadcast.self, frames) {
                dialogue.hear(broadcast, bytes: frames.count > 1 ? frames[1] : nil, at: .now)
            }
        }
    }

    /// - Returns: nil when nothing waits; no frames in place of a message of too many.
    private func received(
        _ receive: () throws(TransportError) -> [[UInt8]]?
    ) throws(TransportError) -> [[UInt8]]? {
        do throws(TransportError) {
            return try receive()
        } catch .tooManyFrames {
            return []
        }
    }

    private func decoded<Message: WireMessage>(_ type: Message.Type, _ frames: [[UInt8]]) -> Message? {
        do throws(MessageError) {
            return try Message.decode(Data(frames.first ?? []))
        } catch {
            logger.warning("a message was dropped", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// A worker that was never let in does not wait for a change of mind.
    private func checkAdmission(_ dialogue: Dialogue) throws(TransportError) {
        guard !dialogue.hasHeard else { return }
        switch try dealer.connection() {
        case .keyRefused: dialogue.end(.failed(.keyRefused(settings.coordinator)))
        case .keysDoNotFit: dialogue.silence = .keysDoNotFit(settings.coordinator)
        case .connecting, .connected: break
        }
    }

    // MARK: DialogueOutlet

    func say(_ message: FromWorker.Body, _ bytes: [UInt8]?) -> Bool {
        do {
            let frames = [[UInt8](try FromWorker(message, from: worker).encoded())] + (bytes.map { [$0] } ?? [])
            return try dealer.send(frames) == .queued
        } catch {
            logger.error("a message could not be sent", metadata: ["error": "\(error)"])
            return false
        }
    }

    func give(_ order: Order) { mailbox.give(order) }
    func stopTraining() { mailbox.stopTraining() }
}
