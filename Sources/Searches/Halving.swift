import Experiments

/// A round of successive halving.
struct Rung: Hashable {
    /// The points that take part.
    let count: Int
    /// The part of the budget that each gets.
    let share: Double
}

extension Search {
    /// The rounds of successive halving (Jamieson and Talwalkar 2016): one in `halving` points goes on with so many times
    /// the budget, and the last round leaves one, for which the whole budget is. Sixteen points and a factor of 4 are 16
    /// with a sixteenth and 4 with a quarter. Empty without halving.
    func rungs(of count: Int) -> [Rung] {
        guard let halving else { return [] }
        var counts: [Int] = []
        var left = count
        while left > 1 {
            counts.append(left)
            left /= halving
        }
        var share = 1.0
        var rungs: [Rung] = []
        for count in counts.reversed() {
            share /= Double(halving)
            rungs.insert(Rung(count: count, share: share), at: 0)
        }
        return rungs.isEmpty ? [Rung(count: count, share: 1)] : rungs
    }

    func halve<Failure: Error>(
        _ walk: inout Walk, _ judge: (SearchPoint) throws(Failure) -> Verdict
    ) throws(Failure) {
        var candidates = candidatePoints
        remarkOnDraws(candidates, &walk)
        let rungs = rungs(of: candidates.count)
        for (index, rung) in rungs.enumerated() {
            let points = candidates.map { SearchPoint($0.settings, share: rung.share) }
            guard try walk.settle(points, judge) else { return }
            let ranked = walk.ranked(points)
            guard index + 1 < rungs.count, ranked.count > 1 else { return walk.choose(among: points) }
            let survivors = Set(ranked.prefix(rungs[index + 1].count))
            walk.remark("of \(points.count) points with \(part(rung.share)), the best \(survivors.count) go on")
            // In the order of their draw, by which equals are told apart.
            candidates = points.filter(survivors.contains)
        }
    }

    private func part(_ share: Double) -> String {
        share == 1 ? "the whole budget" : "1/\(Int((1 / share).rounded())) of the budget"
    }
}
