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
            try database.each("SELECT state, count(*) FROM stages GROUP BY state") { row in
                tallies.stages[try spelled(StageState.self, row.at(0))] = try row.at(1)
            }
            try database.each("SELECT outcome, count(*) FROM attempts GROUP BY outcome") { row in
                let (outcome, count): (String, Int) = (try row.at(0), try row.at(1))
                tallies.attempts += count
                guard outcome != Outcome.running, outcome != Outcome.finished else { return }
                tallies.failures[try spelled(StageFailure.Cause.self, outcome)] = count
            }
            let sums = """
                SELECT coalesce(sum(tokens), 0), coalesce(sum(seconds), 0.0), coalesce(sum(artifactBytes), 0)
                FROM stages JOIN results ON results.id = stages.result
                """
            try database.each(sums) { row in
                (tallies.tokens, tallies.seconds, tallies.artifactBytes) = (try row.at(0), try row.at(1), try row.at(2))
            }
            return tallies
        }
    }
}
