extension Schema {
    /// What documented queries read. A column that nobody asks for is not computed.
    static let views = """
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
        """
}
