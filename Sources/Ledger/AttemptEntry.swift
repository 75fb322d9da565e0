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
        let rows = try read { database in
            guard let keys else { return try AttemptTable.fetchAll(database) }
            return try keys.map(\.description).inPieces.flatMap { keys in
                try AttemptTable.filter(keys.contains(GRDB.Column("stage"))).fetchAll(database)
            }
        }
        return try read { _ in
            try rows.map { try $0.entry() }.sorted { ($0.startedAt, $0.stage) < ($1.startedAt, $1.stage) }
        }
    }

    /// The number of the journal's last entry; 0 where it has none, or keeps none.
    package func lastEntry() throws(LedgerError) -> Int64 {
        try read { database in
            guard try database.tableExists("event") else { return 0 }
            return try Int64.fetchOne(database, sql: "SELECT max(number) FROM event") ?? 0
        }
    }
}

extension AttemptTable {
    fileprivate func entry() throws -> AttemptEntry {
        let node = NodeSettings(ranks: ranks, threads: threads, host: host, blasCore: blasCore)
        let hasFailed = endedAt != nil && outcome != Self.finished
        return AttemptEntry(
            stage: StageKey(rawValue: try digest(stage)), attempt: Attempt(rawValue: number),
            worker: WorkerID(rawValue: worker), node: node, startedAt: Timestamp(rawValue: startedAt),
            endedAt: endedAt.map(Timestamp.init(rawValue:)),
            failure: hasFailed ? StageFailure(try spelled(StageFailure.Cause.self, outcome), message) : nil)
    }
}

extension [String] {
    /// As many at a time as one statement takes.
    var inPieces: [[String]] {
        stride(from: 0, to: count, by: 500).map { Array(self[$0..<Swift.min($0 + 500, count)]) }
    }
}
