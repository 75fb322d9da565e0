extension Schema {
    /// Version 5: a stage is a row. Tables in the plural know stages by number; views in the singular show them by key, as
    /// the tables of before did.
    static let rows = tablesOfRows + moved + dropped + counted + views

    private static let tablesOfRows = """
        CREATE TABLE sweeps (
            id INTEGER PRIMARY KEY,
            digest TEXT NOT NULL UNIQUE,          -- of its name and rows
            name TEXT NOT NULL,
            head TEXT NOT NULL,                   -- SweepPlan as JSON, but for stages and rows
            plannedAt INTEGER NOT NULL,           -- milliseconds since 1970, like all times here
            arguments TEXT                        -- what it was handed in with, a JSON array of words
        ) STRICT;
        CREATE TABLE recipes (                    -- what a stage's specification has besides seed, inputs and files
            id INTEGER PRIMARY KEY,
            semantics INTEGER NOT NULL,
            backbone TEXT NOT NULL,
            content TEXT NOT NULL,                -- the digest of the task
            recipe TEXT NOT NULL,                 -- Recipe as JSON
            UNIQUE (recipe, content, backbone, semantics)
        ) STRICT;
        CREATE TABLE kinds (                      -- stages that are alike but for seed and inputs, as sweeps ask for them
            id INTEGER PRIMARY KEY,
            recipe INTEGER REFERENCES recipes(id),  -- NULL where version 4 had forgotten it
            task TEXT NOT NULL,
            label TEXT NOT NULL,
            outputs TEXT NOT NULL,                -- JSON arrays of words
            keptIfBest TEXT NOT NULL,
            measures TEXT NOT NULL,
            recomputes INTEGER NOT NULL,
            UNIQUE (recipe, task, label, outputs, keptIfBest, measures, recomputes)
        ) STRICT;
        CREATE TABLE stages (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            sweep INTEGER NOT NULL REFERENCES sweeps(id),  -- the first that asked for it
            kind INTEGER NOT NULL REFERENCES kinds(id),    -- as that one asked
            seed INTEGER NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,            -- the number of the last
            setback INTEGER,                      -- the number of the last that ended without a result
            losses INTEGER NOT NULL,
            nodeFailures INTEGER NOT NULL,
            isPaused INTEGER NOT NULL,
            priority INTEGER NOT NULL,
            reason TEXT,
            result INTEGER REFERENCES results(id),
            CHECK ((result IS NOT NULL) = (state = 'finished'))
        ) STRICT;
        CREATE TABLE members (                    -- the stages of each sweep, each after those that it starts from
            sweep INTEGER NOT NULL REFERENCES sweeps(id),
            place INTEGER NOT NULL,               -- with room between, so that what comes later moves none
            stage INTEGER NOT NULL REFERENCES stages(id),
            kind INTEGER NOT NULL REFERENCES kinds(id),
            PRIMARY KEY (sweep, place)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE lines (                      -- the rows of each sweep's table
            sweep INTEGER NOT NULL REFERENCES sweeps(id),
            place INTEGER NOT NULL,
            task TEXT NOT NULL,
            fold INTEGER,
            folds INTEGER,
            method TEXT NOT NULL,
            seed INTEGER NOT NULL,
            stages TEXT NOT NULL,                 -- a JSON array of numbers of stages
            searches TEXT,                        -- a JSON array of places among the head's searches
            PRIMARY KEY (sweep, place)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE edges (
            stage INTEGER NOT NULL REFERENCES stages(id),
            kind TEXT NOT NULL,
            source INTEGER NOT NULL REFERENCES stages(id),
            PRIMARY KEY (stage, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE given (                      -- artifacts that stages were given as files
            stage INTEGER NOT NULL REFERENCES stages(id),
            kind TEXT NOT NULL,
            artifact TEXT NOT NULL,
            byteCount INTEGER NOT NULL,
            PRIMARY KEY (stage, kind)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE nodes (
            id INTEGER PRIMARY KEY,
            host TEXT NOT NULL,
            ranks INTEGER NOT NULL,
            threads INTEGER NOT NULL,
            blasCore TEXT NOT NULL,
            program TEXT NOT NULL,                -- empty where it was not noted
            UNIQUE (host, ranks, threads, blasCore, program)
        ) STRICT;
        CREATE TABLE attempts (
            stage INTEGER NOT NULL REFERENCES stages(id),
            number INTEGER NOT NULL CHECK (number > 0),
            worker TEXT NOT NULL,
            node INTEGER NOT NULL REFERENCES nodes(id),
            startedAt INTEGER NOT NULL,
            endedAt INTEGER,
            outcome TEXT NOT NULL,                -- 'running', 'finished' or the cause of its failure
            message TEXT NOT NULL,
            PRIMARY KEY (stage, number),
            CHECK ((endedAt IS NULL) = (outcome = 'running'))
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE results (                    -- a row is never changed: a stage that runs again has another one
            id INTEGER PRIMARY KEY,
            stage INTEGER NOT NULL REFERENCES stages(id),
            node INTEGER NOT NULL REFERENCES nodes(id),
            steps INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            trainable INTEGER NOT NULL,
            finalLoss REAL NOT NULL,
            seconds REAL NOT NULL,
            tokensPerSecond REAL NOT NULL,
            parameters TEXT NOT NULL,
            scores TEXT NOT NULL,                 -- JSON
            artifacts TEXT NOT NULL,              -- JSON
            artifactBytes INTEGER NOT NULL,
            measured TEXT,                        -- JSON; NULL for nothing
            confusion TEXT,                       -- JSON; NULL where nothing is classified
            onlyClass INTEGER                     -- the class that it says of everything
        ) STRICT;
        CREATE TABLE metrics (
            stage INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            step INTEGER NOT NULL,
            epoch REAL NOT NULL,
            split TEXT NOT NULL,
            metric TEXT NOT NULL,                 -- 'loss' on 'train' is the mean since the evaluation before
            value REAL NOT NULL,
            PRIMARY KEY (stage, attempt, step, split, metric),
            FOREIGN KEY (stage, attempt) REFERENCES attempts(stage, number)
        ) STRICT;
        CREATE TABLE curves (
            stage INTEGER PRIMARY KEY REFERENCES stages(id),
            attempt INTEGER NOT NULL,             -- the last that took a step
            steps INTEGER NOT NULL,
            points TEXT NOT NULL,                 -- TrainingCurve as JSON, which the view `point` takes apart
            FOREIGN KEY (stage, attempt) REFERENCES attempts(stage, number)
        ) STRICT;
        CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            at INTEGER NOT NULL,
            what TEXT NOT NULL,                   -- a case of JournalEvent; 'told' where `event` has all
            stage INTEGER REFERENCES stages(id),  -- of 'planned' the first that is new
            last INTEGER,                         -- of 'planned' the last that is new: their numbers follow each other
            sweep INTEGER REFERENCES sweeps(id),
            attempt INTEGER,
            state TEXT,
            losses INTEGER,
            nodeFailures INTEGER,
            isPaused INTEGER,
            priority INTEGER,
            reason TEXT,
            result INTEGER REFERENCES results(id),
            event TEXT                            -- JournalEvent as JSON
        ) STRICT;

        """

    /// All that ledgers of version 4 have, by JSON functions alone: texts stay as they were written.
    private static let moved = """
        INSERT INTO sweeps SELECT id, digest, name, json_remove(plan, '$.stages', '$.rows'), plannedAt, arguments FROM sweep;
        CREATE TEMP TABLE old AS
            SELECT sweep.id AS sweep, item.key AS place, json_extract(item.value, '$.key') AS key,
                json_extract(item.value, '$.task') AS task, json_extract(item.value, '$.label') AS label,
                (SELECT json_group_array(value) FROM (
                    SELECT value FROM json_each(item.value, '$.outputs') ORDER BY value)) AS outputs,
                coalesce(json_extract(item.value, '$.keptIfBest'), '[]') AS keptIfBest,
                coalesce(json_extract(item.value, '$.measures'), '[]') AS measures,
                coalesce(json_extract(item.value, '$.recomputes'), 0) AS recomputes,
                json_extract(item.value, '$.specification.semantics') AS semantics,
                json_extract(item.value, '$.specification.backbone') AS backbone,
                json_extract(item.value, '$.specification.task') AS content,
                json_extract(item.value, '$.specification.recipe') AS recipe,
                json_extract(item.value, '$.specification.given') AS given
            FROM sweep, json_each(plan, '$.stages') AS item;
        -- The WHERE tells SQLite that the ON behind it begins no join.
        INSERT INTO recipes (semantics, backbone, content, recipe)
            SELECT semantics, backbone, content, recipe FROM old WHERE true ON CONFLICT DO NOTHING;
        INSERT INTO kinds (recipe, task, label, outputs, keptIfBest, measures, recomputes)
            SELECT recipes.id, task, label, outputs, keptIfBest, measures, recomputes
            FROM old JOIN recipes USING (recipe, content, backbone, semantics) WHERE true ON CONFLICT DO NOTHING;
        INSERT INTO kinds (task, label, outputs, keptIfBest, measures, recomputes)
            SELECT DISTINCT task, label, '[]', '[]', '[]', 0 FROM stage WHERE key NOT IN (SELECT key FROM old);
        CREATE TEMP TABLE kindOf AS
            SELECT old.sweep, old.place, old.key, kinds.id AS kind
            FROM old JOIN recipes USING (recipe, content, backbone, semantics)
            JOIN kinds ON kinds.recipe = recipes.id AND kinds.task = old.task AND kinds.label = old.label
                AND kinds.outputs = old.outputs AND kinds.keptIfBest = old.keptIfBest
                AND kinds.measures = old.measures AND kinds.recomputes = old.recomputes;
        CREATE INDEX temp.kindOfKey ON kindOf(key, sweep);
        INSERT INTO nodes (host, ranks, threads, blasCore, program)
            SELECT host, ranks, threads, blasCore, '' FROM attempt WHERE true ORDER BY startedAt ON CONFLICT DO NOTHING;
        INSERT INTO nodes (host, ranks, threads, blasCore, program)
            SELECT json_extract(result, '$.node.host'), json_extract(result, '$.node.ranks'),
                json_extract(result, '$.node.threads'), json_extract(result, '$.node.blasCore'),
                coalesce(json_extract(result, '$.node.program'), '')
            FROM stage WHERE result IS NOT NULL ON CONFLICT DO NOTHING;
        PRAGMA defer_foreign_keys = ON;
        INSERT INTO stages
            SELECT rowid, key, sweep,
                coalesce(
                    (SELECT kind FROM kindOf WHERE kindOf.key = stage.key AND kindOf.sweep = stage.sweep),
                    (SELECT kind FROM kindOf WHERE kindOf.key = stage.key LIMIT 1),
                    (SELECT id FROM kinds WHERE recipe IS NULL AND task = stage.task AND label = stage.label)),
                seed, state, (SELECT coalesce(max(number), 0) FROM attempt WHERE attempt.stage = key),
                (SELECT max(number) FROM attempt WHERE attempt.stage = key AND outcome NOT IN ('running', 'finished')),
                losses, nodeFailures, isPaused, priority, reason, iif(result IS NULL, NULL, rowid)
            FROM stage ORDER BY rowid;
        INSERT INTO results
            SELECT stage.rowid, stage.rowid, nodes.id, json_extract(result, '$.steps'), json_extract(result, '$.tokens'),
                json_extract(result, '$.trainable'), json_extract(result, '$.finalLoss'),
                json_extract(result, '$.seconds'), json_extract(result, '$.tokensPerSecond'),
                json_extract(result, '$.parameters'), json_extract(result, '$.scores'),
                json_extract(result, '$.artifacts'), (SELECT coalesce(sum(json_extract(value, '$.byteCount')), 0)
                    FROM json_each(result, '$.artifacts')), json_extract(result, '$.measured'),
                json_extract(result, '$.confusion'),
                CASE WHEN json_array_length(result, '$.confusion') > 1 THEN
                    (SELECT iif(min(json_extract(value, '$[1]')) = max(json_extract(value, '$[1]')),
                        min(json_extract(value, '$[1]')), NULL) FROM json_each(result, '$.confusion')) END
            FROM stage JOIN nodes ON host = json_extract(result, '$.node.host')
                AND ranks = json_extract(result, '$.node.ranks') AND threads = json_extract(result, '$.node.threads')
                AND blasCore = json_extract(result, '$.node.blasCore')
                AND program = coalesce(json_extract(result, '$.node.program'), '')
            WHERE result IS NOT NULL ORDER BY stage.rowid;
        INSERT INTO members
            SELECT kindOf.sweep, kindOf.place * \(placeStride), stages.id, kindOf.kind
            FROM kindOf JOIN stages USING (key) ORDER BY kindOf.sweep, kindOf.place;
        INSERT INTO lines
            SELECT sweep.id, item.key, json_extract(item.value, '$.task'), json_extract(item.value, '$.fold.number'),
                json_extract(item.value, '$.fold.count'), json_extract(item.value, '$.method'),
                -- SQLite takes numbers from 2^63 on for real ones.
                CASE typeof(json_extract(item.value, '$.seed')) WHEN 'integer' THEN json_extract(item.value, '$.seed')
                ELSE (CAST(substr(item.value -> '$.seed', 1, length(item.value -> '$.seed') - 1) AS INTEGER)
                    - 1844674407370955161) * 10 + CAST(substr(item.value -> '$.seed', -1) AS INTEGER) - 6 END,
                (SELECT json_group_array(id) FROM (
                    SELECT stages.id FROM json_each(item.value, '$.stages') AS name JOIN stages ON stages.key = name.value
                    ORDER BY name.key)),
                json_extract(item.value, '$.anySearches')
            FROM sweep, json_each(plan, '$.rows') AS item;
        INSERT INTO edges
            SELECT stages.id, edge.kind, source.id
            FROM edge JOIN stages ON stages.key = edge.stage JOIN stages AS source ON source.key = edge.source;
        INSERT INTO given
            SELECT stages.id, json_extract(value, '$.kind'), json_extract(value, '$.id'),
                json_extract(value, '$.byteCount')
            FROM old JOIN stages USING (key), json_each(old.given) WHERE old.given IS NOT NULL ON CONFLICT DO NOTHING;
        INSERT INTO attempts
            SELECT stages.id, number, worker, nodes.id, startedAt, endedAt, outcome, message
            FROM attempt JOIN stages ON stages.key = attempt.stage
            JOIN nodes USING (host, ranks, threads, blasCore) WHERE nodes.program = '';
        INSERT INTO metrics
            SELECT stages.id, attempt, step, epoch, split, metric, value
            FROM metric JOIN stages ON stages.key = metric.stage ORDER BY metric.rowid;
        INSERT INTO curves
            SELECT stages.id, attempt, steps, points FROM curve JOIN stages ON stages.key = curve.stage;
        INSERT INTO events (number, at, what, event) SELECT number, at, 'told', event FROM event;

        """

    private static let dropped = """
        DROP TABLE old;
        DROP TABLE kindOf;
        DROP VIEW point;
        DROP TABLE curve;
        DROP TABLE metric;
        DROP TABLE artifact;
        DROP TABLE edge;
        DROP TABLE attempt;
        DROP TABLE event;
        DROP TABLE stage;
        DROP TABLE sweep;

        """

    /// How many stages of each kind stand where, kept by what changes it: nobody counts a million stages.
    private static let counted = """
        CREATE INDEX memberOf ON members(stage, sweep);
        CREATE INDEX alike ON members(sweep, kind, stage);
        CREATE INDEX noticeable ON stages(state) WHERE state <> 'waiting' AND state <> 'finished';
        CREATE INDEX setBack ON stages(setback) WHERE setback IS NOT NULL;
        CREATE INDEX collapsed ON results(onlyClass) WHERE onlyClass IS NOT NULL;
        CREATE TABLE counts (
            sweep INTEGER NOT NULL REFERENCES sweeps(id),
            kind INTEGER NOT NULL REFERENCES kinds(id),
            state TEXT NOT NULL,
            stages INTEGER NOT NULL,
            steps INTEGER NOT NULL,               -- of finished stages, as all below
            seconds REAL NOT NULL,
            PRIMARY KEY (sweep, kind, state)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO counts
            SELECT members.sweep, members.kind, state, count(*), coalesce(sum(steps), 0), coalesce(sum(seconds), 0.0)
            FROM members JOIN stages ON stages.id = members.stage LEFT JOIN results ON results.id = stages.result
            GROUP BY members.sweep, members.kind, state;
        CREATE TRIGGER memberJoins AFTER INSERT ON members BEGIN
            INSERT INTO counts
                SELECT NEW.sweep, NEW.kind, state, 1, coalesce(steps, 0), coalesce(seconds, 0.0)
                FROM stages LEFT JOIN results ON results.id = stages.result WHERE stages.id = NEW.stage
                ON CONFLICT DO UPDATE SET stages = stages + 1, steps = steps + excluded.steps,
                    seconds = seconds + excluded.seconds;
        END;
        CREATE TRIGGER memberLeaves AFTER DELETE ON members BEGIN
            UPDATE counts SET stages = counts.stages - 1, steps = counts.steps - coalesce(result.steps, 0),
                seconds = counts.seconds - coalesce(result.seconds, 0.0)
                FROM stages LEFT JOIN results AS result ON result.id = stages.result
                WHERE stages.id = OLD.stage AND counts.sweep = OLD.sweep AND counts.kind = OLD.kind
                    AND counts.state = stages.state;
        END;
        CREATE TRIGGER stageMoves AFTER UPDATE OF state, result ON stages
        WHEN OLD.state <> NEW.state OR OLD.result IS NOT NEW.result BEGIN
            UPDATE counts SET stages = counts.stages - 1,
                steps = counts.steps - coalesce((SELECT steps FROM results WHERE id = OLD.result), 0),
                seconds = counts.seconds - coalesce((SELECT seconds FROM results WHERE id = OLD.result), 0.0)
                FROM members WHERE members.stage = NEW.id AND counts.sweep = members.sweep
                    AND counts.kind = members.kind AND counts.state = OLD.state;
            INSERT INTO counts
                SELECT members.sweep, members.kind, NEW.state, 1,
                    coalesce((SELECT steps FROM results WHERE id = NEW.result), 0),
                    coalesce((SELECT seconds FROM results WHERE id = NEW.result), 0.0)
                FROM members WHERE members.stage = NEW.id
                ON CONFLICT DO UPDATE SET stages = stages + 1, steps = steps + excluded.steps,
                    seconds = seconds + excluded.seconds;
        END;

        """
}
