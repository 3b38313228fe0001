-- evaluate(): percentage rollouts, experiments and weighted segments.
\set VERBOSITY terse
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.serve(rollout jsonb, context jsonb, flag_key text DEFAULT 'hashKey', salt text DEFAULT 'saltyA') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(d->>'variationIndex', d->'reason'->>'errorKind') || CASE WHEN d->'reason'->>'inExperiment' = 'true' THEN ' in the experiment' ELSE '' END
	FROM flagplane.evaluate(jsonb_build_object('flags', jsonb_build_object(flag_key, jsonb_build_object('on', true, 'salt',
		salt, 'variations', '[0, 1, 2, 3]'::jsonb, 'fallthrough', jsonb_build_object('rollout', rollout)))),
		flag_key, context) d
$$;
-- Known buckets, of 100,000: a weight of as many leaves the unit out, and of one more takes it in. With a seed, key and salt do not count.
WITH known(input, seed, unit, bucket) AS (VALUES ('hashKey.saltyA', NULL::int, 'userKeyA', 42157), ('hashKey.saltyA',
	NULL, 'userKeyB', 67084), ('hashKey.saltyA', NULL, 'userKeyC', 10343),
	('hashKey.saltyA', NULL, '33333', 54771), ('hashKey.saltyA', NULL, '99999', 73096), ('61', 61, 'userKeyA', 9801),
		('61', 61, 'userKeyB', 14483), ('61', 61, 'userKeyC', 92426))
SELECT input, unit, bucket, pg_temp.serve(r || jsonb_build_object('variations',
	jsonb_build_array(jsonb_build_object('variation', 1, 'weight', bucket), jsonb_build_object('variation', 2, 'weight', 100000 - bucket))), c) AS at,
	pg_temp.serve(r || jsonb_build_object('variations', jsonb_build_array(jsonb_build_object('variation', 1, 'weight',
		bucket + 1), jsonb_build_object('variation', 2, 'weight', 99999 - bucket))), c) AS above,
	pg_temp.serve(r || jsonb_build_object('kind', 'experiment', 'variations',
		jsonb_build_array(jsonb_build_object('variation', 1, 'weight', bucket), jsonb_build_object('variation', 2, 'weight',
		100000 - bucket))), c) AS experiment
FROM known, LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object('seed', seed)) AS r, flagplane.user_context(unit) AS c) x;
SELECT segment.unit, string_agg(flagplane.evaluate(jsonb_build_object('flags',
	'{"f": {"on": true, "variations": [false, true], "fallthrough": {"variation": 0}, "rules": [{"variation": 1, "clauses": [{"op": "segmentMatch", "values": ["segment3"]}]}]}}'::jsonb,
	'segments', jsonb_build_object('segment3', jsonb_build_object('salt', 'salty', 'rules',
		jsonb_build_array(jsonb_build_object('clauses', '[]'::jsonb, 'weight', bucket + more))))), 'f', flagplane.user_context(unit))->>'value', ' then '
		ORDER BY more)
FROM (VALUES ('user-key', 14950), ('unmatching-key', 36563)) segment(unit, bucket), unnest('{0,1}'::int[]) more GROUP BY 1 ORDER BY 1;

-- What is bucketed: the key, or an attribute that is a string or a whole number. Anything else is bucket 0, the first entry.
CREATE TEMP TABLE by (title text, rollout jsonb, context jsonb);
INSERT INTO by VALUES
	('a whole number, as its digits', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": 33333}'),
		('the same as text', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": "33333"}'),
	('the same with a point', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": 33333.0}'),
		('the same with an exponent', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": 3.3333e4}'),
	('by a path', '{"contextKind": "user", "bucketBy": "/a/b"}', '{"kind": "user", "key": "x", "a": {"b": 33333}}'),
		('by a literal name', '{"bucketBy": "/a/b"}', '{"kind": "user", "key": "x", "/a/b": 33333}'),
	('by an empty reference, which is none', '{"bucketBy": ""}', '{"kind": "user", "key": "33333"}'), ('by null',
		'{"bucketBy": null, "contextKind": null, "seed": null, "kind": null}', '{"kind": "user", "key": "33333"}'),
	('an experiment, by the key whatever it says', '{"kind": "experiment", "bucketBy": "n"}',
		'{"kind": "user", "key": "33333", "n": "x"}'), ('an experiment with a bad reference',
		'{"kind": "experiment", "contextKind": "user", "bucketBy": "/"}', '{"kind": "user", "key": "33333"}'),
	('another kind', '{"contextKind": "org"}', '{"kind": "multi", "user": {"key": "x"}, "org": {"key": "33333"}}'),
	('a fraction', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": 1.5}'), ('true', '{"bucketBy": "n"}',
		'{"kind": "user", "key": "x", "n": true}'), ('a list', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": [33333]}'),
	('null', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": null}'), ('absent', '{"bucketBy": "n"}',
		'{"kind": "user", "key": "x"}'), ('too large a number', '{"bucketBy": "n"}', '{"kind": "user", "key": "x", "n": 1e30}'),
	('without the kind', '{"contextKind": "org"}', '{"kind": "user", "key": "33333"}'), ('without the kind, an experiment',
		'{"kind": "experiment", "contextKind": "org"}', '{"kind": "user", "key": "33333"}'),
	('a bad reference', '{"contextKind": "user", "bucketBy": "/n/"}', '{"kind": "user", "key": "x", "n": 1}');
SELECT title || ': ' || pg_temp.serve(rollout
	|| '{"variations": [{"variation": 3, "weight": 54771}, {"variation": 1, "weight": 1}, {"variation": 2, "weight": 45228}]}', context) FROM by;

-- The walk: weights of any sum, variations in any order and number.
SELECT variations::text || ': ' || pg_temp.serve(jsonb_build_object('kind', kind, 'variations', variations), '{"key": "userKeyA"}') FROM (VALUES
	('rollout', '[{"variation": 1, "weight": 1}]'::jsonb), ('rollout',
		'[{"variation": 1, "weight": 0}, {"variation": 2, "weight": 0}]'), ('rollout',
		'[{"variation": 1, "weight": 10000}, {"variation": 2, "weight": 10000}]'),
	('rollout', '[{"variation": 1, "weight": 0}, {"variation": 2, "weight": 200000}]'), ('rollout',
		'[{"weight": 100000}]'), ('rollout', '[{"variation": 4, "weight": 100000}]'), ('rollout', '[{"variation": -1, "weight": 100000}]'),
	('rollout', '[{"variation": 1, "weight": 100000, "untracked": false}]'), ('experiment',
		'[{"variation": 1, "weight": 100000, "untracked": true}]'), ('experiment', '[{"variation": 1, "weight": 100000, "untracked": false}]'),
	('experiment', '[{"variation": 1, "weight": 40000}, {"variation": 1, "weight": 60000, "untracked": true}]'),
		('experiment', '[{"variation": 1, "weight": 1}]'), ('rollout', '[]'), ('rollout', '{}'), ('rollout', '[5]'), ('other',
		'[{"variation": 1, "weight": 100000}]')) v(kind, variations);
SELECT seed::text || ': ' || pg_temp.serve(jsonb_build_object('seed', seed, 'variations',
	'[{"variation": 1, "weight": 50000}, {"variation": 2, "weight": 50000}]'::jsonb), '{"key": "userKeyA"}')
	FROM unnest(ARRAY['0', '61', '61.0', '-1', '2147483648', '0.5', '"61"', 'null']::jsonb[]) seed;

-- The thousand entries of a layer's experiment: the segment of a unit is its bucket of a thousand, and the
-- same as a list that is walked, which one of another weight is.
CREATE TEMP TABLE layer AS SELECT jsonb_agg(jsonb_build_object('variation', i * 7 % 4, 'weight', 100, 'untracked', i % 3 = 0)
	ORDER BY i) AS entries FROM generate_series(0, 999) i;
CREATE FUNCTION pg_temp.layer(entries jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object('on', true, 'variations',
		'[0, 1, 2, 3]'::jsonb, 'fallthrough', jsonb_build_object('rollout', jsonb_build_object('kind', 'experiment', 'seed', 61, 'variations', entries)))))
$$;
SELECT count(*), count(DISTINCT bucket / 100) > 900 AS most_segments, count(*) FILTER (WHERE (short->>'variationIndex')::int <> bucket / 100 * 7 % 4
	OR coalesce((short->'reason'->>'inExperiment')::boolean, false) = (bucket / 100 % 3 = 0)) AS not_by_bucket,
	count(*) FILTER (WHERE short::text <> walked::text) AS not_as_walked
FROM (SELECT flagplane.bucket('61', 'unit-' || i) AS bucket, flagplane.evaluate(a.data, 'f', c) AS short, flagplane.evaluate(b.data, 'f', c) AS walked
	FROM (SELECT pg_temp.layer(entries) AS data
		FROM layer) a, (SELECT pg_temp.layer(entries || '{"variation": 0, "weight": 1}') AS data
		FROM layer) b, generate_series(1, 5000) i, LATERAL (SELECT flagplane.user_context('unit-' || i) AS c) c) u;
-- Without the kind it is the first entry; a variation out of range is one there too.
SELECT flagplane.evaluate(pg_temp.layer(entries), 'f', '{"kind": "org", "key": "x"}') FROM layer;
SELECT flagplane.evaluate(pg_temp.layer(jsonb_set(entries, '{0,variation}', v)), 'f', '{"kind": "org", "key": "x"}')
	FROM layer, unnest('{4,127,128,-1}'::jsonb[]) v;
-- Half of many units, in each of many flags, and one flag says nothing of another.
SELECT bool_and(abs(n - 1000) < 100) AS half, bool_and(abs(in_both - 500) < 100) AS independent FROM (
	SELECT f, count(*) FILTER (WHERE a) AS n, count(*) FILTER (WHERE a AND b) AS in_both FROM (
		SELECT f, pg_temp.serve(r, c, 'flag-' || f) = '1' AS a, pg_temp.serve(r, c, 'other') = '1' AS b
		FROM generate_series(1, 3) f, generate_series(1, 2000) i,
			LATERAL (SELECT '{"variations": [{"variation": 1, "weight": 50000}, {"variation": 2, "weight": 50000}]}'::jsonb AS r,
			flagplane.user_context('u' || i) AS c) x) y GROUP BY f) z;
