package import Experiments
import GRDB

/// How much of everything a ledger has, over all its sweeps.
package struct Tallies: Hashable, Sendable {
    package var stages: [StageState: Int] = [:]
    /// That began.
    package var attempts = 0
    /// Attempts that ended without a result.
    package var failures: [StageFailure.Cause: Int] = [:]
    /// Of finished stages.
    package var tokens = 0
    package var seconds = 0.0
    package var artifactBytes = 0

    package init() {}
}

extension LedgerReader {
    /// Counted by the database: it costs little also where there are many stages.
    package func tallies() throws(LedgerError) -> Tallies {
        try read { database in
            var tallies = Tallies()
            for row in try Row.fetchAll(database, sql: "SELECT state, count(*) AS count FROM stage GROUP BY state") {
                tallies.stages[try spelled(StageState.self, row["state"])] = row["count"]
            }
            let outcomes = "SELECT outcome, count(*) AS count FROM attempt GROUP BY outcome"
            for row in try Row.fetchAll(database, sql: outcomes) {
                let (outcome, count): (String, Int) = (row["outcome"], row["count"])
                tallies.attempts += count
                guard outcome != AttemptTable.running, outcome != AttemptTable.finished else { continue }
                tallies.failures[try spelled(StageFailure.Cause.self, outcome)] = count
            }
            let sums = """
                SELECT coalesce(sum(json_extract(result, '$.tokens')), 0) AS tokens,
                    coalesce(sum(json_extract(result, '$.seconds')), 0.0) AS seconds
                FROM stage WHERE result IS NOT NULL
                """
            if let row = try Row.fetchOne(database, sql: sums) {
                tallies.tokens = row["tokens"]
                tallies.seconds = row["seconds"]
            }
            tallies.artifactBytes =
                try Int.fetchOne(database, sql: "SELECT coalesce(sum(byteCount), 0) FROM artifact") ?? 0
            return tallies
        }
    }
}
