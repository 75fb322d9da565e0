import Experiments
import Reports
import Statistics

/// Of each task a drawing of what methods score, a dot a seed, those of one seed joined by a line.
struct PairedDots {
    private let view: SweepView
    private let methods: [String]

    init(_ view: SweepView, _ methods: [String]) {
        self.view = view
        self.methods = methods
    }

    var html: HTML {
        let rows = Dictionary(grouping: view.plan.rows, by: \.task)
        let figures = view.plan.tableTasks.compactMap { figure(of: $0, rows[$0] ?? []) }
        guard !figures.isEmpty else { return "" }
        return """
            <h2>Seed by seed</h2>
            <div class="figures-row">\(figures)</div>
            <p class="soft">A line joins the scores of one seed; the bar is a method's mean.</p>
            """
    }

    private func figure(of task: String, _ rows: [SweepRow]) -> HTML? {
        guard let metric = view.plan.trained(task).first?.definition.metrics.first else { return nil }
        let byMethod = Dictionary(grouping: rows, by: \.method)
        let scores = methods.map { method in
            let known = (byMethod[method] ?? []).filter { view.plan.target(of: $0)?.task == task }.compactMap { row in
                view.snapshot.score(metric, of: row).map { (row.repetition, metric.scaled($0)) }
            }
            return Dictionary(known) { first, _ in first }
        }
        let all = scores.flatMap(\.values)
        guard !all.isEmpty else { return nil }
        let places = methods.indices.map(Double.init)
        let chart = Chart(
            x: Axis([-0.4, Double(methods.count) - 0.6], margin: 0), y: Axis(all, margin: 0.08, most: metric.most),
            xTitle: "",
            width: max(240, 70 + 92 * Double(methods.count)), height: 250)
        let seeds = Set(scores.flatMap(\.keys)).sorted()
        let lines = seeds.map { seed in
            let points = places.enumerated().compactMap { place, x in scores[place][seed].map { (x: x, y: $0) } }
            return points.count > 1 ? chart.line(points, classes: "pair") : ""
        }
        let dots = methods.enumerated().flatMap { place, method in
            seeds.compactMap { seed in
                scores[place][seed].map { score in
                    chart.dot(
                        x: Double(place), y: score, radius: 3.5, classes: "dot k\(place % 8)",
                        title: "\(method), \(seed.words): \(metric.figure(metric.isShare ? score / 100 : score))")
                }
            }
        }
        let means = scores.enumerated().map { place, scores in mean(Array(scores.values), Double(place), chart) }
        return """
            <figure><figcaption><b>\(task)</b> \(metric.rawValue)\(metric.isShare ? ", %" : "")</figcaption>
            \(chart.drawing(
                summary: summary(task, metric, scores),
                xTicks: methods.enumerated().map { (Double($0), short($1)) }, "\(lines)\(dots)\(means)"))</figure>

            """
    }

    private func mean(_ scores: [Double], _ place: Double, _ chart: Chart) -> HTML {
        guard let mean = Summary(scores)?.mean else { return "" }
        let (x, y) = (chart.place(x: place), chart.place(y: mean))
        return "<line class=\"mean\" x1=\"\(x - 13)\" x2=\"\(x + 13)\" y1=\"\(y)\" y2=\"\(y)\"/>"
    }

    private func summary(_ task: String, _ metric: Metric, _ scores: [[Repetition: Double]]) -> String {
        let means = zip(methods, scores).compactMap { method, scores in
            Summary(Array(scores.values)).map {
                "\(method) \(decimals($0.mean, 2)) over \(counted(scores.count, "seed"))"
            }
        }
        return "\(task) \(metric.rawValue): \(means.joined(separator: ", "))"
    }

    private func short(_ method: String) -> String { method.count > 13 ? "\(method.prefix(12))…" : method }
}

extension Repetition {
    var words: String { fold.map { "fold \($0.number), seed \(seed)" } ?? "seed \(seed)" }
}

/// Mean differences with their 95 % intervals, a line each, and where no difference would lie.
struct DifferencePlot {
    private let rows: [(name: String, evidence: Evidence)]
    private static let line = 24.0
    private static let width = 540.0

    init(_ rows: [(String, Evidence)]) { self.rows = rows.map { (name: $0.0, evidence: $0.1) } }

    var html: HTML {
        let ends = rows.flatMap { row in
            [row.evidence.mean * 100]
                + (row.evidence.interval.map { [$0.lowerBound * 100, $0.upperBound * 100] } ?? [])
        }
        let axis = Axis(ends + [0], margin: 0.05)
        let left = 14 + 6.4 * Double(rows.map { min($0.name.count, 36) }.max() ?? 0)
        let height = Self.line * Double(rows.count) + 38
        let place = { (value: Double) in left + axis.place(of: value) * (Self.width - left - 10) }
        let ticks = axis.ticks.map { tick in
            """
            <line class="\(tick == 0 ? "zero" : "gridline")" x1="\(place(tick))" x2="\(place(tick))" y1="0" y2="\(height - 34)"/>\
            <text class="mid" x="\(place(tick))" y="\(height - 20)">\(tick > 0 ? "+" : "")\(axis.label(tick))</text>

            """ as HTML
        }
        let lines = rows.enumerated().map { number, row -> HTML in
            let y = (Double(number) + 0.5) * Self.line
            let bounds = row.evidence.interval
            let whisker: HTML =
                bounds.map {
                    "<line class=\"whisker\" x1=\"\(place($0.lowerBound * 100))\" x2=\"\(place($0.upperBound * 100))\" y1=\"\(y)\" y2=\"\(y)\"/>"
                } ?? ""
            let name = row.name.count > 36 ? "\(row.name.prefix(35))…" : row.name
            return """
                <text class="end strong" x="\(left - 8)" y="\(y + 4)">\(name)</text>\(whisker)\
                <circle class="dot k0" cx="\(place(row.evidence.mean * 100))" cy="\(y)" r="4.5"><title>\(signedPercent(row.evidence.mean))</title></circle>

                """
        }
        return """
            <figure><figcaption><b>Mean difference and 95 % interval</b>, percentage points; \
            without a line there are too few pairs for an interval</figcaption>
            <div class="box" tabindex="0" role="region" aria-label="differences"><svg role="img" aria-label="\(sentence)" \
            width="\(Self.width)" height="\(height)" viewBox="0 0 \(Self.width) \(height)">\(ticks)\(lines)</svg></div></figure>
            """
    }

    private var sentence: String {
        rows.map { row in
            let bounds = row.evidence.interval.map {
                ", from \(signedPercent($0.lowerBound)) to \(signedPercent($0.upperBound))"
            }
            return "\(row.name) \(signedPercent(row.evidence.mean))\(bounds ?? "")"
        }.joined(separator: "; ")
    }
}
