PRAGMA foreign_keys=OFF;
CREATE TABLE discarded (                  -- artifacts that `store gc` let go; their results stay
    artifact TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE drained (                    -- hosts whose workers are to leave
    host TEXT NOT NULL PRIMARY KEY
) STRICT;
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,          -- of its name and rows
    name TEXT NOT NULL,
    head TEXT NOT NULL,                   -- SweepPlan as JSON, but for stages and rows
    plannedAt INTEGER NOT NULL,           -- milliseconds since 1970, like all times here
    arguments TEXT                        -- what it was handed in with, a JSON array of words
) STRICT;
INSERT INTO sweeps VALUES(1,'7faa626ce5cce7ada3878ef7307db2e007ec677282d15f6d4f4a52a9f29b7982','killed','{"anySearches":[{"asked":"307d67ff8aa70d4ac3494540e7689916752dcb1f476837fd4e8037e2ab4b6d22","method":"found","remarks":[],"seeds":[3],"split":"dev","state":{"open":{}},"task":"cb","trials":[{"point":{"settings":[{"key":"lr","value":"1e-4"}],"share":1},"stages":["d66f559bacc6d80a5e0800f72da66761a8b3976a13a9013f1f3b089555eff318"]},{"point":{"settings":[{"key":"lr","value":"1e-3"}],"share":1},"stages":["86116c31d58f31c0ee5853f276cd312344c96377b7c4a033bdee2112da97ef20"]}]}],"dataDirectory":"/tmp/v5/data","model":{"content":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","name":"minilm-l6","path":"/tmp/v5/model"},"name":"killed","tasks":[{"constant":{"label":"contradiction","scores":[{"metric":"accuracy","split":"dev","value":0.5},{"metric":"macro-f1","split":"dev","value":0.2222222222222222}]},"content":"66ee1b138c078a0917b82477be735525e72e565aa4a63c964e640ab60a3ccad4","definition":{"dev":"cb/val.jsonl","encoding":"utf8","format":"jsonl","header":true,"label":"label","labels":["entailment","contradiction","neutral"],"metrics":["accuracy","macro-f1"],"name":"cb","pair":"hypothesis","text":"premise","train":"cb/train.jsonl"},"devCount":56,"trainCount":250}]}',1795391893327,NULL);
CREATE TABLE recipes (                    -- what a stage's specification has besides seed, inputs and files
    id INTEGER PRIMARY KEY,
    semantics INTEGER NOT NULL,
    backbone TEXT NOT NULL,
    content TEXT NOT NULL,                -- the digest of the task
    recipe TEXT NOT NULL,                 -- Recipe as JSON
    UNIQUE (recipe, content, backbone, semantics)
) STRICT;
INSERT INTO recipes VALUES(1,3,'eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23','66ee1b138c078a0917b82477be735525e72e565aa4a63c964e640ab60a3ccad4','{"accumulation":1,"batch":4,"budget":{"steps":{"_0":20}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.0001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0.1}');
INSERT INTO recipes VALUES(2,3,'eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23','66ee1b138c078a0917b82477be735525e72e565aa4a63c964e640ab60a3ccad4','{"accumulation":1,"batch":4,"budget":{"steps":{"_0":20}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0.1}');
INSERT INTO recipes VALUES(3,3,'eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23','66ee1b138c078a0917b82477be735525e72e565aa4a63c964e640ab60a3ccad4','{"accumulation":1,"batch":4,"budget":{"steps":{"_0":30}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0.1}');
INSERT INTO recipes VALUES(4,3,'eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23','66ee1b138c078a0917b82477be735525e72e565aa4a63c964e640ab60a3ccad4','{"accumulation":1,"batch":4,"budget":{"steps":{"_0":4000}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"bitfit","warmup":0.1}');
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
INSERT INTO kinds VALUES(1,1,'cb','found lr=1e-4','["head"]','[]','[]',0);
INSERT INTO kinds VALUES(2,2,'cb','found lr=1e-3','["head"]','[]','[]',0);
INSERT INTO kinds VALUES(3,3,'cb','probe','["head"]','[]','[]',0);
INSERT INTO kinds VALUES(4,4,'cb','lp-bit/2','["delta","head"]','[]','[]',0);
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
INSERT INTO stages VALUES(1,'d66f559bacc6d80a5e0800f72da66761a8b3976a13a9013f1f3b089555eff318',1,1,3,'waiting',0,NULL,0,0,0,0,NULL,NULL);
INSERT INTO stages VALUES(2,'86116c31d58f31c0ee5853f276cd312344c96377b7c4a033bdee2112da97ef20',1,2,3,'waiting',0,NULL,0,0,0,0,NULL,NULL);
INSERT INTO stages VALUES(3,'d8347ce1114518b5eb77634f2b6036140e629f225009fbd227306c551cc12a88',1,3,3,'finished',1,NULL,0,0,0,0,NULL,1);
INSERT INTO stages VALUES(4,'3251fd2ef5094690b355dac6bc0591a181d61f8148a863080fb421e94eecfd62',1,4,3,'running',1,NULL,0,0,0,0,NULL,NULL);
CREATE TABLE members (                    -- the stages of each sweep, each after those that it starts from
    sweep INTEGER NOT NULL REFERENCES sweeps(id),
    place INTEGER NOT NULL,               -- with room between, so that what comes later moves none
    stage INTEGER NOT NULL REFERENCES stages(id),
    kind INTEGER NOT NULL REFERENCES kinds(id),
    PRIMARY KEY (sweep, place)
) STRICT, WITHOUT ROWID;
INSERT INTO members VALUES(1,0,1,1);
INSERT INTO members VALUES(1,1048576,2,2);
INSERT INTO members VALUES(1,2097152,3,3);
INSERT INTO members VALUES(1,3145728,4,4);
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
INSERT INTO lines VALUES(1,0,'cb',NULL,NULL,'probe',3,'[3]',NULL);
INSERT INTO lines VALUES(1,1,'cb',NULL,NULL,'lp-bit',3,'[3,4]',NULL);
INSERT INTO lines VALUES(1,2,'cb',NULL,NULL,'found',3,'[]','[0]');
CREATE TABLE edges (
    stage INTEGER NOT NULL REFERENCES stages(id),
    kind TEXT NOT NULL,
    source INTEGER NOT NULL REFERENCES stages(id),
    PRIMARY KEY (stage, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO edges VALUES(4,'head',3);
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
INSERT INTO nodes VALUES(1,'vm',1,2,'SkylakeX','0.1.0');
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
INSERT INTO attempts VALUES(3,1,'vm-20502-mwshz7h7',1,1795391893922,1795391895058,'finished','');
INSERT INTO attempts VALUES(4,1,'vm-20502-mwshz7h7',1,1795391895059,NULL,'running','');
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
INSERT INTO results VALUES(1,3,1,30,1920,1155,0.88962976468883203651,0.0049487310000000004836,7091517.510877352208,'ce5bb9ed22acafc0382800483522885a637c25acb36395f459a32322d2dcc12c','[{"metric":"accuracy","split":"dev","value":0.6071428571428571},{"metric":"macro-f1","split":"dev","value":0.4233100233100233}]','[{"byteCount":5004,"id":"9da8082b9b3a36297ed72d0f29267071ca9860c502097809d10e9ed6edfc29d5","kind":"head"}]',5004,NULL,'[[0,0,16],[0,1,7],[1,0,10],[1,1,18],[2,0,3],[2,1,2]]',NULL);
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
INSERT INTO metrics VALUES(3,1,30,0.47619047619047616404,'train','loss',0.99633008249383159249);
INSERT INTO metrics VALUES(3,1,30,0.47619047619047616404,'dev','accuracy',0.60714285714285709527);
INSERT INTO metrics VALUES(3,1,30,0.47619047619047616404,'dev','macro-f1',0.42331002331002332006);
CREATE TABLE curves (
    stage INTEGER PRIMARY KEY REFERENCES stages(id),
    attempt INTEGER NOT NULL,             -- the last that took a step
    steps INTEGER NOT NULL,
    points TEXT NOT NULL,                 -- TrainingCurve as JSON, which the view `point` takes apart
    FOREIGN KEY (stage, attempt) REFERENCES attempts(stage, number)
) STRICT;
INSERT INTO curves VALUES(3,1,30,'[[1,1.0994819,0,5.452244,64,9.7936e-05],[2,1.0537478,0.00033333333,2.0242062,64,8.823e-06],[3,1.0755693,0.00066666666,5.2424984,64,6.66e-06],[4,0.9662635,0.001,5.0026417,64,7.04e-06],[5,1.0120493,0.000962963,3.7689228,64,6.219e-06],[6,1.0758632,0.0009259259,2.8505769,64,6.22e-06],[7,0.9933132,0.0008888889,2.8013365,64,6.33e-06],[8,1.0235294,0.00085185183,2.6581607,64,6.039e-06],[9,1.000792,0.0008148148,2.7230632,64,5.658e-06],[10,1.0748185,0.00077777775,3.6016252,64,6.129e-06],[11,1.0375631,0.00074074074,5.1665835,64,6.53e-06],[12,0.99157506,0.0007037037,2.7041667,64,6.49e-06],[13,1.0303864,0.00066666666,3.346337,64,5.207e-06],[14,0.94297165,0.00062962965,2.5355015,64,6.159e-06],[15,0.9974298,0.0005925926,2.4516475,64,6.12e-06],[16,1.111081,0.00055555557,2.0246735,64,6.089e-06],[17,1.0961531,0.0005185185,2.1906743,64,6.089e-06],[18,0.9344521,0.0004814815,2.5442371,64,5.789e-06],[19,0.9014309,0.00044444445,2.4588516,64,5.498e-06],[20,0.9652178,0.0004074074,3.2769384,64,5.167e-06],[21,0.9673264,0.00037037037,3.211934,64,5.218e-06],[22,0.9794664,0.00033333333,2.4750562,64,5.499e-06],[23,1.037051,0.0002962963,1.8667955,64,5.699e-06],[24,0.9572877,0.00025925925,3.064151,64,5.599e-06],[25,0.90362304,0.00022222222,4.7466645,64,5.518e-06],[26,0.92529184,0.00018518518,3.154691,64,5.328e-06],[27,0.9313677,0.00014814814,3.1040168,64,5.288e-06],[28,0.97481596,0.00011111111,3.0947633,64,5.408e-06],[29,0.9403536,7.407407e-05,3.0647423,64,5.569e-06],[30,0.8896298,3.7037036e-05,3.1013105,64,5.428e-06]]');
INSERT INTO curves VALUES(4,1,43,'[[1,0.8985307,0,4.993192,64,0.112044424],[2,0.9673988,2.5e-06,2.054603,64,0.035954423],[3,0.87865573,5e-06,4.670926,64,0.037074607],[4,0.8420424,7.5e-06,4.604817,64,0.046225116],[5,0.8058321,1e-05,3.2197936,64,0.051681995],[6,0.89438546,1.25e-05,2.307915,64,0.03627955],[7,0.84145075,1.5e-05,2.390786,64,0.04278844],[8,0.8747538,1.75e-05,2.342171,64,0.053197794],[9,0.88101494,2e-05,2.3778396,64,0.05498483],[10,1.0393648,2.25e-05,3.491718,64,0.05334946],[11,0.9294005,2.5e-05,4.9170365,64,0.050826415],[12,0.9088125,2.75e-05,2.5099967,64,0.052535135],[13,0.96823704,3e-05,3.0164356,64,0.053439956],[14,0.87902576,3.25e-05,2.4562154,64,0.055183616],[15,0.9375381,3.5e-05,2.382962,64,0.050878916],[16,1.0843587,3.75e-05,2.3896132,64,0.052078374],[17,1.0702412,4e-05,2.2521546,64,0.050420143],[18,0.879195,4.25e-05,2.5548387,64,0.054967392],[19,0.852317,4.5e-05,2.407759,64,0.05315349],[20,0.9195727,4.75e-05,3.3160932,64,0.057133224],[21,0.92285734,5e-05,3.1426187,64,0.072128326],[22,0.95602524,5.25e-05,2.4760342,64,0.036675517],[23,1.0572168,5.5e-05,2.056013,64,0.06111965],[24,0.9468936,5.75e-05,3.0202343,64,0.03508631],[25,0.8821165,6e-05,4.733087,64,0.035364415],[26,0.8561299,6.25e-05,2.9643774,64,0.035988837],[27,0.9239218,6.5e-05,3.040289,64,0.036375806],[28,0.9607308,6.75e-05,2.8115041,64,0.03893989],[29,0.9104451,7e-05,3.071979,64,0.03807538],[30,0.88165104,7.25e-05,3.2772527,64,0.03547413],[31,0.84294766,7.5e-05,2.3503163,64,0.038273107],[32,0.9117526,7.75e-05,2.9685154,64,0.0367362],[33,0.87850565,8e-05,2.0872192,64,0.03122504],[34,0.92016846,8.25e-05,3.3489623,64,0.033425692],[35,0.87653184,8.5e-05,4.9700236,64,0.049618173],[36,0.92722684,8.75e-05,5.035715,64,0.035771873],[37,1.0800632,9e-05,2.0032594,64,0.05558071],[38,0.9092916,9.25e-05,2.3767385,64,0.035644893],[39,0.8886294,9.5e-05,3.2435505,64,0.03500528],[40,0.8502205,9.75e-05,3.0208373,64,0.03574915],[41,1.094386,0.0001,2.2043407,64,0.035946894],[42,0.9280415,0.0001025,5.047321,64,0.037732337],[43,1.2499743,0.000105,3.7592778,64,0.03799707]]');
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
INSERT INTO events VALUES(1,1795391893329,'planned',1,4,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO events VALUES(2,1795391893922,'started',3,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO events VALUES(3,1795391893923,'stands',3,NULL,NULL,1,'running',0,0,0,0,NULL,NULL,NULL);
INSERT INTO events VALUES(4,1795391895010,'told',3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"evaluated":{"attempt":1,"evaluation":{"confusion":[[0,0,16],[0,1,7],[1,0,10],[1,1,18],[2,0,3],[2,1,2]],"epoch":0.47619047619047616,"scores":[{"metric":"accuracy","split":"dev","value":0.6071428571428571},{"metric":"macro-f1","split":"dev","value":0.4233100233100233}],"step":30,"trainingLoss":0.9963300824938316},"stage":"d8347ce1114518b5eb77634f2b6036140e629f225009fbd227306c551cc12a88"}}');
INSERT INTO events VALUES(5,1795391895058,'ended',3,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO events VALUES(6,1795391895059,'stands',3,NULL,NULL,1,'finished',0,0,0,0,NULL,1,NULL);
INSERT INTO events VALUES(7,1795391895059,'started',4,NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO events VALUES(8,1795391895060,'stands',4,NULL,NULL,1,'running',0,0,0,0,NULL,NULL,NULL);
CREATE TABLE counts (
    sweep INTEGER NOT NULL REFERENCES sweeps(id),
    kind INTEGER NOT NULL REFERENCES kinds(id),
    state TEXT NOT NULL,
    stages INTEGER NOT NULL,
    steps INTEGER NOT NULL,               -- of finished stages, as all below
    seconds REAL NOT NULL,
    PRIMARY KEY (sweep, kind, state)
) STRICT, WITHOUT ROWID;
INSERT INTO counts VALUES(1,1,'waiting',1,0,0.0);
INSERT INTO counts VALUES(1,2,'waiting',1,0,0.0);
INSERT INTO counts VALUES(1,3,'finished',1,30,0.0049487310000000004836);
INSERT INTO counts VALUES(1,3,'running',0,0,0.0);
INSERT INTO counts VALUES(1,3,'waiting',0,0,0.0);
INSERT INTO counts VALUES(1,4,'running',1,0,0.0);
INSERT INTO counts VALUES(1,4,'waiting',0,0,0.0);
CREATE INDEX memberOf ON members(stage, sweep);
CREATE INDEX alike ON members(sweep, kind, stage);
CREATE INDEX noticeable ON stages(state) WHERE state <> 'waiting' AND state <> 'finished';
CREATE INDEX setBack ON stages(setback) WHERE setback IS NOT NULL;
CREATE INDEX collapsed ON results(onlyClass) WHERE onlyClass IS NOT NULL;
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
CREATE VIEW sweep AS
    SELECT id, digest, name,
        json_set(head, '$.stages', (
            SELECT json_group_array(json(planned)) FROM (
                SELECT json_patch('{}', json_object(
                    'key', stages.key, 'label', kinds.label, 'task', kinds.task, 'outputs', json(kinds.outputs),
                    'keptIfBest', json(nullif(kinds.keptIfBest, '[]')),
                    'measures', json(nullif(kinds.measures, '[]')),
                    'recomputes', json(iif(kinds.recomputes, 'true', NULL)),
                    'specification', json_object(
                        'semantics', semantics, 'backbone', backbone, 'task', content, 'recipe', json(recipes.recipe),
                        'seed', json(printf('%llu', stages.seed)),
                        'inputs', (SELECT json_group_array(json_object('kind', edges.kind, 'from', source.key))
                            FROM edges JOIN stages AS source ON source.id = edges.source
                            WHERE edges.stage = stages.id),
                        'given', json((SELECT nullif(json_group_array(json_object(
                            'kind', kind, 'id', artifact, 'byteCount', byteCount)), '[]')
                            FROM given WHERE given.stage = stages.id))))) AS planned
                FROM members JOIN stages ON stages.id = members.stage JOIN kinds ON kinds.id = members.kind
                JOIN recipes ON recipes.id = kinds.recipe
                WHERE members.sweep = sweeps.id ORDER BY members.place)),
            '$.rows', (
            SELECT json_group_array(json(planned)) FROM (
                SELECT json_patch('{}', json_object(
                    'task', task, 'method', method, 'seed', json(printf('%llu', seed)),
                    'fold', json(iif(fold IS NULL, NULL, json_object('number', fold, 'count', folds))),
                    'stages', (SELECT json_group_array(key) FROM (
                        SELECT stages.key FROM json_each(lines.stages) AS item JOIN stages ON stages.id = item.value
                        ORDER BY item.key)), 'anySearches', json(searches))) AS planned
                FROM lines WHERE lines.sweep = sweeps.id ORDER BY place))) AS plan,
        plannedAt, arguments
    FROM sweeps;
CREATE VIEW result AS
    SELECT results.id AS id, json_patch('{}', json_object(
        'artifacts', json(artifacts), 'confusion', json(confusion), 'finalLoss', finalLoss,
        'measured', json(measured), 'node', json_object(
            'blasCore', blasCore, 'host', host, 'program', nullif(program, ''), 'ranks', ranks, 'threads', threads),
        'parameters', parameters, 'scores', json(scores), 'seconds', seconds, 'steps', steps, 'tokens', tokens,
        'tokensPerSecond', tokensPerSecond, 'trainable', trainable)) AS result
    FROM results JOIN nodes ON nodes.id = results.node;
CREATE VIEW stage AS
    SELECT key, sweep, task, label, seed, state, losses, nodeFailures, isPaused, priority, reason,
        (SELECT result.result FROM result WHERE result.id = stages.result) AS result
    FROM stages JOIN kinds ON kinds.id = stages.kind;
CREATE VIEW line AS
    SELECT sweep, place, task, fold, method, seed,
        (SELECT key FROM stages WHERE id = json_extract(lines.stages, '$[#-1]')) AS stage
    FROM lines;
CREATE VIEW edge AS
    SELECT stages.key AS stage, edges.kind AS kind, source.key AS source
    FROM edges JOIN stages ON stages.id = edges.stage JOIN stages AS source ON source.id = edges.source;
CREATE VIEW attempt AS
    SELECT stages.key AS stage, number, worker, host, ranks, threads, blasCore, startedAt, endedAt, outcome, message
    FROM attempts JOIN stages ON stages.id = attempts.stage JOIN nodes ON nodes.id = attempts.node;
CREATE VIEW artifact AS
    SELECT stages.key AS stage, json_extract(item.value, '$.kind') AS kind, json_extract(item.value, '$.id') AS id,
        json_extract(item.value, '$.byteCount') AS byteCount
    FROM stages JOIN results ON results.id = stages.result, json_each(artifacts) AS item;
CREATE VIEW metric AS
    SELECT stages.key AS stage, attempt, step, epoch, split, metric, value
    FROM metrics JOIN stages ON stages.id = metrics.stage;
CREATE VIEW curve AS
    SELECT stages.key AS stage, attempt, steps, points FROM curves JOIN stages ON stages.id = curves.stage;
CREATE VIEW point AS
    SELECT stages.key AS stage, attempt, json_extract(value, '$[0]') AS step, json_extract(value, '$[1]') AS loss,
        json_extract(value, '$[2]') AS learningRate, json_extract(value, '$[3]') AS gradientNorm,
        json_extract(value, '$[4]') AS tokens, json_extract(value, '$[5]') AS seconds
    FROM curves JOIN stages ON stages.id = curves.stage, json_each(points);
CREATE VIEW event AS
    SELECT number, at, CASE what WHEN 'told' THEN event
        WHEN 'planned' THEN json_object('planned', json_object(
            'sweep', (SELECT name FROM sweeps WHERE id = events.sweep), 'stages', (
                SELECT json_group_array(key) FROM (
                    SELECT key FROM stages WHERE id BETWEEN events.stage AND events.last ORDER BY id))))
        WHEN 'started' THEN (SELECT json_object('started', json_patch('{}', json_object(
            'stage', key, 'attempt', number, 'worker', worker, 'node', json_object(
                'host', host, 'ranks', ranks, 'threads', threads, 'blasCore', blasCore,
                'program', nullif(program, '')))))
            FROM attempts JOIN stages ON stages.id = attempts.stage JOIN nodes ON nodes.id = attempts.node
            WHERE attempts.stage = events.stage AND number = events.attempt)
        WHEN 'ended' THEN (SELECT json_object('ended', json_patch('{}', json_object(
            'stage', key, 'attempt', number, 'failure', json(iif(
                outcome = 'finished', NULL, json_object('cause', outcome, 'message', message))))))
            FROM attempts JOIN stages ON stages.id = attempts.stage
            WHERE attempts.stage = events.stage AND number = events.attempt)
        WHEN 'stands' THEN (SELECT json_object('stands', json_patch('{}', json_object(
            'stage', key, 'state', events.state, 'attempts', events.attempt, 'losses', events.losses,
            'nodeFailures', events.nodeFailures, 'isPaused', json(iif(events.isPaused, 'true', 'false')),
            'priority', nullif(events.priority, 0), 'reason', events.reason,
            'worker', iif(events.state = 'running', (SELECT worker FROM attempts
                WHERE attempts.stage = events.stage AND number = events.attempt), NULL),
            'result', json((SELECT result.result FROM result WHERE result.id = events.result)))))
            FROM stages WHERE stages.id = events.stage)
        END AS event
    FROM events;
