-- The flags that sdk_drivers.mjs asks for: one at least of each kind, and environments to lose.
SELECT flagplane.create_project('default', 'Default');
SELECT flagplane.create_environment('default', key, key, 'ffffff') FROM unnest('{quiet,doomed,removed}'::text[]) key;
SELECT flagplane.create_flag('default', key, key, variations => variations::jsonb, defaults => '{"onVariation": 0, "offVariation": 1}',
	client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": false}')
FROM (VALUES
	('switch', '[{"value": true}, {"value": false}]'),
	('off', '[{"value": true}, {"value": false}]'),
	('text', '[{"value": "a"}, {"value": "é\"\\"}, {"value": ""}]'),
	('number', '[{"value": 1000000}, {"value": -1.5}, {"value": 0}]'),
	('json', '[{"value": {"a": [1, null, true]}}, {"value": []}]'),
	('unmet', '[{"value": "met"}, {"value": "unmet"}]'),
	('tried', '[{"value": "a"}, {"value": "b"}, {"value": "outside"}]'),
	('layered', '[{"value": "a"}, {"value": "b"}, {"value": "outside"}]')) f(key, variations);
SELECT flagplane.create_segment('default', 'production', 'testers', 'Testers');
SELECT flagplane.update_segment('default', 'production', 'testers', '[
	{"op": "add", "path": "/included/-", "value": "ada"}, {"op": "add", "path": "/excluded/-", "value": "u1"},
	{"op": "add", "path": "/rules/-", "value": {"clauses": [{"attribute": "email", "op": "endsWith", "values": ["@example.com"]}]}},
	{"op": "add", "path": "/rules/-", "value": {"clauses": [{"attribute": "key", "op": "startsWith", "values": ["u"]}], "weight": 40000}}]');
SELECT flagplane.update_flag('default', key, '{"environmentKey": "production", "instructions": [{"kind": "turnFlagOn"}]}')
FROM unnest('{switch,text,number,json,unmet,tried,layered}'::text[]) key;
SELECT flagplane.update_flag('default', 'text', '[
	{"op": "replace", "path": "/environments/production/rules", "value": [{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["fr"]}]}]},
	{"op": "replace", "path": "/environments/production/targets", "value": [{"variation": 2, "values": ["ada"]}]},
	{"op": "replace", "path": "/environments/production/contextTargets", "value": [{"contextKind": "user", "variation": 2, "values": []}, {"contextKind": "org", "variation": 1, "values": ["acme"]}]},
	{"op": "replace", "path": "/environments/production/fallthrough", "value": {"rollout": {"variations": [
		{"variation": 0, "weight": 30000}, {"variation": 1, "weight": 30000}, {"variation": 2, "weight": 40000}]}}}]');
SELECT flagplane.update_flag('default', 'number', '[{"op": "replace", "path": "/environments/production/rules", "value": [
	{"variation": 1, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["testers"]}]},
	{"variation": 2, "clauses": [{"contextKind": "org", "attribute": "size", "op": "greaterThan", "values": [99.5]}]}]}]');
SELECT flagplane.update_flag('default', 'json', '[{"op": "replace", "path": "/environments/production/prerequisites", "value": [{"key": "text", "variation": 1}]}]');
SELECT flagplane.update_flag('default', 'unmet', '[{"op": "replace", "path": "/environments/production/prerequisites", "value": [{"key": "off", "variation": 1}]}]');

-- An experiment of its own, and one in a layer.
SELECT flagplane.create_experiment('default', 'production', f.key, f.key, iteration => jsonb_build_object(
	'treatments', (SELECT jsonb_agg(jsonb_build_object('name', 'T' || n, 'baseline', n = 0, 'allocationPercent', '40',
		'parameters', jsonb_build_array(jsonb_build_object('flagKey', f.key, 'variationId', f.variations->n->>'_id')))) FROM generate_series(0, 1) n),
	'flags', jsonb_build_object(f.key, jsonb_build_object('ruleId', 'fallthrough', 'notInExperimentVariationId', f.variations->2->>'_id'))))
FROM flagplane_data.flag f WHERE f.key IN ('tried', 'layered');
SELECT flagplane.create_layer('default', 'layer', 'Layer', '');
SELECT flagplane.update_layer('default', 'layer', '[{"kind": "updateExperimentReservation", "experimentKey": "layered", "reservationPercent": 60}]', 'production');
SELECT flagplane.start_experiment('default', 'production', key) FROM unnest('{tried,layered}'::text[]) key;

-- Salts and seeds are always the same: SDKs that compute with floats serve units next to a bound the neighbor, and
-- find 0.34 % of the units in the next segment of a layer.
UPDATE flagplane_data.layer SET seed = 11;
UPDATE flagplane_data.experiment SET seed = 12 WHERE seed IS NOT NULL;
UPDATE flagplane_data.segment SET salt = key;
UPDATE flagplane_data.flag_environment SET salt = 'salt';
SELECT flagplane.touch_environment('default', 'production');
