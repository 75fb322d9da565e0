CREATE TABLE sweep (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,          -- of its name and rows
    name TEXT NOT NULL,
    plan TEXT NOT NULL,                   -- SweepPlan as JSON
    plannedAt INTEGER NOT NULL            -- milliseconds since 1970, like all times here
) STRICT;
INSERT INTO sweep VALUES(1,'e7f57dcbbb95d5fa60b988846871186721c501e56668616f0e6dd36391cfac16','killed','{"dataDirectory":"/tmp/v1/data","model":{"content":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","name":"model","path":"/tmp/v1/model"},"name":"killed","rows":[{"method":"wild","seed":3,"stages":["c545cc98e847da1d9cf66cd34031ddc116314b18df4f4ea9f8daae58a47a8b44"],"task":"demo-single"},{"method":"probe","seed":3,"stages":["8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70"],"task":"demo-single"},{"method":"lp-bit","seed":3,"stages":["8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53"],"task":"demo-single"}],"stages":[{"key":"c545cc98e847da1d9cf66cd34031ddc116314b18df4f4ea9f8daae58a47a8b44","label":"wild","outputs":["head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":60}},"decay":"linear","evaluations":1,"head":"linear","learningRate":1e+30,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0},"seed":3,"semantics":2,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"},{"key":"8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","label":"probe","outputs":["head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":3000}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":2e-05,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"head","warmup":0},"seed":3,"semantics":2,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"},{"key":"e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53","label":"lp-bit/2","outputs":["delta","head"],"specification":{"backbone":"eadd4b20bba5b7e48f4d4a6c64e8699793591eb4bce44a06c4150de82b88cf23","inputs":[{"from":"8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","kind":"head"}],"recipe":{"accumulation":1,"batch":4,"budget":{"steps":{"_0":3000}},"clip":1,"decay":"linear","evaluations":1,"head":"linear","learningRate":2e-05,"maxLength":16,"optimizer":{"beta1":0.9,"beta2":0.999,"epsilon":1e-08,"weightDecay":0.01},"precision":"fp32","selection":"last","shuffle":"true","truncation":"longest","tune":"bitfit","warmup":0},"seed":3,"semantics":2,"task":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb"},"task":"demo-single"}],"tasks":[{"content":"ffb957fa52c1c0646b6b87dc4719d32ec4a6fd8d011f4394c9c030f01b2c79eb","definition":{"dev":"demo-single/dev.tsv","encoding":"utf8","format":"tsv","header":true,"label":"label","labels":["negative","positive"],"metrics":["accuracy"],"name":"demo-single","text":"sentence","train":"demo-single/train.tsv"},"trainCount":1000}]}',1795281188742);
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
INSERT INTO stage VALUES('c545cc98e847da1d9cf66cd34031ddc116314b18df4f4ea9f8daae58a47a8b44',1,'demo-single','wild',3,'waiting',0,0,0,NULL,NULL);
INSERT INTO stage VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,'demo-single','probe',3,'finished',0,0,0,NULL,'{"artifacts":[{"byteCount":3464,"id":"81d0408c05846426f77e5f03d5831da7a8371a33b30ff523815b167e3a3557bd","kind":"head"}],"finalLoss":0.654436330015873,"node":{"blasCore":"Cooperlake","host":"vm","ranks":1,"threads":2},"parameters":"654d47ad49f53ce1c0f271421c95feaf3b4827d56a3cbf3d57aae20c9d34630b","scores":[{"metric":"accuracy","split":"dev","value":0.5666666666666667}],"seconds":0.035378047,"steps":3000,"tokens":153348,"tokensPerSecond":4969332.322365353,"trainable":770}');
INSERT INTO stage VALUES('e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53',1,'demo-single','lp-bit/2',3,'running',0,0,0,NULL,NULL);
CREATE TABLE edge (
    stage TEXT NOT NULL REFERENCES stage(key),
    kind TEXT NOT NULL,
    source TEXT NOT NULL REFERENCES stage(key),
    PRIMARY KEY (stage, kind)
) STRICT;
INSERT INTO edge VALUES('e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53','head','8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70');
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
INSERT INTO attempt VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,'vm-10938-mwqo2f4a','vm',1,2,'Cooperlake',1795281189186,1795281194491,'finished','');
INSERT INTO attempt VALUES('e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53',1,'vm-10938-mwqo2f4a','vm',1,2,'Cooperlake',1795281194495,NULL,'running','');
CREATE TABLE artifact (
    stage TEXT NOT NULL REFERENCES stage(key),
    kind TEXT NOT NULL,
    id TEXT NOT NULL,                     -- the SHA-256 of its bytes: artifacts/ab/abcdef...
    byteCount INTEGER NOT NULL,
    PRIMARY KEY (stage, kind)
) STRICT;
INSERT INTO artifact VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70','head','81d0408c05846426f77e5f03d5831da7a8371a33b30ff523815b167e3a3557bd',3464);
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
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,250,1.0,'train','loss',0.69199013783202778515);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,250,1.0,'dev','accuracy',0.52666666666666661633);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,500,2.0,'train','loss',0.69022966177939348852);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,500,2.0,'dev','accuracy',0.54000000000000003552);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,750,3.0,'train','loss',0.68903461395853426996);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,750,3.0,'dev','accuracy',0.53666666666666662521);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1000,4.0,'train','loss',0.68771185724212768874);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1000,4.0,'dev','accuracy',0.5500000000000000444);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1250,5.0,'train','loss',0.68667061731558265424);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1250,5.0,'dev','accuracy',0.5466666666666666341);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1500,6.0,'train','loss',0.68595769209416868061);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1500,6.0,'dev','accuracy',0.56999999999999995115);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1750,7.0,'train','loss',0.68518362318553216461);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,1750,7.0,'dev','accuracy',0.56333333333333335257);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2000,8.0,'train','loss',0.68463879778099956396);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2000,8.0,'dev','accuracy',0.57666666666666666074);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2250,9.0,'train','loss',0.6841600724658629673);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2250,9.0,'dev','accuracy',0.56666666666666665186);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2500,10.0,'train','loss',0.68380313594367192475);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2500,10.0,'dev','accuracy',0.56999999999999995115);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2750,11.0,'train','loss',0.68359325046293484273);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,2750,11.0,'dev','accuracy',0.56666666666666665186);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,3000,12.0,'train','loss',0.68344398228018798935);
INSERT INTO metric VALUES('8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70',1,3000,12.0,'dev','accuracy',0.56666666666666665186);
CREATE TABLE event (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    event TEXT NOT NULL                   -- JournalEvent as JSON
) STRICT;
INSERT INTO event VALUES(1,1795281188742,'{"planned":{"sweep":"killed","stages":["c545cc98e847da1d9cf66cd34031ddc116314b18df4f4ea9f8daae58a47a8b44","8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53"]}}');
INSERT INTO event VALUES(2,1795281189186,'{"started":{"stage":"8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","attempt":1,"worker":"vm-10938-mwqo2f4a","node":{"host":"vm","ranks":1,"threads":2,"blasCore":"Cooperlake"}}}');
INSERT INTO event VALUES(3,1795281194491,'{"ended":{"stage":"8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","attempt":1,"failure":null}}');
INSERT INTO event VALUES(4,1795281194495,'{"started":{"stage":"e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53","attempt":1,"worker":"vm-10938-mwqo2f4a","node":{"host":"vm","ranks":1,"threads":2,"blasCore":"Cooperlake"}}}');
INSERT INTO event VALUES(5,1795281194495,'{"stands":{"stage":"c545cc98e847da1d9cf66cd34031ddc116314b18df4f4ea9f8daae58a47a8b44","state":"waiting","attempts":0,"losses":0,"nodeFailures":0,"isPaused":false,"reason":null,"worker":null,"result":null}}');
INSERT INTO event VALUES(6,1795281194495,'{"stands":{"stage":"8188a70fea8c83edbb8e11fd6520eff0693a05806e797bd2b70d0478f2000b70","state":"finished","attempts":1,"losses":0,"nodeFailures":0,"isPaused":false,"reason":null,"worker":null,"result":{"artifacts":[{"byteCount":3464,"id":"81d0408c05846426f77e5f03d5831da7a8371a33b30ff523815b167e3a3557bd","kind":"head"}],"finalLoss":0.654436330015873,"node":{"blasCore":"Cooperlake","host":"vm","ranks":1,"threads":2},"parameters":"654d47ad49f53ce1c0f271421c95feaf3b4827d56a3cbf3d57aae20c9d34630b","scores":[{"metric":"accuracy","split":"dev","value":0.5666666666666667}],"seconds":0.035378047,"steps":3000,"tokens":153348,"tokensPerSecond":4969332.322365353,"trainable":770}}}');
INSERT INTO event VALUES(7,1795281194495,'{"stands":{"stage":"e7fe3d8605d4bb76d66deccc948477fdafa92bdb8b265ad52dff953b851cee53","state":"running","attempts":1,"losses":0,"nodeFailures":0,"isPaused":false,"reason":null,"worker":"vm-10938-mwqo2f4a","result":null}}');
CREATE TABLE discarded (                  -- artifacts that `store gc` let go; their results stay
    artifact TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
) STRICT;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('event',7);
