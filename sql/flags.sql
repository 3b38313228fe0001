-- Flags: variations, defaults, configurations.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('flags') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.create_flag('flags', 'simple', 'Simple')$$);
SELECT t.try($$SELECT flagplane.create_flag('flags', 'rich', 'Rich', 'All kinds', '[{"value": 1, "name": "one"}, {"value": "1"},
	{"value": null, "description": "nothing"}, {"value": {"b": [1, {}], "a": true}}, {"value": []}]', false, '{a,b}',
	'{"onVariation": 3, "offVariation": 2}', true)$$);
SELECT flagplane.create_flag('flags', 'not-quite-boolean', 'N', variations => '[{"value": true}, {"value": "false"}]')->>'kind';
SELECT flagplane.create_flag('flags', 'boolean', 'B', variations => '[{"value": false}, {"value": true}]')->>'kind';
SELECT t.try($$SELECT flagplane.create_flag('flags', 'simple', 'Again')$$);
SELECT t.try($$SELECT flagplane.create_flag('nowhere', 'simple', 'Again')$$);
SELECT t.try($$SELECT flagplane.create_flag(NULL, NULL, NULL)$$);
SELECT v, t.try(format('SELECT flagplane.create_flag(%L, %L, %L, variations => %L)', 'flags', 'x', 'X', v))
FROM unnest(ARRAY['{}', '[]', '[{"value": 1}]', '[1, 2]', '[{"value": 1}, {"value": 1}]', '[{"value": 1.0}, {"value": 1}]', '[{"value": 1}, {}]',
	'[{"value": 1}, {"value": 2, "nmae": "x"}]', '[{"value": 1}, {"value": 2, "name": 3}]']) v;
SELECT v, t.try(format('SELECT flagplane.create_flag(%L, %L, %L, defaults => %L)', 'flags', 'x', 'X', v))
FROM unnest(ARRAY['[]', '{}', '{"onVariation": 0}', '{"onVariation": 0, "offVariation": 2}', '{"onVariation": -1, "offVariation": "0"}',
	'{"onVariation": 0, "offVariation": 1, "x": 1}']) v;
SELECT * FROM t.rest('GET', '/api/v2/flags/flags/nothing');
SELECT t.try($$SELECT flagplane.get_flag('nowhere', 'nothing')$$);
SELECT l->'totalCount', l->'_links', l->'items'->0->>'key' FROM flagplane.list_flags('flags', 1, 1) l;
SELECT t.try($$SELECT flagplane.list_flags('nowhere')$$);
SELECT status, headers FROM t.rest('POST', '/api/v2/flags/flags', '{"key": "by-rest", "name": "R", "isFlagOn": true}');
