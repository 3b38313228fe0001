-- Experiments that run: what they need to start, which units get which treatment, and what their flag may not change meanwhile.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('treat') IS NOT NULL AS made;
-- A flag of three variations, that of a key and an index, and an iteration of some percentages.
-- The first treatment is the baseline, and variation 2 is served outside unless told.
SELECT flagplane.create_flag('treat', key, key, variations => '[{"value": "a"}, {"value": "b"}, {"value": "off"}]',
	defaults => '{"onVariation": 0, "offVariation": 1}', is_flag_on => true) IS NOT NULL AS made FROM unnest('{color,size,shape,other}'::text[]) key;
CREATE FUNCTION t.variation(flag text, index int) RETURNS text LANGUAGE sql AS $$
	SELECT f.variations->index->>'_id' FROM flagplane_data.flag f JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = 'treat' AND f.key = flag
$$;
CREATE FUNCTION t.iteration(flag text, percents text[], rule text DEFAULT NULL, outside int DEFAULT 2) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('treatments', (SELECT jsonb_agg(jsonb_build_object('name', 'T' || n, 'baseline', n = 1, 'allocationPercent', percent, 'parameters',
			jsonb_build_array(jsonb_build_object('flagKey', flag, 'variationId', t.variation(flag, n::int - 1)))) ORDER BY n)
				FROM unnest(percents) WITH ORDINALITY u(percent, n)),
		'flags', jsonb_build_object(flag, jsonb_strip_nulls(jsonb_build_object('ruleId', rule, 'notInExperimentVariationId', t.variation(flag, outside)))))
$$;
CREATE FUNCTION t.make(key text, flag text, percents text[], environment text DEFAULT 'test', unit text DEFAULT 'user') RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.create_experiment('treat', environment, key, key, randomization_unit => unit, iteration => t.iteration(flag, percents))->>'key'
$$;
CREATE FUNCTION t.share(layer text, shares jsonb, environment text DEFAULT 'test') RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format('SELECT flagplane.update_layer(%L, %L, %L, %L)->%L', 'treat', layer,
		(SELECT json_agg(json_build_object('kind', 'updateExperimentReservation', 'experimentKey', key, 'reservationPercent', value))
		FROM jsonb_each(shares)), environment, 'key'))
$$;
CREATE FUNCTION t.payload(environment text DEFAULT 'test') RETURNS jsonb LANGUAGE sql AS $$ SELECT flagplane.payload('treat', environment) $$;
-- How often what SDKs are sent of an environment has changed.
CREATE FUNCTION t.payload_version() RETURNS bigint LANGUAGE sql AS $$
	SELECT v.version FROM flagplane_data.environment_payload v JOIN flagplane_data.environment n ON n.id = v.environment_id
	JOIN flagplane_data.project p ON p.id = n.project_id WHERE p.key = 'treat' AND n.key = 'test'
$$;
CREATE FUNCTION t.version(flag text, environment text DEFAULT 'test') RETURNS int LANGUAGE sql AS $$
	SELECT (flagplane.get_flag('treat', flag) #>> ARRAY['environments', environment, 'version'])::int
$$;
CREATE FUNCTION t.start(experiment text, environment text DEFAULT 'test') RETURNS text LANGUAGE sql AS $$
	SELECT t.try(format('SELECT flagplane.start_experiment(%L, %L, %L) #>> %L', 'treat', environment, experiment, '{currentIteration,status}'))
$$;
CREATE TABLE t.unit AS SELECT 'user-' || i AS key FROM generate_series(1, 200000) i;
ANALYZE t.unit;

-- What an experiment needs to start.
SELECT flagplane.create_experiment('treat', 'test', 'no-flag', 'N') IS NOT NULL
	AND flagplane.create_experiment('treat', 'test', 'no-plan', 'N', flag_key => 'other') IS NOT NULL AS made;
SELECT t.start('no-flag'), t.start('no-plan');
SELECT flagplane.create_experiment('treat', 'test', 'not-on-a-flag', 'N', iteration => t.iteration('other', '{50}') - 'flags') IS NOT NULL AS made,
	t.start('not-on-a-flag');
SELECT t.make('nothing', 'other', '{0,0}'), t.start('nothing');
SELECT flagplane.create_experiment('treat', 'test', 'no-baseline', 'N', iteration => jsonb_set(t.iteration('other',
	'{50}'), '{treatments,0,baseline}', 'false')) IS NOT NULL AS made, t.start('no-baseline');
SELECT flagplane.create_experiment('treat', 'test', 'no-variation', 'N', iteration => jsonb_set(t.iteration('other',
	'{50}'), '{treatments,0,parameters}', '[]')) IS NOT NULL AS made, t.start('no-variation');
-- What a flag does not have is refused when it is written.
SELECT what, t.try(format('SELECT flagplane.create_experiment(%L, %L, %L, %L, iteration => %L)', 'treat', 'test', 'x', 'X', iteration)) FROM (VALUES
	(1, 'variation', jsonb_set(t.iteration('other', '{50}'), '{treatments,0,parameters,0,variationId}',
		to_jsonb(t.variation('color', 0)))), (2, 'outside', jsonb_set(t.iteration('other', '{50}'), '{flags,other,notInExperimentVariationId}', '"x"')),
	(3, 'rule', t.iteration('other', '{50}', 'no-rule'))) v(n, what, iteration) ORDER BY n;
SELECT t.start('no-flag', 'nowhere'), t.start('nobody');

-- In a layer: as many segments as are allocated, and the rest of what is owned is outside.
SELECT flagplane.create_layer('treat', 'layer', 'L', '') IS NOT NULL AS made;
SELECT t.make('a', 'color', '{33.3,33.3,33.4}'), t.make('b', 'size', '{50,25}'), t.make('c', 'shape', '{50,50}');
SELECT t.share('layer', '{"a": 40, "b": 30, "c": 0}');
SELECT t.start('c');
SELECT t.version('color') AS before, t.payload_version() AS payload \gset
SELECT t.start('a');
SELECT t.version('color') - :before AS raised, t.payload_version() - :payload AS payload_raised, t.version('size') AS not_raised;
SELECT t.start('b');
SELECT t.version('size') AS size, t.payload_version() - :payload AS raised_again;
SELECT t.start('a') AS again;
SELECT t.version('color') AS the_same, t.payload_version() - :payload AS the_same;
CREATE FUNCTION t.segments() RETURNS TABLE (experiment text, number int, segments int4multirange, count int) LANGUAGE sql AS $$
	SELECT e.key, t.number, t.segments, (SELECT coalesce(sum(upper(s) - lower(s)), 0)::int FROM unnest(t.segments) s)
		FROM flagplane_data.experiment_treatment t JOIN flagplane_data.experiment e ON e.id = t.experiment_id
	JOIN flagplane_data.layer l ON l.id = t.layer_id JOIN flagplane_data.project p ON p.id = l.project_id WHERE p.key = 'treat'
$$;
SELECT experiment, number, count FROM t.segments() ORDER BY 1, 2;
-- REST and SQL show what is stored.
SELECT flagplane.get_flag('treat', 'color') #> '{environments,test,fallthrough}' AS stored;
SELECT r.value->>'kind' AS kind, r.value->>'contextKind' AS unit, r.value->>'seed' = l.seed::text AS the_layers,
	jsonb_array_length(r.value->'variations') AS entries, (SELECT sum((v->>'weight')::int) FROM jsonb_array_elements(r.value->'variations') v) AS weights,
	(SELECT count(*) FROM jsonb_array_elements(r.value->'variations') v WHERE v->'untracked' IS NULL) AS tracked
FROM (SELECT t.payload() #> '{flags,size,fallthrough,rollout}') r(value), flagplane_data.layer l
	WHERE l.key = 'layer' AND l.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'treat');
-- What SDKs ask for has it: all flags, and one.
SELECT jsonb_build_object('Authorization', flagplane.get_environment('treat', 'test')->>'apiKey') AS sdk \gset
SELECT h.status, h.body::jsonb = t.payload() AS the_same FROM flagplane.handle('GET', '/sdk/latest-all', :'sdk') h;
SELECT h.status, h.body::jsonb = t.payload() #> '{flags,color}' AS the_same FROM flagplane.handle('GET', '/sdk/flags/color', :'sdk') h;
-- assign, variation, evaluation of the payload and the table say the same of 200,000 units, and nobody is in two experiments.
CREATE FUNCTION t.compare(how_many int) RETURNS TABLE (units bigint, in_a bigint, in_b bigint, wrong bigint, in_both bigint, varies bigint) LANGUAGE sql AS $$
	WITH payload AS MATERIALIZED (SELECT t.payload() AS data),
	treated AS MATERIALIZED (SELECT s.experiment, s.number, s.segments FROM t.segments() s),
	layer AS MATERIALIZED (SELECT l.seed::text FROM flagplane_data.layer l
		JOIN flagplane_data.project p ON p.id = l.project_id WHERE p.key = 'treat' AND l.key = 'layer'),
	segment AS MATERIALIZED (SELECT s AS segment, (SELECT number FROM treated WHERE experiment = 'a'
		AND segments @> s) AS a, (SELECT number FROM treated WHERE experiment = 'b' AND segments @> s) AS b FROM generate_series(0, 999) s),
	unit AS MATERIALIZED (SELECT flagplane.assign('treat', 'test', 'layer', u.key) AS assigned, flagplane.bucket((SELECT seed
		FROM layer), u.key) / 100 AS segment,
		flagplane.evaluate(p.data, 'color', flagplane.user_context(u.key), NULL) AS a, flagplane.evaluate(p.data, 'size',
			flagplane.user_context(u.key), NULL) AS b,
		flagplane.variation_detail('treat', 'test', 'color', flagplane.user_context(u.key)) AS a_by_tables,
		flagplane.variation_detail('treat', 'test', 'size', flagplane.user_context(u.key)) AS b_by_tables
		FROM (SELECT key FROM t.unit LIMIT how_many) u, payload p)
	SELECT count(*), count(*) FILTER (WHERE (u.a #>> '{reason,inExperiment}')::boolean), count(*) FILTER (WHERE (u.b #>> '{reason,inExperiment}')::boolean),
		count(*) FILTER (WHERE (u.a->>'variationIndex')::int <> coalesce(s.a, CASE WHEN s.segment = 0
			AND assigned = 'a' THEN 0 ELSE 2 END) OR (u.b->>'variationIndex')::int <> coalesce(s.b, CASE WHEN s.segment = 0 AND assigned = 'b' THEN 0 ELSE 2 END)
			OR (u.a #> '{reason,inExperiment}' IS NOT NULL) <> (s.a IS NOT NULL) OR (u.b #> '{reason,inExperiment}' IS NOT NULL) <> (s.b IS NOT NULL)
			OR (s.a IS NOT NULL AND assigned IS DISTINCT FROM 'a') OR (s.b IS NOT NULL AND assigned IS DISTINCT FROM 'b') OR (assigned = 'a' AND s.a IS NULL)),
		count(*) FILTER (WHERE u.a #> '{reason,inExperiment}' IS NOT NULL AND u.b #> '{reason,inExperiment}' IS NOT NULL),
		count(*) FILTER (WHERE u.a::text <> u.a_by_tables::text OR u.b::text <> u.b_by_tables::text)
	FROM unit u JOIN segment s ON s.segment = u.segment
$$;
SELECT units, in_a / 2000 BETWEEN 39 AND 41 AS a_of_40, in_b BETWEEN 43000 AND 47000 AS b_of_22_5, wrong, in_both, varies
FROM t.compare(200000);

-- Growth keeps treatments, and gives back in proportion; nobody else is moved.
CREATE TEMP TABLE before AS SELECT * FROM t.segments();
SELECT t.share('layer', '{"a": 55}');
SELECT t.version('color') AS raised, t.version('size') AS not_raised;
SELECT s.experiment, s.number, b.count AS before, s.count AS after, s.segments @> b.segments AS kept FROM t.segments() s
	JOIN before b USING (experiment, number) ORDER BY 1, 2;
SELECT units, wrong, in_both, varies FROM t.compare(20000);
SELECT t.payload_version() - :payload AS raised;
SELECT t.share('layer', '{"a": 55}') AS the_same;
SELECT t.share('layer', '{"c": 1}') AS not_running;
SELECT t.share('layer', '{"c": 0}') AS not_running;
SELECT t.version('color') AS not_raised, t.payload_version() - :payload AS not_raised;
TRUNCATE before;
INSERT INTO before SELECT * FROM t.segments();
SELECT t.share('layer', '{"a": 20, "b": 50}');
SELECT t.version('color') AS raised, t.version('size') AS raised_too;
SELECT s.experiment, s.number, b.count AS before, s.count AS after,
	CASE s.experiment WHEN 'a' THEN b.segments @> s.segments ELSE s.segments @> b.segments END AS kept FROM t.segments() s
	JOIN before b USING (experiment, number) ORDER BY 1, 2;
SELECT units, wrong, in_both, varies FROM t.compare(20000);
SELECT t.share('layer', '{"a": 0}');
-- By small steps it comes to the same shares as at once.
DO $$ BEGIN FOR i IN 21..49 LOOP PERFORM flagplane.update_layer('treat', 'layer', format('[{"kind": "updateExperimentReservation", "experimentKey": "a", "reservationPercent": %s}]', i)::jsonb, 'test'); END LOOP; END $$;
SELECT experiment, number, count FROM t.segments() WHERE experiment = 'a' ORDER BY 2;
-- Segment 0, if it is owned, carries the baseline: contexts without the kind get it, and are in no experiment.
SELECT t.share('layer', '{"a": 50}'), t.share('layer', '{"b": 50}');
SELECT owner, flagplane.evaluate(t.payload(), CASE owner WHEN 'a' THEN 'color' ELSE 'size' END, '{"kind": "org", "key": "x"}', NULL)::text
	FROM (SELECT e.key AS owner FROM flagplane_data.layer_reservation r JOIN flagplane_data.experiment e ON e.id = r.experiment_id
	JOIN flagplane_data.layer l ON l.id = r.layer_id JOIN flagplane_data.project p ON p.id = l.project_id
		WHERE p.key = 'treat' AND r.segments @> 0 AND r.released_at IS NULL) o \gset zero_
SELECT :'zero_evaluate';
-- No two treatments share a segment, whoever writes them.
SELECT left(t.try($$UPDATE flagplane_data.experiment_treatment SET segments = '{[0,1000)}'$$), 90);
SELECT left(t.try($$UPDATE flagplane_data.experiment_treatment SET segments = '{[0,1001)}'$$), 90);

-- Stopping moves nobody else.
TRUNCATE before;
INSERT INTO before SELECT * FROM t.segments();
CREATE TEMP TABLE assigned AS SELECT key, flagplane.assign('treat', 'test', 'layer', key) AS experiment FROM t.unit LIMIT 20000;
SELECT flagplane.stop_experiment('treat', 'test', 'a') #>> '{currentIteration,status}' AS stopped;
SELECT t.version('color') AS raised, t.version('size') AS not_raised;
SELECT t.payload() #> '{flags,color,fallthrough}' AS color_serves, flagplane.variation('treat', 'test', 'color',
	'{"kind": "user", "key": "u"}') AS what_is_stored;
SELECT count(*) AS treatments, bool_and(s.segments = b.segments) AS the_same FROM t.segments() s JOIN before b USING (experiment, number);
SELECT count(*) FILTER (WHERE flagplane.assign('treat', 'test', 'layer', key) IS DISTINCT FROM CASE experiment WHEN 'b' THEN 'b' END) AS moved FROM assigned;
SELECT flagplane.get_experiment('treat', 'test', 'a', 'rollout')::jsonb #> '{currentIteration,rollout}' AS of_a_stopped_one;

-- Outside of layers: an entry for each treatment, a seed of its own, and the baseline first.
SELECT t.make('alone', 'other', '{12.5,33.333}'), t.start('alone');
SELECT t.mask(t.payload() #>> '{flags,other,fallthrough,rollout,variations}') AS entries,
	e.seed::text = t.payload() #>> '{flags,other,fallthrough,rollout,seed}' AS its_seed FROM flagplane_data.experiment e WHERE e.key = 'alone';
SELECT flagplane.create_flag('treat', 'thirds', 'T',
	variations => '[{"value": 1}, {"value": 2}, {"value": 3}, {"value": 4}]', is_flag_on => true) IS NOT NULL AS made;
SELECT flagplane.create_experiment('treat', 'production', 'thirds', 'T', randomization_unit => 'device',
	iteration => jsonb_set(t.iteration('thirds', '{0,33.3333,33.3333,33.3333}', NULL, 0),
	'{flags,thirds,notInExperimentVariationId}', 'null')) IS NOT NULL AS made, t.start('thirds', 'production');
SELECT (t.payload('production') #> '{flags,thirds,fallthrough,rollout}') - 'seed' AS rollout;

-- One running experiment a rule.
SELECT t.make('second', 'other', '{50,50}'), t.start('second');
SELECT left(t.try($$UPDATE flagplane_data.experiment SET status = 'running' WHERE key = 'second'$$), 90);
SELECT flagplane.update_flag('treat', 'other',
	'[{"op": "add", "path": "/environments/test/rules/-", "value": {"_id": "r1", "clauses": [{"attribute": "plan", "op": "in", "values": ["gold"]}], "variation": 0}},
	{"op": "add", "path": "/environments/test/rules/-", "value": {"_id": "r2", "clauses": [], "variation": 1}}]') #>> '{environments,test,rules,0,_id}' AS rule;
SELECT flagplane.create_experiment('treat', 'test', 'on-rule', 'R', iteration => t.iteration('other', '{40,60}',
	'r1')) IS NOT NULL AS made, t.start('on-rule');
SELECT flagplane.get_experiment('treat', 'test', 'on-rule') #>> '{currentIteration,flags,other,targetingRule}' AS rule,
	t.mask(flagplane.get_experiment('treat', 'test', 'on-rule', 'rollout')::jsonb #>> '{currentIteration,rollout,variations}') AS entries;
SELECT r->>'id' AS rule, r #> '{rollout,variations}' AS served FROM jsonb_array_elements(t.payload() #> '{flags,other,rules}') r;
SELECT t.payload() #> '{flags,other,rules,0,rollout}' = flagplane.get_experiment('treat', 'test', 'on-rule',
	'rollout')::jsonb #> '{currentIteration,rollout}' AS the_same;
-- What runs keeps its rule and its variations; all else may change, and on and off.
CREATE FUNCTION t.change(patch text, flag text DEFAULT 'other') RETURNS TABLE (status int, message text) LANGUAGE sql AS $$
	SELECT h.status, regexp_replace(h.body->>'message', '"[0-9a-f-]{36}"', '"<id>"') FROM flagplane.handle('PATCH', '/api/v2/flags/treat/' || flag, '{}', patch) h
$$;
SELECT p, c.*
	FROM unnest(ARRAY['[{"op": "replace", "path": "/environments/test/fallthrough", "value": {"variation": 1}}]',
	'[{"op": "remove", "path": "/environments/test/rules/0"}]', '[{"op": "replace", "path": "/environments/test/rules/0/variation", "value": 1}]',
	'[{"op": "replace", "path": "/environments/test/rules/0/disabled", "value": true}]',
		'[{"op": "remove", "path": "/variations/2"}]', '[{"op": "replace", "path": "/variations/1/value", "value": "c"}]',
		'[{"op": "replace", "path": "/variations/2/value", "value": "c"}]', '[{"op": "replace", "path": "/archived", "value": true}]',
	'{"instructions": [{"kind": "archiveFlag"}]}',
		'{"environments": {"test": {"fallthrough": {"variation": 2}}}}']) WITH ORDINALITY u(p, n), t.change(p) c ORDER BY n;
SELECT p, c.*
	FROM unnest(ARRAY['[{"op": "replace", "path": "/environments/test/on", "value": false}]',
	'{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}',
	'[{"op": "replace", "path": "/variations/1/name", "value": "Named"}]', '[{"op": "add", "path": "/variations/-", "value": {"value": "d"}}]',
	'[{"op": "remove", "path": "/variations/3"}]', '[{"op": "remove", "path": "/environments/test/rules/1"}]',
		'[{"op": "add", "path": "/environments/test/rules/0", "value": {"clauses": [], "variation": 1, "disabled": true}}]',
		'[{"op": "replace", "path": "/environments/production/fallthrough", "value": {"variation": 2}}]',
	'[{"op": "replace", "path": "/name", "value": "Renamed"}]']) WITH ORDINALITY u(p, n), t.change(p) c ORDER BY n;
SELECT t.change('{"patch": [{"op": "replace", "path": "/environments/test/fallthrough", "value": {"variation": 1}}]}') AS refused,
	t.mask(t.try($$SELECT flagplane.delete_flag('treat', 'other')$$)) AS deletion;
-- Once it has stopped everything may change.
SELECT flagplane.stop_experiment('treat', 'test', key) #>> '{currentIteration,status}' AS stopped FROM unnest('{alone,on-rule}'::text[]) key;
SELECT c.*
	FROM t.change('[{"op": "replace", "path": "/environments/test/fallthrough", "value": {"variation": 1}}, {"op": "remove", "path": "/environments/test/rules/1"}, {"op": "remove", "path": "/variations/2"}]') c;
SELECT t.start('second');
SELECT flagplane.update_flag('treat', 'shape',
	'[{"op": "replace", "path": "/archived", "value": true}]')->>'archived' AS archived, t.share('layer', '{"c": 10}'), t.start('c');

-- So many in the layers of an environment, and no more.
SET flagplane.running_experiments = 1;
SELECT flagplane.update_flag('treat', 'shape', '[{"op": "replace", "path": "/archived", "value": false}]')->>'archived' AS archived, t.start('c');
SELECT h.status, h.body->>'message' AS message
	FROM flagplane.handle('PATCH', '/api/v2/projects/treat/environments/test/experiments/c', '{}', '{"instructions": [{"kind": "startIteration"}]}') h;
SET flagplane.running_experiments = 2;
SELECT t.start('c');
RESET flagplane.running_experiments;

-- What goes with the environment.
SELECT flagplane.delete_environment('treat', 'test') IS NULL AS deleted;
SELECT count(*) FROM t.segments();
DROP TABLE t.unit;
