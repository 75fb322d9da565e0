import Dispatch
import Experiments
import Files
import Foundation
import Logging
import Messages
import Training
import Transport

/// Rank 0's own thread for the coordinator: it owns the sockets, so that no training ever delays a heartbeat.
final class NetworkThread {
    private let hasEnded = DispatchSemaphore(value: 0)

    init(
        _ worker: WorkerID, settings: WorkerSettings, cache: WorkCache, mailbox: Mailbox, logger: Logger,
        shouldLeave: @escaping @Sendable () -> Bool
    ) {
        let thread = Thread { [hasEnded] in
            do {
                let link = try CoordinatorLink(
                    worker, settings: settings, cache: cache, mailbox: mailbox, logger: logger)
                let ending = try link.run(until: shouldLeave)
                // The main thread hangs and takes no orders. mpirun ends the other ranks once this one has.
                if case .failed(.stalled(let reason)) = ending {
                    FileHandle.standardError.write(Data("headstart: \(reason)\n".utf8))
                    _exit(1)
                }
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

/// The sockets of a worker and the loop over them: it tells the dialogue what happens and does what the dialogue wants.
private final class CoordinatorLink {
    private let dealer: Dealer
    private let subscriber: Subscriber?
    private let mailbox: Mailbox
    private let settings: WorkerSettings
    private let logger: Logger
    private let worker: WorkerID
    private let cache: WorkCache
    /// What the dialogue is to hear of the disk; its bell rings for it.
    private let disk: DiskQueue<DialogueEvent>
    private let diskBell: Bell
    private var dialogue: Dialogue
    private let start = ContinuousClock.now
    private var wakeAt = Duration.zero
    /// What the ranks of the group write.
    private var output = OutputTail()
    private var obituary = Obituary(Predecessor.own)
    /// When a training that was to stop must have done so.
    private var stopDue: Duration?
    private var ending: Ending?

    init(
        _ worker: WorkerID, settings: WorkerSettings, cache: WorkCache, mailbox: Mailbox, logger: Logger
    ) throws(TransportError) {
        let context = try Context()
        let (endpoint, credentials) = (settings.coordinator, settings.credentials)
        dealer = try Dealer(
            in: context, to: endpoint,
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
        let bell = try Bell()
        diskBell = bell
        disk = DiskQueue("headstart.disk") { bell.ring() }
        dialogue = Dialogue(settings: settings)
    }

    /// - Returns: how the worker's life ended.
    func run(until shouldLeave: () -> Bool) throws(TransportError) -> Ending? {
        var sources: [any Pollable] = [dealer, mailbox.bell, diskBell]
        if let subscriber { sources.append(subscriber) }
        while !dialogue.hasEnded {
            let wait = min(max(.zero, wakeAt - now), longestWait)
            _ = try poll(sources, timeoutMilliseconds: Int(wait / .milliseconds(1)))
            try hearCoordinator()
            diskBell.silence()
            for event in disk.takeOutcomes() { try tell(event) }
            // Taken before the report that ends the stage, of which it is the rest.
            let reports = mailbox.takeReports()
            if let curve = mailbox.takeCurve() { try tell(.drew(curve)) }
            for report in reports {
                if report.isLast { stopDue = nil }
                try tell(.report(report))
            }
            for line in output.next() { try tell(.said(line)) }
            let (hasWorked, progress) = mailbox.takeProgress()
            if hasWorked { try tell(.worked(progress)) }
            if shouldLeave() { try tell(.leave) }
            try checkAdmission()
            try tell(.tick)
            try tellOfPredecessor()
            killIfStuck()
        }
        return ending
    }

    private var now: Duration { start.duration(to: .now) }

    /// Tells the dialogue of an event, and of those that its effects lead to.
    private func tell(_ event: DialogueEvent) throws(TransportError) {
        var events = [event]
        while !events.isEmpty {
            for effect in dialogue.handle(events.removeFirst(), at: now) {
                if let answer = try perform(effect) { events.append(answer) }
            }
        }
    }

    private func hearCoordinator() throws(TransportError) {
        while let frames = try received({ () throws(TransportError) in try dealer.receive() }) {
            if let message = decoded(ToWorker.self, frames) {
                if let goodbye = obituary?.hear(message) { try say(goodbye) }
                try tell(.message(message, bytes: frames.count > 1 ? frames[1] : []))
            }
        }
        while let frames = try received({ () throws(TransportError) in try subscriber?.receive() }) {
            switch decoded(Broadcast.self, frames) {
            case .published(let artifact): keep(frames.count > 1 ? frames[1] : [], as: artifact)
            case .ended(let stage): if dialogue.assignment?.stage != stage { forget(stage) }
            case nil: break
            }
        }
    }

    /// Broadcasts save a question, no more: whoever misses them loses nothing.
    private func keep(_ bytes: [UInt8], as artifact: ArtifactReference) {
        disk.perform { [cache, logger] in
            do throws(FileError) {
                guard bytes.count == artifact.byteCount, try cache.add(bytes, as: artifact) else {
                    logger.warning("a published artifact was damaged", metadata: ["artifact.id": "\(artifact.id)"])
                    return nil
                }
                logger.debug("an artifact was published", metadata: ["artifact.id": "\(artifact.id)"])
                return .stands(artifact.id, .complete)
            } catch {
                logger.warning("a published artifact cannot be kept", metadata: ["error": "\(error)"])
                return nil
            }
        }
    }

    private func forget(_ stage: StageKey) {
        disk.perform { [cache, logger] in
            do throws(FileError) {
                try cache.forget(stage)
            } catch {
                logger.warning("a checkpoint cannot be removed", metadata: ["error": "\(error)"])
            }
            return nil
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
    private func checkAdmission() throws(TransportError) {
        guard !dialogue.hasHeard else { return }
        switch try dealer.connection() {
        case .keyRefused: try tell(.refused(.keyRefused(settings.coordinator)))
        case .keysDoNotFit: try tell(.doubted(.keysDoNotFit(settings.coordinator)))
        case .connecting, .connected: break
        }
    }

    private func tellOfPredecessor() throws(TransportError) {
        guard dialogue.isWelcome, let word = obituary?.next(at: now) else { return }
        try say(word)
    }

    /// What gets lost is said again, or is waited for no longer than a lease.
    private func say(_ message: FromWorker) throws(TransportError) {
        var frame: [UInt8] = []
        do throws(MessageError) {
            frame = [UInt8](try message.encoded())
        } catch {
            return logger.error("a message could not be sent", metadata: ["error": "\(error)"])
        }
        _ = try dealer.send([frame])
    }

    /// A main thread that hangs does not hear that it is to stop.
    private func killIfStuck() {
        guard let stopDue, now > stopDue else { return }
        logger.error("the group does not stop, and is killed", metadata: ["worker.id": "\(worker)"])
        OwnGroup.kill()
    }

    // MARK: Effects

    /// - Returns: what the dialogue is to hear of it.
    private func perform(_ effect: DialogueEffect) throws(TransportError) -> DialogueEvent? {
        switch effect {
        case .send(let message): return try send(message)
        case .find(let source): disk.perform { .found(source.content, source.finding()) }
        case .resume(let file):
            find(file) { cache throws(FileError) in try cache.resume(file) }
        case .store(let bytes, let file, let offset):
            find(file) { cache throws(FileError) in try cache.receive(bytes, of: file, at: offset) }
        case .train(let assignment, let provisions):
            Holding(worker: worker, claim: assignment.claim).announce()
            stopDue = nil
            mailbox.give(.train(assignment, provisions))
        case .forget(let stage): forget(stage)
        case .stopTraining:
            mailbox.stopTraining()
            stopDue = stopDue ?? now + settings.patience.leaving
        case .end(let ending):
            self.ending = ending
            mailbox.give(.end(ending))
        case .log(let level, let sentence, let metadata):
            logger.log(
                level: level.forLogger, "\(sentence)", metadata: metadata.mapValues { .string($0) })
        case .wakeAt(let time): wakeAt = time
        }
        return nil
    }

    /// Lets the dialogue hear how a file stands once the disk has said so.
    private func find(
        _ file: WantedFile, _ body: @escaping @Sendable (WorkCache) throws(FileError) -> ContentStore.Reception
    ) {
        disk.perform { [cache] in
            do throws(FileError) {
                return .stands(file.id, try body(cache))
            } catch {
                return .diskFailed(cache.failure(error))
            }
        }
    }

    /// A training may take days, a result may wait for its coordinator for hours, and a slow network for the next bytes of a
    /// file; the cache is bounded, and others of this host wait for that file.
    private func keepFiles() {
        switch dialogue.phase {
        case .delivering(let parcel):
            for item in parcel.items { cache.noteUse(of: item.artifact.id) }
        case .fetching(let download):
            // Also while what came is stored and compared.
            if let next = download.next { cache.artifacts.keepClaim(on: next.id.rawValue) }
        case .training(let training): training.files.forEach(cache.noteUse(of:))
        case .reporting, nil: break
        }
    }

    private func send(_ message: FromWorker.Body) throws(TransportError) -> DialogueEvent? {
        var frames: [[UInt8]] = []
        do throws(MessageError) {
            frames = [[UInt8](try FromWorker(message, from: worker).encoded())]
        } catch {
            logger.error("a message could not be sent", metadata: ["error": "\(error)"])
            return .unencodable(message, reason: "\(error)")
        }
        if case .heartbeat = message { keepFiles() }
        if case .upload(let artifact, let offset) = message {
            do throws(FileError) {
                guard let bytes = try cache.artifacts.read(artifact.rawValue, offset: offset, count: chunkByteLimit)
                else {
                    let path = cache.artifacts.path(of: artifact.rawValue)
                    return .diskFailed(StageFailure(.node, "\(path): is gone, or was changed"))
                }
                frames.append(bytes)
            } catch {
                return .diskFailed(cache.failure(error))
            }
        }
        return try dealer.send(frames) == .queued ? nil : .unsent(message)
    }
}

/// Signals and progress have no bell.
private let longestWait = Duration.milliseconds(50)

extension DialogueEffect.Level {
    fileprivate var forLogger: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warning: .warning
        }
    }
}

extension InputSource {
    /// Whether its directory has its files. They are read for it, once in the life of the process while nobody writes to
    /// them.
    func finding() -> Finding {
        do {
            return .here(try manifest())
        } catch InputSourceError.different {
            return .different(reason: "\(InputSourceError.different(self))")
        } catch {
            return .absent(reason: "\(error)")
        }
    }
}

extension Report {
    /// Whether the training is over with it.
    fileprivate var isLast: Bool {
        switch self {
        case .trained, .failed: true
        case .evaluated, .noted: false
        }
    }
}
