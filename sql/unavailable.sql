-- What PostgreSQL cannot do for the moment is answered 503 with Retry-After; in SQL it is raised as it is.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('unavailable') AS project_id \gset
-- A trigger raises what the server raises when it lacks something.
CREATE FUNCTION t.lack() RETURNS trigger LANGUAGE plpgsql
	AS $$ BEGIN RAISE EXCEPTION 'something is lacking' USING ERRCODE = current_setting('t.code'), DETAIL = 'a detail'; END $$;
CREATE FUNCTION t.by_rpc(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true);
	BEGIN
		EXECUTE statement INTO answer;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		answer := t.mask(concat_ws(' ', SQLSTATE, SQLERRM, detail));
	END;
	PERFORM set_config('request.method', '', true);
	RETURN answer;
END
$$;
-- A refused request leaves nothing, and the session goes on.
CREATE FUNCTION t.ways(code text) RETURNS TABLE (way text, answer text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('t.code', code, false);
	RETURN QUERY VALUES ('sql', t.try($q$SELECT flagplane.create_layer('unavailable', 'l', 'L', '')$q$)), ('rpc',
		t.by_rpc($q$SELECT flagplane.create_layer('unavailable', 'l', 'L', '')$q$)),
		('sdk app', t.by_rpc($q$SELECT flagplane.create_sdk_app('unavailable', 'A', 'expo')$q$));
	RETURN QUERY SELECT 'rest', concat_ws(' ', h.status, h.headers::text, h.body::text)
		FROM t.rest('POST', '/api/v2/projects/unavailable/layers', '{"key": "l", "name": "L", "description": ""}') h;
	RETURN QUERY SELECT 'rest of Layers', concat_ws(' ', h.status, h.headers::text, h.body::text)
		FROM t.rest('POST', '/v1/projects/' || (SELECT p.id FROM flagplane_data.project p
		WHERE p.key = 'unavailable') || '/sdk-apps', '{"name": "A", "platform": "expo"}', '{"Idempotency-Key": "50000000-cccc-4000-8000-000000000001"}') h;
END
$$;
CREATE FUNCTION t.by_rest(code text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('t.code', code, false);
	RETURN (SELECT concat_ws(' ', h.status, h.headers::text, h.body::text)
		FROM t.rest('POST', '/api/v2/projects/unavailable/layers', '{"key": "l", "name": "L", "description": ""}') h);
EXCEPTION WHEN query_canceled OR OTHERS THEN
	RETURN 'raised on as ' || SQLSTATE;
END
$$;
CREATE TRIGGER lack BEFORE INSERT ON flagplane_data.layer FOR EACH ROW EXECUTE FUNCTION t.lack();
CREATE TRIGGER lack BEFORE INSERT ON flagplane_data.sdk_app FOR EACH ROW EXECUTE FUNCTION t.lack();
SELECT c, w.way, regexp_replace(w.answer, 'req_\w+', '<request>', 'g') AS answer
	FROM unnest(ARRAY['55P03', '53000', '53100', '53200', '53300', '53400', '08006']) WITH ORDINALITY u(c, n), t.ways(c) w ORDER BY n, way COLLATE "C";
-- What ends the caller's transaction is raised on, a timeout of the statement among it; what else is unforeseen is 500.
SELECT c, regexp_replace(t.by_rest(c), 'req_\w+', '<request>', 'g') AS answer
	FROM unnest(ARRAY['57014', '57P01', '40001', '40P01', '55000', '55006', '54000', '58030', 'XX000']) WITH ORDINALITY u(c, n) ORDER BY n;
SELECT count(*) FROM flagplane_data.layer WHERE project_id = :'project_id';
SELECT count(*) FROM flagplane_data.idempotency_key WHERE operation = 'create_sdk_app' AND key_hash = sha256('\x50000000cccc40008000000000000001');
DROP TRIGGER lack ON flagplane_data.layer;
DROP TRIGGER lack ON flagplane_data.sdk_app;
-- Then it is there again.
SELECT way, left(answer, 12) AS answer FROM t.ways('53200') ORDER BY way COLLATE "C";
DROP FUNCTION t.lack, t.by_rpc, t.by_rest, t.ways;
