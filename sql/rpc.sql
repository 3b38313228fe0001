-- Over /rpc: what PostgREST sets before a call, and reads after it.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('rpc') IS NOT NULL AS made;
SELECT set_config('request.method', '', false), set_config('request.headers', '', false), set_config('response.status',
	'', false), set_config('response.headers', '', false);
-- Empty settings are no settings: the error is a plain one.
SELECT t.try($$SELECT flagplane.create_layer('rpc', NULL, 'x', '')$$);
CREATE FUNCTION pg_temp.rpc(statement text, headers json DEFAULT '{}') RETURNS TABLE (status text, response text, body text) LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', rpc.headers::text, true),
		set_config('response.status', '', true), set_config('response.headers', '', true);
	BEGIN
		EXECUTE statement INTO body;
		status := current_setting('response.status');
		response := t.mask(current_setting('response.headers'));
	EXCEPTION WHEN SQLSTATE 'PGRST' THEN
		GET STACKED DIAGNOSTICS body = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
		status := 'error';
		response := t.mask(detail);
	END;
	body := t.mask(body);
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN NEXT;
END
$$;
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_layer('rpc', 'l', 'L', '')$$);
SELECT status, response FROM pg_temp.rpc($$SELECT flagplane.create_environment('rpc', 'e', 'E', '000000')$$);
SELECT status, response FROM pg_temp.rpc($$SELECT flagplane.create_flag('rpc', 'f', 'F')$$);
SELECT status, response FROM pg_temp.rpc($$SELECT flagplane.create_flag_link('rpc', 'f', 'k')$$);
SELECT status, response
	FROM pg_temp.rpc($$SELECT flagplane.create_sdk_app('rpc', 'App', 'expo')$$, '{"idempotency-key": "44444444-4444-4444-8444-444444444444"}');
SELECT status, response
	FROM pg_temp.rpc($$SELECT flagplane.create_sdk_app('rpc', 'App', 'expo')$$, '{"idempotency-key": "44444444-4444-4444-8444-444444444444"}');
SELECT status, response FROM pg_temp.rpc($$SELECT flagplane.get_layer('rpc', 'l')$$);
-- Headers that somebody set before stay.
SELECT status, response
	FROM pg_temp.rpc($$SELECT flagplane.create_layer('rpc', 'l2', 'L', '') FROM (SELECT set_config('response.headers', '[{"X-A": "b"}]', true)) s$$);
-- Those of an earlier call in the same request do not: the last one counts.
SELECT status, response FROM pg_temp.rpc($$SELECT max(flagplane.create_layer('rpc', 'l' || g, 'L', '')::text) FROM generate_series(4, 5) g$$);
-- Errors in PostgREST's form, each in its dialect.
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_layer('rpc', 'l', 'L', '')$$);
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_layer('rpc', 'a b', NULL, '')$$);
SELECT * FROM pg_temp.rpc($$SELECT flagplane.get_layer('rpc', 'nothing')$$);
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_sdk_app('rpc', 'App', 'ios')$$);
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_sdk_app('nowhere', 'App', 'expo')$$);
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_sdk_app('rpc', 'Other', 'expo')$$, '{"idempotency-key": "44444444-4444-4444-8444-444444444444"}');
SELECT * FROM pg_temp.rpc($$SELECT flagplane.create_layer('rpc', 'l3', 'L', '')$$, '{"idempotency-key": "x"}');
SELECT * FROM pg_temp.rpc($$SELECT flagplane.list_layers('rpc')$$, '{"authorization": "api-123"}');
SELECT * FROM pg_temp.rpc($$SELECT flagplane.list_sdk_apps('rpc')$$, '{"x-api-key": "api-123"}');
-- What stands after Bearer in PostgREST's own header is its JWT, unless it is a token.
SELECT status, left(body, 9) FROM pg_temp.rpc($$SELECT flagplane.list_layers('rpc')$$, '{"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}');
SELECT * FROM pg_temp.rpc($$SELECT flagplane.list_layers('rpc')$$, '{"authorization": "Bearer fp_x"}');
-- Headers that are no JSON are refused without a word of them.
SELECT set_config('request.method', 'POST', true), set_config('request.headers', '{"authorization": "secret" "x"}',
	true), t.try($$SELECT flagplane.list_layers('rpc')$$);
SELECT status, body FROM pg_temp.rpc($$SELECT flagplane.list_layers('rpc')$$, '["secret"]');
-- A name that is there twice, in two cases: what is no token does not hide the one that is there.
SELECT status, body
	FROM pg_temp.rpc($$SELECT flagplane.list_layers('rpc')$$, '{"authorization": "Bearer fp_x", "Authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}');
-- handle() answers as ever, in the middle of such a request.
SELECT * FROM pg_temp.rpc($$SELECT body FROM flagplane.handle('GET', '/api/v2/x')$$);
-- In SQL, the row of the error table is in the constraint's name.
DO $$
DECLARE
	name text;
BEGIN
	PERFORM flagplane.create_layer('rpc', 'l', 'L', '');
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS name = CONSTRAINT_NAME;
	RAISE WARNING '%', name;
END
$$;
-- What is no operation speaks PostgREST's form too.
CREATE ROLE fp_rpc;
GRANT USAGE ON SCHEMA flagplane, t TO fp_rpc;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_rpc;
SET ROLE fp_rpc;
SELECT r.* FROM (VALUES ('purge()'), ('status()'), ('reset_stats()'), ('doctor()'), ('distribute(1)'),
	('drop_shards()'), ($$json_patch('{}', '{}')$$)) v(called), pg_temp.rpc('SELECT flagplane.' || called) r;
SELECT t.try('SELECT flagplane.purge()');
RESET ROLE;
DROP OWNED BY fp_rpc;
DROP ROLE fp_rpc;
-- The pre-request speaks as it is asked, not as the call before it was.
SELECT t.try('SELECT flagplane.get_layer(NULL, NULL)');
BEGIN;
SET LOCAL request.method = 'POST';
SET LOCAL request.path = '/rpc/list_sdk_apps';
SET LOCAL request.headers = 'no JSON';
SELECT t.try('SELECT flagplane.authenticate()');
ROLLBACK;
-- While workers run no setting can be set: a query that has some is answered without headers.
CREATE TABLE t.many AS SELECT g FROM generate_series(1, 1000) g;
ANALYZE t.many;
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL request.method = 'GET';
EXPLAIN (COSTS OFF) SELECT flagplane.get_project('rpc')->>'key' FROM t.many WHERE g % 500 = 7;
SELECT flagplane.get_project('rpc')->>'key' AS key, current_setting('response.headers', true) AS headers FROM t.many WHERE g % 500 = 7;
ROLLBACK;
