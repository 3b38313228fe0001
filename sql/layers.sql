-- Layers: changed by instructions, listed by experiment, deleted; every refusal, by SQL and by REST.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('traffic') IS NOT NULL AS made;
SELECT flagplane.create_flag('traffic', 'button', 'Button')->>'key' AS flag;
SELECT flagplane.create_layer('traffic', key, key, '')->>'key' AS layer FROM unnest('{checkout,pricing}'::text[]) key;
SELECT flagplane.create_experiment('traffic', 'test', key, key, iteration => t.plan('traffic', 'button'))->>'key' AS experiment
	FROM unnest('{color,size,shape}'::text[]) key;
SELECT flagplane.create_experiment('traffic', 'test', 'no-flag', 'No flag')->>'key' AS experiment;
SELECT flagplane.create_experiment('traffic', 'test', 'device', 'By device', randomization_unit => 'device')->>'key' AS experiment;
SELECT flagplane.create_experiment('traffic', 'production', 'color', 'Color', flag_key => 'button')->>'key' AS experiment;
-- A patch by REST: its status and its answer, or its message.
CREATE FUNCTION pg_temp.patch(instructions text, environment text DEFAULT 'test', layer text DEFAULT 'checkout') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, coalesce(r.body->>'message', concat_ws(' ', r.body->>'name', r.body->>'description',
		coalesce(r.body->>'randomizationUnit', '-'), r.body->>'environments')))
	FROM flagplane.handle('PATCH', '/api/v2/projects/traffic/layers/' || layer, '{"Content-Type": "application/json; domain-model=launchdarkly.semanticpatch"}',
		json_strip_nulls(json_build_object('environmentKey', environment, 'instructions', instructions::json))::text) r
$$;
CREATE FUNCTION pg_temp.reserve(experiment text, percent text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"kind": "updateExperimentReservation", "experimentKey": "%s", "reservationPercent": %s}', experiment, percent)
$$;

-- The documented request, word for word but for the keys, with and without the media type's parameter.
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/checkout',
	'{"comment":"Example comment describing the update","environmentKey":"production","instructions":[{"kind":"updateExperimentReservation","experimentKey":"color","reservationPercent":25}]}');
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/checkout',
	'{"comment":"Example comment describing the update","environmentKey":"production","instructions":[{"kind":"updateExperimentReservation","experimentKey":"color","reservationPercent":25}]}',
	'{"Content-Type": "application/json; domain-model=launchdarkly.semanticpatch"}');
SELECT t.mask(flagplane.update_layer(project_key => 'traffic', layer_key => 'checkout',
	instructions => '[{"kind": "updateName", "name": "Checkout \"é\""}, {"kind": "updateDescription", "description": ""}]', comment => 'c')::text);
-- Environments: those with reservations, and the one that was asked for.
SELECT pg_temp.patch('[]');
SELECT pg_temp.patch('[]', NULL);
SELECT pg_temp.patch('[{"kind": "updateDescription", "description": "All of checkout"}]', 'production');
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '50') || ',' || pg_temp.reserve('size', '20') || ',' || pg_temp.reserve('no-flag', '0') || ']');
-- The same again, and less of it, changes nothing else.
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '50') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('color',
	'40') || ', {"kind": "removeExperiment", "experimentKey": "no-flag"}, {"kind": "removeExperiment", "experimentKey": "shape"}]');
-- What is given up is free for the others, whichever comes first; of two about the same experiment the last one counts.
SELECT pg_temp.patch('[' || pg_temp.reserve('shape', '80') || ',' || pg_temp.reserve('color', '10') || ',' || pg_temp.reserve('size', '10') || ']');
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "shape"},' || pg_temp.reserve('shape',
	'100') || ',' || pg_temp.reserve('shape', '5') || ']');

-- More than is free.
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '76') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '50') || ',' || pg_temp.reserve('color', '36') || ']');
SELECT t.try($$SELECT flagplane.update_layer('traffic', 'checkout', '[{"kind": "updateExperimentReservation", "experimentKey": "size", "reservationPercent": 86}]', 'test')$$);
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/checkout',
	'{"environmentKey": "test", "instructions": [{"kind": "updateName", "name": "Never"}, ' || pg_temp.reserve('size', '100') || ']}');
-- Nothing of it was done.
SELECT flagplane.get_layer('traffic', 'checkout')->>'name' AS name, flagplane.get_layer('traffic', 'checkout')->'environments'->'test' AS test;
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '75') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '100') || ']');
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "no-flag"}]');

-- What is no instruction, or not a valid one.
SELECT i, pg_temp.patch(i)
	FROM unnest(ARRAY['{}', '"x"', '[1]', '[null]', '[[]]', '[{}]', '[{"kind": 1}]', '[{"kind": "updateKey", "key": "x"}]',
	'[{"kind": "updateName"}]', '[{"kind": "updateName", "name": null}]',
	'[{"kind": "updateName", "name": ""}]', '[{"kind": "updateName", "name": "x", "value": "x"}]',
		'[{"kind": "updateDescription", "description": 1}]', '[{"kind": "removeExperiment"}]',
	'[{"kind": "removeExperiment", "experimentKey": "color", "reservationPercent": 1}]', '[{"kind": "updateExperimentReservation"}]',
	'[{"kind": "updateName", "name": "x"}, {"kind": "updateName", "nam": "x"}]']) WITH ORDINALITY u(i, n) ORDER BY n;
SELECT p, pg_temp.patch('[' || pg_temp.reserve('color', p) || ']') FROM unnest(ARRAY['-1', '101', '0.5', '"10"', 'null', 'true', '1e9', '[]']) p;
SELECT pg_temp.patch('[{"kind": "updateName", "name": "' || repeat('x', 257) || '"}]');
SELECT pg_temp.patch('[' || array_to_string(array_fill('{"kind": "updateName", "name": "x"}'::text, '{501}'), ',') || ']');
-- A whole number may be written as 1e1.
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '1.0e1') || ']');
-- Reservations are in an environment, and so are experiments.
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '10') || ']', NULL);
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "color"}]', NULL);
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "color"}]', 'nothing');
SELECT pg_temp.patch('[]', 'nothing');
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '10') || ',' || pg_temp.reserve('nothing',
	'10') || ',{"kind": "removeExperiment", "experimentKey": "nobody"}]');
SELECT pg_temp.patch('[' || pg_temp.reserve('shape', '10') || ']', 'production');
SELECT t.try($$SELECT flagplane.update_layer('traffic', 'checkout', '[{"kind": "removeExperiment", "experimentKey": "x"}]')$$);
SELECT t.try($$SELECT flagplane.update_layer('traffic', 'checkout', NULL)$$);
SELECT t.try($$SELECT flagplane.update_layer('traffic', 'nothing', '[]')$$);
SELECT t.try($$SELECT flagplane.update_layer('nowhere', 'checkout', '[]')$$);
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/nothing', '{"environmentKey": "nothing", "instructions": []}');
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/checkout', '{"environment": "test", "comment": 1}');
SELECT * FROM t.rest('PATCH', '/api/v2/projects/traffic/layers/checkout', '[{"op": "replace", "path": "/name", "value": "x"}]');

-- An experiment is in one layer, and a layer has one randomization unit.
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '10') || ']', 'test', 'pricing');
SELECT pg_temp.patch('[' || pg_temp.reserve('device', '10') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('device', '10') || ',' || pg_temp.reserve('no-flag', '10') || ']', 'test', 'pricing');
SELECT pg_temp.patch('[' || pg_temp.reserve('device', '10') || ']', 'test', 'pricing');
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '10') || ']', 'test', 'pricing');
-- It is the layer's from then on, and may be given when the layer is made.
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "device"}]', 'test', 'pricing');
SELECT flagplane.create_layer('traffic', 'devices', 'Devices', '', 'device')->>'randomizationUnit';
SELECT pg_temp.patch('[' || pg_temp.reserve('no-flag', '10') || ']', 'test', 'devices');
-- A running experiment keeps a share; one that started outside, has stopped or is archived gets none.
SELECT flagplane.create_experiment('traffic', 'test', 'outside', 'Outside', iteration => t.plan('traffic', 'other'))->>'key' AS experiment;
SELECT flagplane.start_experiment('traffic', 'test', key) IS NOT NULL AS started FROM unnest('{color,outside}'::text[]) key;
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '0') || ']');
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "color"}]');
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '1') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '20') || ']');
SELECT pg_temp.patch('[' || pg_temp.reserve('outside', '10') || ']');
SELECT flagplane.stop_experiment('traffic', 'test', 'color') IS NOT NULL AS stopped;
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '10') || ']');
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "color"}]');
SELECT flagplane.archive_experiment('traffic', 'test', 'device') IS NOT NULL AS archived;
SELECT pg_temp.patch('[' || pg_temp.reserve('device', '10') || ']', 'test', 'devices');

-- Lists: the environments of each, and those with an experiment.
SELECT e->>'key' AS key, e->'environments' AS environments FROM json_array_elements(flagplane.list_layers('traffic')->'items') e;
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '5') || ']', 'production');
SELECT q, r.status, r.body->'totalCount' AS total, coalesce((SELECT string_agg(e->>'key', ' ')
	FROM json_array_elements(r.body->'items') e), r.body->>'message') AS answer
FROM unnest(ARRAY['', '?filter=reservations.experimentKey+contains+size',
	'?filter=reservations.experimentKey%20contains%20size', '?filter=reservations.experimentKey%2Bcontains%2Bsize',
	'?filter=reservations.experimentKey+contains+color,reservations.experimentKey+contains+shape',
	'?filter=reservations.experimentKey+contains+size,reservations.experimentKey+contains+device',
		'?filter=reservations.experimentKey+contains+siz', '?filter=reservations.experimentKey+contains',
		'?filter=key+contains+size', '?filter=reservations.experimentKey+equals+size',
	'?filter=reservations.experimentKey+contains+size+x', '?filter=size', '?filter=%2B', '?filter=']) WITH ORDINALITY u(q,
		n), flagplane.handle('GET', '/api/v2/projects/traffic/layers' || q) r ORDER BY n;
SELECT flagplane.list_layers('traffic', 'reservations.experimentKey contains size')->'items'->0->'environments' AS environments;
SELECT t.try($$SELECT flagplane.list_layers('traffic', 'reservations.experimentKey is size')$$);
SELECT * FROM t.rest('GET', '/api/v2/projects/traffic/layers/checkout');

-- Deleted, with its history, unless something is reserved, be it 0 percent.
SELECT t.try($$SELECT flagplane.delete_layer('traffic', 'checkout')$$);
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "size"}, {"kind": "removeExperiment", "experimentKey": "shape"}]');
SELECT pg_temp.patch('[' || pg_temp.reserve('color', '0') || ']', 'production');
SELECT * FROM t.rest('DELETE', '/api/v2/projects/traffic/layers/checkout');
SELECT pg_temp.patch('[{"kind": "removeExperiment", "experimentKey": "color"}]', 'production');
SELECT count(*) > 5 AS history FROM flagplane_data.layer_reservation r JOIN flagplane_data.layer l ON l.id = r.layer_id
	WHERE l.key = 'checkout' AND l.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'traffic');
SELECT * FROM t.rest('DELETE', '/api/v2/projects/traffic/layers/checkout');
SELECT count(*) AS history FROM flagplane_data.layer_reservation r WHERE NOT EXISTS (SELECT FROM flagplane_data.layer l WHERE l.id = r.layer_id);
SELECT * FROM t.rest('DELETE', '/api/v2/projects/traffic/layers/checkout');
SELECT t.try($$SELECT flagplane.delete_layer('nowhere', 'checkout')$$);
SELECT flagplane.delete_layer('traffic', 'devices', '88888888-8888-4888-8888-888888888882') IS NULL AS deleted;
SELECT flagplane.delete_layer('traffic', 'devices', '88888888-8888-4888-8888-888888888882') IS NULL AS replayed;
-- The experiments are free for another layer.
SELECT flagplane.create_layer('traffic', 'checkout', 'The key is free again', '')->>'name';
SELECT pg_temp.patch('[' || pg_temp.reserve('size', '10') || ']');
-- Audited, with what was before.
SELECT operation, target, before->'environments' AS before, after->'environments' AS after FROM flagplane_data.audit_log
WHERE operation IN ('update_layer', 'delete_layer') AND target = 'proj/traffic:layer/checkout' ORDER BY epoch, xid, ordinal LIMIT 4;
SELECT operation, before->>'description' AS before, after FROM flagplane_data.audit_log WHERE operation = 'delete_layer'
	AND target = 'proj/traffic:layer/checkout';
