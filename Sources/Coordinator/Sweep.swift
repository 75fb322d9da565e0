import Experiments

/// A sweep that is planned further as the results of its searches come in. It remembers nothing that the results do not
/// say: what comes next is planned anew from all of them each time.
struct Sweep {
    /// As far as it is planned; nil before the first time.
    private(set) var plan: SweepPlan?
    /// When it was last asked for.
    var askedAt: Timestamp
    /// Whether a search has all results that it waited for.
    var isDue = false
    private let growing: any GrowingPlan
    /// For each search the stages that it compares.
    private var compared: [Set<StageKey>] = []
    /// The searches that compare a stage.
    private var searches: [StageKey: [Int]] = [:]
    /// Those of the stages that have ended.
    private var ended: Set<StageKey> = []

    init(_ growing: any GrowingPlan, askedAt: Timestamp) {
        self.growing = growing
        self.askedAt = askedAt
    }

    /// - Returns: the plan that follows from how stages stand; nil where that is the plan already.
    mutating func grow(_ standing: (StageKey) -> StageStanding?) throws(CoordinatorError) -> SweepPlan? {
        isDue = false
        let next: SweepPlan
        do {
            next = try growing.plan(knowing: standing)
        } catch {
            throw .planning("\(error)")
        }
        defer { ended = Set(searches.keys.filter { standing($0)?.state.isFinal ?? false }) }
        guard next != plan else { return nil }
        plan = next
        compared = next.searches.map { Set($0.trials.flatMap(\.stages)) }
        searches = [:]
        for (place, stages) in compared.enumerated() {
            for stage in stages { searches[stage, default: []].append(place) }
        }
        return next
    }

    mutating func hear(_ change: Change) {
        guard case .stands(let stage) = change, let waiting = searches[stage.key] else { return }
        guard stage.state.isFinal else {
            ended.remove(stage.key)
            return
        }
        ended.insert(stage.key)
        isDue = isDue || waiting.contains { compared[$0].isSubset(of: ended) }
    }
}
