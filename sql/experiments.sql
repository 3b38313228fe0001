-- Experiments: made, listed, started, stopped, archived, restored, changed, deleted; every refusal, by SQL and by REST.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('experiments') IS NOT NULL AS made;
SELECT flagplane.create_flag('experiments', 'button', 'Button')->>'key' AS flag;
SELECT flagplane.create_layer('experiments', 'checkout', 'Checkout', '')->>'key' AS layer;

-- Made: all fields, the fewest, by REST.
SELECT t.mask(flagplane.create_experiment(project_key => 'experiments', environment_key => 'test', key => 'color', name => 'Color "é"',
	description => 'Red sells', flag_key => 'button', randomization_unit => 'device')::text);
SELECT t.mask(flagplane.create_experiment('experiments', 'test', 'plain', 'Plain')::text);
SELECT * FROM t.rest('POST', '/api/v2/projects/experiments/environments/test/experiments',
	'{"key": "wire", "name": "Wire", "flagKey": "button", "randomizationUnit": "user"}');
SELECT flagplane.delete_experiment('experiments', 'test', 'wire') IS NULL AS deleted;
SELECT flagplane.create_experiment('experiments', 'test', 'wire', 'Wire', iteration => t.plan('experiments', 'button'))->>'key' AS made_again;
-- The same key in another environment is another experiment.
SELECT flagplane.create_experiment('experiments', 'production', 'color', 'Color')->>'environmentKey';
SELECT t.try($$SELECT flagplane.create_experiment('experiments', 'test', 'color', 'Again')$$);
SELECT t.try($$SELECT flagplane.create_experiment('experiments', 'test', 'color', 'Again', flag_key => 'button')$$);
SELECT t.try($$SELECT flagplane.create_experiment('experiments', 'test', 'x', 'X', flag_key => 'nothing')$$);
SELECT t.try($$SELECT flagplane.create_experiment('experiments', 'nothing', 'x', 'X', flag_key => 'nothing')$$);
SELECT t.try($$SELECT flagplane.create_experiment('nowhere', 'test', 'x', 'X')$$);
SELECT t.try($$SELECT flagplane.create_experiment(NULL, NULL, NULL, NULL)$$);
SELECT t.try($$SELECT flagplane.create_experiment('experiments', 'test', 'a b', '', repeat('x', 4097), randomization_unit => '-')$$);
SELECT * FROM t.rest('POST', '/api/v2/projects/experiments/environments/test/experiments', '{"key": "wire", "name": "Wire"}');
SELECT * FROM t.rest('POST', '/api/v2/projects/experiments/environments/test/experiments', '{"key": "x", "name": "X", "flagKey": "nothing"}');
SELECT * FROM t.rest('POST', '/api/v2/projects/experiments/environments/nothing/experiments', '{"key": "x", "name": "X"}');
SELECT * FROM t.rest('POST', '/api/v2/projects/experiments/environments/test/experiments', '{"key": 1, "nam": "X"}');
-- Its maintainer is the member whose token made it.
SELECT flagplane.create_member('experiments@example.com')->>'_id' AS member \gset
SELECT flagplane.create_access_token('experiments', '{layers:read,layers:write}', member_id => :'member')->>'token' AS token \gset
SELECT status, body->>'_maintainerId' IS NOT NULL AS known FROM flagplane.handle('POST', '/api/v2/projects/experiments/environments/test/experiments',
	json_build_object('Authorization', :'token')::jsonb, jsonb_build_object('key', 'mine', 'name', 'Mine', 'iteration', t.plan('experiments', 'mine'))::text);
SELECT flagplane.get_experiment('experiments', 'test', 'mine')->>'_maintainerId' = :'member' AS the_member;

-- One, and lists.
SELECT headers->>'ETag' AS etag, t.shape(body) FROM flagplane.handle('GET', '/api/v2/projects/experiments/environments/test/experiments/color');
SELECT t.try($$SELECT flagplane.get_experiment('experiments', 'test', 'nothing')$$);
SELECT t.try($$SELECT flagplane.get_experiment('experiments', 'nothing', 'color')$$);
SELECT t.try($$SELECT flagplane.get_experiment('nowhere', 'test', 'color')$$);
SELECT * FROM t.rest('GET', '/api/v2/projects/experiments/environments/test/experiments/nothing');
SELECT q, r.status, r.body->'totalCount' AS total, coalesce((SELECT string_agg(e->>'key', ' ')
	FROM json_array_elements(r.body->'items') e), r.body->>'message') AS answer
FROM unnest(ARRAY['', '?limit=2', '?limit=2&offset=2', '?filter=query:l', '?filter=keys:color|wire', '?filter=tags:x',
	'?filter=status:running', '?sort=name', '?sort=-name', '?sort=-createdOn', '?sort=key']) WITH ORDINALITY u(q, n),
	flagplane.handle('GET', '/api/v2/projects/experiments/environments/test/experiments' || q) r ORDER BY n;
SELECT flagplane.list_experiments('experiments', 'test', 2, 2)->'_links';
SELECT t.try($$SELECT flagplane.list_experiments('experiments', 'nothing')$$);
SELECT t.try($$SELECT flagplane.list_experiments('nowhere', 'test')$$);

-- A life: what an experiment is after each step, and its version.
CREATE FUNCTION pg_temp.state(project text, environment text, experiment text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s version %s%s: %s%s', e.status, e.version, CASE WHEN e.archived_at IS NOT NULL THEN ', archived' END,
		t.shape(d->'currentIteration'), ' ' || (d->'currentIteration'->>'layerSnapshot'))
	FROM flagplane.get_experiment(project, environment, experiment) d JOIN flagplane_data.experiment e ON e.id = d->>'_id'
$$;
SELECT flagplane.create_experiment('experiments', 'test', 'life', 'Life', iteration => t.plan('experiments', 'life'))->>'key' AS made;
SELECT t.try($$SELECT flagplane.stop_experiment('experiments', 'test', 'life')$$);
SELECT t.mask(flagplane.start_experiment('experiments', 'test', 'life')::text);
SELECT flagplane.start_experiment('experiments', 'test', 'life')->'currentIteration'->>'status' AS again, pg_temp.state('experiments', 'test', 'life');
SELECT t.try($$SELECT flagplane.archive_experiment('experiments', 'test', 'life')$$);
SELECT t.try($$SELECT flagplane.delete_experiment('experiments', 'test', 'life')$$);
SELECT * FROM t.rest('DELETE', '/api/v2/projects/experiments/environments/test/experiments/life');
SELECT flagplane.stop_experiment('experiments', 'test', 'life')->'currentIteration'->>'status' AS stopped, pg_temp.state('experiments', 'test', 'life');
SELECT flagplane.stop_experiment('experiments', 'test', 'life')->'currentIteration'->>'status' AS again, pg_temp.state('experiments', 'test', 'life');
SELECT t.try($$SELECT flagplane.start_experiment('experiments', 'test', 'life')$$);
SELECT flagplane.archive_experiment('experiments', 'test', 'life')->>'archivedDate' IS NOT NULL AS archived, pg_temp.state('experiments', 'test', 'life');
SELECT flagplane.archive_experiment('experiments', 'test', 'life') IS NOT NULL AS again, pg_temp.state('experiments', 'test', 'life');
SELECT flagplane.delete_experiment('experiments', 'test', 'life') IS NULL AS deleted;
SELECT f, t.try(format('SELECT flagplane.%I(%L, %L, %L)', f, 'experiments', 'test', 'life'))
	FROM unnest('{start_experiment,stop_experiment,archive_experiment,delete_experiment}'::text[]) f;
SELECT f, t.try(format('SELECT flagplane.%I(%L, %L, %L)', f, 'experiments', 'nothing', 'life'))
	FROM unnest('{start_experiment,stop_experiment,archive_experiment,delete_experiment}'::text[]) f;
SELECT f, t.try(format('SELECT flagplane.%I(%L, %L, %L)', f, 'nowhere', 'test', 'life'))
	FROM unnest('{start_experiment,stop_experiment,archive_experiment,delete_experiment}'::text[]) f;

-- Instructions by REST, with and without the media type's parameter.
CREATE FUNCTION pg_temp.patch(body text) RETURNS TABLE (status int, version text, answer text) LANGUAGE sql AS $$
	SELECT r.status, r.headers->>'ETag', coalesce(r.body->>'message', concat_ws(', ', r.body->>'name',
		r.body->>'description', r.body->'currentIteration'->>'status',
		CASE WHEN r.body->>'archivedDate' IS NOT NULL THEN 'archived' END))
	FROM flagplane.handle('PATCH', '/api/v2/projects/experiments/environments/test/experiments/wire',
		'{"Content-Type": "application/json; domain-model=launchdarkly.semanticpatch"}', body) r
$$;
SELECT * FROM pg_temp.patch('{"comment": "c", "instructions": [{"kind": "updateName", "value": "Wire 2"}, {"kind": "updateDescription", "value": "D"}]}');
SELECT * FROM t.rest('PATCH', '/api/v2/projects/experiments/environments/test/experiments/wire',
	'{"instructions": [{"kind": "startIteration", "changeJustification": "now"}]}');
-- What changes nothing succeeds.
SELECT * FROM pg_temp.patch('{"instructions": []}');
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "updateName", "value": "Wire 2"}, {"kind": "startIteration"}, {"kind": "restoreExperiment"}]}');
-- All or nothing.
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "updateName", "value": "Never"}, {"kind": "archiveExperiment"}]}');
SELECT *
	FROM pg_temp.patch('{"instructions": [{"kind": "updateName", "value": "Never"}, {"kind": "updateNme", "value": "x"}, {"kind": "updateName"}, {"kind": "updateName", "value": 1, "more": 1}, 7, {"value": "x"}, {"kind": "stopIteration", "winningReason": ["x"]}]}');
SELECT flagplane.get_experiment('experiments', 'test', 'wire')->>'name' AS name;
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "stopIteration", "winningTreatmentId": "t", "winningReason": "r"}, {"kind": "archiveExperiment"}]}');
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "startIteration"}]}');
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "restoreExperiment"}]}');
SELECT * FROM pg_temp.patch('{"instructions": [{"kind": "startIteration"}]}');
SELECT * FROM pg_temp.patch('{"instructions": {}}');
SELECT * FROM pg_temp.patch('{"instructions": "x"}');
SELECT * FROM pg_temp.patch('{}');
SELECT * FROM pg_temp.patch('[{"op": "replace", "path": "/name", "value": "x"}]');
SELECT * FROM pg_temp.patch('{"instructions": [' || array_to_string(array_fill('{"kind": "restoreExperiment"}'::text, '{501}'), ',') || ']}');
SELECT t.try($$SELECT flagplane.update_experiment('experiments', 'test', 'wire', NULL)$$);
SELECT t.try($$SELECT flagplane.update_experiment('experiments', 'test', 'nothing', '[]')$$);
SELECT t.try($$SELECT flagplane.update_experiment('experiments', 'nothing', 'wire', '[]')$$);
SELECT t.try($$SELECT flagplane.update_experiment('nowhere', 'test', 'wire', '[]')$$);
SELECT t.try($$SELECT flagplane.update_experiment('experiments', 'test', 'wire', '[]', repeat('x', 4097))$$);
-- A retry with the same idempotency key is the same change.
SELECT flagplane.start_experiment('experiments', 'test', 'mine', idempotency_key => '88888888-8888-4888-8888-888888888881')::text
	= flagplane.start_experiment('experiments', 'test', 'mine', idempotency_key => '88888888-8888-4888-8888-888888888881')::text AS same;

-- In a layer: a share of more than nothing to start, and a snapshot of the layer once stopped.
CREATE FUNCTION pg_temp.reserve(experiment text, percent int) RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format('SELECT flagplane.update_layer(%L, %L, %L, %L)->%L', 'experiments', 'checkout',
		json_build_array(json_build_object('kind', 'updateExperimentReservation', 'experimentKey', experiment,
		'reservationPercent', percent)), 'test', 'environments'))
$$;
SELECT flagplane.create_experiment('experiments', 'test', key, upper(key), iteration => t.plan('experiments', 'button'))->>'key'
	FROM unnest('{a,b,c}'::text[]) key;
SELECT pg_temp.reserve('a', 0);
SELECT t.try($$SELECT flagplane.start_experiment('experiments', 'test', 'a')$$);
SELECT * FROM t.rest('PATCH', '/api/v2/projects/experiments/environments/test/experiments/a', '{"instructions": [{"kind": "startIteration"}]}');
SELECT pg_temp.reserve('a', 30);
SELECT pg_temp.reserve('b', 25);
SELECT pg_temp.reserve('c', 20);
SELECT flagplane.start_experiment('experiments', 'test', 'a')->'currentIteration'->>'status';
SELECT flagplane.stop_experiment('experiments', 'test', 'a')->'currentIteration'->'layerSnapshot' AS snapshot;
SELECT pg_temp.state('experiments', 'test', 'a');
-- What it had is free, and archiving and deleting free it too.
SELECT flagplane.get_layer('experiments', 'checkout')->'environments' AS environments;
SELECT flagplane.archive_experiment('experiments', 'test', 'b')->'currentIteration'->>'layerSnapshot' IS NULL AS no_snapshot;
SELECT flagplane.get_layer('experiments', 'checkout')->'environments' AS environments;
SELECT flagplane.delete_experiment('experiments', 'test', 'c') IS NULL AS deleted;
SELECT flagplane.get_layer('experiments', 'checkout')->'environments' AS environments;
-- The history stays, without the names of those that are gone.
SELECT e.key, r.released_at IS NOT NULL AS released, (SELECT sum(upper(s) - lower(s)) FROM unnest(r.segments) s) AS segments
FROM flagplane_data.layer_reservation r LEFT JOIN flagplane_data.experiment e ON e.id = r.experiment_id JOIN flagplane_data.layer l ON l.id = r.layer_id
JOIN flagplane_data.project p ON p.id = l.project_id WHERE p.key = 'experiments' ORDER BY 3 DESC;

-- A flag that an experiment is about stays, unless it is archived.
SELECT t.try($$SELECT flagplane.delete_flag('experiments', 'button')$$);
SELECT * FROM t.rest('DELETE', '/api/v2/flags/experiments/button');
SELECT flagplane.archive_experiment('experiments', 'test', key) IS NOT NULL AS archived FROM unnest('{a,color,wire}'::text[]) key;
SELECT flagplane.delete_flag('experiments', 'button') IS NULL AS deleted;
SELECT count(*) AS left, count(flag_id) AS with_flag FROM flagplane_data.experiment e
	JOIN flagplane_data.environment n ON n.id = e.environment_id JOIN flagplane_data.project p ON p.id = n.project_id WHERE p.key = 'experiments';
-- Everything goes with its environment or project.
SELECT flagplane.delete_environment('experiments', 'test') IS NULL AS deleted;
SELECT flagplane.create_project('experiments-2', 'Another') IS NOT NULL AS made;
SELECT flagplane.create_flag('experiments-2', 'f', 'F') IS NOT NULL
	AND flagplane.create_layer('experiments-2', 'l', 'L', '') IS NOT NULL
	AND flagplane.create_experiment('experiments-2', 'test', 'e', 'E', iteration => t.plan('experiments-2', 'f')) IS NOT NULL AS made;
SELECT flagplane.update_layer('experiments-2', 'l',
	'[{"kind": "updateExperimentReservation", "experimentKey": "e", "reservationPercent": 50}]', 'test') IS NOT NULL AS reserved;
SELECT flagplane.start_experiment('experiments-2', 'test', 'e') IS NOT NULL AS started;
SELECT flagplane.delete_project('experiments-2') IS NULL AS deleted;
SELECT count(*) FROM flagplane_data.experiment e WHERE NOT EXISTS (SELECT FROM flagplane_data.environment n WHERE n.id = e.environment_id);
-- Audited, with what was before.
SELECT operation, t.mask(target) AS target, before->'currentIteration'->>'status' AS before, after->'currentIteration'->>'status' AS after
	FROM flagplane_data.audit_log
WHERE operation IN ('start_experiment', 'stop_experiment', 'delete_experiment') AND target LIKE 'proj/experiments:%' ORDER BY epoch, xid, ordinal;

-- If-Match, and what leaves a row in the audit log.
SELECT flagplane.create_experiment('experiments', 'production', 'locked', 'Locked') IS NOT NULL AS made;
SELECT r.status, r.headers, left(r.body, 90)
	FROM unnest(ARRAY['"2"', '"1"', '"1"']) m, t.rest('PATCH', '/api/v2/projects/experiments/environments/production/experiments/locked',
	'{"instructions": [{"kind": "updateName", "value": "Changed"}], "comment": "why"}', jsonb_build_object('If-Match', m)) r;
SELECT r.status, left(r.body, 90)
	FROM unnest(ARRAY['"1"', '"2"']) m, t.rest('DELETE',
	'/api/v2/projects/experiments/environments/production/experiments/locked', NULL, jsonb_build_object('If-Match', m)) r;
SELECT flagplane.create_experiment('experiments', 'production', 'again', 'Again', iteration => t.plan('experiments', 'again')) IS NOT NULL AS made;
SELECT flagplane.start_experiment('experiments', 'production', 'again')->'currentIteration'->>'status',
	flagplane.start_experiment('experiments', 'production', 'again')->'currentIteration'->>'status';
SELECT count(*) FROM flagplane_data.audit_log WHERE operation = 'start_experiment' AND target LIKE '%/again';
SELECT flagplane.stop_experiment('experiments', 'production', 'again')->'currentIteration'->>'status';
