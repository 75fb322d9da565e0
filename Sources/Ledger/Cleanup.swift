package import Experiments
import Files
import GRDB

/// Which artifacts of one kind a store keeps, of each method on each task or fold.
package enum Retention: String, CaseIterable, Sendable {
    case all
    /// Those of the seed with the best score.
    case best
    /// Those of the seed that finished last.
    case last
}

/// What a store can let go without harm: every score stays, and so does every artifact that a stage may still start
/// from.
package struct Cleanup: Sendable {
    /// Artifacts that the policy does not keep. Their results count as before.
    package let discarded: [ArtifactReference]
    /// Files in the store's folder of artifacts that no result names: what was set aside or cut off.
    package let strays: [Stray]
    private let artifacts: ContentStore

    package struct Stray: Sendable {
        package let path: String
        package let byteCount: Int
    }

    /// - Parameter policy: kinds that it does not name are all kept.
    package init(of ledger: LedgerReader, keeping policy: [ArtifactKind: Retention]) throws(LedgerError) {
        artifacts = ContentStore(store: ledger.store)
        let records = try ledger.stages(keyPrefix: "")
        let plans = try ledger.sweeps().map(\.plan)
        let rule = RetentionRule(
            plans: plans, records: records, endTimes: try ledger.endTimes(), policy: policy)
        let all = records.flatMap { record in (record.result?.artifacts ?? []).map { (record.key, $0) } }
        let kept = Set(all.filter { rule.keeps($0.1.kind, of: $0.0) }.map(\.1.id))
        let given = try ledger.given()
        var seen = kept.union(given)
        discarded = all.map(\.1).filter { [artifacts] artifact in
            Disk.byteCount(of: artifacts.path(of: artifact.id.rawValue)) != nil && seen.insert(artifact.id).inserted
        }
        let named = Set((all.map(\.1.id) + given).map { [artifacts] in artifacts.path(of: $0.rawValue) })
        strays = Directory.files(under: artifacts.root).filter { !named.contains($0) }.sorted().map {
            Stray(path: $0, byteCount: Disk.byteCount(of: $0) ?? 0)
        }
    }

    /// Does it. A crash on the way leaves files that the next cleanup removes.
    package func perform(on ledger: Ledger) throws(LedgerError) {
        try ledger.discard(discarded.map(\.id))
        do throws(FileError) {
            for artifact in discarded { try Disk.remove(artifacts.path(of: artifact.id.rawValue)) }
            for stray in strays { try Disk.remove(stray.path) }
        } catch {
            throw LedgerError(error)
        }
    }
}

/// Decides for each artifact of a finished stage.
private struct RetentionRule {
    private let policy: [ArtifactKind: Retention]
    /// What stages start from that are not finished.
    private let needed: Set<StageInput>
    private let best: Set<StageKey>
    private let last: Set<StageKey>

    init(
        plans: [SweepPlan], records: [StageRecord], endTimes: [StageKey: Timestamp],
        policy: [ArtifactKind: Retention]
    ) {
        self.policy = policy
        let results = Dictionary(records.compactMap { record in record.result.map { (record.key, $0) } }) { $1 }
        needed = Set(
            plans.flatMap(\.stages).filter { results[$0.key] == nil }.flatMap { stage in
                stage.specification.inputs.map { StageInput(kind: $0.kind, from: $0.from) }
            })
        var (best, last): (Set<StageKey>, Set<StageKey>) = ([], [])
        for plan in plans {
            let rows = plan.rows.filter { row in row.stages.last.map { results[$0] != nil } ?? false }
            let cells = Dictionary(grouping: rows, by: \.foldCell)
            let stages = Dictionary(plan.stages.map { ($0.key, $0) }) { first, _ in first }
            let score = { (row: SweepRow) in
                plan.score(of: row.stages.last.flatMap { stages[$0] }, in: results)
            }
            for rows in cells.values {
                // In the order of seeds: of equals the first stays.
                let bestRow = rows.reduce(nil as SweepRow?) { best, row in
                    guard let best else { return row }
                    return score(row) > score(best) ? row : best
                }
                let lastRow = rows.max { Self.end(of: $0, endTimes) < Self.end(of: $1, endTimes) }
                best.formUnion(bestRow?.stages ?? [])
                last.formUnion(lastRow?.stages ?? [])
            }
        }
        (self.best, self.last) = (best, last)
    }

    private static func end(of row: SweepRow, _ endTimes: [StageKey: Timestamp]) -> Int64 {
        row.stages.last.flatMap { endTimes[$0]?.rawValue } ?? 0
    }

    func keeps(_ kind: ArtifactKind, of stage: StageKey) -> Bool {
        if needed.contains(StageInput(kind: kind, from: stage)) { return true }
        switch policy[kind] ?? .all {
        case .all: return true
        case .best: return best.contains(stage)
        case .last: return last.contains(stage)
        }
    }
}

extension SweepPlan {
    /// The merit of a row's last stage by the first metric of its task; less than any where it has no score.
    fileprivate func score(of stage: PlannedStage?, in results: [StageKey: StageResult]) -> Double {
        guard let stage, let task = task(named: stage.task)?.definition else { return -.infinity }
        return results[stage.key]?.merit(on: task) ?? -.infinity
    }
}

extension LedgerReader {
    /// Stages of which the store lets nothing go while sweeps of these names are worked on: those of other sweeps whose
    /// models it has, and those of which some plan asked for the whole model.
    package func keptStages(besides names: Set<String>) throws(LedgerError) -> Set<StageKey> {
        // One that was handed in goes on where it has not ended.
        var others: [SweepHeading] = []
        for heading in try headings() where !names.contains(heading.name) {
            let goesOn = if heading.arguments == nil { false } else { try !hasEnded(heading) }
            if !goesOn { others.append(heading) }
        }
        let discarded = try others.isEmpty ? [] : discarded()
        return try read { database in
            var kept: Set<StageKey> = []
            let asked = """
                SELECT stages.key FROM kinds JOIN members ON members.kind = kinds.id
                JOIN stages ON stages.id = members.stage WHERE kinds.outputs LIKE '%"backbone"%'
                """
            if try database.number("SELECT 1 FROM kinds WHERE outputs LIKE '%\"backbone\"%'") != nil {
                try database.each(asked) { kept.insert(StageKey(rawValue: try digest($0.at(0)))) }
            }
            for heading in others {
                let sql = """
                    SELECT stages.key, artifacts FROM kinds JOIN members ON members.sweep = ? AND members.kind = kinds.id
                    JOIN stages ON stages.id = members.stage JOIN results ON results.id = stages.result
                    WHERE keptIfBest <> '[]' AND artifacts LIKE '%"backbone"%'
                    """
                try database.each(sql, [heading.number]) { row in
                    let models = try ResultText.artifacts(row.at(1)).filter { $0.kind == .backbone }
                    guard models.contains(where: { !discarded.contains($0.id) }) else { return }
                    kept.insert(StageKey(rawValue: try digest(row.at(0))))
                }
            }
            return kept
        }
    }
}
