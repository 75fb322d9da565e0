/// Which pages are there, which are being made, and who waits for one: a value, so that what happens when many ask at once
/// can be tested without a clock.
///
/// Invariants: 1. a page is made once at a time, however many ask for it; 2. one look at the store's version at a time, and
/// at most one a second; 3. whoever asks for a page of which a copy is there has an answer within `patience`, however long a
/// look or a new copy takes.
package struct PageDesk {
    package typealias Instant = ContinuousClock.Instant

    package enum Effect: Equatable {
        /// See what version the store has; `looked` is to be told.
        case look
        /// Make a page; `made` is to be told.
        case make(RequestTarget, version: String)
        case serve(ConnectionID, HTTPResponse)
        /// Those who watch are to know of this version.
        case tell(version: String)
    }

    private struct Copy {
        let version: String
        let response: HTTPResponse
        var usedAt: Instant
    }

    private struct Asker {
        let id: ConnectionID
        let since: Instant
    }

    /// How long a look holds.
    package static let freshness = Duration.seconds(1)
    /// How long somebody waits before an older copy will do.
    package static let patience = Duration.milliseconds(700)
    /// How long somebody waits where there is none.
    package static let longestWait = Duration.seconds(30)

    package private(set) var version: String?
    private var lookedAt: Instant?
    private var isLooking = false
    private var copies: [RequestTarget: Copy] = [:]
    private var beingMade: Set<RequestTarget> = []
    private var waiting: [RequestTarget: [Asker]] = [:]
    private let byteLimit: Int

    /// - Parameter byteLimit: what all copies may have together.
    package init(byteLimit: Int = 64 << 20) { self.byteLimit = byteLimit }

    package mutating func ask(for target: RequestTarget, by asker: ConnectionID, at now: Instant) -> [Effect] {
        waiting[target, default: []].append(Asker(id: asker, since: now))
        return advance(target, at: now)
    }

    /// - Parameter outcome: why the store cannot be looked at, where it cannot.
    package mutating func looked(_ outcome: Result<String, Refusal>, at now: Instant) -> [Effect] {
        isLooking = false
        lookedAt = now
        switch outcome {
        case .success(let seen):
            let isNew = version != seen
            version = seen
            return (isNew ? [.tell(version: seen)] : []) + waiting.keys.flatMap { advance($0, at: now) }
        case .failure(let refusal):
            version = nil
            return waiting.keys.flatMap { serve(HTTPResponse(refusal), to: $0) }
        }
    }

    /// - Parameter version: what `make` had.
    package mutating func made(
        _ target: RequestTarget, version: String, _ response: HTTPResponse, at now: Instant
    ) -> [Effect] {
        beingMade.remove(target)
        if response.status == .ok { keep(Copy(version: version, response: response, usedAt: now), of: target) }
        return serve(response, to: target)
    }

    /// What was seen last may be out of date: somebody has changed something.
    package mutating func doubt() { lookedAt = nil }

    /// - Parameter isWatched: whether anybody wants to be told of changes.
    package mutating func tick(at now: Instant, isWatched: Bool) -> [Effect] {
        var effects = isWatched && !isFresh(at: now) ? look() : []
        for (target, askers) in waiting {
            if let copy = copies[target], askers.contains(where: { $0.since + Self.patience <= now }) {
                effects += serve(copy.response, to: target)
            } else if askers.contains(where: { $0.since + Self.longestWait <= now }) {
                let refusal = Refusal(.unavailable, "The page takes long to make; ask again in a while.")
                effects += serve(HTTPResponse(refusal), to: target)
            }
        }
        return effects
    }

    /// When `tick` has something to do again.
    package func wakesAt(isWatched: Bool) -> Instant? {
        let ends = waiting.flatMap { target, askers in
            askers.map { $0.since + (copies[target] == nil ? Self.longestWait : Self.patience) }
        }
        // A look that is due is begun by the tick itself, so only one that is under way leaves no time.
        let look = isWatched && !isLooking ? lookedAt.map { $0 + Self.freshness } : nil
        return (ends + [look].compactMap { $0 }).min()
    }

    // MARK: Steps

    private func isFresh(at now: Instant) -> Bool { lookedAt.map { $0 + Self.freshness > now } ?? false }

    private mutating func look() -> [Effect] {
        guard !isLooking else { return [] }
        isLooking = true
        return [.look]
    }

    private mutating func advance(_ target: RequestTarget, at now: Instant) -> [Effect] {
        guard let version, isFresh(at: now) else { return look() }
        if let copy = copies[target], copy.version == version {
            copies[target]?.usedAt = now
            return serve(copy.response, to: target)
        }
        return beingMade.insert(target).inserted ? [.make(target, version: version)] : []
    }

    private mutating func serve(_ response: HTTPResponse, to target: RequestTarget) -> [Effect] {
        (waiting.removeValue(forKey: target) ?? []).map { .serve($0.id, response) }
    }

    private mutating func keep(_ copy: Copy, of target: RequestTarget) {
        copies[target] = copy
        while copies.count > 1, copies.values.reduce(0, { $0 + $1.response.body.count }) > byteLimit,
            let oldest = copies.filter({ $0.key != target }).min(by: { $0.value.usedAt < $1.value.usedAt })
        {
            copies[oldest.key] = nil
        }
    }
}
