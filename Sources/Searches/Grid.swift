import Experiments

/// The combinations of the axes' values.
struct Grid {
    private(set) var axes: [Axis]

    struct Axis {
        let key: String
        /// Numbers ascend.
        var values: [String]
        let isNumeric: Bool
    }

    /// An end of an axis.
    struct Edge: Hashable {
        let axis: Int
        let isLow: Bool
    }

    init(_ axes: [SearchAxis]) {
        self.axes = axes.map { axis in
            switch axis.values {
            case .numbers(let values): Axis(key: axis.key, values: values, isNumeric: true)
            case .words(let values): Axis(key: axis.key, values: values, isNumeric: false)
            case .interval: preconditionFailure("'\(axis.key)' has no values that a grid could list")
            }
        }
    }

    /// The last axis varies fastest.
    var points: [SearchPoint] {
        let combinations = axes.reduce([[]]) { (partial: [[SearchedSetting]], axis) in
            partial.flatMap { settings in
                axis.values.map { settings + [SearchedSetting(key: axis.key, value: $0)] }
            }
        }
        return combinations.map { SearchPoint($0) }
    }

    /// The ends of the axes at which the best point lies, and which are better than anything not at that end. Where it
    /// is as good further in, there is nothing to be found beyond.
    func edges(_ walk: Walk) -> [Edge] {
        let points = points
        guard let best = walk.ranked(points).first, let highest = walk.score(of: best) else { return [] }
        return axes.indices.filter { axes[$0].isNumeric }.flatMap { axis -> [Edge] in
            let value = best.settings[axis].value
            let others = points.filter { $0.settings[axis].value != value }
            guard others.allSatisfy({ walk.score(of: $0).map { $0 < highest } ?? true }) else { return [] }
            return (value == axes[axis].values.first ? [Edge(axis: axis, isLow: true)] : [])
                + (value == axes[axis].values.last ? [Edge(axis: axis, isLow: false)] : [])
        }
    }

    /// The value at an edge.
    func value(at edge: Edge) -> String? {
        edge.isLow ? axes[edge.axis].values.first : axes[edge.axis].values.last
    }

    /// The value that comes next beyond an edge; nil where there is none.
    func next(beyond edge: Edge) -> String? {
        let series = Series(axes[edge.axis].values)
        return edge.isLow ? series.below : series.above
    }

    func extended(at edge: Edge, by value: String) -> Grid {
        var grid = self
        grid.axes[edge.axis].values.insert(value, at: edge.isLow ? 0 : axes[edge.axis].values.count)
        return grid
    }
}
