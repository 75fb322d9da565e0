/// Whose model is kept where `keep` is `best`: in each cell of a table, and of each fold in it, that of the seed with the best
/// score, of equals that of the first in the table's order. It depends on the results alone and not on the order in which
/// they came.
package struct BestSeeds: Sendable {
    private struct Sweep {
        let identity: SweepPlan.Identity
        /// By their numbers.
        var cells: [Int] = []
        /// Whether its searches go on, so that more stages may come to be some row's.
        var isSearching = false
    }

    /// Several of one name may be worked on at once.
    private var sweeps: [Sweep] = []
    /// The last stages of each cell's rows, in the table's order. Cells of plans that others took the place of are empty.
    private var cells: [[StageKey]] = []
    /// The cell that a stage is of, and the further ones of the few that have several.
    private var first: [StageKey: Int] = [:]
    private var more: [StageKey: [Int]] = [:]

    package init() {}

    /// Takes a plan up, in place of what was known of its sweep.
    package mutating func add(_ plan: SweepPlan) {
        let identity = plan.identity
        let place = sweeps.firstIndex { $0.identity == identity } ?? sweeps.endIndex
        if place == sweeps.endIndex { sweeps.append(Sweep(identity: identity)) }
        for cell in sweeps[place].cells { empty(cell) }
        sweeps[place].isSearching = plan.searches.contains(where: \.isOpen)
        var numbers: [Cell: Int] = [:]
        for row in plan.rows {
            guard let last = row.stages.last else { continue }
            let cell = numbers[row.foldCell] ?? cells.endIndex
            if cell == cells.endIndex {
                numbers[row.foldCell] = cell
                cells.append([])
            }
            cells[cell].append(last)
            if !places(of: last).contains(cell) { put(last, into: cell) }
        }
        sweeps[place].cells = numbers.values.sorted()
    }

    private func places(of stage: StageKey) -> [Int] { first[stage].map { [$0] + (more[stage] ?? []) } ?? [] }

    private mutating func put(_ stage: StageKey, into cell: Int) {
        if first[stage] == nil { first[stage] = cell } else { more[stage, default: []].append(cell) }
    }

    private mutating func empty(_ cell: Int) {
        for stage in Set(cells[cell]) {
            let others = places(of: stage).filter { $0 != cell }
            (first[stage], more[stage]) = (nil, nil)
            for other in others { put(stage, into: other) }
        }
        cells[cell] = []
    }

    /// Whether the stage's model is kept, as far as results have come. One that is of no cell is, as long as a search may
    /// yet choose it.
    /// - Parameter merit: of each stage, greater for a better score; nil for one that has not finished.
    package func keeps(_ stage: StageKey, merit: (StageKey) -> Double?) -> Bool {
        guard let mine = merit(stage) else { return false }
        guard isOfACell(stage) else { return isSearching }
        return places(of: stage).contains { cell in
            let stages = cells[cell]
            guard let own = stages.firstIndex(of: stage) else { return false }
            return !stages.enumerated().contains { number, other in
                guard other != stage, let theirs = merit(other) else { return false }
                return theirs > mine || (theirs == mine && number < own)
            }
        }
    }

    /// The stages that share a cell with this one.
    package func rivals(of stage: StageKey) -> Set<StageKey> {
        Set(places(of: stage).flatMap { cells[$0] }).subtracting([stage])
    }

    /// Whether some search goes on.
    package var isSearching: Bool { sweeps.contains(where: \.isSearching) }

    /// Whether it is the last one of some row.
    package func isOfACell(_ stage: StageKey) -> Bool { first[stage] != nil }
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
