import Experiments
import Statistics

/// Curves of one task's methods in one picture: the mean over the seeds, and the standard deviation as a band around it.
struct CurvePanel {
    let title: String
    let yLabel: String
    var xLabel = "step"
    var isLogarithmic = false
    let curves: [Curve]

    /// Of one method.
    struct Curve {
        let method: String
        /// Of its stages, which nothing joins.
        let parts: [[(x: Double, y: Summary)]]
    }

    /// - Parameters:
    ///   - prefix: tells the panel's data from those of the picture's other panels.
    ///   - key: how gnuplot is to say which curve is whose; nil where another panel does.
    func script(_ prefix: String, key: String?) -> String {
        var lines: [String] = []
        var (bands, means): ([String], [String]) = ([], [])
        for (place, curve) in curves.enumerated() {
            for (number, part) in curve.parts.enumerated() {
                let rows = part.map { point in
                    let deviation = point.y.deviation ?? 0
                    return [point.x, point.y.mean, point.y.mean - deviation, point.y.mean + deviation]
                }
                let name = "\(prefix)\(place)part\(number)"
                lines.append(datablock(name, rows))
                bands.append(
                    "$\(name) using 1:3:4 with filledcurves fs transparent solid 0.15 noborder lc rgb \(colour(place)) notitle"
                )
                let title = number == 0 ? "title \(quoted(curve.method))" : "notitle"
                means.append("$\(name) using 1:2 with lines lw 2 lc rgb \(colour(place)) \(title)")
            }
        }
        lines += [
            "set title \(quoted(title))", "set xlabel \(quoted(xLabel))", "set ylabel \(quoted(yLabel))",
            key ?? "unset key",
            isLogarithmic ? "set logscale y; set format y '%g'" : "unset logscale y; set format y '%g'",
        ]
        // A band may reach below 0, where a logarithmic axis has no place for it.
        lines.append("plot " + ((isLogarithmic ? [] : bands) + means).joined(separator: ", \\\n  "))
        return lines.joined(separator: "\n")
    }
}

extension Plot {
    /// Panels side by side, of one size, with one key.
    static func curves(_ name: String, _ panels: [CurvePanel]) -> Plot? {
        guard panels.contains(where: { $0.curves.contains { !$0.parts.isEmpty } }) else { return nil }
        let scripts = panels.enumerated().map { place, panel in
            panel.script("panel\(place)curve", key: place == 0 ? keyAtRight(0.8, 0.9) : nil)
        }
        let layout = "set multiplot layout 1,\(panels.count) margins 0.08,0.78,0.15,0.9 spacing 0.09,0"
        return Plot(name, size: (10, 4), ([layout] + scripts + ["unset multiplot"]).joined(separator: "\n"))
    }

    /// What is kept of every stage: losses and scores, and how the training went.
    static func training(_ task: String, _ methods: [MeasuredMethod]) -> [Plot?] {
        let panel = { (title: String, label: String, curves: [CurvePanel.Curve]) in
            CurvePanel(title: "\(task): \(title)", yLabel: label, curves: curves)
        }
        let scores = methods.curves({ $1.curves?.evaluations }, step: \.step) { evaluation in
            let metric = methods.first?.metric ?? .accuracy
            let score = evaluation.scores.first { $0.split == .dev && $0.metric == metric }
            return score?.value.map(methods.scaled)
        }
        var norms = panel("gradients before clipping", "norm", methods.trainingCurves(\.gradientNorm))
        norms.isLogarithmic = true
        return [
            curves(
                "training-\(task)",
                [
                    panel("training", "loss", methods.trainingCurves(\.loss)),
                    panel("dev set", methods.scoreLabel, scores),
                ]),
            curves(
                "training-steps-\(task)",
                [norms, panel("schedule", "learning rate", methods.trainingCurves(\.learningRate))]),
        ]
    }

    static func weightDistance(
        _ name: String, _ task: String, _ methods: [MeasuredMethod],
        _ points: @escaping (StageLog) -> [StageLog.WeightDistance]?
    ) -> Plot? {
        let panel = { (title: String, part: @escaping (StageLog.WeightDistance) -> Double) in
            CurvePanel(
                title: "\(task): \(title)", yLabel: "L2 distance of θ from θ0",
                curves: methods.curves(of: points, step: \.step, y: part))
        }
        return curves("\(name)-\(task)", [panel("backbone", \.backbone), panel("head", \.head)])
    }

    static func gradientNorms(_ task: String, _ methods: [MeasuredMethod]) -> Plot? {
        let panel = { (title: String, part: @escaping (StageLog.GradientNorms) -> Double) in
            CurvePanel(
                title: "\(task): \(title)", yLabel: "norm of the gradient", isLogarithmic: true,
                curves: methods.curves(of: \.gradientNorms, step: \.step, y: part))
        }
        return curves("gradient-norms-\(task)", [panel("backbone", \.backbone), panel("head", \.head)])
    }

    static func convergence(_ task: String, _ methods: [MeasuredMethod]) -> Plot? {
        let panel = { (label: String, part: @escaping (StageLog.Convergence) -> Double?) in
            CurvePanel(
                title: "\(task): training set", yLabel: label,
                curves: methods.curves(of: \.convergence, step: \.step, y: part))
        }
        return curves(
            "convergence-\(task)", [panel("loss", \.loss), panel(methods.scoreLabel) { $0.score.map(methods.scaled) }])
    }

    /// What to freeze, Figures 2, 4 and 9 above, 10 below: losses in training and on held-out examples, and the score on these.
    static func heldOut(_ task: String, _ methods: [MeasuredMethod]) -> [Plot?] {
        let panel = { (title: String, label: String, part: @escaping (StageLog.HeldOut) -> Double?) in
            CurvePanel(
                title: "\(task): \(title)", yLabel: label,
                curves: methods.curves(of: \.heldOut, step: \.step, y: part))
        }
        return [
            curves("losses-\(task)", [panel("training", "loss", \.trainingLoss), panel("held out", "loss", \.loss)]),
            curves("held-out-\(task)", [panel("held out", methods.scoreLabel) { $0.score.map(methods.scaled) }]),
        ]
    }

    /// The share of the backbone's moving entries by how far they moved.
    static func weightMagnitudes(
        _ name: String, _ task: String, _ methods: [MeasuredMethod],
        _ magnitudes: @escaping (StageLog) -> StageLog.Magnitudes?
    ) -> Plot? {
        let curves = methods.map { method in
            let shares = method.curve({ magnitudes($0.log)?.shares }, x: \.magnitude, y: \.percent)
            return CurvePanel.Curve(method: method.cell.method, parts: shares.isEmpty ? [] : [shares])
        }
        let panel = CurvePanel(
            title: "\(task): how far entries of the backbone moved", yLabel: "entries, % in a quarter of a decade",
            xLabel: "|θ − θ0|", curves: curves)
        guard curves.contains(where: { !$0.parts.isEmpty }) else { return nil }
        return Plot(
            "\(name)-\(task)", size: (7, 4),
            "set logscale x; set format x '%.0e'\n"
                + panel.script("curve", key: "set key outside right top Left reverse samplen 1.5"))
    }
}

extension StageLog.Magnitudes {
    fileprivate struct Share {
        /// The middle of a bin.
        let magnitude: Double
        let percent: Double
    }

    fileprivate var shares: [Share] {
        let all = Double(max(1, below + counts.reduce(0, +)))
        return counts.enumerated().map { place, count in
            let exponent = Self.firstExponent + (Double(place) + 0.5) * Self.exponentStep
            return Share(magnitude: exponential(exponent), percent: Double(count) / all * 100)
        }
    }
}
