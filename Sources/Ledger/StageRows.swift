import Experiments
import GRDB

/// Reads what is known of stages.
struct StageReader {
    private static let select = """
        SELECT stages.key, stages.state, stages.attempts, stages.losses, stages.nodeFailures, stages.isPaused,
            stages.priority, stages.reason, failed.outcome, failed.message, failed.endedAt, last.worker, stages.result,
            \(ResultReader.columns)
        FROM stages LEFT JOIN results ON results.id = stages.result
        LEFT JOIN attempts AS failed ON failed.stage = stages.id AND failed.number = stages.setback
        LEFT JOIN attempts AS last ON stages.state = 'running' AND last.stage = stages.id
            AND last.number = stages.attempts AND last.outcome = 'running'

        """

    private let database: Database
    private let results: ResultReader

    init(_ database: Database) {
        self.database = database
        results = ResultReader(database)
    }

    func record(_ key: StageKey) throws -> StageRecord? {
        try database.first("\(Self.select) WHERE stages.key = ?", key.description) { try record($0, key) }
    }

    /// Hands on the stages of which this holds.
    func each(
        _ condition: String, _ arguments: [(any DatabaseValueConvertible)?] = [], _ body: (Row) throws -> Void
    ) throws {
        try database.each("\(Self.select) \(condition)", arguments, body)
    }

    func records(_ condition: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> [StageRecord] {
        var records: [StageRecord] = []
        try each(condition, arguments) { records.append(try record($0)) }
        return records
    }

    /// What is known of these stages: one by one, or in one pass where they are many of all there are.
    /// - Parameter isUntouchedLeftOut: leaves those out that are as they were planned.
    func records(_ keys: [StageKey], isUntouchedLeftOut: Bool = false) throws -> [StageKey: StageRecord] {
        var records: [StageKey: StageRecord] = [:]
        let all = try database.number("SELECT max(id) FROM stages") ?? 0
        guard keys.count > 1000, keys.count > Int(all) / 8 else {
            for key in keys { records[key] = try record(key) }
            return isUntouchedLeftOut ? records.filter { $1 != StageRecord(key: $0) } : records
        }
        lazy var wanted = Set(keys)
        try each(isUntouchedLeftOut ? "WHERE \(Self.isTouched)" : "") { row in
            let key = StageKey(rawValue: try digest(row.at(0)))
            if wanted.contains(key) { records[key] = try record(row, key) }
        }
        return records
    }

    /// What holds of every stage that an attempt was at, or a person.
    private static let isTouched = """
        stages.state <> 'waiting' OR stages.attempts > 0 OR stages.losses > 0 OR stages.nodeFailures > 0
            OR stages.isPaused OR stages.priority <> 0
        """

    func record(_ row: Row) throws -> StageRecord { try record(row, StageKey(rawValue: try digest(row.at(0)))) }

    private func record(_ row: Row, _ key: StageKey) throws -> StageRecord {
        do {
            let setback = try (row[8] as String?).map { outcome in
                StageRecord.Setback(
                    StageFailure(try spelled(StageFailure.Cause.self, outcome), try row.at(9)),
                    at: Timestamp(rawValue: try row.at(10)))
            }
            let standing = try StageStanding(
                spelled(StageState.self, row.at(1)), worker: row[11],
                result: (row[12] as Int64?).map { _ in try results.read(row, from: 13) }, reason: row[7],
                setback: setback)
            return StageRecord(
                key: key, standing: standing, attempts: try row.at(2), losses: try row.at(3),
                nodeFailures: try row.at(4), isPaused: try row.at(5), priority: try row.at(6), setback: setback)
        } catch {
            throw damage("stage \(key): \((error as? DatabaseError)?.message ?? "\(error)")")
        }
    }
}

extension StageStanding {
    /// - Parameters:
    ///   - worker: who has the attempt that runs, where one does.
    ///   - setback: how the last attempt ended that yielded no result.
    init(
        _ state: StageState, worker: String?, result: StageResult?, reason: String?,
        setback: StageRecord.Setback?
    ) throws {
        switch state {
        case .waiting: self = .waiting
        case .running:
            guard let worker else { throw damage("it runs, but none of its attempts") }
            self = .running(on: WorkerID(rawValue: worker))
        case .finished:
            guard let result else { throw damage("it is finished without a result") }
            self = .finished(result)
        case .failed:
            guard let setback else { throw damage("it failed, but none of its attempts") }
            self = .failed(StageFailure(setback.failure.cause, reason ?? ""))
        case .setAside: self = .setAside(reason: reason ?? "")
        case .blocked: self = .blocked(reason: reason ?? "")
        case .cancelled: self = .cancelled
        }
    }
}
