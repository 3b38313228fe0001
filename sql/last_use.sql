-- When a token was last used: noted by REST requests and by changes, once in a while, never where nothing can be written.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('used') IS NOT NULL AS made;
CREATE TABLE t.used (name text, token text);
INSERT INTO t.used SELECT n, flagplane.create_access_token(n, '{*}')->>'token'
	FROM unnest(ARRAY['u-rest', 'u-refused', 'u-readonly', 'u-repeatable', 'u-read', 'u-change', 'u-replay', 'u-rollback', 'u-never']) n;
CREATE FUNCTION t.get(name text, uri text DEFAULT '/api/v2/projects/used') RETURNS int LANGUAGE sql AS $$
	SELECT status FROM flagplane.handle('GET', uri, json_build_object('Authorization', (SELECT token FROM t.used WHERE used.name = get.name))::jsonb)
$$;
CREATE FUNCTION t.call(name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', (SELECT token
		FROM t.used WHERE used.name = call.name))::text, true);
	answer := t.try(statement);
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
-- A new token has never been used.
SELECT DISTINCT e->>'lastUsed' AS last_used FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e WHERE e->>'name' LIKE 'u-%';
-- A REST request, reading or changing.
SELECT t.get('u-rest');
-- Not one that is refused, nor one that cannot write, or sees an old snapshot.
SELECT t.get('u-refused', '/api/v2/projects/nowhere');
BEGIN READ ONLY;
SELECT t.get('u-readonly');
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT t.get('u-repeatable');
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT t.get('u-repeatable');
SELECT t.call('u-repeatable', $$SELECT flagplane.create_layer('used', 'serializable', 'L', '')->>'key'$$);
COMMIT;
-- Over /rpc and in SQL: changes and replays, not reads, whose functions promise to write nothing.
SELECT t.call('u-read', 'SELECT flagplane.whoami()->>''name''');
SELECT t.call('u-change', $$SELECT flagplane.create_layer('used', 'l', 'L', '')->>'key'$$);
SELECT t.call('u-replay', $$SELECT flagplane.create_layer('used', 'once', 'L', '', idempotency_key => '99999999-9999-4999-8999-999999999999')->>'key'$$);
-- What is rolled back is not noted.
BEGIN;
SELECT t.get('u-rollback');
ROLLBACK;
SELECT t.name, now() - u.used_at < interval '1 minute' AS noted FROM flagplane_data.access_token t
	JOIN flagplane_data.access_token_use u ON u.account_id = t.account_id AND u.token_id = t.id WHERE t.name LIKE 'u-%' ORDER BY 1;
-- The documents show it, in the form of each service.
SELECT e->>'name' AS name, (e->>'lastUsed')::bigint = floor(extract(epoch FROM u.used_at) * 1000) AS same
	FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e, flagplane_data.access_token_use u
WHERE u.token_id = e->>'_id' AND e->>'name' IN ('u-rest', 'u-never') ORDER BY 1;
SELECT t.call('u-rest', 'SELECT flagplane.whoami()->>''lastUsedAt''');
-- It is not written again before it is some minutes old: by this session, which remembers, and by another, which looks.
CREATE FUNCTION t.age(name text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN now() - used_at < interval '1 minute' THEN 'new' WHEN now() - used_at < interval '5 minutes' THEN 'some minutes' ELSE 'old' END
	FROM flagplane_data.access_token_use WHERE token_id = (SELECT id FROM flagplane_data.access_token WHERE access_token.name = age.name)
$$;
SELECT t.get('u-rest');
UPDATE flagplane_data.access_token_use SET used_at = now() - interval '1 day' WHERE token_id = (SELECT id
	FROM flagplane_data.access_token WHERE name = 'u-rest');
SELECT t.get('u-rest'), t.age('u-rest') AS remembered;
\c -
SET client_min_messages = warning;
SELECT t.get('u-rest');
SELECT t.age('u-rest') AS looked;
UPDATE flagplane_data.access_token_use SET used_at = now() - interval '4 minutes' WHERE token_id = (SELECT id
	FROM flagplane_data.access_token WHERE name = 'u-rest');
\c -
SET client_min_messages = warning;
SELECT t.get('u-rest');
SELECT t.age('u-rest') AS some_minutes;
-- A backend remembers few tokens, and each for itself: many more are all noted.
CREATE TABLE t.many AS SELECT g, flagplane.create_access_token('m-' || g, '{projects:read}')->>'token' AS token FROM generate_series(1, 200) g;
SELECT count(*) FILTER (WHERE h.status = 200)
	FROM t.many, flagplane.handle('GET', '/api/v2/projects/used', json_build_object('Authorization', token)::jsonb) h;
SELECT count(u.used_at), count(*) FROM flagplane_data.access_token t
	JOIN flagplane_data.access_token_use u ON u.account_id = t.account_id AND u.token_id = t.id WHERE t.name LIKE 'm-%';
-- Its row goes with the token.
DELETE FROM flagplane_data.access_token WHERE name LIKE 'm-%';
SELECT count(*) FROM flagplane_data.access_token t FULL
	JOIN flagplane_data.access_token_use u ON u.account_id = t.account_id AND u.token_id = t.id WHERE t.id IS NULL OR u.token_id IS NULL;
-- What was rolled back, whole or to a savepoint, this session has not noted: the next request does.
INSERT INTO t.used SELECT n, flagplane.create_access_token(n, '{*}')->>'token' FROM unnest(ARRAY['u-undone', 'u-savepoint', 'u-released', 'u-within']) n;
CREATE FUNCTION t.noted(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT used_at IS NOT NULL FROM flagplane_data.access_token_use WHERE token_id = (SELECT id
		FROM flagplane_data.access_token WHERE access_token.name = noted.name)
$$;
BEGIN;
SELECT t.get('u-undone');
SELECT t.noted('u-undone') AS within;
ROLLBACK;
SELECT t.noted('u-undone') AS undone;
SELECT t.get('u-undone');
SELECT t.noted('u-undone') AS again;
-- That one is committed, and not written again.
UPDATE flagplane_data.access_token_use SET used_at = now() - interval '1 day' WHERE token_id = (SELECT id
	FROM flagplane_data.access_token WHERE name = 'u-undone');
SELECT t.get('u-undone'), t.age('u-undone') AS remembered;
BEGIN;
SAVEPOINT s;
SELECT t.get('u-savepoint');
SELECT t.noted('u-savepoint') AS within;
ROLLBACK TO s;
SELECT t.noted('u-savepoint') AS undone;
SELECT t.get('u-savepoint');
SELECT t.noted('u-savepoint') AS again;
COMMIT;
SELECT t.noted('u-savepoint') AS committed;
UPDATE flagplane_data.access_token_use SET used_at = now() - interval '1 day' WHERE token_id = (SELECT id
	FROM flagplane_data.access_token WHERE name = 'u-savepoint');
SELECT t.get('u-savepoint'), t.age('u-savepoint') AS remembered;
-- A savepoint that is released goes the way of what is around it.
BEGIN;
SAVEPOINT s;
SELECT t.get('u-released');
RELEASE s;
SAVEPOINT s2;
SELECT t.get('u-within');
ROLLBACK TO s2;
ROLLBACK;
SELECT t.noted('u-released') AS released, t.noted('u-within') AS within;
SELECT t.get('u-released'), t.get('u-within');
SELECT t.noted('u-released') AS released, t.noted('u-within') AS within;
DROP FUNCTION t.get, t.call, t.age, t.noted;
DROP TABLE t.used, t.many;
