import Experiments
import Foundation
import Messages
import TestKit
import Testing
import Transport

/// A worker that says what the test tells it to.
final class FakeWorker {
    let id: WorkerID
    private let dealer: Dealer
    private let subscriber: Subscriber
    private var unread: [Heard] = []

    struct Heard {
        let message: ToWorker
        let bytes: [UInt8]?
    }

    struct Silence: Error, CustomStringConvertible {
        let description: String
    }

    init(_ name: String, at endpoint: Endpoint, credentials: Credentials? = nil) throws {
        id = WorkerID(rawValue: credentials?.own.publicKey.owned(name) ?? name)
        let context = try Context()
        dealer = try Dealer(
            in: context, to: endpoint, limits: MessageLimits(frameBytes: 1 << 20), credentials: credentials)
        guard let companion = endpoint.companion else { throw Silence(description: "no companion of \(endpoint)") }
        subscriber = try Subscriber(
            in: context, to: companion, limits: MessageLimits(frameBytes: 1 << 26), credentials: credentials)
    }

    func say(_ message: FromWorker, _ bytes: [UInt8]? = nil) throws {
        try send([Array(try message.encoded())] + (bytes.map { [$0] } ?? []))
    }

    /// Sends frames of any content once the coordinator is there.
    func send(_ frames: [[UInt8]]) throws {
        _ = try wait("nobody took a message") { try self.dealer.send(frames) == .queued ? true : nil }
    }

    /// Says something every second until the answer sought comes, as heartbeats are said: what goes into the connection
    /// to a coordinator that has just died is lost.
    func insist(_ message: FromWorker, on isSought: (ToWorker) -> Bool) throws {
        var last = ContinuousClock.now
        try say(message)
        _ = try wait("no such answer; heard \(unread.map(\.message))") {
            if last.duration(to: .now) > .seconds(1) {
                try say(message)
                last = .now
            }
            return try next(isSought)
        }
    }

    /// Says something and waits for the answer sought; what else comes is kept for later.
    @discardableResult
    func ask(_ message: FromWorker, _ bytes: [UInt8]? = nil, for isSought: (ToWorker) -> Bool) throws -> Heard {
        try say(message, bytes)
        return try hear(isSought)
    }

    @discardableResult
    func hear(_ isSought: (ToWorker) -> Bool) throws -> Heard {
        try wait("no such answer; heard \(unread.map(\.message))") { try next(isSought) }
    }

    /// How many messages of a kind have come and were not asked for yet.
    func count(_ isMeant: (ToWorker) -> Bool) throws -> Int {
        _ = try next { _ in false }
        return unread.count { isMeant($0.message) }
    }

    /// What was sought, where it is there.
    private func next(_ isSought: (ToWorker) -> Bool) throws -> Heard? {
        while let frames = try dealer.receive() {
            let message = try ToWorker.decode(Data(frames[0]))
            unread.append(Heard(message: message, bytes: frames.dropFirst().first))
        }
        guard let index = unread.firstIndex(where: { isSought($0.message) }) else { return nil }
        return unread.remove(at: index)
    }

    /// The next artifact that is published.
    func hearPublication(withinMilliseconds limit: Int) throws -> (Broadcast, [UInt8])? {
        while try poll([subscriber], timeoutMilliseconds: limit)[0], let frames = try subscriber.receive() {
            if frames.count == 2 { return (try Broadcast.decode(Data(frames[0])), frames[1]) }
        }
        return nil
    }

    // MARK: Steps of the protocol

    func greet() throws {
        let node = NodeSettings(ranks: 1, threads: 1, host: "here", blasCore: "generic")
        try ask(FromWorker(.hello(version: protocolVersion, node: node), from: id)) {
            if case .welcome = $0 { true } else { false }
        }
    }

    func getAssignment() throws -> Assignment {
        let answer = try ask(FromWorker(.ready, from: id)) { if case .assign = $0 { true } else { false } }
        guard case .assign(let assignment) = answer.message else { throw Silence(description: "not an assignment") }
        return assignment
    }

    /// Uploads from where the coordinator stands, chunk by chunk.
    func deliver(_ bytes: [UInt8], as artifact: ArtifactReference, of assignment: Assignment) throws {
        var message = FromWorker(.offer(claim: assignment.claim, artifact: artifact), from: id)
        var chunk: [UInt8]?
        while true {
            let answer = try ask(message, chunk) { if case .received = $0 { true } else { false } }
            guard case .received(_, let upTo) = answer.message, upTo < bytes.count else { return }
            message = FromWorker(.upload(artifact: artifact.id, offset: upTo), from: id)
            chunk = Array(bytes[upTo..<min(bytes.count, upTo + chunkByteLimit)])
        }
    }

    func finish(_ assignment: Assignment, with artifacts: [ArtifactReference]) throws -> String? {
        let message = FromWorker(.finished(claim: assignment.claim, result: makeResult(artifacts: artifacts)), from: id)
        let answer = try ask(message) { if case .settled = $0 { true } else { false } }
        guard case .settled(_, let refusal) = answer.message else { throw Silence(description: "not settled") }
        return refusal
    }

    /// Greets, and does the first stage of a plan, which yields a head.
    func finishFirst(yielding head: (bytes: [UInt8], reference: ArtifactReference)) throws {
        try greet()
        let first = try getAssignment()
        #expect(first.planned.label == "eh-ft/1")
        try deliver(head.bytes, as: head.reference, of: first)
        #expect(try finish(first, with: [head.reference]) == nil)
    }

    private func wait<Value>(_ complaint: @autoclosure () -> String, for value: () throws -> Value?) throws -> Value {
        if let value = try eventually(value) { return value }
        throw Silence(description: "\(id): \(complaint())")
    }
}
