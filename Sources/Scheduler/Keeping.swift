import Experiments

/// What only the best seed of a cell leaves in the store. Workers deliver it where they are asked to: when the result comes
/// in, and is the best so far. It goes when a better one comes, together with that in the ledger, and then from the disk.
extension Scheduler {
    /// Whether the stage's model is kept, as far as results have come.
    /// - Parameter result: its own, which may not be known yet.
    func isBest(_ stage: Stage, with result: StageResult) -> Bool {
        let key = stage.planned.key
        return bestSeeds.keeps(key) { other in
            let finished = other == key ? result : stages.named(other)?.record.result
            return stages.named(other).flatMap { stage in finished?.merit(on: stage.task) }
        }
    }

    /// What of a result the store does without.
    func dispensable(_ result: StageResult, of stage: Stage) -> [ArtifactReference] {
        let kinds = stage.planned.dispensable
        guard !kinds.isEmpty, !spared.contains(stage.planned.key), !isBest(stage, with: result) else { return [] }
        return result.artifacts.filter { kinds.contains($0.kind) }
    }

    /// A result was accepted: what it and those of its rivals no longer need to leave goes.
    mutating func letGo(after key: StageKey, at now: Timestamp) {
        guard !stages[key].planned.keptIfBest.isEmpty else { return }
        let rivals = bestSeeds.rivals(of: key).filter { stages.named($0) != nil }.sorted()
        let outdone = rivals.flatMap { dispensable(of: $0) }.filter { stored.contains($0.id) }
        discard(dispensable(of: key) + outdone, at: now)
    }

    /// A stage is to run again: what it may leave is looked for anew when it has.
    mutating func forgetDispensable(_ result: StageResult, of key: StageKey) {
        let kinds = stages[key].planned.dispensable
        let ids = result.artifacts.filter { kinds.contains($0.kind) }.map(\.id)
        stored.subtract(ids)
        letGone.subtract(ids)
    }

    /// Where no search goes on any more: what the points of all of them left goes, but for the chosen ones.
    mutating func letGoOfUnchosen(_ plan: SweepPlan, at now: Timestamp) {
        guard !plan.searches.isEmpty, !bestSeeds.isSearching else { return }
        let points = stages.keys.filter { !bestSeeds.isOfACell($0) }
        discard(points.flatMap { dispensable(of: $0) }.filter { stored.contains($0.id) }, at: now)
    }

    private func dispensable(of key: StageKey) -> [ArtifactReference] {
        let stage = stages[key]
        return stage.record.result.map { dispensable($0, of: stage) } ?? []
    }

    private mutating func discard(_ artifacts: [ArtifactReference], at now: Timestamp) {
        let ids = Set(artifacts.map(\.id)).filter { id in
            !given.contains(id) && (!stored.contains(id) || !isWanted(id))
        }.sorted()
        guard !ids.isEmpty else { return }
        stored.subtract(ids)
        letGone.formUnion(ids)
        record(.discarded(ids, at: now))
    }

    /// Whether some result needs these bytes, as those of two stages that came to the same do.
    private func isWanted(_ id: ArtifactID) -> Bool {
        makers[id, default: []].contains { key in
            let stage = stages[key]
            guard let result = stage.record.result, result.artifacts.contains(where: { $0.id == id }) else {
                return false
            }
            return !dispensable(result, of: stage).contains { $0.id == id }
        }
    }
}
