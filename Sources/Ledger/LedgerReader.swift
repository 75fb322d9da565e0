package import Experiments
import Foundation
import GRDB

/// Reads a ledger, also while a coordinator writes it.
package struct LedgerReader: Sendable {
    package let store: String
    private let queue: DatabaseQueue

    /// - Throws: `LedgerError.missing` where the store has no ledger; nothing is made.
    package init(store: String) throws(LedgerError) {
        self.init(store: store, queue: try LedgerFile.open(in: store, readOnly: true))
    }

    init(store: String, queue: DatabaseQueue) {
        self.store = store
        self.queue = queue
    }

    /// All sweeps, the one asked for last at the end.
    package func sweeps() throws(LedgerError) -> [SweepEntry] {
        try read { database in
            try SweepTable.order(GRDB.Column("plannedAt"), GRDB.Column("id")).fetchAll(database).map { row in
                SweepEntry(
                    plan: try decode(SweepPlan.self, from: row.plan), plannedAt: Timestamp(rawValue: row.plannedAt))
            }
        }
    }

    /// The plan of this name that was asked for last; without a name, of all.
    package func plan(named name: String? = nil) throws(LedgerError) -> SweepPlan? {
        try sweeps().last { name == nil || $0.plan.name == name }?.plan
    }

    /// The plan's stages in its order.
    package func stages(of plan: SweepPlan) throws(LedgerError) -> [StageEntry] {
        try stages(plan.stages.map(\.key))
    }

    private func stages(_ keys: [StageKey]) throws(LedgerError) -> [StageEntry] {
        try read { database in try keys.compactMap { try entry($0.description, database) } }
    }

    /// Stages whose key begins with these digits, in the order of keys.
    package func stages(keyPrefix: String) throws(LedgerError) -> [StageEntry] {
        try read { database in
            let sql = "SELECT key FROM stage WHERE substr(key, 1, ?) = ? ORDER BY key"
            let keys = try String.fetchAll(database, sql: sql, arguments: [keyPrefix.count, keyPrefix])
            return try keys.compactMap { try entry($0, database) }
        }
    }

    package func stage(_ key: StageKey) throws(LedgerError) -> StageEntry? {
        try read { database in try entry(key.description, database) }
    }

    /// The plan that first asked for the stage: its specification, task and model are there.
    package func plan(containing key: StageKey) throws(LedgerError) -> SweepPlan? {
        try read { database in
            let sql = "SELECT plan FROM sweep JOIN stage ON stage.sweep = sweep.id WHERE stage.key = ?"
            let json = try String.fetchOne(database, sql: sql, arguments: [key.description])
            return try json.map { try decode(SweepPlan.self, from: $0) }
        }
    }

    /// The stage's evaluations by step. Where a later attempt came to the same step again, its values stand.
    package func evaluations(of key: StageKey) throws(LedgerError) -> [Evaluation] {
        try read { database in
            let rows = try MetricTable.filter(GRDB.Column("stage") == key.description)
                .order(GRDB.Column("step"), GRDB.Column("attempt"), GRDB.Column("rowid")).fetchAll(database)
            let byStep = Dictionary(grouping: rows, by: \.step)
            return byStep.keys.sorted().map { step in evaluation(step, byStep[step] ?? []) }
        }
    }

    /// The artifacts of the stage's result.
    package func artifacts(of key: StageKey) throws(LedgerError) -> [ArtifactReference] {
        try stage(key)?.standing.result?.artifacts ?? []
    }

    /// What a coordinator that starts again must know of the plan's stages. Stages new to the ledger are not in it.
    package func known(of plan: SweepPlan) throws(LedgerError) -> [StageKey: KnownStage] {
        try known(of: plan.stages.map(\.key))
    }

    package func known(of keys: [StageKey]) throws(LedgerError) -> [StageKey: KnownStage] {
        var known: [StageKey: KnownStage] = [:]
        for stage in try stages(keys) {
            let last = stage.attempts.last
            let isRunning = stage.standing.state == .running && last?.outcome == .running
            known[stage.key] = KnownStage(
                standing: stage.standing, attempt: last?.number, worker: isRunning ? last?.worker : nil)
        }
        return known
    }

    private func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
        try LedgerFile.translated(LedgerFile.path(in: store)) { try queue.read(body) }
    }

    private func entry(_ key: String, _ database: Database) throws -> StageEntry? {
        guard let row = try StageTable.fetchOne(database, key: key) else { return nil }
        let attempts = try AttemptTable.filter(GRDB.Column("stage") == key).order(GRDB.Column("number")).fetchAll(
            database)
        return StageEntry(
            key: StageKey(rawValue: try digest(row.key)), task: row.task, label: row.label,
            seed: UInt64(bitPattern: row.seed), standing: try row.standing(),
            attempts: try attempts.map { try $0.entry() })
    }

    private func evaluation(_ step: Int, _ rows: [MetricTable]) -> Evaluation {
        let last = rows.filter { $0.attempt == rows.last?.attempt }
        let scores = last.compactMap { row -> Score? in
            guard let split = Split(rawValue: row.split), let metric = Metric(rawValue: row.metric) else { return nil }
            return Score(split: split, metric: metric, value: row.value)
        }
        let loss = last.first { $0.metric == MetricTable.loss }?.value ?? 0
        return Evaluation(step: step, epoch: last.first?.epoch ?? 0, trainingLoss: loss, scores: scores)
    }
}

extension StageTable {
    fileprivate func standing() throws -> StageStanding {
        StageStanding(
            state: try spelled(StageState.self, state), losses: losses, nodeFailures: nodeFailures,
            isPaused: isPaused, reason: reason, result: try result.map { try decode(StageResult.self, from: $0) })
    }
}

extension AttemptTable {
    fileprivate func entry() throws -> AttemptEntry {
        AttemptEntry(
            number: Attempt(rawValue: number), worker: WorkerID(rawValue: worker),
            node: NodeSettings(ranks: ranks, threads: threads, host: host, blasCore: blasCore),
            startedAt: Timestamp(rawValue: startedAt), outcome: try ending())
    }

    private func ending() throws -> AttemptEntry.Outcome {
        guard let endedAt else { return .running }
        let at = Timestamp(rawValue: endedAt)
        guard outcome != Self.finished else { return .finished(at: at) }
        return .ended(StageFailure(try spelled(StageFailure.Cause.self, outcome), message), at: at)
    }
}

private func decode<Value: Decodable>(_ type: Value.Type, from json: String) throws -> Value {
    try CanonicalJSON.decode(type, from: Data(json.utf8))
}

private func digest(_ hex: String) throws -> Digest {
    guard let digest = Digest(hex: hex) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "'\(hex)' is not a key")
    }
    return digest
}

private func spelled<Value: RawRepresentable<String>>(_ type: Value.Type, _ text: String) throws -> Value {
    guard let value = Value(rawValue: text) else {
        throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "'\(text)' is not a \(type)")
    }
    return value
}
