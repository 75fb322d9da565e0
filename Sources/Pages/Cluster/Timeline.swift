import Experiments
import Foundation
import Ledger
import Reports

/// Attempts over time, a line a worker group, hosts one below the other.
struct Timeline {
    private let hosts: [HostWork]
    private let view: SweepView
    private let begin: Timestamp
    private let end: Timestamp
    private static let width = 1180.0
    private static let (lane, gap, top) = (16.0, 10.0, 6.0)

    init(_ hosts: [HostWork], until horizon: Timestamp, _ view: SweepView) {
        self.hosts = hosts
        self.view = view
        let attempts = hosts.flatMap { $0.lanes.joined() }
        begin = attempts.map(\.startedAt).min() ?? horizon
        end = max(attempts.map { $0.endedAt ?? horizon }.max() ?? horizon, begin.advanced(byMilliseconds: 1000))
    }

    private var left: Double { 16 + 6.8 * Double(hosts.map { min($0.name.count, 28) }.max() ?? 0) }

    private func place(_ time: Timestamp) -> Double {
        left + Double(time.milliseconds(since: begin)) / Double(end.milliseconds(since: begin))
            * (Self.width - left - 8)
    }

    var html: HTML {
        var y = Self.top
        let rows = hosts.map { host -> HTML in
            defer { y += Double(host.lanes.count) * Self.lane + Self.gap }
            let lanes = host.lanes.enumerated().map { number, lane in bars(lane, y: y + Double(number) * Self.lane) }
            let name = host.name.count > 28 ? "\(host.name.prefix(27))…" : host.name
            return "<text class=\"end strong\" x=\"\(left - 8)\" y=\"\(y + 11)\">\(name)</text>\(lanes)\n"
        }
        let height = y + 18
        return """
            <div class="box" tabindex="0" role="region" aria-label="timeline"><svg role="img" aria-label="\(sentence)" width="\(Self.width)" \
            height="\(height)" viewBox="0 0 \(Self.width) \(height)">\(ticks(y - Self.gap / 2))\(rows)</svg></div>
            <ul class="legend"><li><i class="sq f"></i>finished</li><li><i class="sq r"></i>runs</li><li><i class="sq x"></i>failed by its own fault</li>\
            <li><i class="sq b"></i>lost: the host's fault or nobody's</li></ul>
            """
    }

    private var sentence: String {
        let words = hosts.map {
            "\($0.name): \($0.finished) finished, \($0.lost.count) came to nothing, idle \(decimals($0.idleShare * 100, 0)) %"
        }
        return "Attempts from \(moment(begin)) to \(moment(end)). \(words.joined(separator: "; "))"
    }

    /// Neighbours that nobody could tell apart are drawn as one.
    private func bars(_ lane: [AttemptEntry], y: Double) -> HTML {
        var bars: [(from: Double, to: Double, letter: HTML, title: String, count: Int)] = []
        for attempt in lane {
            let (from, to) = (place(attempt.startedAt), place(attempt.endedAt ?? view.horizon))
            let letter = letter(attempt)
            if let last = bars.last, last.letter == letter, to - last.from < 1.5 {
                bars[bars.count - 1].to = to
                bars[bars.count - 1].count += 1
            } else {
                bars.append((from, to, letter, title(attempt), 1))
            }
        }
        let shapes = bars.map { bar in
            """
            <rect class="bar \(bar.letter)" x="\(bar.from)" y="\(y)" width="\(max(0.8, bar.to - bar.from - 0.6))" height="\(Self.lane - 3)">\
            <title>\(bar.count > 1 ? "\(bar.count) attempts" : bar.title)</title></rect>
            """ as HTML
        }
        return "\(shapes)"
    }

    private func letter(_ attempt: AttemptEntry) -> HTML {
        guard let failure = attempt.failure else { return attempt.endedAt != nil ? "f" : view.isWorkedOn ? "r" : "i" }
        return [.stage, .input].contains(failure.cause.fault) ? "x" : "b"
    }

    private func title(_ attempt: AttemptEntry) -> String {
        let name = view.planned(attempt.stage).map { view.name($0) } ?? attempt.stage.short
        let end = attempt.failure?.cause.rawValue ?? (attempt.endedAt == nil ? "runs" : "finished")
        return "\(name), attempt \(attempt.attempt), \(duration(seconds: attempt.seconds(until: view.horizon))): \(end)"
    }

    private func ticks(_ bottom: Double) -> HTML {
        let seconds = Double(end.milliseconds(since: begin)) / 1000
        let steps: [Double] = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 7 * 86400]
        let step = steps.first { seconds / $0 <= 9 } ?? 30 * 86400
        let first = (Double(begin.rawValue) / 1000 / step).rounded(.up) * step
        let times = stride(from: first, through: Double(end.rawValue) / 1000, by: step)
        let marks = times.map { time -> HTML in
            let x = place(Timestamp(rawValue: Int64(time * 1000)))
            return """
                <line class="gridline" x1="\(x)" x2="\(x)" y1="0" y2="\(bottom)"/>\
                <text class="mid" x="\(x)" y="\(bottom + 15)">\(label(time, step))</text>

                """
        }
        return "\(marks)"
    }

    /// In UTC.
    private func label(_ time: Double, _ step: Double) -> String {
        let day = Int(time) % 86400
        let clock = String(format: "%02d:%02d", day / 3600, day / 60 % 60)
        if step < 60 { return clock + String(format: ":%02d", day % 60) }
        guard step >= 43200 || day == 0 else { return clock }
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).month().day()
        return Date(timeIntervalSince1970: time).formatted(style) + (day == 0 ? "" : " \(clock)")
    }
}
