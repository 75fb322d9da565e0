package import Experiments
import Files
import Foundation
import GRDB

/// A sweep as the ledger knows it.
package struct SweepEntry: Hashable, Sendable {
    package let plan: SweepPlan
    /// When it was last asked for.
    package let plannedAt: Timestamp
    /// The words that it was handed in with; nil where a command line asked for it.
    package let arguments: [String]?

    package init(plan: SweepPlan, plannedAt: Timestamp, arguments: [String]? = nil) {
        self.plan = plan
        self.plannedAt = plannedAt
        self.arguments = arguments
    }
}

extension [SweepEntry] {
    /// What each is called among them: the one of its name that was asked for last by the name alone, the one before as
    /// `NAME~1`, and so on.
    package var references: [SweepReference] {
        indices.map { place in
            let name = self[place].plan.name
            return SweepReference(name: name, age: self[(place + 1)...].count { $0.plan.name == name })
        }
    }
}

/// Reads a ledger, also while a coordinator writes it.
package struct LedgerReader: Sendable {
    package let store: String
    let queue: DatabaseQueue

    /// - Throws: `LedgerError.missing` where the store has no ledger; nothing is made.
    package init(store: String) throws(LedgerError) {
        self.init(store: store, queue: try LedgerFile.open(in: store, readOnly: true))
    }

    init(store: String, queue: DatabaseQueue) {
        self.store = store
        self.queue = queue
    }

    /// All sweeps with all settings that each was asked for with, those asked for last at the end.
    package func sweeps() throws(LedgerError) -> [SweepEntry] {
        try read { database in
            try SweepTable.order(GRDB.Column("plannedAt"), GRDB.Column("id")).fetchAll(database).map { row in
                SweepEntry(
                    plan: try decode(SweepPlan.self, from: row.plan), plannedAt: Timestamp(rawValue: row.plannedAt),
                    arguments: try row.arguments.map { try decode([String].self, from: $0) })
            }
        }
    }

    /// The plan that is called so, as `reviews` or `reviews~1`; without a name, the one that was asked for last.
    package func plan(named name: String? = nil) throws(LedgerError) -> SweepPlan? {
        let entries = try sweeps()
        guard let name else { return entries.last?.plan }
        return entries.references.firstIndex(of: SweepReference(name)).map { entries[$0].plan }
    }

    /// The plan's stages in its order. Stages new to the ledger are left out.
    package func stages(of plan: SweepPlan) throws(LedgerError) -> [StageRecord] {
        try stages(plan.stages.map(\.key))
    }

    /// What is known of these stages, in their order; those new to the ledger are left out.
    package func stages(_ keys: [StageKey]) throws(LedgerError) -> [StageRecord] {
        try read { database in
            try keys.map(\.description).inPieces.flatMap { names in
                let rows = try StageTable.filter(names.contains(GRDB.Column("key"))).fetchAll(database)
                let stages = Dictionary(rows.map { ($0.key, $0) }) { first, _ in first }
                let attempts = try AttemptTable.filter(names.contains(GRDB.Column("stage")))
                    .order(GRDB.Column("number")).fetchAll(database)
                let ofStages = Dictionary(grouping: attempts, by: \.stage)
                return try names.compactMap { name in try stages[name]?.record(ofStages[name] ?? []) }
            }
        }
    }

    /// Stages whose key begins with these digits, in the order of keys.
    package func stages(keyPrefix: String) throws(LedgerError) -> [StageRecord] {
        try read { try stages(keyPrefix: keyPrefix, $0) }
    }

    func stages(keyPrefix: String, _ database: Database) throws -> [StageRecord] {
        let sql = "SELECT key FROM stage WHERE substr(key, 1, ?) = ? ORDER BY key"
        let keys = try String.fetchAll(database, sql: sql, arguments: [keyPrefix.count, keyPrefix])
        return try keys.compactMap { try record($0, database) }
    }

    package func stage(_ key: StageKey) throws(LedgerError) -> StageRecord? {
        try read { database in try record(key.description, database) }
    }

    /// The plan that first asked for the stage: its specification, task and model are there.
    package func plan(containing key: StageKey) throws(LedgerError) -> SweepPlan? {
        try read { database in
            let sql = "SELECT plan FROM sweep JOIN stage ON stage.sweep = sweep.id WHERE stage.key = ?"
            let json = try String.fetchOne(database, sql: sql, arguments: [key.description])
            return try json.map { try decode(SweepPlan.self, from: $0) }
        }
    }

    /// What a coordinator that starts again must know of the plan's stages. Stages new to the ledger are not in it.
    package func known(of plan: SweepPlan) throws(LedgerError) -> [StageKey: StageRecord] {
        try known(of: plan.stages.map(\.key))
    }

    package func known(of keys: [StageKey]) throws(LedgerError) -> [StageKey: StageRecord] {
        Dictionary(try stages(keys).map { ($0.key, $0) }) { first, _ in first }
    }

    /// Whether nothing more will happen to the sweep unless a person asks for it.
    package func hasEnded(_ plan: SweepPlan) throws(LedgerError) -> Bool { plan.hasEnded(try stages(of: plan)) }

    /// The hosts whose workers are to leave.
    package func drained() throws(LedgerError) -> Set<String> {
        try read { database in
            guard try database.tableExists("drained") else { return [] }
            return try Set(String.fetchAll(database, sql: "SELECT host FROM drained"))
        }
    }

    /// What the stages of all sweeps were given as files, which nobody makes again.
    package func given() throws(LedgerError) -> Set<ArtifactID> {
        Set(try sweeps().flatMap { $0.plan.stages.flatMap(\.specification.given) }.map(\.id))
    }

    /// Artifacts that the store let go on purpose.
    package func discarded() throws(LedgerError) -> Set<ArtifactID> {
        try read { database in
            guard try LedgerFile.version(database) > 1 else { return [] }
            let names = try String.fetchAll(database, sql: "SELECT artifact FROM discarded")
            return Set(try names.map { ArtifactID(rawValue: try digest($0)) })
        }
    }

    /// The stages whose whole models the store was given and did not let go.
    func stagesWithModels() throws(LedgerError) -> Set<StageKey> {
        let discarded = try discarded()
        return try read { database in
            let rows = try ArtifactTable.filter(GRDB.Column("kind") == ArtifactKind.backbone.rawValue).fetchAll(
                database)
            let held = try rows.filter { try !discarded.contains(ArtifactID(rawValue: digest($0.id))) }
            return Set(try held.map { StageKey(rawValue: try digest($0.stage)) })
        }
    }

    /// The plan's stages that have ended and whose whole model, which it asks for, was let go on purpose: nothing runs again
    /// for it.
    package func modelsLetGo(of plan: SweepPlan) throws(LedgerError) -> [StageKey] {
        let asked = plan.stages.filter { $0.outputs.contains(.backbone) }.map(\.key)
        let discarded = try asked.isEmpty ? [] : discarded()
        guard !discarded.isEmpty else { return [] }
        let known = try known(of: plan.stages.map(\.key))
        let spared = plan.spared(of: discarded, knowing: known)
        return asked.filter { key in
            known[key]?.result?.artifact(.backbone).map { spared.contains($0.id) } ?? false
        }
    }

    /// When each finished stage was.
    package func endTimes() throws(LedgerError) -> [StageKey: Timestamp] {
        try times("SELECT stage, max(endedAt) AS at FROM attempt WHERE outcome = 'finished' GROUP BY stage")
    }

    /// When the first attempt of each stage that has one began.
    package func startTimes() throws(LedgerError) -> [StageKey: Timestamp] {
        try times("SELECT stage, min(startedAt) AS at FROM attempt GROUP BY stage")
    }

    private func times(_ sql: String) throws(LedgerError) -> [StageKey: Timestamp] {
        try read { database in
            let times = try Row.fetchAll(database, sql: sql).map { row in
                (StageKey(rawValue: try digest(row["stage"])), Timestamp(rawValue: row["at"]))
            }
            return Dictionary(times) { first, _ in first }
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value {
        try LedgerFile.translated(LedgerFile.path(in: store)) { try queue.read(body) }
    }

    func record(_ key: String, _ database: Database) throws -> StageRecord? {
        guard let row = try StageTable.fetchOne(database, key: key) else { return nil }
        return try row.record(
            try AttemptTable.filter(GRDB.Column("stage") == key).order(GRDB.Column("number")).fetchAll(database))
    }
}

extension StageTable {
    /// - Parameter attempts: at the stage, by their numbers.
    fileprivate func record(_ attempts: [AttemptTable]) throws -> StageRecord {
        let last = attempts.last
        let setback = try attempts.compactMap { try $0.setback() }.last
        return StageRecord(
            key: StageKey(rawValue: try digest(key)),
            standing: try StageStanding(
                spelled(StageState.self, state), of: key,
                worker: last?.outcome == AttemptTable.running ? last?.worker : nil,
                result: result.map { try decode(StageResult.self, from: $0) }, reason: reason, setback: setback),
            attempts: last?.number ?? 0, losses: losses, nodeFailures: nodeFailures, isPaused: isPaused,
            priority: priority ?? 0, setback: setback)
    }
}

extension StageStanding {
    /// - Parameters:
    ///   - worker: who has the attempt that runs, where one does.
    ///   - setback: how the last attempt ended that yielded no result.
    init(
        _ state: StageState, of key: String, worker: String?, result: StageResult?, reason: String?,
        setback: StageRecord.Setback?
    ) throws {
        switch state {
        case .waiting: self = .waiting
        case .running:
            guard let worker else { throw damage("stage \(key) runs, but none of its attempts") }
            self = .running(on: WorkerID(rawValue: worker))
        case .finished:
            guard let result else { throw damage("stage \(key) is finished without a result") }
            self = .finished(result)
        case .failed:
            guard let setback else { throw damage("stage \(key) failed, but none of its attempts") }
            self = .failed(StageFailure(setback.failure.cause, reason ?? ""))
        case .setAside: self = .setAside(reason: reason ?? "")
        case .blocked: self = .blocked(reason: reason ?? "")
        case .cancelled: self = .cancelled
        }
    }
}

extension AttemptTable {
    /// nil for an attempt that runs or has yielded the stage's result.
    fileprivate func setback() throws -> StageRecord.Setback? {
        guard let endedAt, outcome != Self.finished else { return nil }
        let failure = StageFailure(try spelled(StageFailure.Cause.self, outcome), message)
        return StageRecord.Setback(failure, at: Timestamp(rawValue: endedAt))
    }
}

func decode<Value: Decodable>(_ type: Value.Type, from json: String) throws -> Value {
    try CanonicalJSON.decode(type, from: Data(json.utf8))
}

func digest(_ hex: String) throws -> Digest {
    guard let digest = Digest(hex: hex) else { throw damage("'\(hex)' is not a key") }
    return digest
}

func spelled<Value: RawRepresentable<String>>(_ type: Value.Type, _ text: String) throws -> Value {
    guard let value = Value(rawValue: text) else { throw damage("'\(text)' is not a \(type)") }
    return value
}

func damage(_ message: String) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: message)
}
