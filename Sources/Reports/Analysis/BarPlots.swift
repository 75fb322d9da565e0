import Experiments

extension Plot {
    /// EH-FT, Figure 1: a bar a method.
    static func featureChange(
        _ name: String, _ what: String, _ task: String, _ methods: [MeasuredMethod],
        _ change: @escaping (StageLog) -> StageLog.FeatureChange?
    ) -> Plot? {
        bars(
            "\(name)-\(task)", title: "\(task): change of features \(what), training set",
            yLabel: "L2 distance, mean over examples", methods.filter { $0.runs.contains { change($0.log) != nil } },
            [("", { change($0)?.mean })])
    }

    static func generalizationGap(_ task: String, _ methods: [MeasuredMethod]) -> Plot? {
        bars(
            "generalization-gap-\(task)", title: "\(task): scores", yLabel: methods.scoreLabel, methods,
            [
                ("train", { ($0.generalizationGap?.train).map(methods.scaled) }),
                ("dev", { ($0.generalizationGap?.dev).map(methods.scaled) }),
            ])
    }

    static func cost(_ task: String, _ methods: [MeasuredMethod]) -> Plot? {
        bars(
            "cost-\(task)", title: "\(task): time of training", yLabel: "seconds", methods,
            [("", { $0.cost?.seconds })])
    }

    /// A group of bars for each method, with the standard deviation over the seeds.
    private static func bars(
        _ name: String, title: String, yLabel: String, _ methods: [MeasuredMethod],
        _ figures: [(title: String, value: (StageLog) -> Double?)]
    ) -> Plot? {
        let width = 0.8 / Double(figures.count)
        var blocks: [String] = []
        var plots: [String] = []
        for (place, figure) in figures.enumerated() {
            let rows = methods.enumerated().compactMap { index, method in
                method.spread(figure.value).map { spread in
                    [Double(index) + (Double(place) + 0.5) * width - 0.4, spread.mean, spread.deviation ?? 0]
                }
            }
            guard !rows.isEmpty else { continue }
            blocks.append(datablock("bars\(place)", rows))
            let key = figure.title.isEmpty ? "notitle" : "title \(quoted(figure.title))"
            plots.append("$bars\(place) using 1:2:(\(width * 0.9)) with boxes lc rgb \(colour(place)) \(key)")
            plots.append(
                "$bars\(place) using 1:($2-$3):(0):(2*$3) with vectors nohead lw 1.5 lc rgb '#202020' notitle")
        }
        guard !plots.isEmpty else { return nil }
        let names = methods.enumerated().map { "\(quoted($1.cell.method)) \($0)" }.joined(separator: ", ")
        return Plot(
            name, size: (max(4, 1.5 + 0.8 * Double(methods.count)), 4),
            (blocks + [
                "set title \(quoted(title))", "set ylabel \(quoted(yLabel))", "set yrange [0:*]",
                "set xrange [-0.6:\(Double(methods.count) - 0.4)]", "set xtics (\(names)) rotate by -30 scale 0",
                figures.count > 1 ? "set key outside right top" : "unset key",
                "plot " + plots.joined(separator: ", \\\n  "),
            ]).joined(separator: "\n"))
    }
}
