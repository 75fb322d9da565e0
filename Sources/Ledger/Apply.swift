import Experiments
import Files
import Foundation
import GRDB

extension Change {
    func apply(to database: Database) throws {
        switch self {
        case .planned(let plan, let at): try plan.insert(into: database, at: at)
        case .started(let stage, let attempt, let worker, let node, let at):
            try AttemptTable(
                stage: stage.description, number: attempt.rawValue, worker: worker.rawValue, host: node.host,
                ranks: node.ranks, threads: node.threads, blasCore: node.blasCore, startedAt: at.rawValue,
                endedAt: nil, outcome: AttemptTable.running, message: ""
            ).insert(database)
        case .evaluated(let stage, let attempt, let evaluation):
            try evaluation.insert(into: database, stage, attempt)
        case .drawn(let stage, let attempt, let curve): try curve.keep(in: database, stage, attempt)
        case .ended(let stage, let attempt, let failure, let at):
            try database.execute(
                sql: "UPDATE attempt SET endedAt = ?, outcome = ?, message = ? WHERE stage = ? AND number = ?",
                arguments: [
                    at.rawValue, failure?.cause.rawValue ?? AttemptTable.finished, failure?.message ?? "",
                    stage.description, attempt.rawValue,
                ])
        case .stands(let record): try record.update(in: database)
        case .discarded(let artifacts, let at):
            for artifact in artifacts {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO discarded (artifact, at) VALUES (?, ?)",
                    arguments: [artifact.description, at.rawValue])
            }
        case .drained(let host, false):
            try database.execute(sql: "INSERT OR IGNORE INTO drained (host) VALUES (?)", arguments: [host])
        case .drained(let host, true):
            try database.execute(sql: "DELETE FROM drained WHERE host = ?", arguments: [host])
        case .submitted(let plan, let words):
            let json = String(decoding: try CanonicalJSON.encode(words), as: UTF8.self)
            try database.execute(
                sql: "UPDATE sweep SET arguments = ? WHERE digest = ?", arguments: [json, try plan.digest().hex])
        }
    }
}

extension SweepPlan {
    fileprivate func digest() throws -> Digest { try Digest(ofCanonicalJSON: identity) }

    fileprivate func insert(into database: Database, at: Timestamp) throws {
        let json = try CanonicalJSON.encode(self)
        let sweep = try Int64.fetchOne(
            database,
            sql: """
                INSERT INTO sweep (digest, name, plan, plannedAt) VALUES (?, ?, ?, ?)
                ON CONFLICT (digest) DO UPDATE SET plan = excluded.plan, plannedAt = excluded.plannedAt RETURNING id
                """,
            arguments: [
                try digest().hex, name, String(decoding: json, as: UTF8.self), at.rawValue,
            ])
        guard let sweep else { throw DatabaseError(message: "the sweep '\(name)' was not stored") }
        for stage in stages where try !StageTable.exists(database, key: stage.key.description) {
            try stage.insert(into: database, sweep: sweep)
        }
    }
}

extension PlannedStage {
    fileprivate func insert(into database: Database, sweep: Int64) throws {
        try StageTable(
            key: key.description, sweep: sweep, task: task, label: label,
            seed: Int64(bitPattern: specification.seed), state: StageState.waiting.rawValue, losses: 0,
            nodeFailures: 0, isPaused: false, priority: 0, reason: nil, result: nil
        ).insert(database)
        for input in specification.inputs {
            try EdgeTable(
                stage: key.description, kind: input.kind.rawValue, source: input.from.description
            ).insert(database)
        }
    }
}

extension StageRecord {
    /// Attempts have a table of their own.
    fileprivate func update(in database: Database) throws {
        let stage = key.description
        let state = self.state.rawValue
        let before = try String.fetchOne(database, sql: "SELECT state FROM stage WHERE key = ?", arguments: [stage])
        let json = try result.map { String(decoding: try CanonicalJSON.encode($0), as: UTF8.self) }
        try database.execute(
            sql: """
                UPDATE stage SET state = ?, losses = ?, nodeFailures = ?, isPaused = ?, priority = ?, reason = ?,
                result = ? WHERE key = ?
                """,
            arguments: [state, losses, nodeFailures, isPaused, priority, standing.reason, json, stage])
        try database.execute(sql: "DELETE FROM artifact WHERE stage = ?", arguments: [stage])
        for artifact in result?.artifacts ?? [] {
            try ArtifactTable(
                stage: stage, kind: artifact.kind.rawValue, id: artifact.id.description, byteCount: artifact.byteCount
            ).insert(database)
            // What was let go of a stage that stays finished was not made again.
            guard before != StageState.finished.rawValue else { continue }
            try database.execute(
                sql: "DELETE FROM discarded WHERE artifact = ?", arguments: [artifact.id.description])
        }
    }
}

extension Evaluation {
    /// A repeated evaluation replaces the earlier one.
    fileprivate func insert(into database: Database, _ stage: StageKey, _ attempt: Attempt) throws {
        // The stage's result says which ones are undefined.
        let scores = scores.compactMap { score in
            score.value.map { (score.split.rawValue, score.metric.rawValue, $0) }
        }
        let rows = [(Split.train.rawValue, MetricTable.loss, trainingLoss)] + scores
        for (split, metric, value) in rows {
            try MetricTable(
                stage: stage.description, attempt: attempt.rawValue, step: step, epoch: epoch, split: split,
                metric: metric, value: value
            ).insert(database, onConflict: .replace)
        }
    }
}

extension TrainingCurve {
    /// In place of what is known of the stage, unless that is of a later moment.
    fileprivate func keep(in database: Database, _ stage: StageKey, _ attempt: Attempt) throws {
        try database.execute(
            sql: """
                INSERT INTO curve (stage, attempt, steps, points) VALUES (?, ?, ?, ?)
                ON CONFLICT (stage) DO UPDATE
                SET attempt = excluded.attempt, steps = excluded.steps, points = excluded.points
                WHERE (excluded.attempt, excluded.steps) > (attempt, steps)
                """,
            arguments: [
                stage.description, attempt.rawValue, steps,
                String(decoding: try CanonicalJSON.encode(self), as: UTF8.self),
            ])
    }
}
