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
            let entries = try read { try JournalReader($0).entries(after: last) }
            guard let end = entries.last?.number else { return last }
            for entry in entries { try body(entry) }
            last = end
        }
    }
}

/// Makes entries of the journal's rows, which name what other tables have.
struct JournalReader {
    private let database: Database
    private let results: ResultReader

    init(_ database: Database) {
        self.database = database
        results = ResultReader(database)
    }

    /// The next few entries.
    func entries(after number: Int64) throws -> [JournalEntry] {
        var entries: [JournalEntry] = []
        let sql = """
            SELECT events.number, events.at, what, event, events.sweep, events.stage, last, stages.key, events.attempt,
                worker, attempts.node, outcome, message, events.state, events.losses, events.nodeFailures, events.isPaused,
                events.priority, events.reason, events.result
            FROM events LEFT JOIN stages ON stages.id = events.stage
            LEFT JOIN attempts ON attempts.stage = events.stage AND attempts.number = events.attempt
            WHERE events.number > ? ORDER BY events.number LIMIT 1000
            """
        try database.each(sql, [number]) { row in
            entries.append(
                JournalEntry(
                    number: try row.at(0), at: Timestamp(rawValue: try row.at(1)), event: try event(row, row.at(2))))
        }
        return entries
    }

    private func event(_ row: Row, _ what: String) throws -> JournalEvent {
        if what == "told" { return try decode(JournalEvent.self, from: row.at(3)) }
        if what == "planned" { return try planned(row) }
        let stage = StageKey(rawValue: try digest(row.at(7)))
        let attempt = Attempt(rawValue: try row.at(8))
        switch what {
        case "started":
            return .started(
                stage: stage, attempt: attempt, worker: WorkerID(rawValue: try row.at(9)),
                node: try results.node(row.at(10)))
        case "ended":
            let outcome: String = try row.at(11)
            return .ended(
                stage: stage, attempt: attempt,
                failure: outcome == Outcome.finished
                    ? nil : StageFailure(try spelled(StageFailure.Cause.self, outcome), try row.at(12)))
        case "stands":
            let state = try spelled(StageState.self, row.at(13))
            let priority: Int = try row.at(17)
            return .stands(
                stage: stage, state: state, attempts: attempt.rawValue, losses: try row.at(14),
                nodeFailures: try row.at(15), isPaused: try row.at(16), priority: priority == 0 ? nil : priority,
                reason: row[18], worker: state == .running ? (row[9] as String?).map(WorkerID.init(rawValue:)) : nil,
                result: try (row[19] as Int64?).flatMap { try results.result($0) })
        default: throw damage("'\(what)' is no event")
        }
    }

    private func planned(_ row: Row) throws -> JournalEvent {
        var stages: [StageKey] = []
        if let first = row[5] as Int64? {
            let sql = "SELECT key FROM stages WHERE id BETWEEN ? AND ? ORDER BY id"
            try database.each(sql, [first, row[6] as Int64?]) {
                stages.append(StageKey(rawValue: try digest($0.at(0))))
            }
        }
        let name = try database.first("SELECT name FROM sweeps WHERE id = ?", row[4] as Int64?) { row -> String in
            try row.at(0)
        }
        guard let name else { throw damage("a sweep was planned that there is not") }
        return .planned(sweep: name, stages: stages)
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
                    state, worker: worker?.rawValue, result: result, reason: reason,
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
