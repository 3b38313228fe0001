-- Targets for users and for other kinds of contexts: two lists in documents, one order.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('context-targets') IS NOT NULL AS made;
SELECT flagplane.create_flag('context-targets', 'f', 'F', variations => '[{"value": 1}, {"value": 2}, {"value": 3}]') IS NOT NULL AS made;
-- Each target as variation, kind and values.
CREATE FUNCTION pg_temp.list(list json) RETURNS text LANGUAGE sql AS $$
	SELECT '[' || string_agg(concat_ws(' ', e->>'variation', e->>'contextKind', e->>'values'), ', ' ORDER BY n) || ']'
	FROM json_array_elements(list) WITH ORDINALITY u(e, n)
$$;
CREATE FUNCTION pg_temp.patch(body text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, 'targets', pg_temp.list(r.body#>'{environments,test,targets}'),
		'contextTargets', pg_temp.list(r.body#>'{environments,test,contextTargets}'),
		(SELECT string_agg(e->>'attribute' || ': ' || (e->>'reason'), '; ') FROM json_array_elements(r.body->'errors') e))
	FROM flagplane.handle('PATCH', '/api/v2/flags/context-targets/f', '{}', body) r
$$;
CREATE FUNCTION pg_temp.targets(targets text, context_targets text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.patch(format('[{"op": "replace", "path": "/environments/test/targets", "value": %s},
		{"op": "replace", "path": "/environments/test/contextTargets", "value": %s}]', targets, context_targets))
$$;

-- As Terraform's provider sends them: other kinds alone. An answer tells the order of all.
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0, "contextKind": "user"}, {"values": ["bob", "cem"], "variation": 1}]',
	'[{"values": ["acme"], "variation": 1, "contextKind": "account"}]');
SELECT flagplane.get_flag('context-targets', 'f')#>'{environments,test,contextTargets}' AS read;
SELECT jsonb_path_query_array(targets, '$[*].contextKind') AS stored FROM flagplane_data.flag_environment c
	JOIN flagplane_data.flag f ON f.id = c.flag_id JOIN flagplane_data.environment e ON e.id = c.environment_id
	WHERE f.name = 'F' AND f.kind = 'multivariate' AND e.key = 'test' AND jsonb_array_length(targets) = 3;
-- What came out goes in again, and changes nothing.
SELECT flagplane.get_flag('context-targets', 'f')->>'_version' AS version \gset
SELECT pg_temp.patch(jsonb_build_object('environments', jsonb_build_object('test', flagplane.get_flag('context-targets', 'f')::jsonb#>'{environments,test}'))::text);
SELECT flagplane.get_flag('context-targets', 'f')->>'_version' = :'version' AS same;

-- The order is that of contextTargets; a target for users without a place follows the last one that has one.
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0}, {"values": ["bob"], "variation": 1}]',
	'[{"values": ["acme"], "variation": 1, "contextKind": "account"}, {"values": [], "variation": 0, "contextKind": "user"}, {"values": ["d"], "variation": 2, "contextKind": "device"}]');
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0}, {"values": ["bob"], "variation": 1}, {"values": ["cem"], "variation": 1}]',
	'[{"values": [], "variation": 1}, {"values": ["acme"], "variation": 1, "contextKind": "account"}, {"values": [], "variation": 1, "contextKind": ""}, {"values": [], "variation": 0}]');
-- An entry that stands for none is dropped, also when it is alone.
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0}]', '[{"values": [], "variation": 2}, {"values": [], "variation": 0}, {"values": [], "variation": 0}]');
-- Without contextTargets there are none, and targets for other kinds get there.
SELECT pg_temp.patch('[{"op": "remove", "path": "/environments/test/contextTargets"}]');
SELECT pg_temp.targets('[{"values": ["acme"], "variation": 1, "contextKind": "account"}, {"values": ["ann"], "variation": 0}]', '[]');
SELECT pg_temp.patch('{"environments": {"test": {"targets": []}}}');
SELECT pg_temp.targets('[]', '[]');

-- What cannot be: values for users, kinds and variations that are none, other forms.
SELECT t, pg_temp.patch(format('{"environments": {"test": {"contextTargets": %s}}}', t))
FROM unnest(ARRAY['{}', '"x"', '[1]', '[{"values": ["ann"], "variation": 0, "contextKind": "user"}]', '[{"values": ["ann"], "variation": 0}]',
	'[{"values": [], "variation": 3, "contextKind": "account"}]', '[{"values": [1], "variation": 0, "contextKind": "account"}]',
	'[{"values": ["a"], "variation": 0, "contextKind": "multi"}]', '[{"values": ["a"], "variation": 0, "contextKind": "account", "more": 1}]']) t;
-- A variation that such a target serves cannot go.
SELECT pg_temp.targets('[]', '[{"values": ["acme"], "variation": 2, "contextKind": "account"}]');
SELECT pg_temp.patch('[{"op": "remove", "path": "/variations/2"}, {"op": "replace", "path": "/defaults/offVariation", "value": 1},
	{"op": "replace", "path": "/environments/test/offVariation", "value": 1}, {"op": "replace", "path": "/environments/production/offVariation", "value": 1}]');
-- A summary has neither list.
SELECT (items#>'{0,environments,test}')::jsonb ?| '{targets,contextTargets}' AS listed
	FROM (SELECT flagplane.list_flags('context-targets')->'items' AS items) l;
-- They are served in that order.
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/test/on", "value": true}]');
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0}]', '[{"values": ["acme"], "variation": 1, "contextKind": "account"}, {"values": [], "variation": 0}]');
SELECT c, flagplane.numeric_variation('context-targets', 'test', 'f', c, 0) AS served
	FROM unnest(ARRAY['{"key": "ann"}', '{"kind": "account", "key": "acme"}', '{"kind": "multi", "user": {"key": "ann"}, "account": {"key": "acme"}}', '{"kind": "account", "key": "ann"}']::jsonb[]) c;
SELECT pg_temp.targets('[{"values": ["ann"], "variation": 0}]', '[{"values": [], "variation": 0}, {"values": ["acme"], "variation": 1, "contextKind": "account"}]');
SELECT flagplane.numeric_variation('context-targets', 'test', 'f', '{"kind": "multi", "user": {"key": "ann"}, "account": {"key": "acme"}}', 0) AS served;
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/test/fallthrough", "value": {"variation": 2}}]') IS NOT NULL AS patched;
SELECT flagplane.numeric_variation('context-targets', 'test', 'f', '{"kind": "account", "key": "ann"}', 0) AS served;
