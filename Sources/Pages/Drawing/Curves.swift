/// Something that was measured again and again.
package struct Curve: Hashable, Sendable {
    package let name: String
    package let points: [Point]

    package struct Point: Hashable, Sendable {
        package let x: Double
        package let y: Double

        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    package init(_ name: String, _ points: [Point]) {
        self.name = name
        self.points = points.filter { $0.x.isFinite && $0.y.isFinite }
    }
}

/// Curves that share their axes.
package struct CurvePanel: Hashable, Sendable {
    package let title: String
    package let xTitle: String
    package let curves: [Curve]
    /// Whether the y axis goes by powers of ten.
    package let isLogarithmic: Bool
    /// The largest y that there is; nil where there is none.
    package let most: Double?

    package init(
        _ title: String, xTitle: String, isLogarithmic: Bool = false, most: Double? = nil, _ curves: [Curve]
    ) {
        self.title = title
        self.xTitle = xTitle
        self.isLogarithmic = isLogarithmic
        self.most = most
        // What was measured once is no curve.
        self.curves = curves.filter { $0.points.count > 1 }
    }

    /// - Returns: nil where there is no curve.
    var html: HTML? {
        guard !curves.isEmpty else { return nil }
        let points = curves.flatMap(\.points)
        let chart = Chart(
            x: Axis(points.map(\.x), margin: 0.02, whole: points.allSatisfy { $0.x == $0.x.rounded() }),
            y: Axis(points.map(\.y), isLogarithmic: isLogarithmic, most: most), xTitle: xTitle)
        let lines = curves.enumerated().map { place, curve in
            chart.line(curve.points.map { ($0.x, $0.y) }, classes: "curve k\(place % 8)") + marks(curve, place, chart)
        }
        let ends = curves.compactMap { curve in
            curve.points.last.map { "\(curve.name) ends at \($0.y.shortFigure)" }
        }
        return """
            <figure><figcaption><b>\(title)</b></figcaption>
            \(chart.drawing(summary: "\(title) by \(xTitle): \(ends.joined(separator: ", "))", "\(lines)"))
            \(legend(curves.map(\.name)))</figure>

            """
    }

    /// Few points are shown each.
    private func marks(_ curve: Curve, _ place: Int, _ chart: Chart) -> HTML {
        guard curve.points.count <= 24 else { return "" }
        let dots = curve.points.map { point in
            chart.dot(
                x: point.x, y: point.y, radius: 2.5, classes: "dot k\(place % 8)",
                title: "\(curve.name), \(xTitle) \(point.x.shortFigure): \(chart.y.label(point.y))")
        }
        return "\(dots)"
    }
}

/// Names of series by their colours; of one there is nothing to tell apart.
func legend(_ names: [String]) -> HTML {
    guard names.count > 1 else { return "" }
    let items = names.enumerated().map { place, name in "<li><i class=\"k\(place % 8)\"></i>\(name)</li>" as HTML }
    return "<ul class=\"legend\">\(items)</ul>"
}
