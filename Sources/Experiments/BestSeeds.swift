/// Whose model is kept where `keep` is `best`: in each cell of a table, and of each fold in it, that of the seed with the best
/// score, of equals that of the first in the table's order. It depends on the results alone and not on the order in which
/// they came.
package struct BestSeeds: Sendable {
    private struct Place: Hashable {
        /// By its place in `sweeps`.
        let sweep: Int
        let cell: Cell
    }

    /// Several of one name may be worked on at once.
    private var sweeps: [SweepPlan.Identity] = []
    /// The last stages of each cell's rows, in the table's order.
    private var cells: [Place: [StageKey]] = [:]
    private var places: [StageKey: [Place]] = [:]
    /// Sweeps whose searches go on, so that more stages may come to be some row's.
    private var searching: Set<Int> = []

    package init() {}

    /// Takes a plan up, in place of what was known of its sweep.
    package mutating func add(_ plan: SweepPlan) {
        let identity = plan.identity
        let sweep = sweeps.firstIndex(of: identity) ?? sweeps.endIndex
        if sweep == sweeps.endIndex { sweeps.append(identity) }
        cells = cells.filter { $0.key.sweep != sweep }
        for row in plan.rows {
            guard let last = row.stages.last else { continue }
            cells[Place(sweep: sweep, cell: row.foldCell), default: []].append(last)
        }
        places = [:]
        for (place, stages) in cells {
            for stage in Set(stages) { places[stage, default: []].append(place) }
        }
        if plan.searches.contains(where: \.isOpen) { searching.insert(sweep) } else { searching.remove(sweep) }
    }

    /// Whether the stage's model is kept, as far as results have come. One that is of no cell is, as long as a search may
    /// yet choose it.
    /// - Parameter merit: of each stage, greater for a better score; nil for one that has not finished.
    package func keeps(_ stage: StageKey, merit: (StageKey) -> Double?) -> Bool {
        guard let mine = merit(stage) else { return false }
        guard let places = places[stage] else { return isSearching }
        return places.contains { place in
            let stages = cells[place] ?? []
            guard let own = stages.firstIndex(of: stage) else { return false }
            return !stages.enumerated().contains { number, other in
                guard other != stage, let theirs = merit(other) else { return false }
                return theirs > mine || (theirs == mine && number < own)
            }
        }
    }

    /// The stages that share a cell with this one.
    package func rivals(of stage: StageKey) -> Set<StageKey> {
        Set((places[stage] ?? []).flatMap { cells[$0] ?? [] }).subtracting([stage])
    }

    /// Whether some search goes on.
    package var isSearching: Bool { !searching.isEmpty }

    /// Whether it is the last one of some row.
    package func isOfACell(_ stage: StageKey) -> Bool { places[stage] != nil }
}

extension StageResult {
    /// What is compared to find the best seed: the score by the task's first metric on the dev set, greater where it is
    /// better; less than any where there is none.
    package func merit(on task: TaskDefinition) -> Double {
        guard let metric = task.metrics.first, let score = score(metric, on: .dev), score.isFinite else {
            return -.infinity
        }
        return metric.merit(score)
    }
}
