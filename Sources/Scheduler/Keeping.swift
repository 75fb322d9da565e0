import Experiments

/// What only the best seed of a cell leaves in the store. Workers deliver it where they are asked to: when the result comes
/// in, and is the best so far. It goes when a better one comes, together with that in the ledger, and then from the disk.
extension Scheduler {
    /// Whether the stage's model is kept, as far as results have come.
    /// - Parameter result: its own, which may not be known yet.
    func isBest(_ stage: Stage, with result: StageResult) -> Bool {
        bestSeeds.keeps(stage.key) { other in
            guard let rival = stages.named(other) else { return nil }
            let finished = other == stage.key ? result : rival.record.result
            return finished?.merit(on: source(of: rival).task)
        }
    }

    /// What of a result the store does without.
    func dispensable(_ result: StageResult, of stage: Stage) -> [ArtifactReference] {
        let kinds = stage.planned.dispensable
        guard !kinds.isEmpty, !spared.contains(stage.key), !isBest(stage, with: result) else { return [] }
        return result.artifacts.filter { kinds.contains($0.kind) }
    }

    /// A result was accepted: what it and those of its rivals no longer need to leave goes.
    mutating func letGo(after index: StageIndex, at now: Timestamp) {
        guard !stages[index].planned.keptIfBest.isEmpty else { return }
        let rivals = bestSeeds.rivals(of: stages[index].key).sorted().compactMap(stages.index)
        let outdone = rivals.flatMap { dispensable(of: $0) }.filter { stored.contains($0.id) }
        discard(dispensable(of: index) + outdone, at: now)
    }

    /// A stage is to run again: what it may leave is looked for anew when it has.
    /// - Returns: what that is.
    mutating func forgetDispensable(_ result: StageResult, of index: StageIndex) -> [ArtifactID] {
        let kinds = stages[index].planned.dispensable
        let ids = result.artifacts.filter { kinds.contains($0.kind) }.map(\.id)
        stored.subtract(ids)
        letGone.subtract(ids)
        return ids
    }

    /// Where no search goes on any more: what the points of all of them left goes, but for the chosen ones.
    mutating func letGoOfUnchosen(_ plan: SweepPlan, at now: Timestamp) {
        guard !plan.searches.isEmpty, !bestSeeds.isSearching else { return }
        let points = stages.indices.filter { !bestSeeds.isOfACell(stages[$0].key) }
        discard(points.flatMap { dispensable(of: $0) }.filter { stored.contains($0.id) }, at: now)
    }

    private func dispensable(of index: StageIndex) -> [ArtifactReference] {
        let stage = stages[index]
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
        makers[id, default: []].contains { index in
            let stage = stages[index]
            guard let result = stage.record.result, result.artifacts.contains(where: { $0.id == id }) else {
                return false
            }
            return !dispensable(result, of: stage).contains { $0.id == id }
        }
    }
}
