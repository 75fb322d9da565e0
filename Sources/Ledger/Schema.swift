import GRDB

/// The tables of STORE/ledger.sqlite, readable with the sqlite3 shell. A change of the schema raises `version`.
enum Schema {
    /// "Hdst" in ASCII, in the header of every ledger.
    static let applicationID = 0x4864_7374
    static let version = migrations.count + 1

    /// Those of version 1.
    static let tables = """
        CREATE TABLE sweep (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,          -- of its name and rows
            name TEXT NOT NULL,
            plan TEXT NOT NULL,                   -- SweepPlan as JSON
            plannedAt INTEGER NOT NULL            -- milliseconds since 1970, like all times here
        ) STRICT;
        CREATE TABLE stage (
            key TEXT NOT NULL PRIMARY KEY,
            sweep INTEGER NOT NULL REFERENCES sweep(id),  -- the first that asked for it
            task TEXT NOT NULL,
            label TEXT NOT NULL,
            seed INTEGER NOT NULL,
            state TEXT NOT NULL,
            losses INTEGER NOT NULL,
            nodeFailures INTEGER NOT NULL,
            isPaused INTEGER NOT NULL,
            reason TEXT,
            result TEXT,                          -- StageResult as JSON
            CHECK ((result IS NOT NULL) = (state = 'finished'))
        ) STRICT;
        CREATE TABLE edge (
            stage TEXT NOT NULL REFERENCES stage(key),
            kind TEXT NOT NULL,
            source TEXT NOT NULL REFERENCES stage(key),
            PRIMARY KEY (stage, kind)
        ) STRICT;
        CREATE TABLE attempt (
            stage TEXT NOT NULL REFERENCES stage(key),
            number INTEGER NOT NULL CHECK (number > 0),
            worker TEXT NOT NULL,
            host TEXT NOT NULL,
            ranks INTEGER NOT NULL,
            threads INTEGER NOT NULL,
            blasCore TEXT NOT NULL,
            startedAt INTEGER NOT NULL,
            endedAt INTEGER,
            outcome TEXT NOT NULL,                -- 'running', 'finished' or the cause of its failure
            message TEXT NOT NULL,
            PRIMARY KEY (stage, number),
            CHECK ((endedAt IS NULL) = (outcome = 'running'))
        ) STRICT;
        CREATE TABLE artifact (
            stage TEXT NOT NULL REFERENCES stage(key),
            kind TEXT NOT NULL,
            id TEXT NOT NULL,                     -- the SHA-256 of its bytes: artifacts/ab/abcdef...
            byteCount INTEGER NOT NULL,
            PRIMARY KEY (stage, kind)
        ) STRICT;
        CREATE TABLE metric (
            stage TEXT NOT NULL,
            attempt INTEGER NOT NULL,
            step INTEGER NOT NULL,
            epoch REAL NOT NULL,
            split TEXT NOT NULL,
            metric TEXT NOT NULL,                 -- 'loss' on 'train' is the mean since the evaluation before
            value REAL NOT NULL,
            PRIMARY KEY (stage, attempt, step, split, metric),
            FOREIGN KEY (stage, attempt) REFERENCES attempt(stage, number)
        ) STRICT;
        """

    /// What leads from each version to the next, the first from version 1. One that has shipped is never changed.
    static let migrations = [
        Migration(table: "event", sql: journal), Migration(table: "drained", sql: wishes),
        Migration(table: "curve", sql: curves), Migration(table: "sweeps", sql: rows),
        Migration(table: "sweeps", column: "weight", sql: weights),
    ]

    struct Migration {
        /// A table that it brings, which may be a view by now, or a column of one. Where it is there, so is the rest: some
        /// ledgers of version 2 have all of version 3.
        let table: String
        var column: String?
        let sql: String

        func isDone(in database: Database) throws -> Bool {
            guard try database.tableExists(table) || database.viewExists(table) else { return false }
            return try column.map { column in try database.columns(in: table).contains { $0.name == column } } ?? true
        }
    }

    /// The journal begins with how it all stands: what was evaluated until then is in `metric` alone.
    private static let journal = """
        CREATE TABLE event (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            event TEXT NOT NULL                   -- JournalEvent as JSON
        ) STRICT;
        CREATE TABLE discarded (                  -- artifacts that `store gc` let go; their results stay
            artifact TEXT NOT NULL PRIMARY KEY,
            at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO event (at, event)
            SELECT plannedAt, json_object('planned', json_object('sweep', name, 'stages', (
                SELECT json_group_array(key) FROM (SELECT key FROM stage WHERE stage.sweep = sweep.id ORDER BY rowid))))
            FROM sweep ORDER BY plannedAt, id;
        INSERT INTO event (at, event)
            SELECT at, event FROM (
                SELECT startedAt AS at, stage, number, 0 AS place, json_object('started', json_object(
                    'stage', stage, 'attempt', number, 'worker', worker, 'node', json_object(
                        'host', host, 'ranks', ranks, 'threads', threads, 'blasCore', blasCore))) AS event
                FROM attempt
                UNION ALL
                SELECT endedAt, stage, number, 1, json_object('ended', json_object(
                    'stage', stage, 'attempt', number, 'failure', CASE outcome WHEN 'finished' THEN NULL
                        ELSE json_object('cause', outcome, 'message', message) END))
                FROM attempt WHERE endedAt IS NOT NULL)
            ORDER BY at, stage, number, place;
        INSERT INTO event (at, event)
            SELECT coalesce((SELECT max(at) FROM event), 0), json_object('stands', json_object(
                'stage', key, 'state', state, 'attempts',
                (SELECT coalesce(max(number), 0) FROM attempt WHERE attempt.stage = key), 'losses', losses,
                'nodeFailures', nodeFailures, 'isPaused', json(CASE isPaused WHEN 0 THEN 'false' ELSE 'true' END),
                'reason', reason, 'worker', (SELECT worker FROM attempt WHERE attempt.stage = key AND outcome = 'running'),
                'result', json(result)))
            FROM stage ORDER BY rowid;
        """

    /// What people ask of a running sweep outlives the coordinator.
    private static let wishes = """
        ALTER TABLE stage ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        -- What a sweep was handed in with, a JSON array of words; NULL where a command line asked for it.
        ALTER TABLE sweep ADD COLUMN arguments TEXT;
        CREATE TABLE drained (                    -- hosts whose workers are to leave
            host TEXT NOT NULL PRIMARY KEY
        ) STRICT;
        """

    /// Its share of the hosts is a sweep's as long as people do not say otherwise.
    private static let weights = """
        ALTER TABLE sweeps ADD COLUMN weight REAL NOT NULL DEFAULT 1;
        """

    /// One curve a stage: an attempt that continues another has all of it.
    private static let curves = """
        CREATE TABLE curve (
            stage TEXT NOT NULL PRIMARY KEY REFERENCES stage(key),
            attempt INTEGER NOT NULL,             -- the last that took a step
            steps INTEGER NOT NULL,
            points TEXT NOT NULL,                 -- TrainingCurve as JSON, which the view `point` takes apart
            FOREIGN KEY (stage, attempt) REFERENCES attempt(stage, number)
        ) STRICT;
        CREATE VIEW point AS
            SELECT stage, attempt, json_extract(value, '$[0]') AS step, json_extract(value, '$[1]') AS loss,
                json_extract(value, '$[2]') AS learningRate, json_extract(value, '$[3]') AS gradientNorm,
                json_extract(value, '$[4]') AS tokens, json_extract(value, '$[5]') AS seconds
            FROM curve, json_each(points);
        """
}
