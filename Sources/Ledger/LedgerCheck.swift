import Experiments
import Files
import Foundation
import GRDB

extension LedgerReader {
    /// What is wrong with the ledger, a sentence each; none where all fits together.
    package func problems() throws(LedgerError) -> [String] {
        // In one transaction: a coordinator may write on.
        try read { database in
            let verdicts = try String.fetchAll(database, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
            guard verdicts.isEmpty else { return verdicts.map { "the file is damaged: \($0)" } }
            let strays = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check").map { row -> String in
                "a row of table \(row[0] as String? ?? "?") belongs to none of table \(row[2] as String? ?? "?")"
            }
            let problems = try strays + planProblems(database) + stageProblems(database)
            // Where the stages cannot be read there is nothing to compare the journal with.
            return try problems.isEmpty ? journalProblems(database) : problems
        }
    }

    private func planProblems(_ database: Database) throws -> [String] {
        let plans = PlanReader(database)
        var sweeps: [(number: Int64, name: String)] = []
        try database.each("SELECT id, name FROM sweeps ORDER BY id") { sweeps.append((try $0.at(0), try $0.at(1))) }
        return sweeps.compactMap { sweep in
            do {
                let plan = try plans.plan(sweep.number)
                let known = Set(plan.stages.map(\.key))
                let missing = Set(plan.rows.flatMap(\.stages)).subtracting(known).count
                return missing == 0 ? nil : "sweep '\(sweep.name)': \(missing) stages of its rows are not in it"
            } catch {
                return "sweep '\(sweep.name)': its plan cannot be read: \(error)"
            }
        }
    }

    private func stageProblems(_ database: Database) throws -> [String] {
        var problems: [String] = []
        let stages = StageReader(database)
        try stages.each("ORDER BY stages.key") { row in
            do {
                _ = try stages.record(row)
            } catch {
                problems.append((error as? DatabaseError)?.message ?? "\(error)")
            }
        }
        let difference = """
            WITH
                counted AS (
                    SELECT members.sweep, members.kind, state, count(*) AS stages
                    FROM members JOIN stages ON stages.id = members.stage GROUP BY 1, 2, 3),
                kept AS (SELECT sweep, kind, state, stages FROM counts WHERE stages <> 0)
            SELECT 1 FROM (SELECT * FROM counted EXCEPT SELECT * FROM kept)
            UNION ALL SELECT 1 FROM (SELECT * FROM kept EXCEPT SELECT * FROM counted)
            """
        if try database.number(difference) != nil { problems.append("stages are counted otherwise than they stand") }
        return problems
    }

    /// The journal must lead to where the stages stand.
    private func journalProblems(_ database: Database) throws -> [String] {
        var states = JournalStates()
        do {
            var last: Int64 = 0
            let journal = JournalReader(database)
            while case let entries = try journal.entries(after: last), let end = entries.last?.number {
                for entry in entries { try states.read(entry) }
                last = end
            }
            let stages = try stages(keyPrefix: "", database)
            let strays = Set(states.records.keys).subtracting(stages.map(\.key))
            return strays.sorted().map { "stage \($0): is in the journal alone" }
                + stages.filter { states.records[$0.key] != $0 }.map { "stage \($0.key): the journal leads elsewhere" }
        } catch let error as DatabaseError where error.resultCode != .SQLITE_CORRUPT {
            throw error
        } catch {
            return ["the journal cannot be read: \(error)"]
        }
    }

    /// Writes the ledger as it is at this moment, in one file, also while a coordinator writes on.
    ///
    /// - Throws: where the file exists already.
    package func backUp(to path: String) throws(LedgerError) {
        guard access(path, F_OK) != 0 else { throw .file(FileError(.write, path, code: EEXIST)) }
        let temporary = "\(path).\(getpid()).new"
        defer { unlink(temporary) }
        try LedgerFile.translated(temporary) {
            let copy = try DatabaseQueue(path: temporary)
            try source.queue.backup(to: copy)
            try copy.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
            try copy.close()
        }
        do throws(FileError) { try Disk.rename(temporary, to: path) } catch { throw LedgerError(error) }
    }
}
