package import Experiments
import Files
import Foundation
import GRDB

/// A line of the journal: what became known, in the order in which it was committed.
package struct JournalEntry: Codable, Hashable, Sendable {
    /// From 1, rising; some may be left out.
    package let number: Int64
    /// When it happened; for changes without a time of their own, when they were committed.
    package let at: Timestamp
    package let event: JournalEvent
}

/// One change of what is known of stages, as `Change` has it, but for plans: those stay in the ledger.
package enum JournalEvent: Codable, Hashable, Sendable {
    /// A sweep was asked for, and with it these stages for the first time.
    case planned(sweep: String, stages: [StageKey])
    case started(stage: StageKey, attempt: Attempt, worker: WorkerID, node: NodeSettings)
    case evaluated(stage: StageKey, attempt: Attempt, evaluation: Evaluation)
    case ended(stage: StageKey, attempt: Attempt, failure: StageFailure?)
    case stands(
        stage: StageKey, state: StageState, attempts: Int, losses: Int, nodeFailures: Int, isPaused: Bool,
        priority: Int?, reason: String?, worker: WorkerID?, result: StageResult?)
}

extension JournalEntry {
    /// Adds a change to the journal, before it is applied. An evaluation that is said again is none.
    static func write(_ change: Change, at now: Timestamp, to database: Database) throws {
        guard let (event, at) = try describe(change, database) else { return }
        let json = String(decoding: try CanonicalJSON.encode(event), as: UTF8.self)
        try database.execute(
            sql: "INSERT INTO event (at, event) VALUES (?, ?)", arguments: [(at ?? now).rawValue, json])
    }

    private static func describe(_ change: Change, _ database: Database) throws -> (JournalEvent, Timestamp?)? {
        switch change {
        case .planned(let plan, _):
            let new = try plan.stages.map(\.key).filter { try !StageTable.exists(database, key: $0.description) }
            return (.planned(sweep: plan.name, stages: new), nil)
        case .started(let stage, let attempt, let worker, let node, let at):
            return (.started(stage: stage, attempt: attempt, worker: worker, node: node), at)
        case .evaluated(let stage, let attempt, let evaluation):
            let isKnown = try Bool.fetchOne(
                database, sql: "SELECT EXISTS (SELECT 1 FROM metric WHERE stage = ? AND attempt = ? AND step = ?)",
                arguments: [stage.description, attempt.rawValue, evaluation.step])
            if isKnown == true { return nil }
            return (.evaluated(stage: stage, attempt: attempt, evaluation: evaluation), nil)
        case .ended(let stage, let attempt, let failure, let at):
            return (.ended(stage: stage, attempt: attempt, failure: failure), at)
        case .stands(let record):
            let event = JournalEvent.stands(
                stage: record.key, state: record.state, attempts: record.attempts, losses: record.losses,
                nodeFailures: record.nodeFailures, isPaused: record.isPaused,
                priority: record.priority == 0 ? nil : record.priority, reason: record.standing.reason,
                worker: record.worker, result: record.result)
            return (event, nil)
        case .drawn, .discarded, .drained, .submitted: return nil
        }
    }
}

extension LedgerReader {
    /// Hands on the entries after the one of this number, in their order.
    ///
    /// - Returns: the number of the last one there is, 0 before the first.
    @discardableResult
    package func readJournal(
        after number: Int64 = 0, _ body: (JournalEntry) throws -> Void
    ) throws -> Int64 {
        var last = number
        while true {
            let entries = try read { try journal(after: last, $0) }
            guard let end = entries.last?.number else { return last }
            for entry in entries { try body(entry) }
            last = end
        }
    }

    /// The next few entries.
    func journal(after number: Int64, _ database: Database) throws -> [JournalEntry] {
        guard try LedgerFile.version(database) > 1 else {
            throw DatabaseError(
                resultCode: .SQLITE_ERROR,
                message: "this ledger was begun by an earlier version, which kept no journal; the next run on the "
                    + "store begins one")
        }
        let sql = "SELECT number, at, event FROM event WHERE number > ? ORDER BY number LIMIT 1000"
        return try Row.fetchAll(database, sql: sql, arguments: [number]).map { row in
            JournalEntry(
                number: row["number"], at: Timestamp(rawValue: row["at"]),
                event: try decode(JournalEvent.self, from: row["event"]))
        }
    }
}

/// Where the journal's stages stand: what is read from it must be what the ledger says.
package struct JournalStates: Sendable {
    package private(set) var records: [StageKey: StageRecord] = [:]

    package init() {}

    package mutating func read(_ entry: JournalEntry) throws(LedgerError) {
        switch entry.event {
        case .planned(_, let stages): for key in stages { records[key] = StageRecord(key: key) }
        case .started(let stage, let attempt, _, _): records[stage]?.attempts = attempt.rawValue
        case .evaluated: break
        case .ended(let stage, _, let failure):
            if let failure { records[stage]?.setback = StageRecord.Setback(failure, at: entry.at) }
        case .stands(
            let stage, let state, let attempts, let losses, let nodeFailures, let isPaused, let priority, let reason,
            let worker, let result):
            let standing: StageStanding
            do {
                standing = try StageStanding(
                    state, of: stage.description, worker: worker?.rawValue, result: result, reason: reason,
                    setback: records[stage]?.setback)
            } catch {
                throw .corrupt(path: "the journal's entry \(entry.number)", detail: "\(error)")
            }
            records[stage] = StageRecord(
                key: stage, standing: standing, attempts: attempts, losses: losses, nodeFailures: nodeFailures,
                isPaused: isPaused, priority: priority ?? 0, setback: records[stage]?.setback)
        }
    }
}
