/// A drawing with two axes, in pixels of a page.
struct Chart {
    let x: Axis
    let y: Axis
    private let xTitle: String
    private let width: Double
    private let height: Double
    private let left: Double
    private let bottom: Double
    private static let right = 12.0
    private static let top = 8.0

    /// - Parameter xTitle: what the x axis is; empty where its ticks say it.
    init(x: Axis, y: Axis, xTitle: String, width: Double = 330, height: Double = 210) {
        self.xTitle = xTitle
        bottom = xTitle.isEmpty ? 20 : 34
        self.x = x
        self.y = y
        self.width = width
        self.height = height
        left = 16 + 6.5 * Double(y.ticks.map { y.label($0).count }.max() ?? 1)
    }

    func place(x value: Double) -> Double { left + x.place(of: value) * (width - left - Self.right) }

    func place(y value: Double) -> Double {
        height - bottom - y.place(of: value) * (height - bottom - Self.top)
    }

    /// - Parameters:
    ///   - summary: what the drawing shows, for those who do not see it.
    ///   - xTicks: what stands below the x axis instead of numbers.
    func drawing(summary: String, xTicks: [(value: Double, label: String)]? = nil, _ content: HTML)
        -> HTML
    {
        // What a phone would make too small scrolls.
        let isWide = width > 380
        return """
            \(isWide ? "<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"drawing\">" as HTML : "")\
            <svg\(isWide ? "" : " class=\"fit\"" as HTML) role="img" aria-label="\(summary)" width="\(width)" height="\(height)" \
            viewBox="0 0 \(width) \(height)">
            \(rows)\(columns(xTicks))<text class="mid" x="\((left + width - Self.right) / 2)" y="\(height - 3)">\(xTitle)</text>
            \(content)</svg>\(isWide ? "</div>" as HTML : "")
            """
    }

    private var rows: HTML {
        let lines = y.ticks.map { tick in
            let place = place(y: tick)
            return """
                <line class="gridline" x1="\(left)" x2="\(width - Self.right)" y1="\(place)" y2="\(place)"/>\
                <text class="end" x="\(left - 6)" y="\(place + 4)">\(y.label(tick))</text>

                """ as HTML
        }
        return "\(lines)"
    }

    private func columns(_ given: [(value: Double, label: String)]?) -> HTML {
        let ticks = given ?? x.ticks.map { ($0, x.label($0)) }
        let labels = ticks.map { value, label in
            "<text class=\"mid\" x=\"\(place(x: value))\" y=\"\(height - bottom + 15)\">\(label)</text>" as HTML
        }
        return "\(labels)\n"
    }

    /// A line through points, in their order.
    func line(_ points: [(x: Double, y: Double)], classes: HTML) -> HTML {
        let places = points.filter { $0.x.isFinite && $0.y.isFinite }.map { point in
            "\(place(x: point.x)),\(place(y: point.y))" as HTML
        }
        return "<polyline class=\"\(classes)\" points=\"\(places.joined(separator: " "))\"/>\n"
    }

    /// - Parameter title: what a pointer on it is shown.
    func dot(x: Double, y: Double, radius: Double, classes: HTML, title: String) -> HTML {
        """
        <circle class="\(classes)" cx="\(place(x: x))" cy="\(place(y: y))" r="\(radius)"><title>\(title)</title></circle>

        """
    }
}
