-- Every argument of every operation with values that no client should send: each response is a documented one.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
SELECT t.project('hostile') IS NOT NULL AS made;
SELECT flagplane.create_layer('hostile', 'y', 'Y', '') IS NOT NULL AND flagplane.create_experiment('hostile', 'test', 'y', 'Y') IS NOT NULL AS made;
-- The hostile values by type.
CREATE TEMP TABLE value (type text, value text);
INSERT INTO value SELECT 'text', v
	FROM unnest(ARRAY['', 'hostile', '%s%n', repeat('x', 70000), E'\x01\x7f', '\', '"', chr(1114111), chr(65279), ' ', E'a\u202Eb', E'a\nb']) v;
INSERT INTO value SELECT 'text[]', v FROM unnest(ARRAY['{}', '{NULL}', '{NULL,a}', '{a,NULL,a}', '{{a},{b}}', '[5:6]={a,b}', '{{{NULL}}}']) v;
INSERT INTO value SELECT 'jsonb', v
	FROM unnest(ARRAY['null', '[]', '{}', '""', '1', '[[]]', '[null]', '{"": null}', '[{}]', '{"key": []}', '{"capabilities": ["flagLink"]}',
	'{"capabilities": {"flagLink": {"metadata": [1]}}}', '[{"value": 1}, {"value": null}]', '1e1000', '{"onVariation": 1e1000, "offVariation": -0.0}',
	'{"usingMobileKey": [], "usingEnvironmentId": {}}', '[{"kind": null}]',
		'[{"kind": "updateName", "name": "", "value": []}]', '[{"kind": "startIteration", "changeJustification": {}}]',
	'[{"kind": "updateExperimentReservation", "experimentKey": "y", "reservationPercent": 1e9}]',
		'[{"kind": "updateExperimentReservation", "experimentKey": "y", "reservationPercent": 0.5}]',
	'[{"kind": "updateExperimentReservation", "experimentKey": "%s", "reservationPercent": 100}]',
	'[{"value": 1e400}, {"value": 1e131071}]', '[{"value": 1e308}, {"value": -0}]', repeat('[', 6000) || repeat(']', 6000),
		'{"environments": {"test": {"rules": [{"clauses": [{}]}], "targets": {}, "prerequisites": [null]}}}',
	'[{"op": "add", "path": "/environments/test/rules/-", "value": {"variation": 1e9, "clauses": 1e131071}}]',
		'[{"op": "copy", "from": "", "path": "/variations/-"}]', '[{"kind": "removeExperiment", "experimentKey": "y"}]']) v;
INSERT INTO value SELECT 'integer', v FROM unnest(ARRAY['-2147483648', '2147483647', '0', '-1']) v;
INSERT INTO value SELECT 'bigint', v FROM unnest(ARRAY['-9223372036854775808', '9223372036854775807', '0']) v;
INSERT INTO value SELECT 'boolean', v FROM unnest(ARRAY['true', 'false']) v;
INSERT INTO value SELECT 'timestamp with time zone', v FROM unnest(ARRAY['infinity', '-infinity', 'epoch', '294276-12-31', '4713-01-01 BC']) v;
INSERT INTO value SELECT 'interval', v
	FROM unnest(ARRAY['0', '-1 day', '178000000 years', '-178000000 years', '2147483647 months 2147483647 days', '0.000001 s']) v;
INSERT INTO value VALUES ('uuid', '00000000-0000-0000-0000-000000000000');
-- A call for each argument and value; the other arguments are good ones where that needs to be.
CREATE TEMP TABLE call AS
SELECT p.proname AS operation, p.proargnames[i] AS argument, left(v.value, 30) AS value, format('SELECT flagplane.%I(%s)', p.proname, (
	SELECT string_agg(format('%s::%s', CASE WHEN j = i THEN quote_literal(v.value) WHEN p.proargnames[j] IN ('project_key', 'project_id') THEN '''hostile'''
		WHEN p.proargnames[j] = 'color' THEN '''000000''' WHEN p.proargnames[j] = 'platform' THEN '''expo''' WHEN p.proargnames[j] IN ('key',
			'name', 'flag_key') THEN '''z'''
		WHEN p.proargnames[j] = 'environment_key' THEN '''test''' WHEN p.proargnames[j] IN ('layer_key', 'experiment_key') THEN '''y'''
		ELSE 'NULL' END, format_type(p.proargtypes[j - 1], NULL)), ', ' ORDER BY j) FROM generate_series(1, p.pronargs) j)) AS statement
FROM flagplane.operations() o JOIN pg_proc p ON p.proname = o.name AND p.pronamespace = 'flagplane'::regnamespace, generate_series(1, p.pronargs) i
JOIN LATERAL (SELECT * FROM value WHERE type = format_type(p.proargtypes[i - 1], NULL)) v ON true;
-- Every type of argument has its values.
SELECT DISTINCT format_type(u, NULL) AS without_values FROM pg_proc p, unnest(p.proargtypes) u WHERE p.pronamespace = 'flagplane'::regnamespace
AND p.proname IN (SELECT name FROM flagplane.operations()) AND format_type(u, NULL) NOT IN (SELECT type FROM value);
-- A call that leaves nothing behind.
CREATE FUNCTION pg_temp.undone(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'UNDOS';
EXCEPTION
	WHEN SQLSTATE 'UNDOS' THEN RETURN answer;
	WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
CREATE FUNCTION pg_temp.odd() RETURNS TABLE (operation name, argument text, value text, answer text) LANGUAGE plpgsql AS $$
BEGIN
	FOR operation, argument, value, answer IN SELECT c.operation, c.argument, c.value, pg_temp.undone(c.statement) FROM call c LOOP
		IF (answer IS NULL AND operation NOT IN (SELECT name FROM flagplane.operations() WHERE status = 204))
			OR answer ~ '[:,[]"?(-9223\d{12}|-?[Ii]nfinity|NaN)' OR (answer ~ '^[0-9A-Z]{5}: '
			AND left(answer, 5) NOT IN ('22023', '22P02', '28000', '42501', 'P0002', '23505', '55000', '22000', '22004', '55006', 'PGRST')) THEN
			RETURN NEXT;
		END IF;
	END LOOP;
END
$$;
SELECT count(*) > 500 AS many, count(DISTINCT operation) > 20 AS operations FROM call;
SELECT * FROM pg_temp.odd();
-- By tokens too: one with every scope, one that is limited.
SELECT flagplane.create_access_token('hostile', '{*}')->>'token' AS token \gset
SELECT flagplane.create_access_token('hostile', '{*}', projects => '{hostile}')->>'token' AS limited \gset
SELECT set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', :'token')::text, true) \g /dev/null
SELECT * FROM pg_temp.odd();
SELECT set_config('request.headers', json_build_object('x-api-key', :'limited')::text, true) \g /dev/null
SELECT * FROM pg_temp.odd();
SELECT set_config('request.method', '', true), set_config('request.headers', '', true) \g /dev/null
ROLLBACK;
-- Headers.
SELECT left(h, 60) AS headers, r.status
	FROM unnest(ARRAY['null', '1', '[]', '{"": ""}', '{"authorization": "fp_"}',
	'{"authorization": "fp_zzzzzzzz_0000000000000000_x"}', '{"authorization": "fp_00000001_0000000000000000_"}',
	'{"authorization": "' || repeat('x', 100000) || '"}', '{"authorization": ["x"]}', '{"authorization": null}',
		'{"idempotency-key": "' || repeat('1', 100000) || '"}',
	'{"x-http-method-override": "' || repeat('P', 10000) || '"}']) WITH ORDINALITY u(h, n), t.rest('POST', '/api/v2/projects', '{}', h::jsonb) r ORDER BY n;
