import Experiments
import GRDB

// One struct a table; column names are property names.

struct SweepTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "sweep"
    var id: Int64?
    var digest: String
    var name: String
    var plan: String
    var plannedAt: Int64
    /// nil also in ledgers of before version 3, which have no such column.
    var arguments: String?
}

struct StageTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "stage"
    var key: String
    var sweep: Int64
    var task: String
    var label: String
    /// The seed's 64 bits, since SQLite's integers are signed.
    var seed: Int64
    var state: String
    var losses: Int
    var nodeFailures: Int
    var isPaused: Bool
    /// nil in ledgers of before version 3, which have no such column.
    var priority: Int?
    var reason: String?
    var result: String?
}

struct EdgeTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "edge"
    var stage: String
    var kind: String
    var source: String
}

struct AttemptTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "attempt"
    var stage: String
    var number: Int
    var worker: String
    var host: String
    var ranks: Int
    var threads: Int
    var blasCore: String
    var startedAt: Int64
    var endedAt: Int64?
    var outcome: String
    var message: String

    static let running = "running"
    static let finished = "finished"
}

struct ArtifactTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "artifact"
    var stage: String
    var kind: String
    var id: String
    var byteCount: Int
}

struct MetricTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "metric"
    var stage: String
    var attempt: Int
    var step: Int
    var epoch: Double
    var split: String
    var metric: String
    var value: Double

    /// The training loss, which is not one of a task's metrics.
    static let loss = "loss"
}

struct CurveTable: Codable, FetchableRecord, PersistableRecord {
    static let databaseTableName = "curve"
    /// Before version 4 there were none.
    static let firstVersion = 4
    var stage: String
    var attempt: Int
    var steps: Int
    var points: String
}
