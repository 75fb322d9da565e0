import Experiments
import Ledger
import Reports

/// The hosts that worked while the sweep ran: what they do, did and lost, and when.
struct ClusterPage {
    private let view: SweepView
    private let hosts: [HostWork]
    private let attempts: [AttemptEntry]
    private static let mostLosses = 20

    init(_ view: SweepView) {
        self.view = view
        let own = view.plan.stages.flatMap { view.attempts(at: $0.key) }
        let begin = own.map(\.startedAt).min()
        let end = own.map { $0.endedAt ?? view.horizon }.max()
        // Other sweeps' stages kept the hosts busy, too.
        attempts = view.store.attempts.values.joined().filter { attempt in
            begin.map { (attempt.endedAt ?? view.horizon) >= $0 } ?? false
                && end.map { attempt.startedAt <= $0 } ?? false
        }.sorted { ($0.startedAt, $0.stage) < ($1.startedAt, $1.stage) }
        hosts = HostWork.hosts(attempts, view)
    }

    var main: HTML {
        """
        <h1>Cluster</h1>
        \(content)
        """
    }

    var content: HTML {
        guard !hosts.isEmpty else { return "<p>No worker has begun a stage of this sweep yet.</p>\(resting)" }
        return """
            \(tiles)
            \(resting)
            <h2>Hosts</h2>
            \(hostTable)
            \(running)
            <h2>Who did what when</h2>
            \(Timeline(hosts, until: view.horizon, view).html)
            \(losses)
            """
    }

    private var tiles: HTML {
        let hours = hosts.reduce(0) { $0 + $1.coreHours }
        let lost = hosts.reduce(0) { $0 + $1.lostCoreHours }
        let speed = view.report?.running.compactMap(\.progress?.tokensPerSecond).reduce(0, +)
        let figures =
            [
                ("\(hosts.count)", hosts.count == 1 ? "host" : "hosts"), (hours.shortFigure, "core hours"),
                (lost.shortFigure, "core hours came to nothing"),
            ]
            + (speed.map { [(decimals($0, 0), "tokens a second now")] } ?? [])
        return "<ul class=\"tiles\">\(figures.map { "<li><b>\($0.0)</b><span>\($0.1)</span></li>" as HTML })</ul>"
    }

    private var resting: HTML {
        let rests = (view.report?.resting ?? []).map { host in
            "\(host.host) rests for \(duration(seconds: host.seconds)), after \(counted(host.faults, "failure")) in a row: \(view.brief(host.reason))"
        }
        let drains = (view.report?.draining ?? []).map { "\($0) drains: its workers leave after what they do now." }
        return "\((rests + drains).map { "<p class=\"warn\">\($0)</p>" as HTML })"
    }

    private var hostTable: HTML {
        let rows = hosts.map { host in
            """
            <tr><th scope="row">\(host.name)</th><td class="n">\(host.lanes.count)</td><td class="n">\(host.shape)</td>\
            <td class="n">\(host.finished)</td><td class="n">\(host.lost.count)</td><td class="n">\(host.running)</td>\
            <td class="n">\(host.tokensPerSecond.map { decimals($0, 0) } ?? "–")</td><td class="n">\(host.coreHours.shortFigure)</td>\
            <td class="n">\(decimals(host.idleShare * 100, 0)) %</td></tr>

            """ as HTML
        }
        return table(
            caption:
                "Tokens a second: those of its finished stages by the time that they took, evaluations included; idle: its groups' time between stages",
            head([
                "host", "#groups", "#ranks × threads", "#finished", "#came to nothing", "#running", "#tokens/s",
                "#core hours", "#idle",
            ]),
            rows)
    }

    private var running: HTML {
        guard view.isWorkedOn else { return "" }
        let running = StatusListing(view.snapshot, view.report, isWorkedOn: true).running
        return running.isEmpty ? "" : "<h2>Running now</h2>\n\(RunningTable(running, view).html)"
    }

    private var losses: HTML {
        let lost = attempts.filter { $0.failure != nil }.sorted {
            $0.seconds(until: view.horizon) > $1.seconds(until: view.horizon)
        }
        guard !lost.isEmpty else { return "" }
        let rows = lost.prefix(Self.mostLosses).map { attempt -> HTML in
            let name = view.planned(attempt.stage).map { view.name($0) } ?? attempt.stage.short
            let failure = attempt.failure.map { "\($0.cause.rawValue): \(view.brief($0.message))" } ?? ""
            return """
                <tr><th scope="row"><a href="\(view.links.stage(attempt.stage))">\(name)</a></th><td>\(attempt.node.host)</td>\
                <td>\(moment(attempt.startedAt))</td><td class="n">\(duration(seconds: attempt.seconds(until: view.horizon)))</td>\
                <td class="wrap">\(failure)</td></tr>

                """
        }
        let more =
            lost.count > rows.count ? "<p class=\"soft\">And \(lost.count - rows.count) shorter ones.</p>" as HTML : ""
        return """
            <h2>What came to nothing</h2>
            \(table(caption: "Attempts that ended without a result, the longest first", head(["stage", "host", "began", "#took", "why"]), Array(rows)))
            \(more)
            """
    }
}

/// What one host did.
struct HostWork {
    let name: String
    /// Its attempts, those that ran at the same time in different ones.
    let lanes: [[AttemptEntry]]
    let finished: Int
    let lost: [AttemptEntry]
    let running: Int
    let coreHours: Double
    let lostCoreHours: Double
    let tokensPerSecond: Double?
    /// Of the time from its first stage to its last.
    let idleShare: Double
    let shape: String

    static func hosts(_ attempts: [AttemptEntry], _ view: SweepView) -> [HostWork] {
        let byHost = Dictionary(grouping: attempts, by: \.node.host)
        return byHost.keys.sorted().map { HostWork($0, byHost[$0] ?? [], view) }
    }

    /// - Parameter attempts: in the order of their beginnings.
    private init(_ name: String, _ attempts: [AttemptEntry], _ view: SweepView) {
        let horizon = view.horizon
        var lanes: [[AttemptEntry]] = []
        for attempt in attempts {
            let free = lanes.firstIndex { lane in lane.last.map { ($0.endedAt ?? horizon) <= attempt.startedAt } ?? true
            }
            if let free { lanes[free].append(attempt) } else { lanes.append([attempt]) }
        }
        self.name = name
        self.lanes = lanes
        finished = attempts.count { $0.endedAt != nil && $0.failure == nil }
        lost = attempts.filter { $0.failure != nil }
        running = view.isWorkedOn ? attempts.count { $0.endedAt == nil } : 0
        coreHours = attempts.reduce(0) { $0 + $1.coreHours(until: horizon) }
        lostCoreHours = lost.reduce(0) { $0 + $1.coreHours(until: horizon) }
        let results = attempts.filter { $0.endedAt != nil && $0.failure == nil }.compactMap {
            view.store.records[$0.stage]?.result
        }
        let seconds = results.reduce(0) { $0 + $1.seconds }
        tokensPerSecond = seconds > 0 ? results.reduce(0) { $0 + Double($1.tokens) } / seconds : nil
        shape = attempts.map { "\($0.node.ranks) × \($0.node.threads)" }.distinct().joined(separator: ", ")
        let begin = attempts.first?.startedAt ?? horizon
        let end = attempts.map { $0.endedAt ?? horizon }.max() ?? horizon
        let span = Double(end.milliseconds(since: begin)) / 1000 * Double(lanes.count)
        let busy = attempts.reduce(0) { $0 + $1.seconds(until: horizon) }
        idleShare = span > 0 ? max(0, 1 - busy / span) : 0
    }
}
