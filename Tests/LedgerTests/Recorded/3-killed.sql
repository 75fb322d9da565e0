CREATE TABLE sweep (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,          -- of its name and rows
    name TEXT NOT NULL,
    plan TEXT NOT NULL,                   -- SweepPlan as JSON
    plannedAt INTEGER NOT NULL            -- milliseconds since 1970, like all times here
, arguments TEXT) STRICT;
INSERT INTO sweep VALUES(1,'0200c723fc085a52e2bc86f239e5e70639c2d458d0c734f566db3bf5dbf82906','killed','{"dataDirectory":"/tmp/v3/data","model":{"content":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","name":"model","path":"/tmp/v3/model"},"name":"killed","rows":[{"method":"wild","seed":3,"stages":["78164310a7f358684b7d54b6d499be7c9954a4d7c4d4d072882f558124975fe0"],"task":"demo-single"},{"method":"probe","seed":3,"stages":["a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573"],"task":"demo-single"},{"method":"lp-bit","seed":3,"stages":["a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15"],"task":"demo-single"}],"stages":[{"key":"78164310a7f358684b7d54b6d499be7c9954a4d7c4d4d072882f558124975fe0","label":"wild","outputs":["head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":60}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":1e+30,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0.1},"seed":3,"semantics":3,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"},{"key":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","label":"probe","outputs":["head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":60}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0.1},"seed":3,"semantics":3,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"},{"keptIfBest":["backbone"],"key":"e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15","label":"lp-bit/2","outputs":["head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[{"from":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","kind":"head"}],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":4000}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":0.001,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"all","warmup":0.1},"seed":3,"semantics":3,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"}],"tasks":[{"constant":{"label":"negative","scores":[{"metric":"accuracy","split":"dev","value":0.4533333333333333}]},"content":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb","definition":{"dev":"demo-single/dev.tsv","encoding":"utf8","format":"tsv","header":true,"label":"label","labels":["negative","positive"],"metrics":["accuracy"],"name":"demo-single","text":"sentence","train":"demo-single/train.tsv"},"devCount":300,"trainCount":1000}]}',1795367436644,NULL);
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
    result TEXT, priority INTEGER NOT NULL DEFAULT 0,                          -- StageResult as JSON
    CHECK ((result IS NOT NULL) = (state = 'finished'))
) STRICT;
INSERT INTO stage VALUES('78164310a7f358684b7d54b6d499be7c9954a4d7c4d4d072882f558124975fe0',1,'demo-single','wild',3,'waiting',0,0,0,NULL,NULL,0);
INSERT INTO stage VALUES('a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573',1,'demo-single','probe',3,'finished',0,0,0,NULL,'{"artifacts":[{"byteCount":3464,"id":"8ecb7769e846e1f5f3cffd1d837dc286db733d039f979b102f4411a7286b62ae","kind":"head"}],"confusion":[[0,0,82],[0,1,54],[1,0,88],[1,1,76]],"finalLoss":0.7575084048155607,"node":{"blasCore":"SkylakeX","host":"node-3","program":"0.1.0","ranks":1,"threads":2},"parameters":"300a6703bf8ce599219c6d620ebd81e9bd4334daedd4a16e825acb2ec5e71cb0","scores":[{"metric":"accuracy","split":"dev","value":0.5266666666666666}],"seconds":0.009821318,"steps":60,"tokens":3079,"tokensPerSecond":4650727.214231014,"trainable":770}',0);
INSERT INTO stage VALUES('e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15',1,'demo-single','lp-bit/2',3,'running',0,0,0,NULL,NULL,0);
CREATE TABLE edge (
    stage TEXT NOT NULL REFERENCES stage(key),
    kind TEXT NOT NULL,
    source TEXT NOT NULL REFERENCES stage(key),
    PRIMARY KEY (stage, kind)
) STRICT;
INSERT INTO edge VALUES('e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15','head','a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573');
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
INSERT INTO attempt VALUES('a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573',1,'node-3-28406-mws3f0km','node-3',1,2,'SkylakeX',1795367437430,1795367440152,'finished','');
INSERT INTO attempt VALUES('e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15',1,'node-3-28406-mws3f0km','node-3',1,2,'SkylakeX',1795367440155,NULL,'running','');
CREATE TABLE artifact (
    stage TEXT NOT NULL REFERENCES stage(key),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,                     -- the SHA-256 of its bytes: artifacts/ab/abcdef...
    byteCount INTEGER NOT NULL,
    PRIMARY KEY (stage, kind)
) STRICT;
INSERT INTO artifact VALUES('a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573','head','8ecb7769e846e1f5f3cffd1d837dc286db733d039f979b102f4411a7286b62ae',3464);
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
INSERT INTO metric VALUES('a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573',1,60,0.23999999999999999111,'train','loss',0.69544682367188470628);
INSERT INTO metric VALUES('a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573',1,60,0.23999999999999999111,'dev','accuracy',0.52666666666666661633);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL                   -- JournalEvent as JSON
) STRICT;
INSERT INTO event VALUES(1,1795367436646,'{"planned":{"stages":["78164310a7f358684b7d54b6d499be7c9954a4d7c4d4d072882f558124975fe0","a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15"],"sweep":"killed"}}');
INSERT INTO event VALUES(2,1795367437430,'{"started":{"attempt":1,"node":{"blasCore":"SkylakeX","host":"node-3","program":"0.1.0","ranks":1,"threads":2},"stage":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","worker":"node-3-28406-mws3f0km"}}');
INSERT INTO event VALUES(3,1795367437431,'{"stands":{"attempts":1,"isPaused":false,"losses":0,"nodeFailures":0,"stage":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","state":"running","worker":"node-3-28406-mws3f0km"}}');
INSERT INTO event VALUES(4,1795367440122,'{"evaluated":{"attempt":1,"evaluation":{"confusion":[[0,0,82],[0,1,54],[1,0,88],[1,1,76]],"epoch":0.24,"scores":[{"metric":"accuracy","split":"dev","value":0.5266666666666666}],"step":60,"trainingLoss":0.6954468236718847},"stage":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573"}}');
INSERT INTO event VALUES(5,1795367440152,'{"ended":{"attempt":1,"stage":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573"}}');
INSERT INTO event VALUES(6,1795367440153,'{"stands":{"attempts":1,"isPaused":false,"losses":0,"nodeFailures":0,"result":{"artifacts":[{"byteCount":3464,"id":"8ecb7769e846e1f5f3cffd1d837dc286db733d039f979b102f4411a7286b62ae","kind":"head"}],"confusion":[[0,0,82],[0,1,54],[1,0,88],[1,1,76]],"finalLoss":0.7575084048155607,"node":{"blasCore":"SkylakeX","host":"node-3","program":"0.1.0","ranks":1,"threads":2},"parameters":"300a6703bf8ce599219c6d620ebd81e9bd4334daedd4a16e825acb2ec5e71cb0","scores":[{"metric":"accuracy","split":"dev","value":0.5266666666666666}],"seconds":0.009821318,"steps":60,"tokens":3079,"tokensPerSecond":4650727.214231014,"trainable":770},"stage":"a33af2d7e2119937386d0a4cad54463044bc24eb0f64746d4fd90f75ff3ed573","state":"finished"}}');
INSERT INTO event VALUES(7,1795367440155,'{"started":{"attempt":1,"node":{"blasCore":"SkylakeX","host":"node-3","program":"0.1.0","ranks":1,"threads":2},"stage":"e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15","worker":"node-3-28406-mws3f0km"}}');
INSERT INTO event VALUES(8,1795367440156,'{"stands":{"attempts":1,"isPaused":false,"losses":0,"nodeFailures":0,"stage":"e768c799cc992032789769c47ee753fbb4892aeffefc1352f8a11c94f706db15","state":"running","worker":"node-3-28406-mws3f0km"}}');
CREATE TABLE discarded (                  -- artifacts that `store gc` let go; their results stay
    artifact TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
CREATE TABLE drained (                    -- hosts whose workers are to leave
    host TEXT NOT NULL PRIMARY KEY
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('event',8);
