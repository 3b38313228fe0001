-- Who may call: roles, tokens, scopes, accounts; and whose name the work is done in.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
CREATE ROLE fp_anonymous;
CREATE ROLE fp_trusted;
GRANT USAGE ON SCHEMA flagplane, t TO fp_anonymous, fp_trusted;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_anonymous, fp_trusted;
GRANT USAGE ON SCHEMA flagplane_data TO fp_trusted;
SELECT t.project('callers') AS id \gset
SELECT t.project('callers2') IS NOT NULL AS made;

-- Without a token and rights, every operation refuses, whatever its arguments.
CREATE FUNCTION t.refusals() RETURNS TABLE (function name, answer text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.proname, array_to_string(ARRAY(SELECT 'NULL::' || format_type(u, NULL) FROM unnest(p.proargtypes) u), ', ') AS arguments
		FROM pg_proc p WHERE p.pronamespace = 'flagplane'::regnamespace AND p.prorettype = 'json'::regtype AND p.proname NOT IN ('openapi', 'evaluate', 'evaluate_all') ORDER BY 1
	LOOP
		function := f.proname;
		answer := t.try(format('SELECT flagplane.%I(%s)', f.proname, f.arguments));
		RETURN NEXT;
	END LOOP;
END
$$;
SET ROLE fp_anonymous;
SELECT answer, count(*) > 20 AS many FROM t.refusals() GROUP BY answer;
SELECT t.try('SELECT flagplane.purge()');
SELECT * FROM t.rest('GET', '/api/v2/projects');
SELECT t.try('SELECT count(*) FROM flagplane_data.project');
RESET ROLE;
-- With rights on the data, a role needs no token.
SET ROLE fp_trusted;
SELECT t.try($$SELECT flagplane.create_layer('callers', 'by-role', 'By role', '')->>'key'$$);
SELECT t.try('SELECT count(*) FROM flagplane_data.project');
RESET ROLE;
SELECT actor FROM flagplane_data.audit_log WHERE target = 'proj/callers:layer/by-role';
-- A team's own wrapper acts as its owner.
CREATE FUNCTION t.wrapper(key text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT flagplane.create_layer('callers', key, 'Wrapped', '')->>'key' $$;
ALTER FUNCTION t.wrapper(text) OWNER TO fp_trusted;
SET ROLE fp_anonymous;
SELECT t.try($$SELECT t.wrapper('wrapped')$$);
RESET ROLE;
SELECT actor FROM flagplane_data.audit_log WHERE target = 'proj/callers:layer/wrapped';

-- Scopes: each lets through what it is for, and nothing else.
CREATE TABLE t.token (name text, token text);
INSERT INTO t.token SELECT s, flagplane.create_access_token(s, ARRAY[s])->>'token'
FROM unnest(ARRAY['projects:read', 'projects:write', 'flags:read', 'flags:write', 'layers:read', 'layers:write', 'tokens:admin', 'audit:read', '*']) s;
INSERT INTO t.token SELECT r, flagplane.create_access_token(r, role => r)->>'token' FROM unnest(ARRAY['reader', 'writer', 'admin']) r;
CREATE FUNCTION t.as_token(name text, method text, uri text, body text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT r.status || CASE WHEN r.status < 400 THEN ''
		ELSE ' ' || coalesce(r.body::json->>'message', r.body::json->'error'->>'message') END FROM t.rest(method, uri, body,
		jsonb_build_object('Authorization', (SELECT token FROM t.token WHERE token.name = as_token.name),
			'Idempotency-Key', gen_random_uuid())) r
$$;
SELECT k.name, string_agg(left(t.as_token(k.name, v.method, v.uri, v.body), 3), ' ' ORDER BY v.n) AS "projects, create, layers, create, flags, create"
FROM t.token k, (VALUES (1, 'GET', '/api/v2/projects', NULL), (2, 'POST', '/api/v2/projects/callers/environments', '{}'),
	(3, 'GET', '/api/v2/projects/callers/layers', NULL), (4, 'POST', '/api/v2/projects/callers/layers', '{}'),
	(5, 'GET', '/api/v2/flags/callers', NULL), (6, 'POST', '/api/v2/flags/callers', '{}')) v(n, method, uri, body)
GROUP BY k.name ORDER BY k.name;
SELECT t.as_token('layers:read', 'POST', '/api/v2/projects/callers/layers', 'not json');

-- A token's caller cannot grant what it has not got.
CREATE FUNCTION t.rpc(name text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true);
	PERFORM set_config('request.headers', json_build_object('x-api-key', (SELECT token FROM t.token WHERE token.name = rpc.name))::text, true);
	answer := t.try(statement);
	PERFORM set_config('request.method', '', true);
	PERFORM set_config('request.headers', '', true);
	RETURN answer;
END
$$;
SELECT t.rpc('tokens:admin', $$SELECT flagplane.create_access_token('x', ARRAY['flags:read'])$$);
SELECT t.rpc('tokens:admin', $$SELECT flagplane.create_access_token('x', role => 'admin')$$);
SELECT t.rpc('tokens:admin', $$SELECT flagplane.create_access_token('x', ARRAY['tokens:admin'])->>'name'$$);
SELECT t.rpc('admin', $$SELECT flagplane.create_account('x', 'X')$$);
SELECT t.rpc('layers:read', $$SELECT flagplane.list_access_tokens()$$);

-- A token limited to projects sees no others, and cannot widen itself.
INSERT INTO t.token SELECT 'limited', flagplane.create_access_token('limited', ARRAY['*'], projects => '{callers}')->>'token';
SELECT t.as_token('limited', 'GET', '/api/v2/projects/callers') LIKE '200%' AS own, t.as_token('limited', 'GET', '/api/v2/projects/callers2') AS other,
	t.as_token('limited', 'POST', '/api/v2/projects/callers2/layers', '{"key": "x", "name": "x", "description": ""}') AS made,
	left(t.as_token('limited', 'POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "x", "platform": "expo"}'), 3) AS app;
SELECT t.as_token('limited', 'POST', '/v1/projects/' || (SELECT id FROM flagplane_data.project
	WHERE key = 'callers2') || '/sdk-apps', '{"name": "x", "platform": "expo"}');
SELECT t.rpc('limited', $$SELECT string_agg(e->>'key', ',') FROM json_array_elements(flagplane.list_projects()->'items') e$$);
SELECT t.as_token('limited', 'POST', '/api/v2/projects', '{"key": "mine", "name": "Mine"}');
SELECT t.rpc('limited', $$SELECT flagplane.create_access_token('x', ARRAY['flags:read'])$$);
SELECT t.rpc('limited', $$SELECT flagplane.create_access_token('x', ARRAY['flags:read'], projects => '{callers2}')$$);
SELECT t.rpc('limited', $$SELECT flagplane.create_access_token('x', ARRAY['flags:read'], projects => '{callers}')->>'name'$$);
-- Without rows it is valid for nothing, not for everything.
DELETE FROM flagplane_data.access_token_project;
SELECT t.as_token('limited', 'GET', '/api/v2/projects/callers');
SELECT t.as_token('limited', 'GET', '/api/v2/projects') LIKE '200%';

-- Expired, revoked, killed, altered.
UPDATE flagplane_data.access_token SET expires_at = now() WHERE name = 'flags:read';
UPDATE flagplane_data.access_token SET revoked_at = now() WHERE name = 'flags:write';
UPDATE flagplane_data.access_token SET killed_at = now() WHERE name = 'projects:read';
SELECT name, t.as_token(name, 'GET', '/api/v2/projects'), t.as_token(name, 'GET', '/v1/projects/' || :'id' || '/sdk-apps')
FROM unnest(ARRAY['flags:read', 'flags:write', 'projects:read']) name;
UPDATE t.token SET token = regexp_replace(token, '.$', CASE WHEN token LIKE '%A' THEN 'B' ELSE 'A' END) WHERE name = 'reader';
SELECT t.as_token('reader', 'GET', '/api/v2/projects');
-- A token's secret is stored nowhere.
SELECT count(*) FROM flagplane_data.access_token a, t.token k WHERE a::text LIKE '%' || right(k.token, 43) || '%';
SELECT count(*) FROM flagplane_data.access_token a JOIN t.token k ON a.name = k.name
	AND a.secret_hash = sha256(right(k.token, 43)::bytea) WHERE k.name <> 'reader';

-- Tokens: rules.
SELECT t.try($$SELECT flagplane.create_access_token(NULL)$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', '{}')$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', '{flags:read}', 'reader')$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', '{flags:raed}', expires_at => '2020-01-01', projects => '{}')$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', role => 'owner', member_id => 'x')$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', role => 'reader', member_id => 'x')$$);
SELECT t.try($$SELECT flagplane.create_access_token('x', role => 'reader', projects => '{callers,nowhere}')$$);
SELECT t.try($$SELECT flagplane.create_access_token('full', role => 'writer', projects => '{callers}', expires_at => '2100-01-01Z')$$);
SELECT t.mask(e::text) FROM json_array_elements(flagplane.list_access_tokens(1000)->'items') e WHERE e->>'name' = 'full' \gset masked_
SELECT regexp_replace(:'masked_mask', '"token":"[0-9A-Za-z]{4}"', '"token":"<ending>"');
SELECT t.try($$SELECT flagplane.create_member('Grace@Example.com', 'writer', 'Grace')$$);
SELECT t.try($$SELECT flagplane.create_member('grace@example.com')$$);
SELECT t.try($$SELECT flagplane.create_member('x@y', 'king', '')$$);
SELECT count(*) FROM json_array_elements(flagplane.list_members(1000)->'items') e WHERE e->>'email' = 'grace@example.com';

-- A second account sees nothing of the first.
SELECT t.try($$SELECT flagplane.create_account('acme', 'Acme')$$);
SELECT t.try($$SELECT flagplane.create_account('acme', 'Acme')$$);
SELECT string_agg(e->>'key', ' ') FROM json_array_elements(flagplane.list_accounts(1000)->'items') e WHERE e->>'key' IN ('acme', 'default');
SET flagplane.account = 'acme';
SELECT flagplane.list_projects()->'totalCount', flagplane.list_members()->'totalCount', flagplane.list_access_tokens()->'totalCount';
SELECT t.try($$SELECT flagplane.get_project('callers')$$);
SELECT t.try($$SELECT flagplane.create_layer('callers', 'x', 'X', '')$$);
SELECT t.try(format('SELECT flagplane.create_sdk_app(%L, %L, %L)', :'id', 'x', 'expo'));
SELECT t.try($$SELECT flagplane.create_project('callers', 'The same key, another account')->>'name'$$);
INSERT INTO t.token SELECT 'acme', flagplane.create_access_token('acme', role => 'admin')->>'token';
RESET flagplane.account;
SELECT t.as_token('acme', 'GET', '/api/v2/projects/callers') LIKE '200%' AS own, t.as_token('acme', 'GET', '/api/v2/projects/callers2') AS other,
	t.as_token('acme', 'GET', '/v1/projects/' || :'id' || '/sdk-apps') AS app;
SELECT flagplane.get_project('callers')->>'name';
SET flagplane.account = 'nowhere';
SELECT t.try($$SELECT flagplane.list_projects()$$);
RESET flagplane.account;

-- Names are pinned: a hostile search_path changes nothing, and is itself again afterwards.
CREATE SCHEMA hostile;
CREATE FUNCTION hostile.gotcha(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'gotcha as %', current_user; END $$;
CREATE OPERATOR hostile.= (LEFTARG = text, RIGHTARG = text, PROCEDURE = hostile.gotcha);
CREATE FUNCTION hostile.md5(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'gotcha as %', current_user; END $$;
CREATE FUNCTION hostile.length(text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'gotcha as %', current_user; END $$;
GRANT USAGE ON SCHEMA hostile TO fp_trusted;
SET ROLE fp_trusted;
CREATE TEMP TABLE project (id int);
SET search_path = hostile, pg_temp, pg_catalog;
SELECT flagplane.create_flag('callers', 'pinned', 'Pinned')->>'key';
SELECT flagplane.create_environment('callers', 'pinned', 'Pinned', '000000')->>'key';
SELECT flagplane.create_layer('callers', 'pinned', 'Pinned', '')->>'key';
SELECT current_user, current_setting('search_path');
-- After every kind of end the caller is themselves again.
SELECT t.try($$SELECT flagplane.create_layer('callers', 'pinned', 'Pinned', '')$$);
SELECT t.try($$SELECT flagplane.create_layer(NULL, NULL, NULL, NULL)$$);
SELECT status FROM t.rest('POST', '/api/v2/projects/callers/layers', '{}');
SELECT current_user, current_setting('search_path');
DO $$ BEGIN PERFORM flagplane.get_project('nowhere'); EXCEPTION WHEN no_data_found THEN RAISE WARNING '% %', current_user, current_setting('search_path'); END $$;
SELECT flagplane.get_project('nowhere');
SELECT current_user, current_setting('search_path');
RESET search_path;
RESET ROLE;
DROP SCHEMA hostile CASCADE;
DROP OWNED BY fp_anonymous, fp_trusted CASCADE;
DROP ROLE fp_anonymous, fp_trusted;
