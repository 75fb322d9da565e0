import Experiments
import Files
import GRDB

/// Writes the changes of one transaction as rows, and a line of the journal for each.
struct TurnWriter {
    let database: Database
    /// When changes without a time of their own were committed.
    let now: Timestamp
    /// Most changes of a turn are of stages that others of it are of, too.
    private var numbers: [StageKey: Int64] = [:]
    private var nodes: [NodeSettings: Int64] = [:]
    private let results: ResultReader

    init(_ database: Database, at now: Timestamp) {
        self.database = database
        results = ResultReader(database)
        self.now = now
    }

    mutating func write(_ change: Change) throws {
        switch change {
        case .planned(let plan, let at):
            var plans = PlanWriter(database)
            let (sweep, new) = try plans.write(plan, at: at)
            try database.run(
                "INSERT INTO events (at, what, sweep, stage, last) VALUES (?, 'planned', ?, ?, ?)", now.rawValue, sweep,
                new?.lowerBound, new?.upperBound)
        case .started(let stage, let attempt, let worker, let node, let at):
            try start(stage, attempt, worker, node, at)
        case .evaluated(let stage, let attempt, let evaluation): try add(evaluation, of: stage, attempt)
        case .drawn(let stage, let attempt, let curve): try keep(curve, of: stage, attempt)
        case .ended(let stage, let attempt, let failure, let at): try end(stage, attempt, failure, at)
        case .stands(let record): try update(record)
        case .discarded(let artifacts, let at):
            for artifact in artifacts {
                try database.run(
                    "INSERT INTO discarded (artifact, at) VALUES (?, ?) ON CONFLICT DO NOTHING", artifact.description,
                    at.rawValue)
            }
        case .drained(let host, false):
            try database.run("INSERT INTO drained (host) VALUES (?) ON CONFLICT DO NOTHING", host)
        case .drained(let host, true): try database.run("DELETE FROM drained WHERE host = ?", host)
        case .weighed(let sweep, let weight):
            try database.run("UPDATE sweeps SET weight = ? WHERE name = ?", weight, sweep)
        case .submitted(let plan, let words):
            let json = String(decoding: try CanonicalJSON.encode(words), as: UTF8.self)
            try database.run("UPDATE sweeps SET arguments = ? WHERE digest = ?", json, try plan.digest().hex)
        }
    }

    private mutating func number(of stage: StageKey) throws -> Int64 {
        if let known = numbers[stage] { return known }
        guard let number = try database.number("SELECT id FROM stages WHERE key = ?", stage.description) else {
            throw DatabaseError(message: "stage \(stage.short) is in no sweep of the ledger")
        }
        numbers[stage] = number
        return number
    }

    private mutating func number(of node: NodeSettings) throws -> Int64 {
        if let known = nodes[node] { return known }
        let number = try database.numberOfRow(
            in: "nodes", ["host", "ranks", "threads", "blasCore", "program"],
            [node.host, node.ranks, node.threads, node.blasCore, node.program ?? ""])
        nodes[node] = number
        return number
    }

    // MARK: Attempts

    private mutating func start(
        _ stage: StageKey, _ attempt: Attempt, _ worker: WorkerID, _ node: NodeSettings, _ at: Timestamp
    ) throws {
        let (stage, attempt) = (try number(of: stage), attempt.rawValue)
        try database.run(
            """
            INSERT INTO attempts (stage, number, worker, node, startedAt, outcome, message)
            VALUES (?, ?, ?, ?, ?, 'running', '')
            """, stage, attempt, worker.rawValue, try number(of: node), at.rawValue)
        try database.run("UPDATE stages SET attempts = ? WHERE id = ?", attempt, stage)
        try database.run(
            "INSERT INTO events (at, what, stage, attempt) VALUES (?, 'started', ?, ?)", at.rawValue, stage, attempt)
    }

    private mutating func end(
        _ stage: StageKey, _ attempt: Attempt, _ failure: StageFailure?, _ at: Timestamp
    ) throws {
        let (stage, attempt) = (try number(of: stage), attempt.rawValue)
        try database.run(
            "UPDATE attempts SET endedAt = ?, outcome = ?, message = ? WHERE stage = ? AND number = ?", at.rawValue,
            failure?.cause.rawValue ?? Outcome.finished, failure?.message ?? "", stage, attempt)
        if failure != nil { try database.run("UPDATE stages SET setback = ? WHERE id = ?", attempt, stage) }
        try database.run(
            "INSERT INTO events (at, what, stage, attempt) VALUES (?, 'ended', ?, ?)", at.rawValue, stage, attempt)
    }

    /// A repeated evaluation replaces the earlier one, and is no event.
    private mutating func add(_ evaluation: Evaluation, of key: StageKey, _ attempt: Attempt) throws {
        let stage = try number(of: key)
        let known = try database.number(
            "SELECT 1 FROM metrics WHERE stage = ? AND attempt = ? AND step = ? LIMIT 1", stage, attempt.rawValue,
            evaluation.step)
        // The stage's result says which ones are undefined.
        let scores = evaluation.scores.compactMap { score in
            score.value.map { (score.split.rawValue, score.metric.rawValue, $0) }
        }
        for (split, metric, value) in [(Split.train.rawValue, Outcome.loss, evaluation.trainingLoss)] + scores {
            try database.run(
                "INSERT OR REPLACE INTO metrics VALUES (?, ?, ?, ?, ?, ?, ?)", stage, attempt.rawValue, evaluation.step,
                evaluation.epoch, split, metric, value)
        }
        guard known == nil else { return }
        let event = JournalEvent.evaluated(stage: key, attempt: attempt, evaluation: evaluation)
        try database.run(
            "INSERT INTO events (at, what, stage, event) VALUES (?, 'told', ?, ?)", now.rawValue, stage,
            String(decoding: try CanonicalJSON.encode(event), as: UTF8.self))
    }

    /// In place of what is known of the stage, unless that is of a later moment.
    private mutating func keep(_ curve: TrainingCurve, of stage: StageKey, _ attempt: Attempt) throws {
        try database.run(
            """
            INSERT INTO curves (stage, attempt, steps, points) VALUES (?, ?, ?, ?)
            ON CONFLICT (stage) DO UPDATE
            SET attempt = excluded.attempt, steps = excluded.steps, points = excluded.points
            WHERE (excluded.attempt, excluded.steps) > (attempt, steps)
            """, try number(of: stage), attempt.rawValue, curve.steps,
            String(decoding: try CanonicalJSON.encode(curve), as: UTF8.self))
    }

    // MARK: Stages

    private mutating func update(_ record: StageRecord) throws {
        let stage = try number(of: record.key)
        let state = record.state.rawValue
        var result: Int64?
        if let value = record.result {
            let before = try database.number("SELECT result FROM stages WHERE id = ?", stage)
            // Who wishes something of a finished stage leaves its result as it was.
            let isKnown = try before != nil && results.result(before) == value
            result = isKnown ? before : try insert(value, of: stage)
            for artifact in value.artifacts where before == nil {
                // What was let go of a stage that stays finished was not made again.
                try database.run("DELETE FROM discarded WHERE artifact = ?", artifact.id.description)
            }
        }
        try database.run(
            """
            UPDATE stages SET state = ?, losses = ?, nodeFailures = ?, isPaused = ?, priority = ?, reason = ?, result = ?
            WHERE id = ?
            """, state, record.losses, record.nodeFailures, record.isPaused, record.priority, record.standing.reason,
            result, stage)
        try database.run(
            """
            INSERT INTO events
                (at, what, stage, attempt, state, losses, nodeFailures, isPaused, priority, reason, result)
            VALUES (?, 'stands', ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, now.rawValue, stage, record.attempts, state, record.losses, record.nodeFailures, record.isPaused,
            record.priority, record.standing.reason, result)
    }

    private mutating func insert(_ result: StageResult, of stage: Int64) throws -> Int64 {
        try database.run(
            """
            INSERT INTO results (stage, node, steps, tokens, trainable, finalLoss, seconds, tokensPerSecond, parameters,
                scores, artifacts, artifactBytes, measured, confusion, onlyClass)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, stage, try number(of: result.node), result.steps, result.tokens, result.trainable, result.finalLoss,
            result.seconds, result.tokensPerSecond, result.parameters.hex, ResultText.text(result.scores),
            ResultText.text(result.artifacts), result.artifacts.reduce(0) { $0 + $1.byteCount },
            ResultText.text(result.measured), result.confusion.map(ResultText.text), result.confusion?.onlyClass)
        return database.lastInsertedRowID
    }
}

/// Words in the ledger that are neither a cause of failure nor a metric.
enum Outcome {
    static let running = "running"
    static let finished = "finished"
    /// The training loss among the metrics.
    static let loss = "loss"
}

extension Database {
    /// The number of the row that has these values; it is added where there is none.
    func numberOfRow(
        in table: String, _ columns: [String], _ values: [(any DatabaseValueConvertible)?]
    ) throws -> Int64 {
        let find = "SELECT id FROM \(table) WHERE \(columns.map { "\($0) = ?" }.joined(separator: " AND "))"
        let arguments = StatementArguments(values)
        if let known = try Int64.fetchOne(cachedStatement(sql: find), arguments: arguments) { return known }
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let add = "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
        try cachedStatement(sql: add).execute(arguments: arguments)
        return lastInsertedRowID
    }
}
