import Experiments
import Reports
import Statistics

/// The searches of a sweep: every point tried, what it scored, and what was chosen on what.
struct SearchPage {
    private let view: SweepView

    init(_ view: SweepView) { self.view = view }

    var main: HTML {
        guard !view.plan.searches.isEmpty else {
            return """
                <h1>Searches</h1>
                <p>This sweep searches nothing. <code>search: { lr: 1e-5..1e-3 }</code> in its file would.</p>
                """
        }
        return "<h1>Searches</h1>\n\(content)"
    }

    var content: HTML {
        let warning = view.plan.searchWarning(of: view.plan.methods).map { "<p class=\"warn\">\($0)</p>" as HTML }
        let sections = view.plan.searches.map { SearchSection($0, view).html }
        return "\(warning)\n\(sections)"
    }
}

/// One search.
private struct SearchSection {
    private let search: SweepSearch
    private let points: [TriedPoint]
    private let metric: Metric?
    private let view: SweepView

    init(_ search: SweepSearch, _ view: SweepView) {
        self.search = search
        self.view = view
        let task = search.trials.first?.stages.first.flatMap { view.planned($0) }?.task
        let metric = task.flatMap { view.plan.task(named: $0) }?.definition.metrics.first
        self.metric = metric
        points = search.trials.enumerated().map { number, trial in
            TriedPoint(
                number: number + 1, point: trial.point,
                scores: zip(search.seeds, trial.stages).map { seed, key in
                    let score = metric.flatMap { view.snapshot[key].result?.score($0, on: search.split) }
                    return TriedPoint.SeedScore(seed: seed, key: key, value: score.flatMap { metric?.scaled($0) })
                },
                isChosen: search.chosen?.settings == trial.point.settings)
        }
    }

    var html: HTML {
        """
        <section><h2>\(search.method) <span class="soft">on \(search.task)</span></h2>
        <p class="lead">\(standing)</p>
        <p class="soft">Points are compared by \(judged).</p>
        \(growth)
        <div class="figures-row">\(plots)</div>
        \(pointTable)</section>

        """
    }

    private var standing: String {
        switch search.state {
        case .chosen(let point):
            "Chosen: \(point), the best of \(counted(Set(points.map(\.point.settings)).count, "point"))."
        case .open, .waiting, .failed: search.standing
        }
    }

    private var judged: String {
        let seeds = search.seeds.map(String.init).joined(separator: ", ")
        let split =
            search.split == .dev
            ? "the dev set, which the table reports, too"
            : "\(search.split.rawValue) examples, which the table does not report"
        return
            "their mean \(metric?.rawValue ?? "score") on \(split), over seed\(search.seeds.count == 1 ? "" : "s") \(seeds)"
    }

    private var growth: HTML {
        search.remarks.isEmpty
            ? "" : "<h3>How it went</h3>\n<ol>\(search.remarks.map { "<li>\($0)</li>" as HTML })</ol>"
    }

    private var plots: [HTML] {
        let keys = points.first?.point.settings.map(\.key) ?? []
        guard points.contains(where: { $0.mean != nil }) else { return [] }
        let single = keys.map { SettingPlot($0, points, metric).html }
        return keys.count > 1 ? single + [ParallelCoordinates(keys, points, metric).html] : single
    }

    private var pointTable: HTML {
        let keys = points.first?.point.settings.map(\.key) ?? []
        let isHalving = points.contains { $0.point.share != 1 }
        let titles =
            ["#tried"] + keys.map { "#\($0)" } + (isHalving ? ["#budget"] : []) + search.seeds.map { "#seed \($0)" } + [
                "#mean", "",
            ]
        let rows = points.map { point -> HTML in
            let settings = point.point.settings.map { "<td class=\"n\">\($0.value)</td>" as HTML }
            let budget = isHalving ? "<td class=\"n\">\(decimals(point.point.share * 100, 1)) %</td>" as HTML : ""
            let seeds = point.scores.map { score in
                "<td class=\"n\"><a href=\"\(view.links.stage(score.key))\">\(score.value.map(figure) ?? view.snapshot[score.key].state.rawValue)</a></td>"
                    as HTML
            }
            return """
                <tr><th scope="row" class="n">\(point.number)</th>\(settings)\(budget)\(seeds)\
                <td class="n\(point.isChosen ? " best" : "")"><span class="figures">\(point.mean.map(figure) ?? "–")</span></td>\
                <td>\(point.isChosen ? "chosen" : "")</td></tr>

                """
        }
        return table(caption: "Every point, in the order in which they were tried", head(titles), rows)
    }

    private func figure(_ value: Double) -> String { decimals(value, metric?.isShare ?? true ? 2 : 4) }
}

/// A point of a search with what it scored, as drawings show values.
struct TriedPoint {
    let number: Int
    let point: SearchPoint
    let scores: [SeedScore]
    let isChosen: Bool

    struct SeedScore {
        let seed: UInt64
        let key: StageKey
        let value: Double?
    }

    /// nil where one of its seeds has no score.
    var mean: Double? {
        let known = scores.compactMap(\.value)
        return known.count == scores.count ? Summary(known)?.mean : nil
    }

    func value(of key: String) -> String { point.settings.first { $0.key == key }?.value ?? "" }
}

/// Where the values of a setting lie: numbers on an axis, words side by side.
struct SettingScale {
    let axis: Axis
    /// nil where the axis has numbers.
    private let words: [String]?

    init(_ values: [String]) {
        let known = values.distinct()
        let numbers = known.compactMap(Double.init)
        if numbers.count == known.count {
            words = nil
            axis = Axis(numbers, isLogarithmic: nil, margin: 0.1)
        } else {
            words = known
            axis = Axis([0, Double(max(1, known.count - 1))], margin: 0.25)
        }
    }

    func number(_ value: String) -> Double {
        words?.firstIndex(of: value).map(Double.init) ?? Double(value) ?? 0
    }

    var ticks: [(value: Double, label: String)] {
        words?.enumerated().map { (Double($0), $1) } ?? axis.ticks.map { ($0, axis.label($0)) }
    }
}
