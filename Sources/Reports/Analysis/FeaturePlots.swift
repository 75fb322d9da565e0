import Experiments
import Statistics

extension Plot {
    /// EH-FT, Figure 4: the head's hidden layer in two dimensions, above the training set's examples and below the dev
    /// set's, left by principal components and right by t-SNE; labels by colour.
    ///
    /// - Parameter labels: the names of the task's classes; nil where its labels are values.
    static func headFeatures(_ run: MeasuredRun, atStart isAtStart: Bool, labels: [String]?) -> Plot? {
        guard let log = isAtStart ? run.log.headFeaturesAtStart : run.log.headFeatures,
            let rows = isAtStart ? run.headFeaturesAtStart : run.headFeatures, rows.width > 0
        else { return nil }
        let title = quoted("\(run.task), \(run.method)\(isAtStart ? " at its start" : ""), seed \(run.seed)")
        var script = ["set multiplot layout 2,2 title \(title) margins 0.03,0.8,0.04,0.88 spacing 0.04,0.09"]
        script.append("set offsets graph 0.05,0.05,0.05,0.05")
        script += ["unset grid", "set format x ''; set format y ''", "set tics scale 0"]
        for (name, features, values) in [("train", rows.train, log.train), ("dev", rows.dev, log.dev)] {
            let points = Points(features, width: rows.width)
            let principal = points.principalComponents()
            let panels = [("PCA", principal), ("t-SNE", points.stochasticNeighbors(from: principal))]
            for (place, (method, places)) in panels.enumerated() {
                script += scatter(
                    "\(name)\(place)", title: "\(name) set, \(method)", places, values, labels,
                    hasKey: name == "train" && place == 0)
            }
        }
        return Plot(
            "head-features-\(isAtStart ? "at-start-" : "")\(run.task)-\(run.method)-seed-\(run.seed)", size: (9.5, 8),
            (script + ["unset multiplot"]).joined(separator: "\n"))
    }

    private static func scatter(
        _ name: String, title: String, _ places: [(x: Double, y: Double)], _ values: [Double], _ labels: [String]?,
        hasKey: Bool
    ) -> [String] {
        let rows = zip(places, values).map { [$0.x, $0.y, $1] }
        let settings = [
            datablock(name, rows), "set title \(quoted(title))",
            hasKey ? keyAtRight(0.82, 0.88) : "unset key",
        ]
        guard let labels else {
            return settings + ["plot $\(name) using 1:2:3 with points pt 7 ps 0.5 palette title 'label'"]
        }
        let plots = labels.enumerated().map { label, text in
            "$\(name) using 1:($3 == \(label) ? $2 : NaN) with points pt 7 ps 0.5 lc rgb \(colour(label)) title \(quoted(text))"
        }
        return settings + ["plot " + plots.joined(separator: ", \\\n  ")]
    }
}
