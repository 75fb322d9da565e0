import Experiments
import Reports

/// What points score over the values of one setting: their means, the seeds behind them, and the chosen one on top.
struct SettingPlot {
    private let key: String
    private let points: [TriedPoint]
    private let metric: Metric?

    init(_ key: String, _ points: [TriedPoint], _ metric: Metric?) {
        self.key = key
        self.points = points
        self.metric = metric
    }

    var html: HTML {
        let scale = SettingScale(points.map { $0.value(of: key) })
        let values = points.flatMap { $0.scores.compactMap(\.value) }
        let scores = Axis(values, margin: 0.1, most: metric?.most)
        let chart = Chart(x: scale.axis, y: scores, xTitle: key, width: 360, height: 230)
        let place = { (point: TriedPoint) in scale.number(point.value(of: key)) }
        let seeds = points.flatMap { point in
            point.scores.compactMap { score in
                score.value.map {
                    chart.dot(
                        x: place(point), y: $0, radius: 2.5, classes: "dot small k0",
                        title: "\(point.point), seed \(score.seed): \(decimals($0, 2))")
                }
            }
        }
        let known = points.compactMap { point in point.mean.map { (point: point, mean: $0) } }
        // With other settings beside this one a line would join points that differ in those as well.
        let isAlone = points.first?.point.settings.count == 1 && !points.contains { $0.point.share != 1 }
        let line =
            isAlone
            ? chart.line(known.map { (place($0.point), $0.mean) }.sorted { $0.0 < $1.0 }, classes: "curve k0") : ""
        let means = known.filter { !$0.point.isChosen }.map { point, mean in
            chart.dot(x: place(point), y: mean, radius: 4.5, classes: "dot k0", title: title(point, mean))
        }
        let chosen = known.filter(\.point.isChosen).map { point, mean in
            chart.dot(x: place(point), y: mean, radius: 7.5, classes: "ring", title: title(point, mean))
                + chart.dot(x: place(point), y: mean, radius: 4.5, classes: "dot k1", title: title(point, mean))
        }
        let best =
            known.first(where: \.point.isChosen).map {
                "; chosen \($0.point.value(of: key)) with \(decimals($0.mean, 2))"
            } ?? ""
        return """
            <figure><figcaption><b>\(metric?.rawValue ?? "score")\(metric?.isShare ?? true ? ", %" : "")</b> by \(key)</figcaption>
            \(chart.drawing(
                summary: "\(counted(known.count, "point")) by \(key)\(best)", xTicks: scale.ticks,
                "\(seeds)\(line)\(means)\(chosen)"))
            <ul class="legend"><li><i class="sq k1"></i>chosen</li><li><i class="sq k0"></i>mean over the seeds</li><li>small: a seed</li></ul></figure>

            """
    }

    private func title(_ point: TriedPoint, _ mean: Double) -> String {
        "\(point.point): \(decimals(mean, 2))\(point.isChosen ? ", chosen" : "")"
    }
}

/// Every point as a line over all searched settings and what it scored.
struct ParallelCoordinates {
    private let keys: [String]
    private let points: [TriedPoint]
    private let metric: Metric?
    private static let gap = 130.0
    private static let (height, top, left) = (210.0, 24.0, 46.0)

    init(_ keys: [String], _ points: [TriedPoint], _ metric: Metric?) {
        self.keys = keys
        self.points = points.filter { $0.mean != nil }
        self.metric = metric
    }

    var html: HTML {
        let scales = keys.map { key in SettingScale(points.map { $0.value(of: key) }) }
        let scores = Axis(points.compactMap(\.mean), margin: 0.06, most: metric?.most)
        let width = Self.left * 2 + Self.gap * Double(keys.count)
        let ranked = points.sorted { merit($0) < merit($1) }
        // The better ones and the chosen one above the others.
        let lines = (ranked.filter { !$0.isChosen } + ranked.filter(\.isChosen)).map { point -> HTML in
            let heights = zip(keys, scales).map { key, scale in scale.axis.place(of: scale.number(point.value(of: key)))
            }
            let all = heights + [scores.place(of: point.mean ?? 0)]
            let places = all.enumerated().map { "\(Self.left + Double($0) * Self.gap),\(y($1))" as HTML }
            let isGood = ranked.suffix(max(1, ranked.count / 4)).contains { $0.number == point.number }
            let classes: HTML = point.isChosen ? "curve k1" : isGood ? "curve k0 small" : "pair"
            return
                "<polyline class=\"\(classes)\" points=\"\(places.joined(separator: " "))\"><title>\(point.point.description): \(decimals(point.mean ?? 0, 2))</title></polyline>\n"
        }
        let axes = zip(keys, scales).enumerated().map { place, axis in
            self.axis(axis.0, axis.1.ticks.map { ($1, axis.1.axis.place(of: $0)) }, place)
        }
        let score = axis(
            metric?.rawValue ?? "score", scores.ticks.map { (scores.label($0), scores.place(of: $0)) }, keys.count)
        let best = points.first(where: \.isChosen).map { ": chosen \($0.point)" } ?? ""
        return """
            <figure><figcaption><b>All settings at once</b>, a line a point</figcaption>
            <div class="box" tabindex="0" role="region" aria-label="parallel coordinates"><svg role="img" \
            aria-label="\(counted(points.count, "point")) over \(keys.joined(separator: ", "))\(best)" width="\(width)" \
            height="\(Self.height)" viewBox="0 0 \(width) \(Self.height)">\(lines)\(axes)\(score)</svg></div>
            <ul class="legend"><li><i class="k1"></i>chosen</li><li><i class="k0"></i>best quarter</li></ul></figure>

            """
    }

    private func merit(_ point: TriedPoint) -> Double { metric?.merit(point.mean ?? 0) ?? point.mean ?? 0 }

    private func y(_ share: Double) -> Double { Self.height - 12 - share * (Self.height - Self.top - 12) }

    private func axis(_ title: String, _ ticks: [(label: String, place: Double)], _ number: Int) -> HTML {
        let x = Self.left + Double(number) * Self.gap
        let labels = ticks.map {
            "<text class=\"end\" x=\"\(x - 5)\" y=\"\(y($0.place) + 4)\">\($0.label)</text>" as HTML
        }
        return """
            <line class="gridline" x1="\(x)" x2="\(x)" y1="\(Self.top)" y2="\(Self.height - 12)"/>\
            <text class="mid strong" x="\(x)" y="12">\(title)</text>\(labels)

            """
    }
}
