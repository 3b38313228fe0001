-- PostgREST's pre-request: a bad token is refused, a good one is looked up once a request.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('authenticate') IS NOT NULL AS made;
SELECT flagplane.create_access_token('t', '{*}')->>'token' AS token, '' AS none \gset
SELECT flagplane.create_access_token('t', '{layers:read}')->>'token' AS layers \gset
CREATE FUNCTION pg_temp.request(path text, headers json) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('request.method', 'POST', true), set_config('request.path', path, true), set_config('request.headers', headers::text, true)
$$;
CREATE FUNCTION pg_temp.answer(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN t.mask(answer);
EXCEPTION
	WHEN SQLSTATE 'PGRST' THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RETURN t.mask(detail || ' ' || SQLERRM);
	WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
-- How often tokens have been looked up in this transaction since it was asked last, whatever the plan.
CREATE FUNCTION t.looked_up() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	before bigint := nullif(current_setting('t.scans', true), '');
	now bigint := (SELECT pg_stat_get_xact_numscans('flagplane_data.access_token'::regclass) + sum(pg_stat_get_xact_numscans(indexrelid))
		FROM pg_index WHERE indrelid = 'flagplane_data.access_token'::regclass);
BEGIN
	PERFORM set_config('t.scans', now::text, true);
	RETURN now - before;
END
$$;
CREATE ROLE fp_anon;
GRANT USAGE ON SCHEMA flagplane, t TO fp_anon;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_anon;
GRANT SELECT ON ALL TABLES IN SCHEMA flagplane TO fp_anon;

-- Bad tokens, in the dialect of what was to be called; none; a JWT that PostgREST has dealt with.
BEGIN;
SELECT p, pg_temp.request(p, '{"x-api-key": "fp_x"}'), pg_temp.answer('SELECT flagplane.authenticate()')
	FROM unnest(ARRAY['/rpc/get_layer', '/rpc/create_sdk_app', '/layers', '/rpc/', '/', '/rpc/rest']) WITH ORDINALITY u(p, n) ORDER BY n;
SELECT h, pg_temp.request('/layers', h), pg_temp.answer('SELECT flagplane.authenticate()')
	FROM unnest(ARRAY['{}', '{"authorization": "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"}', '{"authorization": ""}',
	'{"x-original-authorization": "Bearer x"}']::json[]) h;
COMMIT;
UPDATE flagplane_data.access_token SET killed_at = now() WHERE selector = split_part(:'layers', '_', 3);
BEGIN;
SELECT p, pg_temp.request(p, json_build_object('x-api-key', :'layers')), pg_temp.answer('SELECT flagplane.authenticate()')
	FROM unnest(ARRAY['/rpc/get_layer', '/rpc/list_sdk_apps']) p;
COMMIT;
UPDATE flagplane_data.access_token SET killed_at = NULL WHERE selector = split_part(:'layers', '_', 3);
-- Outside of a request there is nothing to refuse.
SELECT flagplane.authenticate();

-- Looked up once: by the pre-request, and not again by functions, views and handle().
BEGIN;
SELECT t.looked_up() IS NULL AS from_here;
SET LOCAL ROLE fp_anon;
SELECT pg_temp.request('/layers', json_build_object('authorization', 'Bearer ' || :'token'));
SELECT flagplane.authenticate(), t.looked_up();
SELECT flagplane.list_layers('authenticate')->>'totalCount', (SELECT count(*) FROM flagplane.layers
	WHERE key = 'x'), (SELECT count(*) > 0 FROM flagplane.environments), flagplane.get_project('authenticate')->>'key',
	(SELECT status FROM flagplane.handle('GET', '/api/v2/projects/authenticate', json_build_object('authorization', :'token')::jsonb)), t.looked_up();
COMMIT;
-- Without it, each looks for itself.
BEGIN;
SELECT t.looked_up() IS NULL AS from_here;
SELECT pg_temp.request('/layers', json_build_object('authorization', 'Bearer ' || :'token'));
SELECT flagplane.list_layers('authenticate')->>'totalCount', flagplane.get_project('authenticate')->>'key', t.looked_up();
COMMIT;
-- What is known is what the token may do, not more.
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate();
SELECT pg_temp.answer($$SELECT flagplane.list_flags('authenticate')$$);
COMMIT;
-- It is known of that token only: another one is looked up, a wrong one refused, none is none.
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate(), t.looked_up() IS NULL AS from_here;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'token'));
SELECT flagplane.list_flags('authenticate')->>'totalCount', t.looked_up();
SELECT pg_temp.request('/layers', json_build_object('x-api-key', left(:'layers', -1) || CASE WHEN :'layers' LIKE '%0' THEN '1' ELSE '0' END));
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
COMMIT;
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'token'));
SELECT flagplane.authenticate();
SELECT pg_temp.request('/layers', '{}');
SET LOCAL ROLE fp_anon;
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
COMMIT;
-- The actor is the token, known or not; after a write it is looked up again.
BEGIN;
SELECT t.looked_up() IS NULL AS from_here;
SELECT pg_temp.request('/rpc/create_layer', json_build_object('x-api-key', :'token'));
SELECT flagplane.authenticate();
SELECT flagplane.create_layer('authenticate', 'known', 'K', '')->>'key', t.looked_up();
SELECT flagplane.create_layer('authenticate', 'asked', 'K', '')->>'key', t.looked_up();
COMMIT;
SELECT count(DISTINCT actor), count(*) FROM flagplane_data.audit_log WHERE target LIKE 'proj/authenticate:layer/%' AND actor LIKE 'token:%';
-- No setting speaks for it: the names are reserved.
SELECT t.try($$SELECT set_config('flagplane.token', 'x', false)$$);
-- Not after the transaction: a token that is revoked, by whatever way, is refused in the next one.
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate();
COMMIT;
UPDATE flagplane_data.access_token SET revoked_at = now() WHERE selector = split_part(:'layers', '_', 3);
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
SELECT pg_temp.answer('SELECT flagplane.authenticate()');
ROLLBACK;
UPDATE flagplane_data.access_token SET revoked_at = NULL WHERE selector = split_part(:'layers', '_', 3);
-- Not after an aborted one either.
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate();
ROLLBACK;
BEGIN;
SELECT t.looked_up() IS NULL AS from_here;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.list_layers('authenticate')->>'totalCount', t.looked_up();
COMMIT;
-- Nor where the token was revoked in the very transaction, ...
BEGIN;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate();
UPDATE flagplane_data.access_token SET revoked_at = now() WHERE selector = split_part(:'layers', '_', 3);
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
ROLLBACK;
-- ... where it was made in a savepoint that is gone, ...
BEGIN;
SAVEPOINT s;
SELECT flagplane.create_access_token('gone', '{*}')->>'token' AS gone \gset
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'gone'));
SELECT flagplane.authenticate(), flagplane.list_layers('authenticate')->>'totalCount';
ROLLBACK TO s;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'gone'));
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
ROLLBACK;
-- ... or where it has expired meanwhile: here the secret from before a rotation.
SELECT flagplane.create_access_token('turned', '{*}', expires_at => clock_timestamp() + interval '1 hour') AS turned \gset
SELECT flagplane.rotate_access_token(:'turned'::json->>'_id', interval '2 s') IS NOT NULL AS rotated;
BEGIN;
SELECT t.looked_up() IS NULL AS from_here;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'turned'::json->>'token'));
SELECT flagplane.authenticate(), t.looked_up();
SELECT flagplane.list_layers('authenticate')->>'totalCount' AS layers, t.looked_up();
SELECT pg_sleep_until(previous_expires_at) FROM flagplane_data.access_token WHERE name = 'turned';
SELECT pg_temp.answer($$SELECT flagplane.list_layers('authenticate')$$);
COMMIT;
-- In a read-only transaction as well.
BEGIN READ ONLY;
SELECT pg_temp.request('/layers', json_build_object('x-api-key', :'layers'));
SELECT flagplane.authenticate(), flagplane.list_layers('authenticate')->>'totalCount';
COMMIT;
DROP OWNED BY fp_anon;
DROP ROLE fp_anon;
DROP FUNCTION t.looked_up();
