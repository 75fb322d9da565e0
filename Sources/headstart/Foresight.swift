import Experiments
import Scheduler
import Synchronization

/// What a coordinator knows beforehand of its stages, so that each goes to a worker that has the time and the memory, and the
/// long ones to wide groups. It comes from what is kept of this machine: nothing is measured for it, and no dataset read.
final class Foresight: Sendable {
    private let state: Mutex<State>

    /// Threads that a rank is likely to have, as far as nobody knows what hosts will come.
    static var likelyThreads: [Int] {
        Array(sequence(first: Machine.cores) { $0 > 1 ? $0 / 2 : nil })
    }

    /// - Parameters:
    ///   - threads: of each rank; the first number of them counts of which it is known how fast it is.
    ///   - limitsMemory: whether the least memory is looked for. Where all groups are alike, a stage that is too large for
    ///     one has to be refused, and not to wait for another.
    init(threads: [Int], limitsMemory: Bool = true) {
        state = Mutex(State(threads: threads, limitsMemory: limitsMemory))
    }

    /// By stage; of those of which nothing is known there is none.
    func needs(of plan: SweepPlan) -> [StageKey: StageNeeds] { state.withLock { $0.needs(of: plan) } }

    /// Has the files read that are to be known for a plan, so that the coordinator's loop need not wait for them.
    func lookAhead(to plan: SweepPlan) { state.withLock { _ = $0.foretell(plan, StageKinds(plan.stages)) } }

    private struct State {
        private let forecasts: Forecasts
        private let threads: [Int]
        private let limitsMemory: Bool
        /// By the first stage of each kind; nil where nothing is known of it.
        private var known: [StageKey: StageNeeds?] = [:]

        init(threads: [Int], limitsMemory: Bool) {
            forecasts = Forecasts(ranks: 1, threads: threads.first ?? 1)
            self.threads = threads
            self.limitsMemory = limitsMemory
        }

        mutating func needs(of plan: SweepPlan) -> [StageKey: StageNeeds] {
            let kinds = StageKinds(plan.stages)
            let known = foretell(plan, kinds)
            guard known.contains(where: { $0 != nil }) else { return [:] }
            var needs = [StageKey: StageNeeds](minimumCapacity: plan.stages.count)
            for (stage, kind) in zip(plan.stages, kinds.numbers) { needs[stage.key] = known[kind] }
            return needs
        }

        /// - Returns: for each kind what its stages need, where that is known.
        mutating func foretell(_ plan: SweepPlan, _ kinds: StageKinds) -> [StageNeeds?] {
            let names = kinds.ends.map { plan.stages[$0.first].key }
            let new = kinds.ends.indices.filter { known[names[$0]] == nil }
            guard !new.isEmpty else { return names.map { known[$0] ?? nil } }
            // What the first of a kind does for all, such as features that it computes, is none of the others' needs.
            let examples = plan.keeping(new.flatMap { [kinds.ends[$0].first, kinds.ends[$0].last] })
            let found = needs(ofEach: examples)
            for kind in new { known[names[kind]] = .some(found[plan.stages[kinds.ends[kind].last].key]) }
            return names.map { known[$0] ?? nil }
        }

        private func needs(ofEach plan: SweepPlan) -> [StageKey: StageNeeds] {
            let batch = plan.stages.map(\.specification.recipe.batch).max() ?? 1
            let ranks = Array(sequence(first: 1) { 2 * $0 <= min(batch, mostRanks) ? 2 * $0 : nil })
            do {
                let bytes = limitsMemory ? try forecasts.leastBytes(of: plan) : [:]
                var seconds: [StageKey: [Double]] = [:]
                for count in threads where !seconds.values.contains(where: { !$0.isEmpty }) {
                    forecasts.threads = count
                    seconds = try forecasts.seconds(of: plan, onRanks: ranks)
                }
                return seconds.reduce(into: [:]) { needs, stage in
                    needs[stage.key] = StageNeeds(secondsByRanks: stage.value, leastBytes: bytes[stage.key])
                }
            } catch {
                Screen.complain("what stages take is not known: \(error)")
                return [:]
            }
        }
    }
}

/// Wider groups than that are foretold as this one.
private let mostRanks = 64
