package import Experiments
import GRDB

/// An attempt at a stage, as the ledger keeps it.
package struct AttemptEntry: Hashable, Sendable {
    package let stage: StageKey
    package let attempt: Attempt
    package let worker: WorkerID
    package let node: NodeSettings
    package let startedAt: Timestamp
    /// nil while it runs, or where nobody told of its end.
    package let endedAt: Timestamp?
    /// nil where it runs, or has yielded the stage's result.
    package let failure: StageFailure?

    package init(
        stage: StageKey, attempt: Attempt, worker: WorkerID, node: NodeSettings, startedAt: Timestamp,
        endedAt: Timestamp?, failure: StageFailure?
    ) {
        self.stage = stage
        self.attempt = attempt
        self.worker = worker
        self.node = node
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.failure = failure
    }
}

extension LedgerReader {
    /// The attempts at these stages in the order in which they began; at all stages of the store where none is named.
    package func attempts(of keys: [StageKey]? = nil) throws(LedgerError) -> [AttemptEntry] {
        try read { database in
            var entries: [AttemptEntry] = []
            let nodes = ResultReader(database)
            let select = """
                SELECT stages.key, number, worker, node, startedAt, endedAt, outcome, message
                FROM attempts JOIN stages ON stages.id = attempts.stage
                """
            if let keys {
                for key in keys {
                    try database.each("\(select) WHERE stages.key = ?", [key.description]) { row in
                        entries.append(try AttemptEntry(row, nodes))
                    }
                }
            } else {
                try database.each(select) { entries.append(try AttemptEntry($0, nodes)) }
            }
            return entries.sorted { ($0.startedAt, $0.stage) < ($1.startedAt, $1.stage) }
        }
    }

    /// The number of the journal's last entry; 0 where it has none.
    package func lastEntry() throws(LedgerError) -> Int64 {
        try read { try $0.number("SELECT max(number) FROM events") ?? 0 }
    }
}

extension AttemptEntry {
    fileprivate init(_ row: Row, _ nodes: ResultReader) throws {
        let (endedAt, outcome): (Int64?, String) = (row[5], try row.at(6))
        let hasFailed = endedAt != nil && outcome != Outcome.finished
        self.init(
            stage: StageKey(rawValue: try digest(row.at(0))), attempt: Attempt(rawValue: try row.at(1)),
            worker: WorkerID(rawValue: try row.at(2)), node: try nodes.node(row.at(3)),
            startedAt: Timestamp(rawValue: try row.at(4)), endedAt: endedAt.map(Timestamp.init(rawValue:)),
            failure: hasFailed ? StageFailure(try spelled(StageFailure.Cause.self, outcome), try row.at(7)) : nil)
    }
}
