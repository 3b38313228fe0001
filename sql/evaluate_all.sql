-- evaluate_all: all flags of a payload that is given, in the form that client-side SDKs bootstrap from.
\set VERBOSITY terse
\pset format unaligned

SELECT '{"flags": {
	"off": {"key": "off", "version": 100, "on": false, "variations": ["no", "yes"], "offVariation": 1},
	"tracked": {"key": "tracked", "version": 200, "trackEvents": true, "on": true, "variations": [{"a": [1, null]}], "fallthrough": {"variation": 0}},
	"debugged": {"key": "debugged", "version": 300, "debugEventsUntilDate": 32503680000000, "on": false, "variations": [1.50], "offVariation": 0},
	"was debugged": {"key": "was debugged", "version": 400, "debugEventsUntilDate": 1577836800000, "on": false, "variations": [null], "offVariation": 0},
	"nothing": {"key": "nothing", "version": 500, "on": false, "variations": ["a"]},
	"out of range": {"key": "out of range", "version": 600, "on": false, "variations": ["a"], "offVariation": -1},
	"by rule": {"key": "by rule", "version": 700, "on": true, "variations": ["a", "b"], "rules": [{"id": "r", "clauses": [], "variation": 1, "trackEvents": true}]},
	"by fallthrough": {"key": "by fallthrough", "version": 800, "on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "trackEventsFallthrough": true},
	"experiment": {"key": "experiment", "version": 900, "on": true, "variations": ["a", "b"],
		"fallthrough": {"rollout": {"kind": "experiment", "seed": 61, "variations": [{"variation": 1, "weight": 100000}]}}},
	"client": {"key": "client", "version": 1000, "on": true, "variations": ["a"], "fallthrough": {"variation": 0},
		"clientSideAvailability": {"usingEnvironmentId": true, "usingMobileKey": false},
		"prerequisites": [{"key": "tracked", "variation": 0}, {"key": "first", "variation": 0}, {"key": "off", "variation": 1}, {"key": "by rule", "variation": 1}], "offVariation": 0},
	"old client": {"key": "old client", "version": 1100, "on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "clientSide": true},
	"first": {"key": "first", "version": 1200, "on": true, "variations": ["a"], "fallthrough": {"variation": 0}, "prerequisites": [{"key": "off", "variation": 1}]},
	"deleted": {"key": "deleted", "version": 1300, "deleted": true}, "no flag": null, "no object": 7, "mistyped": {"key": "mistyped", "version": 1400, "on": "true"}}}'::jsonb AS data \gset
CREATE FUNCTION pg_temp.lines(state json) RETURNS SETOF text LANGUAGE sql AS
$$SELECT key || ': ' || value FROM json_each(state) WHERE key <> '$flagsState' UNION ALL
SELECT '$flagsState ' || key || ': ' || value FROM json_each(state->'$flagsState')$$;

-- A flag in error stays in; one that is deleted is not there; a prerequisite is told if it was evaluated.
SELECT pg_temp.lines(flagplane.evaluate_all(:'data', '{"key": "ada"}'));
SELECT pg_temp.lines(flagplane.evaluate_all(:'data', '{"key": "ada"}', with_reasons => true));
-- Version and reason of what is tracked alone; what was debugged until a day that is over is not.
SELECT pg_temp.lines(flagplane.evaluate_all(:'data', '{"key": "ada"}', false, true, true));
SELECT pg_temp.lines(flagplane.evaluate_all(:'data', '{"key": "ada"}', client_side_only => true));

-- Nothing is refused.
SELECT d AS data, c AS context, flagplane.evaluate_all(d::jsonb, c::jsonb, NULL, NULL, NULL) AS state
FROM unnest(ARRAY[NULL, 'null', '[]', '{}', '{"flags": {}}', '{"flags": []}', '{"flags": {"f": {}}}']) d, unnest(ARRAY[NULL, '{"kind": "user", "key": ""}', '{"key": "ada"}']) c;

-- Many payloads and contexts in one expression, each its own answer; and the same as one flag after the other.
SELECT bool_and(flagplane.evaluate_all(data, context)::jsonb - '$flagsState' - '$valid' = expected) AS as_evaluate, count(*)
FROM (SELECT data, context, (SELECT jsonb_object_agg(key, flagplane.evaluate(data, key, context)::jsonb->'value') FROM jsonb_each(data->'flags')) AS expected
	FROM (SELECT jsonb_build_object('flags', jsonb_build_object('g', '{"on": false}'::jsonb, 'f' || i % 3, jsonb_build_object('on', true,
			'variations', jsonb_build_array(i / 5, 'b'), 'salt', 's', 'fallthrough', '{"rollout": {"variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000}]}}'::jsonb))) AS data,
		flagplane.user_context('u' || i) AS context FROM generate_series(1, 200) i) made) asked;
-- What the database's own flags are in a payload of theirs.
SELECT t.project('evaluate_all') AS id \gset
SELECT count(flagplane.create_flag('evaluate_all', 'f' || i, 'F', is_flag_on => i % 2 = 0,
	client_side_availability => '{"usingMobileKey": false, "usingEnvironmentId": true}')) FROM generate_series(1, 5) i;
SELECT flagplane.evaluate_all(flagplane.payload('evaluate_all', 'test')::jsonb, '{"key": "ada"}', c, r, d)::jsonb
	= flagplane.all_flags_state('evaluate_all', 'test', '{"key": "ada"}', c, r, d)::jsonb AS same, count(*)
FROM unnest(ARRAY[true, false]) c, unnest(ARRAY[true, false]) r, unnest(ARRAY[true, false]) d GROUP BY same;
