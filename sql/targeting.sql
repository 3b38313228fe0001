-- Rules, clauses, targets and rollouts: what a client leaves out is filled in, and what no SDK can evaluate is refused by its path, at every way in.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('targeting') IS NOT NULL AS made;
SELECT flagplane.create_flag('targeting', key, 'F') IS NOT NULL AS made FROM unnest(ARRAY['f', 'needed', 'other']) key;
SELECT flagplane.create_segment('targeting', 'test', key, 'S') IS NOT NULL AS made FROM unnest(ARRAY['s', 'x']) key;
CREATE FUNCTION pg_temp.patch(body text, path text DEFAULT NULL, flag text DEFAULT 'f') RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r.status, t.mask((r.body #> ('{environments,test,' || path || '}')::text[])::text),
		(SELECT string_agg(e->>'attribute' || ': ' || (e->>'reason'), '; ') FROM json_array_elements(r.body->'errors') e))
	FROM flagplane.handle('PATCH', '/api/v2/flags/targeting/' || flag, '{}', body) r
$$;
CREATE FUNCTION pg_temp.rule(clause text, more text DEFAULT '"variation": 0') RETURNS text LANGUAGE sql AS $$
	SELECT format('{"environments": {"test": {"rules": [{%s, "clauses": [%s]}]}}}', more, clause)
$$;
-- Filled in when it is written: what is absent, null, or a kind of context that is empty.
SELECT c, pg_temp.patch(pg_temp.rule(c), 'rules')
	FROM unnest(ARRAY['', '{"attribute": "a", "op": "in", "values": [1]}',
	'{"attribute": "a", "op": "in", "values": [], "negate": null, "contextKind": ""}',
	'{"attribute": "a", "op": "matches", "values": ["("], "negate": true, "contextKind": "org"}',
		'{"op": "segmentMatch", "values": ["s"]}', '{"op": "segmentMatch", "values": ["s"], "attribute": "segmentMatch", "contextKind": ""}']) c;
SELECT pg_temp.patch('{"environments": {"test": {"targets": [{"values": ["a"], "variation": 0}, {"values": [], "variation": 1, "contextKind": "org"}]}}}',
	'contextTargets');
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/test/fallthrough", "value": {"rollout": {"variations": [{"variation": 0, "weight": 100000}]}}}]',
	'fallthrough');
SELECT pg_temp.patch(pg_temp.rule('',
	'"rollout": {"kind": "experiment", "seed": 1, "bucketBy": "/a/b", "variations": [{"variation": 0, "weight": 40000}, {"variation": 1, "weight": 60000, "untracked": true, "_untracked": true}], "experimentAllocation": {"defaultVariation": 1, "canReshuffle": false}}, "trackEvents": true, "disabled": false, "ref": "r", "description": "d"'),
	'rules');
-- And in the answer where it was stored without.
UPDATE flagplane_data.flag_environment c SET rules = '[{"_id": "r", "variation": 0, "clauses": [{"_id": "c", "attribute": "a", "op": "frobnicate", "values": [1]}, {"_id": "d", "op": "segmentMatch", "values": ["s"]}]}]',
	targets = '[{"values": ["u"], "variation": 1}]', fallthrough = '{"rollout": {"variations": [{"variation": 1, "weight": 100000}]}}'
	FROM flagplane_data.flag f, flagplane_data.environment e WHERE f.id = c.flag_id AND e.id = c.environment_id
		AND f.key = 'f' AND e.key = 'test' AND f.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'targeting') AND e.project_id = f.project_id;
SELECT e->'rules' AS rules, e->'targets' AS targets, e->'fallthrough' AS fallthrough
	FROM (SELECT flagplane.get_flag('targeting', 'f')#>'{environments,test}') x(e);
SELECT flagplane.list_flags('targeting', summary => false)#>'{items,0,environments,test,rules}' AS listed;
-- What was stored when less was asked does not keep the rest from being changed; changed itself, it is held to the rules.
SELECT pg_temp.patch('{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}', 'on'),
	pg_temp.patch('{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}]}', 'on');
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/test/rules/0/description", "value": "d"}]', 'rules');
SELECT pg_temp.patch('[{"op": "replace", "path": "/environments/test/rules/0/clauses/0/op", "value": "endsWith"}]', 'rules');
-- Every operator that SDKs know.
SELECT o, pg_temp.patch(pg_temp.rule(format('{"attribute": "a", "op": "%s", "values": ["x"]}', o)), 'rules,0,clauses,0,op')
	FROM unnest(ARRAY['in', 'startsWith', 'endsWith', 'contains', 'matches', 'lessThan', 'lessThanOrEqual',
	'greaterThan', 'greaterThanOrEqual', 'before', 'after', 'semVerEqual', 'semVerLessThan', 'semVerGreaterThan', 'segmentMatch']) o;
-- References to attributes.
SELECT a, pg_temp.patch(pg_temp.rule(format('{"attribute": %s, "op": "in", "values": ["x"]}', to_json(a))), 'rules,0,clauses,0,attribute')
	FROM unnest(ARRAY['kind', '/a', '/a/b~1c~0', 'a~2', 'a/b', 'ü', ' ', '', '/', '//', '/a/', '/a//b', '/a~', '/a~2', '/a~1~']) a;
-- Clauses.
SELECT c, pg_temp.patch(pg_temp.rule(c), 'rules')
	FROM unnest(ARRAY['1', '{}', '{"attribute": "a", "values": [1]}',
	'{"attribute": "a", "op": "frobnicate", "values": [1]}', '{"attribute": "a", "op": "IN", "values": [1]}', '{"attribute": "a", "op": 1, "values": [1]}',
	'{"attribute": "a", "op": "in"}', '{"attribute": "a", "op": "in", "values": null}',
		'{"attribute": "a", "op": "in", "values": 1}', '{"op": "in", "values": [1]}',
		'{"attribute": null, "op": "in", "values": [1]}', '{"attribute": 1, "op": "in", "values": [1]}',
	'{"attribute": "a", "op": "in", "values": [1], "negate": 1}',
		'{"attribute": "a", "op": "in", "values": [1], "contextKind": "kind"}',
		'{"attribute": "a", "op": "in", "values": [1], "contextKind": "multi"}', '{"attribute": "a", "op": "in", "values": [1], "contextKind": "a b"}',
	'{"attribute": "a", "op": "in", "values": [1], "contextKind": 1}',
		'{"attribute": "a", "op": "in", "values": [1], "_id": 1}', '{"attribute": "a", "op": "in", "values": [1], "more": 1}',
		'{"op": "segmentMatch", "values": [1]}', '{"op": "segmentMatch"}', '{"op": "segmentMatch", "values": ["s"], "attribute": 1}']) c;
SELECT pg_temp.patch(pg_temp.rule('{"attribute": "a", "op": "in", "values": [1]}, {"attribute": "/", "op": "in", "values": [1]}'));
-- Rules and what they serve.
SELECT m, pg_temp.patch(pg_temp.rule('', m), 'rules')
	FROM unnest(ARRAY['"variation": 2', '"variation": -1', '"variation": 0.5', '"variation": "0"',
	'"variation": 4294967296', '"variation": null', '"variation": 0, "rollout": {}', '"rollout": 1', '"rollout": {}',
	'"rollout": {"variations": []}', '"rollout": {"variations": [{}]}',
	'"rollout": {"variations": [{"variation": 0, "weight": 99999}]}',
		'"rollout": {"variations": [{"variation": 0, "weight": 60000}, {"variation": 1, "weight": 40001}]}',
		'"rollout": {"variations": [{"variation": 0, "weight": -1}, {"variation": 1, "weight": 100001}]}',
	'"rollout": {"variations": [{"variation": 2, "weight": 100000}]}',
		'"rollout": {"variations": [{"variation": 0, "weight": 99999.5}, {"variation": 0, "weight": 0.5}]}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000, "untracked": 1}]}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000, "more": 1}]}',
	'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "kind": "other"}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "seed": 0}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "seed": 2147483648}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "bucketBy": "/"}',
	'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "contextKind": "kind"}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "more": 1}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "experimentAllocation": {"defaultVariation": 2}}',
		'"rollout": {"variations": [{"variation": 0, "weight": 100000}], "experimentAllocation": 1}',
	'"variation": 0, "trackEvents": "yes"', '"variation": 0, "description": 1', '"variation": 0, "ref": {}',
		'"variation": 0, "disabled": 0', '"variation": 0, "_id": []', '"variation": 0, "more": 1']) m;
-- The rest of the settings, by each kind of patch.
SELECT b, pg_temp.patch(b)
	FROM unnest(ARRAY['{"environments": {"test": {"targets": [{"variation": 0}]}}}',
	'{"environments": {"test": {"targets": [{"values": ["a"], "variation": 0}, {"values": ["b"], "variation": 9}]}}}',
	'{"environments": {"test": {"targets": [{"values": ["a"], "variation": 0, "contextKind": "multi"}]}}}', '{"environments": {"test": {"targets": [1]}}}',
	'{"environments": {"test": {"fallthrough": 1}}}', '{"environments": {"test": {"fallthrough": {"more": 1}}}}',
		'{"environments": {"test": {"fallthrough": {"rollout": {"variations": [{"variation": 0, "weight": 1}]}}}}}',
		'{"merge": {"environments": {"test": {"offVariation": 2}}}}', '{"environments": {"test": {"prerequisites": [{}]}}}',
		'{"environments": {"test": {"prerequisites": [{"key": "needed"}]}}}',
	'[{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "needed", "variation": 0}}, {"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "nosuch", "variation": 0}}]',
		'[{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "needed", "variation": 2}}]',
	'{"patch": [{"op": "replace", "path": "/environments/test/rules/0/clauses", "value": [{"attribute": "a", "op": "frobnicate", "values": []}]}]}',
		'[{"op": "add", "path": "/environments/production/rules/-", "value": {"variation": 0, "clauses": [{"op": "in", "values": []}]}}]',
		'{"environments": {"test": {"on": 1}, "production": {"trackEvents": 1}}}']) b;
-- Prerequisites that form a cycle, short and long.
SELECT pg_temp.patch('[{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "needed", "variation": 0}}]',
	'prerequisites'), pg_temp.patch('[{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "other", "variation": 0}}]',
	'prerequisites', 'needed');
SELECT f, pg_temp.patch('[{"op": "add", "path": "/environments/test/prerequisites/-", "value": {"key": "f", "variation": 0}}]', 'prerequisites', f)
	FROM unnest(ARRAY['f', 'needed', 'other']) f;
-- What a new flag begins with.
SELECT status, body->>'message' AS message
	FROM unnest(ARRAY['"defaults": {"onVariation": 2, "offVariation": 0}', '"defaults": {"onVariation": 0}',
	'"defaults": {"onVariation": 0, "offVariation": -1}', '"initialPrerequisites": [{"key": "needed", "variationId": "x"}]',
	'"initialPrerequisites": [{"key": "nosuch", "variationId": "x"}]', '"initialPrerequisites": [{"key": "needed"}]']) b,
		flagplane.handle('POST', '/api/v2/flags/targeting', '{}', format('{"key": "new", "name": "N", %s}', b));
-- A clone has what its source has, filled in.
SELECT t.mask((body#>'{environments,test,rules}')::text) AS rules
	FROM flagplane.handle('POST', '/api/v2/flags/targeting?clone=f', '{}', '{"key": "clone", "name": "C"}');
SELECT flagplane.create_environment('targeting', 'copy', 'Copy', '000000', source => '{"key": "test"}')->>'key' AS environment;
SELECT t.mask((flagplane.get_flag('targeting', 'clone')#>'{environments,copy,rules}')::text) AS rules;
SELECT flagplane.update_flag('targeting', 'clone',
	'[{"op": "replace", "path": "/environments/copy/rules/0/variation", "value": 1}]')#>>'{environments,copy,rules,0,variation}' AS variation;
