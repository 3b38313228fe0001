-- The form in which SDKs are sent flags and segments: what some SDK would refuse, drop or evaluate differently is not in it.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('forms') IS NOT NULL AS made;
SELECT flagplane.create_flag('forms', 'f', 'F', variations => '[{"value": "a"}, {"value": "b"}, {"value": "c"}]', is_flag_on => true) IS NOT NULL AS made;
CREATE FUNCTION pg_temp.rollout(rollout text) RETURNS TABLE (refused text, sent jsonb) LANGUAGE plpgsql AS $$
BEGIN
	refused := t.try(format('SELECT flagplane.update_flag(%L, %L, %L) IS NULL', 'forms', 'f', format(
		'[{"op": "replace", "path": "/environments/test/fallthrough", "value": {"rollout": %s}}]', rollout)));
	sent := flagplane.payload('forms', 'test')::jsonb#>'{flags,f,fallthrough,rollout}';
	RETURN NEXT;
END
$$;

-- Shares of nothing are not sent: without the kind of context, or by rounding, some SDKs would serve them. REST shows them.
SELECT * FROM pg_temp.rollout('{"variations": [{"variation": 2, "weight": 0}, {"variation": 1, "weight": 100000.0}, {"variation": 0, "weight": 0}]}');
SELECT flagplane.get_flag('forms', 'f')#>'{environments,test,fallthrough}' AS stored;
SELECT flagplane.variation_detail('forms', 'test', 'f', '{"kind": "org", "key": "acme"}') AS without_the_kind;
-- An experiment is one by its kind, or by an allocation; what is untracked is so under either name.
SELECT * FROM pg_temp.rollout('{"kind": "experiment", "seed": 61, "variations": [{"variation": 1, "weight": 40000}, {"variation": 2, "weight": 60000, "untracked": true}]}');
SELECT reason->>'inExperiment' AS in_experiment, value, count(*)
FROM generate_series(1, 1000) i, LATERAL (SELECT d->'reason' AS reason, d->>'value' AS value FROM flagplane.variation_detail('forms', 'test', 'f', flagplane.user_context('u' || i)) d) d
GROUP BY 1, 2 HAVING count(*) > 300 ORDER BY 2;
SELECT sent FROM pg_temp.rollout('{"experimentAllocation": {"defaultVariation": 0}, "variations": [{"variation": 1, "weight": 40000, "untracked": false, "_untracked": true}, {"variation": 2, "weight": 60000, "untracked": true, "_untracked": false}]}');
SELECT sent FROM pg_temp.rollout('{"kind": "rollout", "variations": [{"variation": 1, "weight": 100000, "untracked": false}]}');
-- An empty bucketBy is none: a reference that is empty is malformed for some SDKs.
SELECT sent FROM pg_temp.rollout('{"bucketBy": "", "contextKind": "org", "seed": 7, "variations": [{"variation": 0, "weight": 100000}]}');

-- Lists of users among those of other kinds: SDKs do not agree about them, but about the keys of users they do.
SELECT flagplane.create_segment('forms', 'test', 's', 'S') IS NOT NULL AS made;
SELECT flagplane.update_segment('forms', 'test', 's', '{"included": ["a"], "excluded": ["x"],
	"includedContexts": [{"values": ["b", "é\"\\"]}, {"contextKind": "org", "values": ["acme"]}, {"contextKind": "user", "values": ["c"]}, {"contextKind": "org", "values": []}],
	"excludedContexts": [{"contextKind": "", "values": ["y"]}, {"contextKind": "device", "values": ["d"]}]}') IS NOT NULL AS changed;
SELECT s->'included' AS included, s->'includedContexts' AS included_contexts, s->'excluded' AS excluded, s->'excludedContexts' AS excluded_contexts
FROM (SELECT flagplane.payload('forms', 'test')#>'{segments,s}') p(s);
SELECT s->'included' AS included, s->'includedContexts' AS included_contexts, s->'excluded' AS excluded, s->'excludedContexts' AS excluded_contexts
FROM flagplane.get_segment('forms', 'test', 's') p(s);
SELECT flagplane.update_flag('forms', 'f', '[{"op": "replace", "path": "/environments/test/rules", "value": [{"variation": 2, "clauses": [{"op": "segmentMatch", "values": ["s"]}]}]}]') IS NOT NULL AS changed;
SELECT c AS context, flagplane.variation('forms', 'test', 'f', c::jsonb) = '"c"' AS included FROM unnest(ARRAY['{"kind": "user", "key": "b"}', '{"kind": "user", "key": "c"}', '{"kind": "user", "key": "y"}',
	'{"kind": "org", "key": "acme"}', '{"kind": "org", "key": "b"}', '{"kind": "multi", "org": {"key": "x"}, "user": {"key": "c"}}']) c;

-- Long whole numbers have a point, wherever they are in a value, since the SDK for Go would read others than these; nothing else has.
SELECT flagplane.create_flag('forms', 'long', 'L', is_flag_on => true, variations => '[{"value": 9223372036854775808}, {"value": -1e30}, {"value": 123456789012345678}, {"value": 1234567890123456789012.5}, {"value": 0.1234567890123456789012},
	{"value": "12345678901234567890"}, {"value": "\"12345678901234567890\\"}, {"value": [12345678901234567890, {"12345678901234567890": -12345678901234567890, "\\\"1234567890123456789": [1e20, 5e-324, "a, 12345678901234567890]"]}, 1e20]}]') IS NOT NULL AS made;
SELECT flagplane.update_flag('forms', 'long', '[{"op": "replace", "path": "/environments/test/rules", "value": [{"_id": "r", "variation": 1, "clauses": [{"_id": "c", "attribute": "n", "op": "in", "values": [1e19, 12, "12345678901234567890"]}]}]}]') IS NOT NULL AS changed;
SELECT value FROM json_array_elements(flagplane.payload('forms', 'test')#>'{flags,long,variations}');
SELECT flagplane.payload('forms', 'test')#>'{flags,long,rules,0,clauses,0,values}' AS clause_values, (flagplane.payload('forms', 'test')#>'{flags,long,variations}')::jsonb
	= (SELECT jsonb_agg(v->'value') FROM jsonb_array_elements((flagplane.get_flag('forms', 'long')->'variations')::jsonb) v) AS same_values;
SELECT flagplane.variation_detail('forms', 'test', 'long', '{"kind": "user", "key": "a", "n": 10000000000000000000}') AS matches;

-- A flag or segment that is called like what every object of JavaScript has would end every process with the SDK for Node.
SELECT k AS key, t.try(format('SELECT flagplane.create_flag(%L, %L, %L) IS NOT NULL', 'forms', k, k)) AS flag, t.try(format('SELECT flagplane.create_segment(%L, %L, %L, %L) IS NOT NULL', 'forms', 'test', k, k)) AS segment
FROM unnest('{constructor,hasOwnProperty,isPrototypeOf,propertyIsEnumerable,toLocaleString,toString,valueOf,__proto__,Constructor,prototype,length}'::text[]) k;
SELECT h.status, h.body->>'message' AS message FROM flagplane.handle('POST', '/api/v2/flags/forms', '{}', '{"key": "toString", "name": "F"}') h;
SELECT t.try($$SELECT flagplane.create_flag('forms', 'valueOf', 'F', clone => 'f')$$) AS cloned;
SELECT flagplane.create_project('constructor', 'P') IS NOT NULL AS project_may;
