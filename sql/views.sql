-- The views: the rows of the caller's account and projects, and nothing secret.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('seen') AS seen, t.project('unseen') AS unseen \gset
CREATE TABLE t.held (name text, token text);
INSERT INTO t.held SELECT 'member', flagplane.create_access_token('m', '{*}', member_id => flagplane.create_member('views@example.com')->>'_id')->>'token';
SELECT count(*)
	FROM unnest('{seen,unseen}'::text[]) p, LATERAL (SELECT flagplane.create_flag(p, 'f', 'F'),
	flagplane.create_flag_link(p, 'f', 'k', 'github', metadata => '{"prNumber": "1"}'),
	flagplane.create_layer(p, 'l', 'L', 'd'), flagplane.create_segment(p, 'test', 's', 'S'), flagplane.create_sdk_app(p, 'A', 'expo', idempotency_key => gen_random_uuid())) made;
CREATE ROLE fp_nobody;
CREATE ROLE fp_backend;
GRANT USAGE ON SCHEMA flagplane, t TO fp_nobody, fp_backend;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_nobody, fp_backend;
GRANT ALL ON ALL TABLES IN SCHEMA flagplane TO fp_nobody, fp_backend;
GRANT USAGE ON SCHEMA flagplane_data TO fp_backend;

-- By a role with rights on the data.
SET ROLE fp_backend;
SELECT key, name, tags, version, id = :'seen' AS same_id FROM flagplane.projects WHERE key IN ('seen', 'unseen') ORDER BY key;
SELECT key, name, color, critical, version FROM flagplane.environments WHERE project_id = :'seen' ORDER BY key;
SELECT key, name, description, randomization_unit FROM flagplane.layers WHERE project_id = :'seen';
SELECT flag_key, key, integration_key, metadata, member_id FROM flagplane.flag_links WHERE project_id = :'seen';
SELECT name, platform, capi, rotated_at = created_at AS fresh FROM flagplane.sdk_apps WHERE project_id = :'seen';
SELECT operation, actor, t.mask(target) AS target, before IS NULL AS new FROM flagplane.audit WHERE target LIKE 'proj/seen:%' ORDER BY operation;
-- Filtered as PostgREST does it: by literals of no type, which take that of the column.
SELECT (SELECT count(*) FROM flagplane.projects WHERE tags @> '{none}') AS projects,
	(SELECT count(*) FROM flagplane.environments WHERE tags && '{none}') AS environments,
	(SELECT count(*) FROM flagplane.segments WHERE tags <@ '{none}' AND project_id = :'seen') AS segments,
	(SELECT count(*) FROM flagplane.layers WHERE key = ANY ('{l,m}') AND project_id = :'seen') AS layers;
-- Every column of every view can be compared with a literal, but documents of type json, which have no equality.
SELECT CASE WHEN answer ~ '^[0-9]+$' THEN 'compared' ELSE format('%s.%s: %s', relname, attname, answer) END AS answer, count(*) > 50 AS many
FROM (SELECT c.relname, a.attname, format_type(a.atttypid, -1) AS type FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
	WHERE a.attnum > 0 AND c.relnamespace = 'flagplane'::regnamespace AND c.relkind = 'v' AND c.relname NOT IN ('stats', 'environment_stats')) c,
	t.try(format('SELECT count(*) FROM flagplane.%I WHERE %I = %L', relname, attname, CASE WHEN type ~ '\[\]' THEN '{a}' WHEN type ~ 'time' THEN '2020-01-01'
		WHEN type ~ 'uuid' THEN '00000000-0000-4000-8000-000000000000' WHEN type ~ 'json' THEN 'null' WHEN type ~ 'bool' THEN 'true' ELSE '1' END)) AS answer
GROUP BY 1 ORDER BY 1;
-- The tables are as closed as ever, and the views cannot be written through whatever is granted.
SELECT t.try('SELECT count(*) FROM flagplane_data.project');
SELECT t.try(format('DELETE FROM flagplane.%I', relname)) AS answer FROM pg_class
	WHERE relnamespace = 'flagplane'::regnamespace AND relkind = 'v' AND relname NOT IN ('stats', 'environment_stats') ORDER BY relname;
SELECT t.try($$UPDATE flagplane.projects SET name = 'x'$$);
SELECT t.try($$INSERT INTO flagplane.layers (key) VALUES ('x')$$);
-- A condition of somebody's own sees no row but theirs.
CREATE FUNCTION pg_temp.peek(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE WARNING 'saw %', $1; RETURN true; END $$;
RESET ROLE;
SELECT flagplane.create_account('views', 'Views') IS NOT NULL AS made;
SET flagplane.account = 'views';
SELECT flagplane.create_project('theirs', 'Theirs') IS NOT NULL AS made;
INSERT INTO t.held SELECT 'theirs', flagplane.create_access_token('t', '{*}')->>'token';
SET ROLE fp_backend;
SELECT key FROM flagplane.projects WHERE pg_temp.peek(key);
SELECT count(*) FROM flagplane.environments WHERE pg_temp.peek(key);
SELECT (SELECT count(*) FROM flagplane.layers) AS layers, (SELECT count(*)
	FROM flagplane.flag_links) AS links, (SELECT count(*) FROM flagplane.sdk_apps) AS apps,
	(SELECT string_agg(operation, ' ' ORDER BY operation) FROM flagplane.audit) AS audit;
SET flagplane.account = 'nowhere';
SELECT t.try('SELECT count(*) FROM flagplane.projects');
RESET ROLE;
RESET flagplane.account;

-- What a role sees by a token: keys of rows, or the refusal.
CREATE FUNCTION t.seen(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
BEGIN
	PERFORM set_config('request.method', 'GET', true), set_config('request.headers', json_strip_nulls(json_build_object('x-api-key', token))::text, true);
	BEGIN
		EXECUTE statement INTO answer;
	EXCEPTION
		WHEN SQLSTATE 'PGRST' THEN
			GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
			answer := (detail::json->>'status') || ' ' || SQLERRM;
		WHEN OTHERS THEN answer := SQLSTATE || ': ' || SQLERRM;
	END;
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
CREATE TABLE t.view AS SELECT v.name, v.scope,
	format('SELECT coalesce(string_agg(DISTINCT %s, '' '' ORDER BY %1$s), ''none'') FROM flagplane.%I', v.shown, v.name) AS statement
FROM (VALUES ('projects', 'projects:read', 'key'), ('environments', 'projects:read', 'project_id::text'), ('layers', 'layers:read', 'project_id::text'),
	('flag_links', 'flags:read', 'project_id::text'), ('segments', 'flags:read', 'project_id::text'), ('sdk_apps', 'projects:read', 'project_id::text'), ('audit', 'audit:read', 'target')) v(name, scope, shown);
-- Every view is there.
SELECT relname FROM pg_class WHERE relnamespace = 'flagplane'::regnamespace AND relkind = 'v' AND relname NOT IN ('stats', 'environment_stats')
	AND relname NOT IN (SELECT name FROM t.view);
INSERT INTO t.held SELECT 'only ' || s, flagplane.create_access_token('t', ARRAY[s])->>'token' FROM (SELECT DISTINCT scope FROM t.view) v(s);
INSERT INTO t.held SELECT 'all but ' || s, flagplane.create_access_token('t',
	array_remove('{projects:read,projects:write,flags:read,flags:write,layers:read,layers:write,tokens:admin,audit:read}', s))->>'token'
	FROM (SELECT DISTINCT scope FROM t.view) v(s);
INSERT INTO t.held SELECT 'limited', flagplane.create_access_token('t', '{*}', projects => '{seen}')->>'token';
GRANT SELECT ON t.held, t.view TO fp_nobody;
SET ROLE fp_nobody;
-- Without a token: refused, and nothing else.
SELECT name, t.seen(NULL, statement) FROM t.view ORDER BY name;
SELECT name, t.try(statement) FROM t.view ORDER BY name;
SELECT name, t.seen('fp_00000001_0000000000000000_0000000000000000000000000000000000000000000', statement) FROM t.view WHERE name = 'audit';
-- The scope of each view is what it asks for.
SELECT v.name, t.seen(h.token, v.statement) FROM t.view v JOIN t.held h ON h.name = 'all but ' || v.scope ORDER BY v.name;
SELECT v.name, t.seen(h.token, v.statement) ~ '^(?!40[0-9] )' AS reads FROM t.view v JOIN t.held h ON h.name = 'only ' || v.scope ORDER BY v.name;
-- A token that is limited to projects sees theirs, one of another account its own.
SELECT v.name, t.mask(replace(t.seen(h.token, v.statement), :'seen', 'seen')) AS seen FROM t.view v, t.held h WHERE h.name = 'limited' ORDER BY v.name;
SELECT v.name, t.seen(h.token,
	v.statement) LIKE '%' || CASE v.name WHEN 'audit' THEN 'proj/unseen' WHEN 'projects' THEN 'unseen' ELSE :'unseen' END || '%' AS unseen
	FROM t.view v, t.held h WHERE h.name = 'member' ORDER BY v.name;
SELECT v.name, t.mask(t.seen(h.token, v.statement)) AS seen FROM t.view v, t.held h WHERE h.name = 'theirs' ORDER BY v.name;
RESET ROLE;
-- A project of the same name that was there before is not the limited token's.
BEGIN;
SELECT status FROM flagplane.handle('DELETE', '/api/v2/projects/seen');
SELECT flagplane.create_project('seen', 'Seen again') IS NOT NULL AS made;
INSERT INTO flagplane_data.access_token_project SELECT a.account_id, a.id, p.id
	FROM flagplane_data.access_token a, flagplane_data.project p WHERE NOT a.all_projects
	AND a.selector = (SELECT split_part(token, '_', 3) FROM t.held WHERE name = 'limited') AND p.key = 'seen';
SELECT t.seen(token, 'SELECT string_agg(operation, '' '' ORDER BY operation) FROM flagplane.audit') FROM t.held WHERE name = 'limited';
ROLLBACK;
-- Without rows the limited token sees nothing; empty tables refuse as full ones do; tables of another plan too.
BEGIN;
DELETE FROM flagplane_data.access_token_project;
SELECT v.name, t.seen(h.token, v.statement) FROM t.view v, t.held h WHERE h.name = 'limited' ORDER BY v.name;
ROLLBACK;
BEGIN;
TRUNCATE flagplane_data.project, flagplane_data.audit_log CASCADE;
SET LOCAL ROLE fp_nobody;
SELECT name, left(t.seen(NULL, statement), 3) AS status FROM t.view ORDER BY name;
SET LOCAL enable_indexscan = off;
SET LOCAL enable_bitmapscan = off;
SET LOCAL enable_nestloop = off;
SELECT name, left(t.seen(NULL, statement), 3) AS status FROM t.view ORDER BY name;
ROLLBACK;
-- Readable where nothing may be written, under a hostile search_path.
CREATE SCHEMA odd;
CREATE FUNCTION odd.gotcha(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'gotcha as %', current_user; END $$;
CREATE OPERATOR odd.= (LEFTARG = text, RIGHTARG = text, PROCEDURE = odd.gotcha);
BEGIN READ ONLY;
SET LOCAL search_path = odd, pg_catalog;
SELECT name, t.seen(token, 'SELECT count(*) > 0 FROM flagplane.projects') AS projects, t.seen(token,
	'SELECT count(*) > 0 FROM flagplane.audit') AS audit FROM t.held WHERE name OPERATOR(pg_catalog.=) 'limited';
ROLLBACK;
DROP SCHEMA odd CASCADE;

-- Nothing secret: no token, no hash, no key, no seed but small ones of tests, which other numbers are too.
SELECT count(*) > 10 AS many FROM t.held;
CREATE FUNCTION pg_temp.everything(view text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT string_agg(v::text, E''\\n'') FROM flagplane.%I v', view) INTO answer;
	RETURN answer;
END
$$;
SELECT v.name, length(x) > 100 AS much,
	x ~ '(sdk|mob)-[0-9a-f]{8}-|sk_app_[0-9A-Za-z]{43}|\\x[0-9a-f]{64}|fp_[0-9a-f]{8}_[0-9a-f]{16}_[0-9A-Za-z]{43}' AS secret,
	EXISTS (SELECT FROM flagplane_data.layer l WHERE l.seed > 1000000 AND x ~ ('\m' || l.seed || '\M')) AS seed, EXISTS (SELECT FROM t.held h
		WHERE position(right(h.token, 43) IN x) > 0) AS token
FROM t.view v, pg_temp.everything(v.name) x ORDER BY v.name;

-- What the views read on a cluster, and no view has forgotten it: the same rows, types and order of columns, by the same rules.
CREATE FUNCTION t.columns(view text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = ('flagplane.' || view)::regclass AND attnum > 0
$$;
CREATE FUNCTION t.same_rows(view text, account text, token text, whole boolean) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	answers text[];
	source text;
BEGIN
	PERFORM set_config('flagplane.account', account, true);
	PERFORM set_config('request.method', CASE WHEN token IS NOT NULL THEN 'GET' END, true),
		set_config('request.headers', CASE WHEN token IS NOT NULL THEN json_build_object('x-api-key', token)::text END, true);
	FOREACH source IN ARRAY ARRAY[format('flagplane.%I v', view), format('flagplane.view_rows(%L) AS v(%s)', view, t.columns(view))] LOOP
		BEGIN
			EXECUTE format('SELECT count(*) || E''\n'' || coalesce(string_agg(v::text, E''\n'' ORDER BY v::text) FILTER (WHERE %L), '''') FROM %s', whole, source) INTO answer;
			answers := answers || answer;
		EXCEPTION WHEN OTHERS THEN
			answers := answers || (SQLSTATE || ' ' || regexp_replace(SQLERRM, 'req_\w+', 'req'));
		END;
	END LOOP;
	RETURN CASE WHEN answers[1] <> answers[2] THEN format('%s: %s', view, answers)
		WHEN answers[1] ~ '^(28000|42501|PGRST) ' THEN 'same refusal' WHEN answers[1] ~ '^0\n' THEN 'none' ELSE 'same rows' END;
END
$$;
SELECT coalesce(h.name, 'role') AS caller, a.account, t.same_rows(v.name, a.account, h.token, h.name IN ('limited', 'theirs') OR h.name IS NULL) AS answer, count(*)
FROM t.view v, (SELECT name, token FROM t.held UNION ALL SELECT NULL, NULL) h, (VALUES ('default'), ('views')) a(account)
WHERE a.account = 'views' OR h.name IS NULL
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SET ROLE fp_nobody;
SELECT t.try(format('SELECT * FROM flagplane.view_rows(%L) AS r(a text)', v.name)) AS answer, count(*) FROM t.view v GROUP BY 1;
RESET ROLE;
SELECT t.try($$SELECT * FROM flagplane.view_rows('stats') AS r(a text)$$), t.try('SELECT * FROM flagplane.view_rows(NULL) AS r(a text)');
-- What somebody else takes the rows for they are not.
SELECT t.try($$SELECT * FROM flagplane.view_rows('projects') AS r(a text)$$);
SELECT t.try(format($$SELECT * FROM flagplane.view_rows('projects') AS r(%s)$$, replace(t.columns('projects'), 'id uuid', 'id bytea')));
-- Here nothing is routed, however often it is asked for.
SELECT flagplane_data.route_views() AS routed;
DROP FUNCTION t.same_rows(text, text, text, boolean), t.columns(text);

-- Who calls is found out once a statement, however many rows and tables there are.
SET track_functions = 'all';
BEGIN;
SELECT count(*) > 2 AS many FROM flagplane.environments;
SELECT pg_stat_get_xact_function_calls('flagplane.current_caller(text)'::regprocedure) AS calls;
SELECT count(*) > 2 AS many FROM flagplane.projects p JOIN flagplane.environments e ON e.project_id = p.id
	JOIN flagplane.audit a ON a.account_id = p.account_id;
SELECT pg_stat_get_xact_function_calls('flagplane.current_caller(text)'::regprocedure) AS calls;
COMMIT;
RESET track_functions;
SELECT t.try($$SELECT flagplane.current_caller('projects')$$), t.try($$SELECT flagplane.current_caller(NULL)$$);

-- PostgREST embeds by foreign keys, which it follows through a view's columns to those of the table: all columns of each key are there.
WITH origin AS (
	SELECT r.ev_class AS view, m[1]::oid AS table, m[2]::smallint AS number FROM pg_rewrite r
		JOIN pg_class c ON c.oid = r.ev_class AND c.relnamespace = 'flagplane'::regnamespace,
	regexp_matches(r.ev_action::text, ':ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+) :resjunk', 'g') m)
SELECT DISTINCT child.view::regclass AS embeds, parent.view::regclass AS in, k.conname AS by FROM pg_constraint k
JOIN origin child ON child.table = k.conrelid JOIN origin parent ON parent.table = k.confrelid
WHERE k.contype = 'f' AND NOT EXISTS (SELECT FROM unnest(k.conkey) n WHERE (child.view, k.conrelid, n) NOT IN (SELECT view, "table", number FROM origin))
AND NOT EXISTS (SELECT FROM unnest(k.confkey) n WHERE (parent.view, k.confrelid, n) NOT IN (SELECT view, "table", number FROM origin))
AND child.view <> parent.view ORDER BY 1, 2, 3;
DROP OWNED BY fp_nobody, fp_backend;
DROP ROLE fp_nobody, fp_backend;
DROP TABLE t.held, t.view;
DROP FUNCTION t.seen(text, text);
