import Experiments
import Files
import Testing

struct BestSeedsTests {
    private func key(_ number: UInt8) -> StageKey { StageKey(rawValue: Digest(of: [number])) }

    /// A sweep of one row that a search leads to.
    private func searching(_ state: SearchState, stages: [StageKey]) -> SweepPlan {
        let search = SweepSearch(
            task: "rte", method: "a", asked: Digest(of: [0]), seeds: [1], split: .dev, trials: [], state: state,
            remarks: [])
        return SweepPlan(
            name: "sweep", model: ModelLocation(name: "m", path: "/m", content: Digest(of: [0])), dataDirectory: "/d",
            tasks: [], stages: [],
            rows: [SweepRow(task: "rte", method: "a", seed: 0, stages: stages, searches: [0])], searches: [search])
    }

    private func plan(
        _ name: String = "sweep", cells: [(method: String, stages: [UInt8])], isSearching: Bool = false,
        searches: [Int] = []
    ) -> SweepPlan {
        let rows = cells.flatMap { cell in
            cell.stages.enumerated().map {
                SweepRow(task: "rte", method: cell.method, seed: UInt64($0), stages: [key($1)], searches: searches)
            }
        }
        let search = SweepSearch(
            task: "rte", method: "x", asked: Digest(of: [0]), seeds: [1], split: .dev, trials: [], state: .open,
            remarks: [])
        return SweepPlan(
            name: name, model: ModelLocation(name: "m", path: "/m", content: Digest(of: [0])), dataDirectory: "/d",
            tasks: [], stages: [], rows: rows, searches: isSearching ? [search] : [])
    }

    private func kept(_ seeds: BestSeeds, _ merits: [UInt8: Double]) -> [UInt8] {
        let byKey = Dictionary(uniqueKeysWithValues: merits.map { (key($0), $1) })
        return merits.keys.sorted().filter { seeds.keeps(key($0)) { byKey[$0] } }
    }

    @Test func `the best of each cell is kept, of equals the first`() {
        var seeds = BestSeeds()
        seeds.add(plan(cells: [("a", [1, 2, 3]), ("b", [4, 5])]))
        #expect(kept(seeds, [1: 0.5, 2: 0.75, 3: 0.75, 4: -.infinity, 5: -.infinity]) == [2, 4])
        #expect(kept(seeds, [3: 0.5]) == [3], "as long as there is no other")
        #expect(kept(seeds, [:]).isEmpty)
        #expect(seeds.rivals(of: key(2)) == [key(1), key(3)])
    }

    @Test func `a stage that several cells share is kept where it is the best of one`() {
        var seeds = BestSeeds()
        seeds.add(plan(cells: [("a", [1, 2]), ("b", [2, 3])]))
        seeds.add(plan("other", cells: [("a", [1, 4])]))
        #expect(kept(seeds, [1: 0.25, 2: 0.5, 3: 0.75]) == [1, 2, 3])
    }

    @Test func `a plan takes the place of what was known of its sweep, and of no other one of its name`() {
        var seeds = BestSeeds()
        seeds.add(plan(cells: [("a", [1, 2])], searches: [0]))
        seeds.add(plan(cells: [("a", [3, 2])], searches: [0]))
        #expect(kept(seeds, [1: 0.75, 2: 0.5, 3: 0.25]) == [2], "what its search has chosen now")
        seeds.add(plan(cells: [("a", [1, 3])]))
        #expect(kept(seeds, [1: 0.75, 2: 0.5, 3: 0.25]) == [1, 2])
        #expect(seeds.rivals(of: key(3)) == [key(1), key(2)])
    }

    @Test func `each fold has a best seed of its own`() {
        let folds: [(Int, [UInt8])] = [(1, [1, 2]), (2, [3, 4])]
        let rows = folds.flatMap { number, stages in
            stages.map { stage in
                SweepRow(
                    task: "own", fold: Fold(number, of: 2), method: "a", seed: UInt64(stage), stages: [key(stage)])
            }
        }
        var seeds = BestSeeds()
        seeds.add(
            SweepPlan(
                name: "folds", model: ModelLocation(name: "m", path: "/m", content: Digest(of: [0])),
                dataDirectory: "/d", tasks: [], stages: [], rows: rows))
        #expect(kept(seeds, [1: 0.5, 2: 0.25, 3: 0.75, 4: 0.875]) == [1, 4])
    }

    @Test func `what a search may yet choose is kept until it has chosen`() {
        var seeds = BestSeeds()
        seeds.add(searching(.open, stages: []))
        #expect(kept(seeds, [1: 0.5, 2: 0.25]) == [1, 2])
        seeds.add(searching(.failed(reason: "for a test"), stages: [key(2)]))
        #expect(kept(seeds, [1: 0.5, 2: 0.25]) == [2])
    }
}
