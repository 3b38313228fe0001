-- Who is calling: by SQL and over both REST paths, roles, tokens of every kind, and nobody.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('whoami') IS NOT NULL AS made;
SELECT id AS account, lpad(to_hex(id), 8, '0') AS digits FROM flagplane_data.account WHERE key = 'default' \gset
CREATE FUNCTION pg_temp.mask(digits text, answer json) RETURNS text LANGUAGE sql AS $$ SELECT t.mask(replace(answer::text, digits, '<account>')) $$;
-- A database role.
SELECT pg_temp.mask(:'digits', flagplane.whoami());
SELECT pg_temp.mask(:'digits', flagplane.get_caller_identity());
SELECT t.shape(flagplane.whoami());
-- Tokens: of nobody, of a member, limited to projects, with an end; the weakest may ask.
SELECT flagplane.create_member('whoami@example.com')->>'_id' AS member \gset
CREATE TEMP TABLE bearer AS SELECT name, flagplane.create_access_token(name, scopes, NULL, member, projects, expires)->>'token' AS token
FROM (VALUES ('w-service', '{flags:read}'::text[], NULL, NULL::text[], NULL::timestamptz), ('w-personal', '{audit:read,layers:read}', :'member', NULL, NULL),
	('w-limited', '{tokens:admin}', NULL, '{whoami}', NULL), ('w-ending', '{*}', :'member', NULL, '2100-01-01Z')) v(name, scopes, member, projects, expires);
CREATE FUNCTION pg_temp.rest(name text, uri text) RETURNS TABLE (status int, body json) LANGUAGE sql AS $$
	SELECT h.status, h.body FROM flagplane.handle('GET', uri, json_build_object('Authorization', (SELECT token FROM bearer
		WHERE bearer.name = rest.name))::jsonb) h
$$;
SELECT name, r.status, pg_temp.mask(:'digits', r.body) AS body FROM bearer, pg_temp.rest(name, '/v1/whoami') r ORDER BY name;
SELECT name, r.status, pg_temp.mask(:'digits', r.body) AS body FROM bearer, pg_temp.rest(name, '/api/v2/caller-identity') r ORDER BY name;
-- What is told is what it is: the token's id, and the actor that the audit log names.
SELECT name, body->>'apiKeyId' = id AND body->>'actor' = 'token:' || id AS same FROM bearer
	JOIN flagplane_data.access_token USING (name), pg_temp.rest(name, '/v1/whoami') ORDER BY name;
-- Another account tells itself.
SELECT flagplane.create_account('whoami', 'Who am I') IS NOT NULL AS made;
SET flagplane.account = 'whoami';
SELECT w->>'organizationName' AS name, w->>'organizationId' <> 'org_' || :'digits' AS other FROM flagplane.whoami() w;
INSERT INTO bearer SELECT 'theirs', flagplane.create_access_token('theirs', '{flags:read}')->>'token';
RESET flagplane.account;
SELECT body->>'organizationName' AS name FROM pg_temp.rest('theirs', '/v1/whoami');
-- Before the first change there is no account.
BEGIN;
TRUNCATE flagplane_data.account CASCADE;
SELECT flagplane.whoami();
SELECT flagplane.get_caller_identity();
ROLLBACK;
SET flagplane.account = 'nowhere';
SELECT t.try('SELECT flagplane.whoami()');
RESET flagplane.account;
-- No token and no rights, or a token that is no good: nothing is told.
CREATE ROLE fp_whoami;
GRANT USAGE ON SCHEMA flagplane, t TO fp_whoami;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_whoami;
SET ROLE fp_whoami;
SELECT t.try('SELECT flagplane.whoami()');
SELECT t.try('SELECT flagplane.get_caller_identity()');
SELECT * FROM t.rest('GET', '/v1/whoami');
SELECT * FROM t.rest('GET', '/api/v2/caller-identity');
RESET ROLE;
DROP OWNED BY fp_whoami;
DROP ROLE fp_whoami;
SELECT flagplane.revoke_access_token(id) IS NOT NULL AS revoked FROM flagplane_data.access_token WHERE name = 'w-service';
SELECT flagplane.kill_access_token(id) IS NOT NULL AS killed FROM flagplane_data.access_token WHERE name = 'w-personal';
SELECT name, w.status AS layers, i.status AS launchdarkly
	FROM bearer, pg_temp.rest(name, '/v1/whoami') w, pg_temp.rest(name, '/api/v2/caller-identity') i ORDER BY name;
SELECT status, headers FROM t.rest('POST', '/v1/whoami');
-- A read-only transaction will do.
BEGIN READ ONLY;
SELECT w->>'organizationName' AS name FROM flagplane.whoami() w;
SELECT status FROM pg_temp.rest('w-limited', '/v1/whoami');
ROLLBACK;
