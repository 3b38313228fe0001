-- Makes the environments of steps.tsv, and writes what SDKs are sent of each (payloads), and what its flags
-- are for the contexts of contexts.tsv (answers, evaluated): a line for each environment, in the current
-- directory.
SET client_min_messages = warning;
CREATE TEMP TABLE step (number bigserial, environment int, statement text);
CREATE TEMP TABLE context (number bigserial, environment int, context jsonb);
\copy step (environment, statement) FROM steps.tsv
\copy context (environment, context) FROM contexts.tsv
CREATE TEMP TABLE refused (number bigint, environment int, statement text, sqlstate text, message text);

CREATE FUNCTION pg_temp.variation(project text, flag text, index int) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.get_flag(project, flag)->'variations'->index->>'_id'
$$;
-- A patch by instructions, in which "variation" stands for the id of a variation, and "weights" are by the numbers of variations.
CREATE FUNCTION pg_temp.instructions(project text, flag text, instructions jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('environmentKey', 'e', 'instructions', jsonb_agg(i - 'variation' - 'weights'
		|| CASE WHEN i ? 'variation' THEN jsonb_build_object('variationId', pg_temp.variation(project, flag, (i->'variation')::int)) ELSE '{}' END
		|| CASE WHEN i ? 'weights' THEN jsonb_build_object('rolloutWeights', (SELECT jsonb_object_agg(pg_temp.variation(project, flag, key::int), value)
			FROM jsonb_each(i->'weights'))) ELSE '{}' END ORDER BY n)) FROM jsonb_array_elements(instructions) WITH ORDINALITY u(i, n)
$$;
-- An experiment on the fallthrough of a flag, with its first two variations, that is started; with a share of the layer, or in none.
CREATE FUNCTION pg_temp.experiment(project text, flag text, unit text, percent int, share int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM flagplane.create_experiment(project, 'e', flag, 'X', randomization_unit => unit, iteration => jsonb_build_object(
		'flags', jsonb_build_object(flag, jsonb_build_object('notInExperimentVariationId', pg_temp.variation(project, flag, 1))),
		'treatments', (SELECT jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 0, 'allocationPercent', (CASE i WHEN 0 THEN percent ELSE 100 - percent END)::text,
			'parameters', jsonb_build_array(jsonb_build_object('flagKey', flag, 'variationId', pg_temp.variation(project, flag, i))))) FROM generate_series(0, 1) i)));
	IF share IS NOT NULL THEN
		PERFORM flagplane.update_layer(project, 'layer', jsonb_build_array(jsonb_build_object('kind', 'updateExperimentReservation',
			'experimentKey', flag, 'reservationPercent', share)), 'e');
	END IF;
	PERFORM flagplane.start_experiment(project, 'e', flag);
END
$$;
-- What SDKs were sent after each step: a change of it raises the version, and that of each flag and segment that differs.
CREATE TEMP TABLE sent (environment int PRIMARY KEY, payload jsonb, version bigint, stamp bytea);
CREATE TEMP TABLE unseen (environment int, number bigint, what text);
CREATE FUNCTION pg_temp.watch(step step) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	before sent;
	after sent;
BEGIN
	SELECT step.environment, flagplane.payload('p' || step.environment, 'e'), v.version, v.stamp INTO after
	FROM flagplane_data.project p JOIN flagplane_data.environment e ON e.project_id = p.id
		JOIN flagplane_data.environment_payload v ON v.environment_id = e.id WHERE p.key = 'p' || step.environment;
	SELECT * INTO before FROM sent WHERE environment = step.environment;
	IF before.payload <> after.payload AND (after.version <> before.version + 1 OR after.stamp = before.stamp) THEN
		INSERT INTO unseen VALUES (step.environment, step.number, format('version %s after %s', after.version, before.version));
	END IF;
	INSERT INTO unseen SELECT step.environment, step.number, format('%s %s: %s after %s', part, key, now.value, was.value)
	FROM unnest(ARRAY['flags', 'segments']) part, jsonb_each(before.payload->part) was JOIN LATERAL jsonb_each(after.payload->part) now USING (key)
	WHERE was.value <> now.value AND (now.value->>'version')::int <= (was.value->>'version')::int;
	DELETE FROM sent WHERE environment = step.environment;
	INSERT INTO sent SELECT after.*;
END
$$;
CREATE FUNCTION pg_temp.attempt(step step) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	why text;
BEGIN
	EXECUTE step.statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
	INSERT INTO refused VALUES (step.number, step.environment, step.statement, SQLSTATE, why);
END
$$;
CREATE PROCEDURE pg_temp.make() LANGUAGE plpgsql AS $$
DECLARE
	s step;
BEGIN
	FOR s IN SELECT * FROM step ORDER BY number LOOP
		PERFORM pg_temp.attempt(s);
		COMMIT;
		PERFORM pg_temp.watch(s);
		COMMIT;
	END LOOP;
END
$$;
CALL pg_temp.make();

SELECT format('# refused %s: %s, %s times', sqlstate, message, count(*)) FROM (SELECT sqlstate, regexp_replace(message, '"[^"]*"|\d+', '?', 'g') AS message FROM refused) r
GROUP BY sqlstate, message ORDER BY count(*) DESC LIMIT :shown;
-- What is random is made to be taken, nearly always, and is refused properly where it is not.
SELECT format('not ok - %s of %s operations were refused', count(*), (SELECT count(*) FROM step)) FROM refused HAVING count(*) > (SELECT count(*) FROM step) * 0.03;
SELECT format('not ok - environment %s, step %s: %s', environment, number, left(what, 1000)) FROM unseen LIMIT 20;
SELECT format('not ok - %s: %s: %s', sqlstate, message, left(statement, 1000)) FROM refused WHERE sqlstate NOT IN ('22023', '55006', '55000', 'P0002') LIMIT 20;

CREATE TEMP TABLE environment AS SELECT number, project, flagplane.payload(project, 'e') AS payload
FROM (SELECT DISTINCT environment AS number, 'p' || environment AS project FROM context) e;
-- evaluate() sees what SDKs see.
CREATE TEMP TABLE answer AS
SELECT number, context, flag, flagplane.variation_detail(project, 'e', flag, context, '"the default"')::jsonb AS detail,
	flagplane.evaluate(payload::jsonb, flag, context, '"the default"')::jsonb AS of_payload
FROM environment e JOIN (SELECT number AS ordinal, environment AS number, context FROM context) c USING (number),
	LATERAL (SELECT json_object_keys(payload->'flags') UNION ALL SELECT 'no flag') f(flag);
CREATE INDEX ON answer (number);
CREATE INDEX ON context (environment);
ANALYZE answer;
ANALYZE context;
ANALYZE environment;
SELECT format('not ok - environment %s, flag %s for %s: variation_detail %s, evaluate %s', number, flag, context, detail, of_payload) FROM answer
WHERE detail <> of_payload LIMIT 20;
SELECT format('# %s: %s', kind, count(*)) FROM (SELECT coalesce(detail->'reason'->>'errorKind', detail->'reason'->>'kind')
	|| CASE WHEN detail->'reason'->'inExperiment' IS NOT NULL THEN ' in an experiment' ELSE '' END AS kind FROM answer) k GROUP BY kind ORDER BY kind;

\pset format unaligned
\pset tuples_only on
\o payloads.jsonl
SELECT payload FROM environment ORDER BY number;
\o answers.jsonl
SELECT json_build_object('flags', (SELECT count(*) FROM json_each(payload->'flags')),
	'contexts', (SELECT json_agg(context ORDER BY c.number) FROM context c WHERE c.environment = e.number),
	'answers', (SELECT json_agg(json_build_array(c.ordinal, flag, detail)) FROM answer a JOIN (SELECT context, environment, row_number() OVER (PARTITION BY environment ORDER BY number) - 1 AS ordinal
		FROM context) c ON c.environment = a.number AND c.context = a.context WHERE a.number = e.number)) FROM environment e ORDER BY number;
-- What browsers are sent for the first context.
\o evaluated.jsonl
SELECT json_build_object('context', c.context, 'flags', h.body, 'answers', (SELECT json_agg(json_build_array(a.flag, a.detail)) FROM answer a WHERE a.number = e.number AND a.context = c.context
	AND (a.flag = 'no flag' OR (e.payload->'flags'->a.flag->'clientSideAvailability'->>'usingEnvironmentId')::boolean)))
FROM environment e CROSS JOIN LATERAL (SELECT context FROM context WHERE environment = e.number ORDER BY number LIMIT 1) c,
	LATERAL flagplane.handle('POST', '/sdk/evalx/' || (flagplane.get_environment(e.project, 'e')->>'_id') || '/context?withReasons=true', '{}', c.context::text) h ORDER BY e.number;
\o
