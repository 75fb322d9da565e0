import Experiments
import Files
import Foundation
import Messages
import TestKit
import Transport

/// A worker group that trains nothing: it says what a real one says, when a real one would.
final class FakeGroup: Pollable {
    private enum State: Equatable {
        case greeting
        case resting(until: Double)
        case asking
        case training(until: Double)
        case delivering
        case finishing
        case dismissed
    }

    private let id: WorkerID
    private let dealer: Dealer
    private let subscriber: Subscriber
    private let hello: [UInt8]
    private let ready: [UInt8]
    private let heartbeat: ClaimTemplate
    private let finished: ClaimTemplate
    private let secondsOfStage: Double
    private let asksAt: Double
    private var stagesLeft: Int
    private var state = State.greeting
    private var assigned: AssignedStage?
    private var head: (bytes: [UInt8], reference: ArtifactReference)?
    private var secondsOfHeartbeat = 5.0
    private var heartbeatAt = Double.infinity
    /// When it first said what it wants an answer to.
    private var saidAt = 0.0
    /// When it says that again.
    private var repeatAt = 0.0

    init(
        _ name: String, on host: String, in context: Context, at endpoint: Endpoint, secondsOfStage: Double,
        stages: Int, asksAt: Double
    ) throws {
        id = WorkerID(rawValue: name)
        stagesLeft = stages
        self.secondsOfStage = secondsOfStage
        self.asksAt = asksAt
        guard let companion = endpoint.companion else { throw CrowdError("\(endpoint) leaves no room for broadcasts") }
        dealer = try Dealer(in: context, to: endpoint, limits: MessageLimits(frameBytes: controlByteLimit))
        subscriber = try Subscriber(
            in: context, to: companion, limits: MessageLimits(frameBytes: broadcastByteLimit))
        let node = NodeSettings(ranks: 1, threads: 1, host: host, blasCore: "none")
        hello = Array(try FromWorker(.hello(version: protocolVersion, node: node), from: id).encoded())
        ready = Array(try FromWorker(.ready, from: id).encoded())
        heartbeat = try ClaimTemplate(id) { .heartbeat(claim: $0, progress: nil) }
        finished = try ClaimTemplate(id) { .finished(claim: $0, result: makeResult()) }
    }

    var waiting: Waiting { dealer.waiting }
    var isWelcome: Bool { state != .greeting }
    var isDone: Bool { state == .dismissed || stagesLeft == 0 }

    /// When it has something to say unasked.
    var dueAt: Double {
        switch state {
        case .greeting, .asking, .delivering, .finishing: min(repeatAt, heartbeatAt)
        case .resting(let until), .training(let until): min(until, heartbeatAt)
        case .dismissed: .infinity
        }
    }

    func begin(at now: Double) { state = .resting(until: now + asksAt) }

    func leave() throws {
        guard state != .dismissed, state != .greeting else { return }
        _ = try send(Array(try FromWorker(.goodbye, from: id).encoded()))
        state = .dismissed
    }

    // MARK: Speaking

    /// Seconds after which an answer is asked for again, as a real worker does.
    private static let patience = 5.0

    func act(at now: Double, _ seen: inout Seen) throws {
        if let assigned, heartbeatAt <= now {
            _ = try send(heartbeat.frame(assigned))
            heartbeatAt = now + secondsOfHeartbeat
        }
        switch state {
        case .greeting where repeatAt <= now: try ask(hello, at: now)
        case .resting(let until) where until <= now:
            state = .asking
            try ask(ready, at: now)
            saidAt = now
        case .training(let until) where until <= now: try deliver(at: now)
        case .asking where repeatAt <= now: try again(ready, at: now, &seen)
        case .delivering where repeatAt <= now:
            seen.repetitions += 1
            try deliver(at: now)
        case .finishing where repeatAt <= now:
            if let frame = try resultFrame() { try again(frame, at: now, &seen) }
        case .greeting, .resting, .asking, .training, .delivering, .finishing, .dismissed: break
        }
    }

    private func send(_ frame: [UInt8], _ bytes: [UInt8]? = nil) throws -> Bool {
        try dealer.send([frame] + (bytes.map { [$0] } ?? [])) == .queued
    }

    /// Says what needs an answer; soon again where nobody is connected yet.
    private func ask(_ frame: [UInt8], _ bytes: [UInt8]? = nil, at now: Double) throws {
        repeatAt = now + (try send(frame, bytes) ? Self.patience : 0.05)
    }

    private func again(_ frame: [UInt8], at now: Double, _ seen: inout Seen) throws {
        seen.repetitions += 1
        try ask(frame, at: now)
    }

    private func deliver(at now: Double) throws {
        guard let assigned else { return }
        guard assigned.hasHead else { return try finish(at: now) }
        let head = head ?? Self.makeHead(of: assigned)
        self.head = head
        state = .delivering
        let offer = FromWorker(.offer(claim: try assigned.claim(), artifact: head.reference), from: id)
        try ask(Array(try offer.encoded()), at: now)
    }

    private func finish(at now: Double) throws {
        guard let frame = try resultFrame() else { return }
        state = .finishing
        try ask(frame, at: now)
        saidAt = now
    }

    private func resultFrame() throws -> [UInt8]? {
        guard let assigned else { return nil }
        guard let head else { return finished.frame(assigned) }
        let result = makeResult(artifacts: [head.reference])
        return Array(try FromWorker(.finished(claim: try assigned.claim(), result: result), from: id).encoded())
    }

    /// A megabyte that no other stage yields.
    private static func makeHead(of stage: AssignedStage) -> (bytes: [UInt8], reference: ArtifactReference) {
        var bytes = [UInt8](repeating: 7, count: 1_000_000)
        bytes.replaceSubrange(0..<stage.key.count, with: stage.key)
        let id = ArtifactID(rawValue: Digest(of: bytes))
        return (bytes, ArtifactReference(id: id, kind: .head, byteCount: bytes.count))
    }

    // MARK: Hearing

    func hear(at now: Double, _ seen: inout Seen) throws {
        while let frames = try dealer.receive() {
            guard let frame = frames.first else { continue }
            if let stage = AssignedStage(frame) {
                take(stage, at: now, &seen)
            } else {
                try hear(try ToWorker.decode(Data(frame)), at: now, &seen)
            }
        }
    }

    private func take(_ stage: AssignedStage, at now: Double, _ seen: inout Seen) {
        guard state == .asking else { return }
        seen.handOuts.append(Float(1000 * (now - saidAt)))
        if let attempt = Int(stage.attempt.text), attempt > 1 {
            seen.again.append(
                Seen.Again(stage: stage.key.text, attempt: attempt, at: Date.now.timeIntervalSince1970))
        }
        assigned = stage
        heartbeatAt = now + secondsOfHeartbeat
        // Each takes its own time, from a half to one and a half: workers of equal stages would come together for ever once
        // something held them up.
        let share = Double(Int(stage.key.text.prefix(3), radix: 16) ?? 0) / 4096
        state = .training(until: now + secondsOfStage * (0.5 + share))
    }

    private func hear(_ message: ToWorker, at now: Double, _ seen: inout Seen) throws {
        switch message {
        case .welcome(let milliseconds):
            secondsOfHeartbeat = Double(milliseconds) / 1000
            if state == .greeting { state = .resting(until: .infinity) }
        case .turnedAway(let reason): throw CrowdError(reason)
        case .idle(let milliseconds):
            switch state {
            case .asking, .resting: state = .resting(until: now + Double(milliseconds) / 1000)
            case .greeting, .training, .delivering, .finishing, .dismissed: break
            }
        case .dismissed: state = .dismissed
        case .received(let artifact, let upTo): try upload(artifact, from: upTo, at: now)
        case .missing: try deliver(at: now)
        case .settled(_, let refusal): settle(refusal, at: now, &seen)
        case .stop: abandon(at: now)
        case .unknownWorker: _ = try send(hello)
        case .assign, .renewed, .chunk, .manifest, .unlisted: break
        }
    }

    private func upload(_ artifact: ArtifactID, from offset: Int, at now: Double) throws {
        guard let head, head.reference.id == artifact else { return }
        guard offset < head.bytes.count else {
            if state == .delivering { try finish(at: now) }
            return
        }
        state = .delivering
        let message = FromWorker(.upload(artifact: artifact, offset: offset), from: id)
        let end = min(head.bytes.count, offset + chunkByteLimit)
        try ask(Array(try message.encoded()), Array(head.bytes[offset..<end]), at: now)
    }

    private func settle(_ refusal: String?, at now: Double, _ seen: inout Seen) {
        guard state == .finishing else { return }
        seen.settle(refusal, hasHead: head != nil, saidAt: saidAt, at: now)
        stagesLeft -= 1
        abandon(at: now)
    }

    /// Asks for other work.
    private func abandon(at now: Double) {
        (assigned, head, heartbeatAt) = (nil, nil, .infinity)
        state = .resting(until: stagesLeft > 0 ? now : .infinity)
    }

    func hearBroadcasts(_ seen: inout Seen) throws {
        while let frames = try subscriber.receive() {
            seen.broadcasts += 1
            seen.broadcastBytes += frames.reduce(0) { $0 + $1.count }
        }
    }
}

struct CrowdError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
