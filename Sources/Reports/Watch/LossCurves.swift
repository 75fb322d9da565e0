package import Experiments

/// The losses of stages that run, as one has seen them by looking again and again.
package struct LossCurves: Sendable {
    private var curves: [StageKey: Curve] = [:]

    private struct Curve {
        var points: [(step: Int, loss: Double)] = []
        /// Steps between two points at least.
        var distance = 1
    }

    /// More than any terminal has dots.
    private static let pointLimit = 500

    package init() {}

    /// - Parameter running: all that run now; the others' curves go.
    package mutating func look(at running: [RunningStage]) {
        let keys = Set(running.map(\.key))
        curves = curves.filter { keys.contains($0.key) }
        for stage in running {
            guard let progress = stage.progress else { continue }
            var curve = curves[stage.key] ?? Curve()
            // An attempt that began anew has a curve of its own.
            if let last = curve.points.last, progress.step < last.step { curve = Curve() }
            guard progress.step - (curve.points.last?.step ?? -curve.distance) >= curve.distance else { continue }
            curve.points.append((progress.step, progress.loss))
            if curve.points.count > Self.pointLimit {
                curve.points = stride(from: 0, to: curve.points.count, by: 2).map { curve.points[$0] }
                curve.distance *= 2
            }
            curves[stage.key] = curve
        }
    }

    /// In the order of steps.
    subscript(key: StageKey) -> [Double] { (curves[key]?.points ?? []).map(\.loss) }
}
