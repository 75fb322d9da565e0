import Experiments
import Messages
import Pages

/// A connection, as long as the server lives.
package typealias ConnectionID = Int

/// No connection has this number.
private let nobody: ConnectionID = 0

/// What the dashboard answers, as a value: requests and finished jobs come in, effects go out. The server's loop performs
/// them.
///
/// There is no way from a path to a file: pages come from the ledger by their keys.
struct Site {
    typealias Instant = ContinuousClock.Instant

    enum Effect {
        case respond(ConnectionID, HTTPResponse)
        /// Answers with events that go on.
        case stream(ConnectionID, HTTPResponse)
        case push([ConnectionID], [UInt8])
        case work(Job)
    }

    /// What takes a while, and is done on other threads.
    enum Job: Sendable {
        case look
        case make(RequestTarget, version: String)
        case metrics(ConnectionID)
        case command(CommandForm, ConnectionID, isForBrowser: Bool)
    }

    /// What comes of a job.
    enum Outcome: Sendable {
        case looked(Result<String, Refusal>)
        case made(RequestTarget, version: String, HTTPResponse)
        case measured(ConnectionID, HTTPResponse)
        case commanded(ConnectionID, HTTPResponse)
    }

    /// The most who may watch at a time.
    static let watcherLimit = 48
    private static let heartbeat = Duration.seconds(15)

    private let admission: Admission
    private var desk = PageDesk()
    private var watchers: Set<ConnectionID> = []
    private var beatsAt: Instant?

    init(_ admission: Admission) { self.admission = admission }

    // MARK: Requests

    /// Has the first page made, so that whoever opens it first does not wait until the store is read.
    mutating func begin(at now: Instant) -> [Effect] {
        perform(desk.ask(for: RequestTarget(path: "/"), by: nobody, at: now), at: now)
    }

    mutating func hear(_ request: HTTPRequest, from id: ConnectionID, at now: Instant) -> [Effect] {
        do throws(Refusal) {
            return try answer(request, from: id, at: now)
        } catch {
            return [.respond(id, HTTPResponse(error))]
        }
    }

    private mutating func answer(
        _ request: HTTPRequest, from id: ConnectionID, at now: Instant
    ) throws(Refusal) -> [Effect] {
        try admission.demandOwnSite(request)
        let path = request.target.path
        if path.hasPrefix("/commands/") {
            try demand([.post], of: request)
            try admission.demandLeave(request)
            let form = try CommandForm(String(path.dropFirst("/commands/".count)), request)
            let isForBrowser = request.fields["accept"]?.contains("text/html") ?? false
            return [.work(.command(form, id, isForBrowser: isForBrowser))]
        }
        try demand(path == "/events" ? [.get] : [.get, .head], of: request)
        if path == "/healthz" { return [.respond(id, HTTPResponse(.ok, "ok"))] }
        if let cookie = try admission.greet(request) { return [.respond(id, welcome(request.target, cookie))] }
        try admission.demandToken(request)
        switch path {
        case "/metrics": return [.work(.metrics(id))]
        case "/events": return try watch(id, at: now)
        case LiveScript.path: return [.respond(id, LiveScript.response(to: request.target))]
        default:
            // What no page reads makes no page of its own.
            let query = request.target.query.filter { StorePages.fields.contains($0.key) }
            return perform(desk.ask(for: RequestTarget(path: path, query: query), by: id, at: now), at: now)
        }
    }

    private func demand(_ methods: [HTTPRequest.Method], of request: HTTPRequest) throws(Refusal) {
        guard !methods.contains(request.method) else { return }
        throw Refusal(.methodNotAllowed, "\(request.method.rawValue) is not for this page.", allowed: methods)
    }

    /// The token leaves the address by a page and no redirection: of one that began at another site, as a mail program in the
    /// browser, the cookie would be kept and not sent.
    private func welcome(_ target: RequestTarget, _ cookie: HTTPResponse.Field) -> HTTPResponse {
        let next = RequestTarget(path: target.path, query: target.query.filter { $0.key != "token" }).description
        var response = ServerPage.leading(to: next, title: "Welcome", "The token is right.")
        response.add(cookie.name, cookie.value)
        return response
    }

    private mutating func watch(_ id: ConnectionID, at now: Instant) throws(Refusal) -> [Effect] {
        guard watchers.count < Self.watcherLimit else {
            throw Refusal(.unavailable, "As many watch as may at a time.")
        }
        watchers.insert(id)
        beatsAt = beatsAt ?? now + Self.heartbeat
        let first = "retry: 2000\n\n" + (desk.version.map(Self.event) ?? "")
        return [.stream(id, HTTPResponse(type: "text/event-stream", Array(first.utf8)))]
    }

    private static func event(_ version: String) -> String { "event: version\ndata: \(version)\n\n" }

    // MARK: What happens otherwise

    mutating func hear(_ outcome: Outcome, at now: Instant) -> [Effect] {
        switch outcome {
        case .looked(let result): return perform(desk.looked(result, at: now), at: now)
        case .made(let target, let version, let page):
            return perform(desk.made(target, version: version, page, at: now), at: now)
        case .measured(let id, let response): return [.respond(id, response)]
        case .commanded(let id, let response):
            desk.doubt()
            return [.respond(id, response)]
        }
    }

    mutating func leave(_ id: ConnectionID) {
        watchers.remove(id)
        if watchers.isEmpty { beatsAt = nil }
    }

    mutating func tick(at now: Instant) -> [Effect] {
        var effects = perform(desk.tick(at: now, isWatched: !watchers.isEmpty), at: now)
        if let due = beatsAt, due <= now {
            beatsAt = now + Self.heartbeat
            effects.append(.push(watchers.sorted(), Array(":\n\n".utf8)))
        }
        return effects
    }

    var wakesAt: Instant? {
        [desk.wakesAt(isWatched: !watchers.isEmpty), beatsAt].compactMap { $0 }.min()
    }

    private func perform(_ effects: [PageDesk.Effect], at now: Instant) -> [Effect] {
        effects.map { effect in
            switch effect {
            case .look: .work(.look)
            case .make(let target, let version): .work(.make(target, version: version))
            case .serve(let id, let response): .respond(id, response)
            case .tell(let version): .push(watchers.sorted(), Array(Self.event(version).utf8))
            }
        }
    }
}
