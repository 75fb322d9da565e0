import Experiments

extension Search {
    /// Tries a whole grid, and goes on beyond its edges for as long as the best point lies on one.
    func grow<Failure: Error>(
        atMost growths: Int, _ walk: inout Walk, _ judge: (SearchPoint) throws(Failure) -> Verdict
    ) throws(Failure) {
        var grid = Grid(axes)
        var closed: Set<Grid.Edge> = []
        for growth in 0... {
            guard try walk.settle(grid.points, judge) else { return }
            // All at once: what is added at one end must not change what comes next at the other.
            let edges = grid.edges(walk).filter { !closed.contains($0) }.compactMap { edge in
                grid.next(beyond: edge).map { (edge: edge, value: $0) }
            }
            if growth == growths {
                for (edge, _) in edges { walk.remark(grid.boundary(edge, growths)) }
            }
            if edges.isEmpty, let plain = grid.sameness(walk) { walk.remark(plain) }
            guard growth < growths, !edges.isEmpty else { return walk.choose(among: grid.points) }
            for (edge, value) in edges where try !widen(&grid, at: edge, by: value, &walk, judge) {
                closed.insert(edge)
            }
        }
    }

    /// Adds a value beyond an edge.
    /// - Returns: whether it can be had.
    private func widen<Failure: Error>(
        _ grid: inout Grid, at edge: Grid.Edge, by value: String, _ walk: inout Walk,
        _ judge: (SearchPoint) throws(Failure) -> Verdict
    ) throws(Failure) -> Bool {
        let wider = grid.extended(at: edge, by: value)
        let added = wider.points.filter { $0.settings[edge.axis].value == value }
        _ = try walk.settle(added, judge)
        let refusals = added.compactMap { walk.refusal(of: $0) }
        if refusals.count == added.count {
            walk.remark("\(grid.finding(edge)), beyond which it cannot grow: \(refusals.first ?? "")")
            return false
        }
        walk.remark("\(grid.finding(edge)), which grows to \(value)")
        grid = wider
        return true
    }
}

extension Grid {
    /// That the points cannot be told apart, where several could have been.
    fileprivate func sameness(_ walk: Walk) -> String? {
        let scores = points.compactMap { walk.score(of: $0) }
        guard scores.count > 1, Set(scores).count == 1, axes.contains(where: \.isNumeric) else { return nil }
        return "all \(scores.count) points have the same score, which does not show where to look; try other values"
    }

    fileprivate func finding(_ edge: Edge) -> String {
        "the best \(axes[edge.axis].key), \(value(at: edge) ?? ""), is the \(edge.isLow ? "smallest" : "largest") of the grid"
    }

    fileprivate func boundary(_ edge: Edge, _ growths: Int) -> String {
        let history = growths == 0 ? "" : "; it has grown \(growths) times"
        return "\(finding(edge)), beyond which 'grow' lets it not go\(history)"
    }
}
