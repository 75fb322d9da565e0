import Files
import Foundation
import Synchronization
import Transport

/// The thread that has all connections: it waits, reads what came, lets the site decide, and writes what the clients take.
/// A client that is slow has its own buffer and its own deadline, and nobody waits for it; what takes a while is done by
/// `Backstage` on two other threads, one for pages and one for the rest.
final class ServerLoop {
    private let listener: Listener
    private let bell: Bell
    private let isOver: @Sendable () -> Bool
    private let backstage: Backstage
    private var site: Site
    private var clients: [ConnectionID: Client] = [:]
    private var lastID = 0
    /// Until when no connection is taken, after one could not be.
    private var acceptsAgainAt: ContinuousClock.Instant?
    private let pageJobs: DiskQueue<Site.Outcome>
    private let otherJobs: DiskQueue<Site.Outcome>

    private struct Client {
        let descriptor: Int32
        var conversation: Conversation
    }

    /// The most connections at a time.
    private static let connectionLimit = 128
    private static let longestWaitMilliseconds: Int64 = 5_000

    /// - Parameters:
    ///   - bell: wakes the loop, for finished jobs and for its end.
    ///   - isOver: whether it is to end.
    init(
        _ listener: Listener, _ admission: Admission, _ backstage: Backstage, _ bell: Bell,
        until isOver: @escaping @Sendable () -> Bool
    ) {
        self.listener = listener
        self.bell = bell
        self.isOver = isOver
        self.backstage = backstage
        site = Site(admission)
        pageJobs = DiskQueue("dashboard pages") { bell.ring() }
        otherJobs = DiskQueue("dashboard") { bell.ring() }
    }

    deinit {
        listener.stop()
        for client in clients.values { close(client.descriptor) }
    }

    func run() {
        perform(site.begin(at: .now))
        while !isOver() {
            let ready = wait()
            bell.silence()
            let now = ContinuousClock.now
            for outcome in pageJobs.takeOutcomes() + otherJobs.takeOutcomes() { perform(site.hear(outcome, at: now)) }
            for (id, events) in ready { serve(id, events) }
            for (id, client) in clients where client.conversation.deadline.map({ $0 <= now }) ?? false {
                clients[id]?.conversation.expire(at: now, date: Date())
            }
            perform(site.tick(at: now))
            for (id, client) in clients where client.conversation.unsent != nil { write(to: id) }
            accept()
            for (id, client) in clients where client.conversation.phase == .over { drop(id) }
        }
    }

    // MARK: Waiting

    /// - Returns: the connections on which something happens.
    private func wait() -> [(ConnectionID, Int16)] {
        let canAccept = acceptsAgainAt.map { $0 <= .now } ?? true
        if canAccept { acceptsAgainAt = nil }
        var items = [
            pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: canAccept ? listener.descriptor : -1, events: Int16(POLLIN), revents: 0),
        ]
        let order = Array(clients)
        for (_, client) in order {
            let conversation = client.conversation
            var events = conversation.phase == .streaming ? hangUp : 0
            if conversation.wantsToRead { events |= Int16(POLLIN) }
            if conversation.unsent != nil { events |= Int16(POLLOUT) }
            items.append(pollfd(fd: client.descriptor, events: events, revents: 0))
        }
        guard poll(&items, nfds_t(items.count), timeout()) > 0 else { return [] }
        return zip(order, items.dropFirst(2)).compactMap { client, item in
            item.revents == 0 ? nil : (client.key, item.revents)
        }
    }

    private func timeout() -> Int32 {
        let next = (clients.values.map(\.conversation.deadline) + [site.wakesAt, acceptsAgainAt]).compactMap { $0 }
            .min()
        guard let next else { return Int32(Self.longestWaitMilliseconds) }
        let rest = ContinuousClock.now.duration(to: next).components
        // Rounded up, so that it is over when the loop looks.
        let milliseconds = rest.seconds * 1000 + rest.attoseconds / 1_000_000_000_000_000 + 1
        return Int32(max(0, min(milliseconds, Self.longestWaitMilliseconds)))
    }

    // MARK: Connections

    private func accept() {
        while acceptsAgainAt == nil, let descriptor = listener.accept() {
            if clients.count >= Self.connectionLimit { makeRoom() }
            guard clients.count < Self.connectionLimit else { return turnAway(descriptor) }
            lastID += 1
            clients[lastID] = Client(descriptor: descriptor, conversation: Conversation(at: .now))
        }
        // No files left: who waits goes on waiting, and the loop does not spin meanwhile.
        if errno == EMFILE || errno == ENFILE { acceptsAgainAt = .now + .seconds(1) }
    }

    /// Lets the connection go that has lain idle longest.
    private func makeRoom() {
        let idle = clients.filter(\.value.conversation.isIdle)
        if let oldest = idle.min(by: { $0.key < $1.key }) { drop(oldest.key) }
    }

    private func turnAway(_ descriptor: Int32) {
        let response = HTTPResponse(Refusal(.unavailable, "Too many connections; ask again in a while."))
        let bytes = response.head(length: response.body.count, keepsConnection: false, at: Date()) + response.body
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        close(descriptor)
    }

    private func drop(_ id: ConnectionID) {
        guard let client = clients.removeValue(forKey: id) else { return }
        close(client.descriptor)
        site.leave(id)
    }

    private func serve(_ id: ConnectionID, _ events: Int16) {
        if events & Int16(POLLERR | POLLNVAL) != 0 { return drop(id) }
        guard let phase = clients[id]?.conversation.phase else { return }
        if phase == .streaming, events & (hangUp | Int16(POLLHUP)) != 0 { return drop(id) }
        if events & Int16(POLLIN | POLLHUP) != 0 { read(from: id) }
    }

    private func read(from id: ConnectionID) {
        guard let client = clients[id] else { return }
        var (received, reason) = (0, Int32(0))
        let bytes = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
            received = recv(client.descriptor, buffer.baseAddress, buffer.count, 0)
            reason = errno
            count = max(0, received)
        }
        guard received > 0 else {
            // Nothing more will come, or nothing is there yet.
            let isThere = received < 0 && (reason == EAGAIN || reason == EINTR)
            if !isThere || client.conversation.phase == .parting { drop(id) }
            return
        }
        hear(clients[id]?.conversation.receive(bytes, at: .now, date: Date()), from: id)
    }

    /// Writes what the client takes now, and answers what it has asked meanwhile: nothing else writes, so that many requests
    /// at once are a loop and no recursion.
    private func write(to id: ConnectionID) {
        while let client = clients[id], let piece = client.conversation.unsent {
            let count = piece.withUnsafeBytes { bytes in
                send(client.descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                if errno != EAGAIN && errno != EINTR { drop(id) }
                return
            }
            hear(clients[id]?.conversation.sent(count, at: .now, date: Date()), from: id)
            if clients[id]?.conversation.phase == .parting { shutdown(client.descriptor, Int32(SHUT_WR)) }
        }
    }

    // MARK: The site

    private func hear(_ request: HTTPRequest?, from id: ConnectionID) {
        guard let request else { return }
        perform(site.hear(request, from: id, at: .now))
    }

    private func perform(_ effects: [Site.Effect]) {
        for effect in effects {
            switch effect {
            case .respond(let id, let response):
                clients[id]?.conversation.answer(response, at: .now, date: Date())
            case .stream(let id, let response):
                clients[id]?.conversation.stream(response, at: .now, date: Date())
            case .push(let ids, let bytes):
                for id in ids { clients[id]?.conversation.push(bytes, at: .now) }
            case .work(let job):
                let queue = if case .make = job { pageJobs } else { otherJobs }
                queue.perform { [backstage] in backstage.perform(job) }
            }
        }
    }
}

/// POLLRDHUP: the client has closed its side.
private let hangUp: Int16 = 0x2000
