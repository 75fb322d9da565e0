package import Foundation

/// One connection, as a value: what has come of a request, what is still to go of an answer, and until when.
///
///     reading ──a request is whole──▶ answering ──its answer──▶ writing ──all is out──▶ reading, or parting
///        │                               └──────an event stream──▶ streaming
///        └── what cannot be understood, or takes too long ──▶ writing the refusal ──▶ parting ──▶ over
package struct Conversation {
    package enum Phase: Equatable {
        case reading
        /// A request was handed on; nothing more is read until it is answered.
        case answering
        case writing
        /// Events go out as they come, until one of the two leaves.
        case streaming
        /// The answer is out. What still comes is thrown away: closing on unread bytes could take the answer with it.
        case parting
        case over
    }

    package typealias Instant = ContinuousClock.Instant

    package private(set) var phase = Phase.reading
    /// When it has taken too long; nil while that is not this client's doing.
    package private(set) var deadline: Instant?
    private var received: [UInt8] = []
    private var outgoing: [ArraySlice<UInt8>] = []
    private var keepsConnection = true
    private var wantsBody = true

    /// How long a client may take.
    package enum Patience {
        /// Between two requests.
        package static let idle = Duration.seconds(15)
        /// From a request's first byte to its last.
        package static let request = Duration.seconds(10)
        /// To take an answer, and a second more for every 32 KiB.
        package static let answer = Duration.seconds(20)
        package static let parting = Duration.seconds(1)
    }

    /// The most that may wait to be taken of an event stream.
    private static let streamBytes = 64 << 10

    package init(at now: Instant) { deadline = now + Patience.idle }

    /// Whether nothing was begun on it.
    var isIdle: Bool { phase == .reading && received.isEmpty }
    var wantsToRead: Bool { phase == .reading || phase == .parting }
    /// What is to be written next.
    package var unsent: ArraySlice<UInt8>? { outgoing.first }

    // MARK: In

    /// - Returns: a request that is whole now.
    package mutating func receive(_ bytes: some Collection<UInt8>, at now: Instant, date: Date) -> HTTPRequest? {
        guard phase == .reading else { return nil }
        if received.isEmpty { deadline = now + Patience.request }
        received += bytes
        return nextRequest(at: now, date: date)
    }

    private mutating func nextRequest(at now: Instant, date: Date) -> HTTPRequest? {
        do throws(Refusal) {
            guard let (request, byteCount) = try HTTPRequest.read(received) else { return nil }
            received.removeFirst(byteCount)
            phase = .answering
            deadline = nil
            keepsConnection = request.keepsConnection
            wantsBody = request.method != .head
            return request
        } catch {
            refuse(error, at: now, date: date)
            return nil
        }
    }

    // MARK: Out

    package mutating func answer(_ response: HTTPResponse, at now: Instant, date: Date) {
        guard phase == .answering else { return }
        let head = response.head(length: response.body.count, keepsConnection: keepsConnection, at: date)
        outgoing = [head[...]] + (wantsBody && !response.body.isEmpty ? [response.body[...]] : [])
        phase = .writing
        deadline = now + Patience.answer + .seconds(response.body.count >> 15)
    }

    private mutating func refuse(_ refusal: Refusal, at now: Instant, date: Date) {
        received = []
        keepsConnection = false
        wantsBody = true
        phase = .answering
        answer(HTTPResponse(refusal), at: now, date: date)
    }

    /// Answers with events.
    package mutating func stream(_ response: HTTPResponse, at now: Instant, date: Date) {
        guard phase == .answering else { return }
        keepsConnection = false
        outgoing = [response.head(length: nil, keepsConnection: false, at: date)[...], response.body[...]]
        phase = .streaming
        deadline = now + Patience.answer
    }

    /// Adds to the events; a client that does not take them is left.
    package mutating func push(_ bytes: [UInt8], at now: Instant) {
        guard phase == .streaming else { return }
        if outgoing.isEmpty { deadline = now + Patience.answer }
        outgoing.append(bytes[...])
        if outgoing.reduce(0, { $0 + $1.count }) > Self.streamBytes { phase = .over }
    }

    /// - Parameter count: bytes of `unsent` that were taken.
    /// - Returns: the next request, where the client has sent one already.
    package mutating func sent(_ count: Int, at now: Instant, date: Date) -> HTTPRequest? {
        guard let first = outgoing.first else { return nil }
        if count < first.count { outgoing[0] = first.dropFirst(count) } else { outgoing.removeFirst() }
        guard outgoing.isEmpty else { return nil }
        switch phase {
        case .writing where keepsConnection:
            phase = .reading
            deadline = now + (received.isEmpty ? Patience.idle : Patience.request)
            return received.isEmpty ? nil : nextRequest(at: now, date: date)
        case .writing:
            phase = .parting
            deadline = now + Patience.parting
        case .streaming: deadline = nil
        case .reading, .answering, .parting, .over: break
        }
        return nil
    }

    /// To be called when the deadline has passed.
    package mutating func expire(at now: Instant, date: Date) {
        guard let deadline, deadline <= now else { return }
        if phase == .reading, !received.isEmpty {
            return refuse(Refusal(.requestTimeout, "The request took too long to come."), at: now, date: date)
        }
        phase = .over
    }
}
