-- evaluate(): off, prerequisites, targets, rules, fallthrough, segments, and what is malformed.
\set VERBOSITY terse
SET client_min_messages = warning;
SET extra_float_digits = 0;
CREATE TEMP TABLE payload AS SELECT '{"flags": {
	"plain": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0},
	"off": {"on": false, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0},
	"absent on": {"variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 1},
	"off without a variation": {"on": false, "variations": ["a", "b"], "fallthrough": {"variation": 1}},
	"off, null": {"on": false, "variations": ["a", "b"], "offVariation": null},
	"off out of range": {"on": false, "variations": ["a", "b"], "offVariation": 2},
	"off below range": {"on": false, "variations": ["a", "b"], "offVariation": -1},
	"off far out of range": {"on": false, "variations": ["a", "b"], "offVariation": 123456789012},
	"fallthrough out of range": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 2}},
	"no fallthrough": {"on": true, "variations": ["a", "b"]},
	"empty fallthrough": {"on": true, "variations": ["a", "b"], "fallthrough": {}},
	"null fallthrough": {"on": true, "variations": ["a", "b"], "fallthrough": null},
	"empty rollout": {"on": true, "variations": ["a", "b"], "fallthrough": {"rollout": {"variations": []}}},
	"null rollout": {"on": true, "variations": ["a", "b"], "fallthrough": {"rollout": null}},
	"both": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 0, "rollout": {"variations": [{"variation": 1, "weight": 100000}]}}},
	"null value": {"on": true, "variations": [null], "fallthrough": {"variation": 0}},
	"object value": {"on": true, "variations": [{"a": [1.50, "\"é\n"]}], "fallthrough": {"variation": 0}},
	"deleted": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "deleted": true},
	"null": null, "number": 5, "array": [],
	"on is text": {"on": "yes", "variations": ["a"], "fallthrough": {"variation": 0}},
	"variations are an object": {"on": true, "variations": {}, "fallthrough": {"variation": 0}},
	"variation is a fraction": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0.5}},
	"variation is a double": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1.0}},
	"clauses are text": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"variation": 0, "clauses": "x"}]},
	"a rule is text": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": ["x"]},
	"a target is a number": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "targets": [{"variation": 0, "values": [5]}]},

	"needs plain": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "plain", "variation": 1}]},
	"needs plain a": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "plain", "variation": 0}]},
	"needs off": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "off", "variation": 0}]},
	"needs nothing known": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "nowhere", "variation": 0}]},
	"needs deleted": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "deleted", "variation": 0}]},
	"needs without off": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "prerequisites": [{"key": "off", "variation": 0}]},
	"needs with bad off": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 9, "prerequisites": [{"key": "off", "variation": 0}]},
	"needs two": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "plain", "variation": 1}, {"key": "off", "variation": 0}]},
	"needs the first of two": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "off", "variation": 0}, {"key": "loop", "variation": 0}]},
	"needs deeply": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "needs plain", "variation": 1}, {"key": "plain", "variation": 1}]},
	"needs deeply, fails": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "needs plain a", "variation": 1}]},
	"needs a bad variation": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "fallthrough out of range", "variation": 2}]},
	"needs a bad clause": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "bad clause", "variation": 0}]},
	"needs malformed": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "number", "variation": 0}]},
	"off needs loop": {"on": false, "variations": ["a", "b"], "offVariation": 0, "prerequisites": [{"key": "loop", "variation": 0}]},
	"loop": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "loop", "variation": 1}]},
	"loop 1": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "loop 2", "variation": 1}]},
	"loop 2": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "loop 1", "variation": 1}]},
	"needs loop 1": {"on": true, "variations": ["a", "b"], "fallthrough": {"variation": 1}, "offVariation": 0, "prerequisites": [{"key": "loop 1", "variation": 1}]},

	"targets": {"on": true, "variations": ["a", "b", "c"], "fallthrough": {"variation": 2}, "targets": [{"variation": 0, "values": ["x", "y"]}, {"variation": 1, "values": ["y", "z"]}],
		"rules": [{"id": "r", "variation": 2, "clauses": []}]},
	"target out of range": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "targets": [{"variation": 1, "values": ["x"]}]},
	"context targets": {"on": true, "variations": ["a", "b", "c"], "fallthrough": {"variation": 2}, "targets": [{"variation": 0, "values": ["x"]}, {"variation": 1, "values": ["y"]}],
		"contextTargets": [{"contextKind": "org", "variation": 1, "values": ["x", "o"]}, {"contextKind": "user", "variation": 1, "values": []}, {"variation": 0}]},
	"context targets without users": {"on": true, "variations": ["a", "b", "c"], "fallthrough": {"variation": 2}, "targets": [{"variation": 0, "values": ["x"]}],
		"contextTargets": [{"contextKind": "org", "variation": 1, "values": ["o"]}]},
	"context targets of their own": {"on": true, "variations": ["a", "b", "c"], "fallthrough": {"variation": 2}, "targets": [{"variation": 0, "values": ["x"]}],
		"contextTargets": [{"contextKind": "user", "variation": 0, "values": ["w"]}]},

	"rules": {"on": true, "variations": ["a", "b", "c"], "fallthrough": {"variation": 2}, "rules": [
		{"id": "first", "variation": 0, "clauses": [{"attribute": "key", "op": "in", "values": ["x"]}, {"attribute": "key", "op": "endsWith", "values": ["x"]}]},
		{"variation": 1, "clauses": [{"attribute": "key", "op": "startsWith", "values": ["x"]}]}]},
	"rule without clauses": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"id": "all", "variation": 0}]},
	"rule out of range": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"id": "all", "variation": 1, "clauses": []}]},
	"rule that serves nothing": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"id": "all", "clauses": []}]},
	"bad clause": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"id": "bad", "variation": 0, "clauses": [{"attribute": "", "op": "in", "values": []}]}]},
	"bad clause behind": {"on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "rules": [{"id": "bad", "variation": 0, "clauses": [{"attribute": "key", "op": "in", "values": ["x"]}, {"attribute": "", "op": "in"}]}]}
}}'::jsonb AS data;
-- What a flag serves to a user, in short.
CREATE FUNCTION pg_temp.told(data jsonb, flag_key text, context jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', d->'reason'->>'kind', d->'reason'->>'errorKind', '#' || (d->'reason'->>'ruleIndex'),
		d->'reason'->>'ruleId', d->'reason'->>'prerequisiteKey',
		CASE WHEN d->'reason'->>'inExperiment' = 'true' THEN 'in the experiment' END, d->'reason'->>'bigSegmentsStatus', '→',
			coalesce(d->>'variationIndex', '-'), d->'value')
	FROM flagplane.evaluate(data, flag_key, context, '"default"') d
$$;
\pset format unaligned
\pset tuples_only on
-- All that do not depend on the context, as one that no target or rule knows.
SELECT key || ': ' || pg_temp.told(data, key, '{"kind": "user", "key": "someone"}')
	FROM payload, jsonb_object_keys(data->'flags') key ORDER BY key COLLATE "C";
SELECT format('%s, user %s: %s', flag, key, pg_temp.told(data, flag, flagplane.user_context(key)))
FROM payload,
	unnest('{targets,target out of range,context targets,context targets without users,context targets of their own,rules,bad clause behind}'::text[]) WITH ORDINALITY f(flag,
	n), unnest('{x,xx,y,z,w}'::text[]) key ORDER BY n, key COLLATE "C";
SELECT format('%s, org %s: %s', flag, key, pg_temp.told(data, flag, jsonb_build_object('kind', 'org', 'key', key)))
FROM payload, unnest('{targets,context targets,context targets without users}'::text[]) WITH ORDINALITY f(flag, n), unnest('{x,o}'::text[]) key
	ORDER BY n, key COLLATE "C";
SELECT 'both kinds: ' || pg_temp.told(data, 'context targets', '{"kind": "multi", "user": {"key": "x"}, "org": {"key": "o"}}') FROM payload;
-- The detail itself.
SELECT flagplane.evaluate(data, 'rules', '{"key": "x"}') FROM payload;
SELECT flagplane.evaluate(data, 'object value', '{"key": "x"}') FROM payload;
SELECT flagplane.evaluate(data, 'needs off', '{"key": "x"}', '[1, "a"]') FROM payload;
SELECT flagplane.evaluate(data, 'off without a variation', '{"key": "x"}', '{"d": 1}') FROM payload;
SELECT flagplane.evaluate(data, 'no fallthrough', '{"key": "x"}') FROM payload;
-- No flag, no context, no document. An unknown flag is reported first.
SELECT flagplane.evaluate(data, NULL, '{"key": "x"}', '1'), flagplane.evaluate(data, 'no', '{"key": "x"}', '1'),
	flagplane.evaluate(data, 'no', NULL, '1'), flagplane.evaluate(data, '', '{"key": "x"}', '1') FROM payload;
SELECT flagplane.evaluate(data, 'plain', NULL, '1'), flagplane.evaluate(data, 'plain', '{}', '1') FROM payload;
SELECT d, flagplane.evaluate(d, 'plain', '{"key": "x"}', '1')
	FROM unnest(ARRAY[NULL, 'null', '5', '[]', '{}', '{"flags": null}', '{"flags": []}', '{"flags": {}}', '{"flags": 5, "segments": 5}']::jsonb[]) d;

-- Segments.
CREATE TEMP TABLE segment AS SELECT '{
	"lists": {"included": ["in"], "excluded": ["in", "out"], "rules": [{"clauses": [{"attribute": "vip", "op": "in", "values": [true]}]}]},
	"contexts": {"includedContexts": [{"contextKind": "org", "values": ["o"]}, {"contextKind": "user", "values": ["u"]}], "excludedContexts": [{"contextKind": "org", "values": ["p"]}, {"values": ["x"]}],
		"rules": [{"clauses": []}]},
	"empty": {}, "deleted": {"included": ["in"], "deleted": true}, "null": null, "malformed": {"included": "in"}, "text": "x",
	"nested": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["empty", "lists"]}]}]},
	"not nested": {"rules": [{"clauses": [{"attribute": "", "contextKind": "", "op": "segmentMatch", "values": ["lists"], "negate": true}]}]},
	"itself": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["itself"]}]}]},
	"itself, included": {"included": ["in"], "rules": [{"clauses": [{"op": "segmentMatch", "values": ["itself, included"]}]}]},
	"ring 1": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["ring 2"]}]}]}, "ring 2": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["ring 1"]}]}]},
	"to a ring": {"rules": [{"clauses": [{"op": "segmentMatch", "values": ["lists", "ring 1"]}]}]},
	"bad clause": {"rules": [{"clauses": [{"attribute": "", "op": "in", "values": []}]}]},
	"bad bucketBy": {"rules": [{"clauses": [], "weight": 100000, "rolloutContextKind": "user", "bucketBy": "/"}]},
	"all": {"salt": "s", "rules": [{"clauses": [], "weight": 100000}]}, "none": {"salt": "s", "rules": [{"clauses": [], "weight": 0}]}, "null weight": {"rules": [{"clauses": [], "weight": null}]},
	"of orgs": {"salt": "s", "rules": [{"clauses": [], "weight": 100000, "rolloutContextKind": "org"}]},
	"by an absent attribute": {"salt": "s", "rules": [{"clauses": [], "weight": 1, "bucketBy": "absent"}]},
	"big": {"unbounded": true, "generation": 2, "included": ["in"], "rules": [{"clauses": [{"attribute": "vip", "op": "in", "values": [true]}]}]},
	"big without a generation": {"unbounded": true, "rules": [{"clauses": []}]},
	"big of an empty kind": {"unbounded": true, "generation": 2, "unboundedContextKind": "", "rules": [{"clauses": []}]},
	"big of orgs": {"unbounded": true, "generation": 2, "unboundedContextKind": "org", "rules": [{"clauses": []}]}
}'::jsonb AS segments;
CREATE FUNCTION pg_temp.segment(key jsonb, context jsonb, negate boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.told(jsonb_build_object('segments', segments, 'flags', jsonb_build_object('f', jsonb_build_object('on',
		true, 'variations', '["out", "in"]'::jsonb, 'fallthrough', '{"variation": 0}'::jsonb,
		'rules', jsonb_build_array(jsonb_build_object('variation', 1, 'clauses', jsonb_build_array(jsonb_build_object('op',
			'segmentMatch', 'values', key, 'negate', negate))))))), 'f', context) FROM segment
$$;
SELECT format('%s: in %s, out %s, someone %s, vip %s', key, pg_temp.segment(keys, '{"key": "in"}'),
	pg_temp.segment(keys, '{"key": "out"}'), pg_temp.segment(keys, '{"key": "someone"}'), pg_temp.segment(keys,
	'{"kind": "user", "key": "v", "vip": true}'))
FROM segment, jsonb_object_keys(segments) key, LATERAL (SELECT jsonb_build_array(key) AS keys) k ORDER BY key COLLATE "C";
SELECT format('%s for %s: %s', key, context, pg_temp.segment(jsonb_build_array(key), context))
	FROM unnest('{contexts,of orgs,big of orgs,lists}'::text[]) WITH ORDINALITY s(key, n),
	unnest(ARRAY['{"kind": "org", "key": "o"}', '{"kind": "org", "key": "p"}', '{"kind": "user", "key": "u"}',
		'{"kind": "user", "key": "x"}', '{"kind": "multi", "user": {"key": "x"}, "org": {"key": "q"}}',
		'{"kind": "multi", "user": {"key": "in"}, "org": {"key": "p"}}']::jsonb[]) WITH ORDINALITY c(context, m) ORDER BY n, m;
SELECT format('%s: %s, negated %s', keys, pg_temp.segment(keys, '{"key": "in"}'), pg_temp.segment(keys, '{"key": "in"}', true))
	FROM unnest(ARRAY['[]', '["nowhere"]', '[5, null, {}, "lists"]', '["nowhere", "lists", "itself"]', '["itself", "lists"]', '["big"]']::jsonb[]) keys;

-- What is compiled belongs to a document: another one with the same keys is compiled anew, in whatever order they come.
SELECT string_agg(flagplane.evaluate(jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object('on', true,
	'variations', jsonb_build_array(i % 3), 'fallthrough', '{"variation": 0}'::jsonb))), 'f', '{"key": "x"}')->>'value', ' ' ORDER BY i)
FROM generate_series(1, 12) i;
-- A long chain of prerequisites is no end of the server.
SELECT flagplane.evaluate(jsonb_build_object('flags', jsonb_object_agg('f' || i, jsonb_build_object('on', true,
	'variations', '[1]'::jsonb, 'fallthrough', '{"variation": 0}'::jsonb, 'offVariation', 0,
	'prerequisites', jsonb_build_array(jsonb_build_object('key', 'f' || i + 1, 'variation', 0))))), 'f1',
		'{"key": "x"}')->'reason'->>'kind' IN ('ERROR', 'PREREQUISITE_FAILED') AS ends FROM generate_series(1, 10000) i;
-- They can stand in an index, and nobody has it without being granted it.
SELECT provolatile, proparallel, proisstrict FROM pg_proc
	WHERE oid IN ('flagplane.evaluate(jsonb, text, jsonb, jsonb)'::regprocedure, 'flagplane.user_context(text, jsonb)'::regprocedure);
CREATE ROLE fp_evaluate;
GRANT USAGE ON SCHEMA flagplane TO fp_evaluate;
SET ROLE fp_evaluate;
SELECT flagplane.evaluate('{}', 'f', '{"key": "x"}');
SELECT flagplane.user_context('x');
RESET ROLE;
GRANT EXECUTE ON FUNCTION flagplane.evaluate(jsonb, text, jsonb, jsonb), flagplane.user_context(text, jsonb) TO fp_evaluate;
SET ROLE fp_evaluate;
SELECT flagplane.evaluate('{}', 'f', flagplane.user_context('x'));
RESET ROLE;
DROP OWNED BY fp_evaluate;
DROP ROLE fp_evaluate;
