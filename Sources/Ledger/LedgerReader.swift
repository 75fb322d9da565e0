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

/// A sweep without its stages, of which there may be a million.
package struct SweepHeading: Hashable, Sendable {
    package let name: String
    /// When it was last asked for.
    package let plannedAt: Timestamp
    /// The words that it was handed in with; nil where a command line asked for it.
    package let arguments: [String]?
    /// In the ledger.
    let number: Int64
}

extension [SweepHeading] {
    /// What each is called among them.
    package var references: [SweepReference] { SweepReference.references(of: map(\.name)) }
}

extension [SweepEntry] {
    /// What each is called among them.
    package var references: [SweepReference] { SweepReference.references(of: map(\.plan.name)) }
}

extension SweepReference {
    /// The sweep of its name that was asked for last by the name alone, the one before as `NAME~1`, and so on.
    fileprivate static func references(of names: [String]) -> [SweepReference] {
        var ages: [String: Int] = [:]
        return names.reversed().map { name in
            defer { ages[name, default: 0] += 1 }
            return SweepReference(name: name, age: ages[name, default: 0])
        }.reversed()
    }
}

/// Reads a ledger, also while a coordinator writes it.
package struct LedgerReader: Sendable {
    package let store: String
    let source: LedgerSource

    /// - Throws: `LedgerError.missing` where the store has no ledger; nothing is made.
    package init(store: String) throws(LedgerError) {
        self.init(store: store, source: try LedgerSource(store: store))
    }

    init(store: String, source: LedgerSource) {
        self.store = store
        self.source = source
    }

    // MARK: Sweeps

    /// The sweeps with all settings that each was asked for with, those asked for last at the end.
    package func headings() throws(LedgerError) -> [SweepHeading] { try read { try headings($0) } }

    private func headings(_ database: Database) throws -> [SweepHeading] {
        var headings: [SweepHeading] = []
        try database.each("SELECT id, name, plannedAt, arguments FROM sweeps ORDER BY plannedAt, id") { row in
            headings.append(
                SweepHeading(
                    name: try row.at(1), plannedAt: Timestamp(rawValue: try row.at(2)),
                    arguments: try (row[3] as String?).map { try decode([String].self, from: $0) },
                    number: try row.at(0)))
        }
        return headings
    }

    /// The same with their plans.
    package func sweeps() throws(LedgerError) -> [SweepEntry] {
        try read { database in
            let plans = PlanReader(database)
            return try headings(database).map { try entry($0, plans) }
        }
    }

    package func entry(_ heading: SweepHeading) throws(LedgerError) -> SweepEntry {
        try read { try entry(heading, PlanReader($0)) }
    }

    private func entry(_ heading: SweepHeading, _ plans: PlanReader) throws -> SweepEntry {
        SweepEntry(
            plan: try plans.plan(heading.number), plannedAt: heading.plannedAt, arguments: heading.arguments)
    }

    /// The sweep that is called so, as `reviews` or `reviews~1`; without a name, the one that was asked for last.
    package func find(_ name: String? = nil) throws(LedgerError) -> SweepHeading? {
        let headings = try headings()
        guard let name else { return headings.last }
        return headings.references.firstIndex(of: SweepReference(name)).map { headings[$0] }
    }

    /// Its plan.
    package func plan(named name: String? = nil) throws(LedgerError) -> SweepPlan? {
        guard let heading = try find(name) else { return nil }
        return try entry(heading).plan
    }

    /// The plan that first asked for the stage: its specification, task and model are there.
    package func plan(containing key: StageKey) throws(LedgerError) -> SweepPlan? {
        try read { database in
            let sweep = try database.number("SELECT sweep FROM stages WHERE key = ?", key.description)
            return try sweep.map { try PlanReader(database).plan($0) }
        }
    }

    /// Whether nothing more will happen to the sweep unless a person asks for it.
    package func hasEnded(_ heading: SweepHeading) throws(LedgerError) -> Bool {
        try read { database in
            let open = """
                SELECT 1 FROM counts WHERE sweep = ? AND state IN ('waiting', 'running') AND stages > 0
                """
            return try database.number(open, heading.number) == nil
                && PlanReader(database).head(heading.number).searches.allSatisfy { $0.state != .open }
        }
    }

    // MARK: Stages

    /// The plan's stages in its order. Stages new to the ledger are left out.
    package func stages(of plan: SweepPlan) throws(LedgerError) -> [StageRecord] {
        try stages(plan.stages.map(\.key))
    }

    /// What is known of these stages, in their order; those new to the ledger are left out.
    package func stages(_ keys: [StageKey]) throws(LedgerError) -> [StageRecord] {
        let known = try known(of: keys)
        return keys.compactMap { known[$0] }
    }

    /// Stages whose key begins with these digits, in the order of keys.
    package func stages(keyPrefix: String) throws(LedgerError) -> [StageRecord] {
        try read { try stages(keyPrefix: keyPrefix, $0) }
    }

    func stages(keyPrefix: String, _ database: Database) throws -> [StageRecord] {
        // No digit of a key comes after 'f'.
        try StageReader(database).records(
            "WHERE stages.key >= ? AND stages.key < ? ORDER BY stages.key", [keyPrefix, "\(keyPrefix)g"])
    }

    package func stage(_ key: StageKey) throws(LedgerError) -> StageRecord? {
        try read { try StageReader($0).record(key) }
    }

    /// What a coordinator that starts again must know of the plan's stages. Stages new to the ledger are not in it.
    package func known(of plan: SweepPlan) throws(LedgerError) -> [StageKey: StageRecord] {
        try known(of: plan.stages.map(\.key))
    }

    package func known(of keys: [StageKey]) throws(LedgerError) -> [StageKey: StageRecord] {
        try read { try StageReader($0).records(keys) }
    }

    /// The same for a start: a million stages that merely wait are not read one by one.
    package func touched(of keys: [StageKey]) throws(LedgerError) -> [StageKey: StageRecord] {
        try read { try StageReader($0).records(keys, isUntouchedLeftOut: true) }
    }

    // MARK: Hosts, artifacts, times

    /// The hosts whose workers are to leave.
    package func drained() throws(LedgerError) -> Set<String> {
        try read { try Set(String.fetchAll($0, sql: "SELECT host FROM drained")) }
    }

    /// The shares of the hosts that sweeps were given, by their names; of all others that is 1.
    package func weights() throws(LedgerError) -> [String: Double] {
        try read { database in
            var weights: [String: Double] = [:]
            try database.each("SELECT name, weight FROM sweeps WHERE weight <> 1") {
                weights[try $0.at(0)] = try $0.at(1)
            }
            return weights
        }
    }

    /// What the stages of all sweeps were given as files, which nobody makes again.
    package func given() throws(LedgerError) -> Set<ArtifactID> { try artifacts("SELECT DISTINCT artifact FROM given") }

    /// Artifacts that the store let go on purpose.
    package func discarded() throws(LedgerError) -> Set<ArtifactID> { try artifacts("SELECT artifact FROM discarded") }

    private func artifacts(_ sql: String) throws(LedgerError) -> Set<ArtifactID> {
        try read { database in
            var artifacts: Set<ArtifactID> = []
            try database.each(sql) { artifacts.insert(ArtifactID(rawValue: try digest($0.at(0)))) }
            return artifacts
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
        try times(
            "max(endedAt) FROM attempts JOIN stages ON stages.id = stage WHERE outcome = 'finished' GROUP BY stage")
    }

    /// When the first attempt of each stage that has one began.
    package func startTimes() throws(LedgerError) -> [StageKey: Timestamp] {
        try times("min(startedAt) FROM attempts JOIN stages ON stages.id = stage GROUP BY stage")
    }

    private func times(_ sql: String) throws(LedgerError) -> [StageKey: Timestamp] {
        try read { database in
            var times: [StageKey: Timestamp] = [:]
            try database.each("SELECT key, \(sql)") { row in
                times[StageKey(rawValue: try digest(row.at(0)))] = Timestamp(rawValue: try row.at(1))
            }
            return times
        }
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(LedgerError) -> Value { try source.read(body) }
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
