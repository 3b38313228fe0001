-- The audit log for people: the documented entry, pages, bounds, filters, and what a limited token sees.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT flagplane.create_account('log', 'Log') IS NOT NULL AS made;
SET flagplane.account = 'log';
SELECT id AS account, lpad(to_hex(id), 8, '0') AS digits FROM flagplane_data.account WHERE key = 'log' \gset
CREATE FUNCTION pg_temp.mask(digits text, answer text) RETURNS text LANGUAGE sql AS $$
	SELECT t.mask(regexp_replace(regexp_replace(replace(answer, digits, '<account>'), '<account>[0-9a-f]{40}', '<cursor>',
		'g'), '"ending":"[0-9A-Za-z]{4}"', '"ending":"<ending>"'))
$$;
CREATE FUNCTION pg_temp.names(list json) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(e->>'name', ' '
		ORDER BY n), '-') || CASE WHEN list->'_links'->'next' IS NULL THEN '' ELSE ' and more' END
		FROM json_array_elements(list->'items') WITH ORDINALITY i(e, n)
$$;
-- Nothing yet.
SELECT flagplane.list_audit_log();
-- One of each kind, by a role, a member's token and a service's.
SELECT t.project('log') IS NOT NULL AS made;
SELECT flagplane.create_member('log@example.com', 'admin', 'Ada', 'Log')->>'_id' AS member,
	flagplane.create_member('nameless@example.com')->>'_id' AS nameless \gset
CREATE TEMP TABLE bearer AS SELECT name, flagplane.create_access_token(name, '{*}', NULL, member)->>'token' AS token
	FROM (VALUES ('ada', :'member'), ('nameless', :'nameless'), ('service', NULL)) v(name, member);
CREATE FUNCTION pg_temp.rest(name text, method text, uri text, body text DEFAULT NULL) RETURNS TABLE (status int, body json) LANGUAGE sql AS $$
	SELECT h.status, h.body FROM flagplane.handle(method, uri, json_build_object('Authorization', (SELECT token FROM bearer
		WHERE bearer.name = rest.name), 'Idempotency-Key', gen_random_uuid())::jsonb, rest.body) h
$$;
SELECT r.status FROM pg_temp.rest('ada', 'POST', '/api/v2/projects/log/layers', '{"key": "l", "name": "Layer one", "description": ""}') r;
SELECT r.status FROM pg_temp.rest('nameless', 'POST', '/api/v2/projects/log/environments', '{"key": "e", "name": "Env", "color": "000000"}') r;
SELECT r.status FROM pg_temp.rest('service', 'POST', '/api/v2/flags/log', '{"key": "f", "name": "Flag"}') r;
SELECT flagplane.create_flag_link('log', 'f', 'k', title => 'A "title"') IS NOT NULL AS made,
	flagplane.create_flag_link('log', 'f', 'untitled') IS NOT NULL AS made;
SELECT flagplane.register_integration('log', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('log', 'App', 'expo')->>'appId' AS app \gset
SELECT flagplane.update_sdk_app('log', :'app', name => 'App two', bundle_id => 'a.b') IS NOT NULL AS changed;
-- Its key is as of an hour ago, so that the second of the rotation is another one on any machine.
UPDATE flagplane_data.sdk_app SET rotated_at = rotated_at - interval '1 hour' WHERE account_id = :account AND name = 'App two';
SELECT flagplane.update_sdk_app('log', :'app', rotate_key => true) IS NOT NULL AS changed;
SELECT flagplane.reset_environment_sdk_key('log', 'e') IS NOT NULL AS reset;
SELECT flagplane.rotate_access_token(id) IS NOT NULL AS rotated FROM flagplane_data.access_token WHERE account_id = :account AND name = 'service';
SELECT flagplane.delete_flag('log', 'f'), flagplane.delete_environment('log', 'e');
SELECT t.shape(e) FROM json_array_elements(flagplane.list_audit_log("limit" => 1)->'items') e;
SELECT pg_temp.mask(:'digits', e::text) AS entry FROM json_array_elements(flagplane.list_audit_log("limit" => 100)->'items') e;
-- An entry by its id: what was before and after.
SELECT e->>'_id' AS id FROM json_array_elements(flagplane.list_audit_log(filter => 'app two')->'items') WITH ORDINALITY i(e, n)
	WHERE e->>'description' LIKE '%bundleId%' \gset
SELECT pg_temp.mask(:'digits', flagplane.get_audit_log_entry(:'id')::text);
SELECT r.status, (r.body->>'_id') = :'id' AS same FROM pg_temp.rest('ada', 'GET', '/api/v2/auditlog/' || :'id') r;
SELECT e->'currentVersion' AS current, (e->'previousVersion'->>'key') AS previous
	FROM json_array_elements(flagplane.list_audit_log(filter => 'env/e')->'items') WITH ORDINALITY i(l, n), flagplane.get_audit_log_entry(l->>'_id') e
	WHERE n = 1;
SELECT t.try(format('SELECT flagplane.get_audit_log_entry(%L)', i))
	FROM unnest(ARRAY['', 'x', repeat('0', 24), repeat('f', 24), upper(:'id') || '0', overlay(:'id' PLACING 'ff' FROM 23)]) i;
SELECT t.try('SELECT flagplane.get_audit_log_entry(NULL)');
SELECT * FROM t.rest('GET', '/api/v2/auditlog/nothing');
-- Filters: the name or the resource, in either case; no pattern.
SELECT f, pg_temp.names(flagplane.list_audit_log(filter => f))
	FROM unnest(ARRAY['LAYER', 'layer/l', 'flag/f', 'title', '%', '_', 'nothing', '', 'proj/log']) WITH ORDINALITY u(f, n) ORDER BY n;
SELECT t.try(format('SELECT flagplane.list_audit_log(filter => %L)', repeat('x', 1001)));
SELECT r.status, pg_temp.names(r.body), pg_temp.mask(:'digits', r.body->>'_links')
	FROM pg_temp.rest('ada', 'GET', '/api/v2/auditlog?limit=1&q=proj%2Flog%3Aenv&before=253402300799999&after=0') r;
-- Bounds are the milliseconds that entries show; neither is included.
SELECT flagplane.create_account('bounds', 'Bounds') IS NOT NULL AS made;
SET flagplane.account = 'bounds';
SELECT t.project('bounds') IS NOT NULL AS made;
SELECT count(flagplane.create_layer('bounds', 'l' || g, 'l' || g, '')) FROM generate_series(1, 5) g;
UPDATE flagplane_data.audit_log SET at = '2026-01-01 00:00:00.001Z'::timestamptz + (substr(target, 20)::int - 1) * interval '0.9 milliseconds'
	WHERE operation = 'create_layer' AND account_id = (SELECT id FROM flagplane_data.account WHERE key = 'bounds');
SELECT string_agg(e->>'name' || ' ' || right(e->>'date', 3), ', ' ORDER BY n)
	FROM json_array_elements(flagplane.list_audit_log(filter => 'layer/')->'items') WITH ORDINALITY i(e, n);
SELECT b, a, pg_temp.names(flagplane.list_audit_log(1767225600000 + b, 1767225600000 + a))
	FROM (VALUES (1, 0), (2, 0), (2, 1), (3, 1), (5, 2), (5, NULL), (NULL, 3), (1, 1), (0, 5)) v(b, a);
SELECT t.try(format('SELECT flagplane.list_audit_log(%L, %L)', b, a)) FROM (VALUES (-1, NULL), (NULL, -1), (253402300800000, 253402300800000)) v(b, a);
-- Pages of 0, 1, page - 1, page, page + 1; the order of one transaction's changes is the other way round.
CREATE FUNCTION pg_temp.walk(uri text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	page json;
	told text := '';
BEGIN
	WHILE uri IS NOT NULL LOOP
		SELECT body INTO STRICT page FROM flagplane.handle('GET', uri) WHERE status = 200;
		told := told || pg_temp.names(page) || '; ';
		uri := page->'_links'->'next'->>'href';
	END LOOP;
	RETURN told;
END
$$;
SELECT p, pg_temp.walk('/api/v2/auditlog?limit=' || p) FROM unnest(ARRAY[1, 3, 5, 6, 7]) p;
SELECT p, pg_temp.walk('/api/v2/auditlog?q=l3&limit=' || p) FROM unnest(ARRAY[1, 2]) p;
UPDATE flagplane_data.audit_log SET at = '2026-01-01 00:00:00.001Z' WHERE account_id = (SELECT id FROM flagplane_data.account WHERE key = 'bounds');
SELECT p, pg_temp.walk('/api/v2/auditlog?limit=' || p) FROM unnest(ARRAY[1, 2, 6]) p;
-- What is changed while somebody turns the pages does not move those that are to come.
SELECT l->'_links'->'next'->>'href' AS next FROM flagplane.list_audit_log("limit" => 3) l \gset
SELECT flagplane.create_layer('bounds', 'new', 'new', '') IS NOT NULL AS made;
SELECT pg_temp.walk(:'next'), pg_temp.names(flagplane.list_audit_log("limit" => 2));
-- Cursors that are none, or another account's.
SELECT substring(:'next' FROM 'cursor=(.*)') AS cursor \gset
SELECT n, t.try(format('SELECT flagplane.list_audit_log(cursor => %L)', c))
	FROM (VALUES ('empty', ''), ('short', left(:'cursor', 47)), ('long', :'cursor' || '0'), ('not hexadecimal', 'g' || substr(:'cursor', 2)),
	('end of times', left(:'cursor', 8) || '7' || repeat('f', 15) || right(:'cursor', 24)), ('beginning of times',
		left(:'cursor', 8) || '8' || repeat('0', 15) || right(:'cursor', 24)), ('bad time', left(:'cursor',
		8) || ' 0x' || substr(:'cursor', 12)), ('account', CASE WHEN :'cursor' LIKE '0%' THEN '1' ELSE '0' END || substr(:'cursor', 2))) v(n, c);
SELECT t.try(format('SELECT flagplane.list_audit_log("limit" => %s)', l)) FROM unnest(ARRAY[-1, 0, 1001]) l;
SET flagplane.account = 'log';
SELECT t.try(format('SELECT flagplane.list_audit_log(cursor => %L)', :'cursor'));
SELECT t.try(format('SELECT flagplane.get_audit_log_entry(%L)', right(:'cursor', 24))) LIKE '%"name":"l%' AS of_another_account;
-- Tokens: the scope, and the projects.
SELECT t.project('log2') IS NOT NULL AS made;
SELECT flagplane.create_layer('log2', 'l2', 'Layer two', '') IS NOT NULL AS made;
INSERT INTO bearer SELECT 'limited', flagplane.create_access_token('limited', '{audit:read}', projects => '{log2}')->>'token';
INSERT INTO bearer SELECT 'blind', flagplane.create_access_token('blind', '{projects:read,tokens:admin}')->>'token';
SELECT r.status, pg_temp.names(r.body) FROM pg_temp.rest('limited', 'GET', '/api/v2/auditlog') r;
SELECT r.status FROM pg_temp.rest('limited', 'GET', '/api/v2/auditlog/' || :'id') r;
SELECT r.status, r.body->>'name' AS name
	FROM json_array_elements(flagplane.list_audit_log(filter => 'Layer two')->'items') e, pg_temp.rest('limited', 'GET',
	'/api/v2/auditlog/' || (e->>'_id')) r;
SELECT t.mask(u) AS uri, r.status, r.body
	FROM unnest(ARRAY['/api/v2/auditlog', '/api/v2/auditlog/' || :'id', '/api/v2/auditlog/x']) u, pg_temp.rest('blind', 'GET', u) r;
-- The project's end ends the token's reach, not the entries.
SELECT flagplane.delete_project('log2');
SELECT r.status, pg_temp.names(r.body) FROM pg_temp.rest('limited', 'GET', '/api/v2/auditlog') r;
SELECT pg_temp.names(flagplane.list_audit_log(filter => 'proj/log2')), count(DISTINCT project_id) AS projects, count(project_id) AS rows
	FROM flagplane_data.audit_log WHERE target LIKE 'proj/log2%';
-- By a resource specifier, whose stars keep within its parts.
SELECT s AS spec, array(SELECT DISTINCT t.mask(e->'target'->'resources'->>0)
	FROM json_array_elements(flagplane.list_audit_log("limit" => 1000, spec => s)->'items') e ORDER BY 1) AS targets
FROM unnest(ARRAY['proj/*', 'proj/log', 'proj/*:env/*', 'proj/log:env/*:flag/*', 'proj/log:layer/**', '*', '*:*',
	'proj/lo.', 'proj/log:layer/(x|y)', 'proj/[a-z]*', '\', 'member/*', 'Proj/log']) s;
SELECT r.status, t.mask(regexp_replace((r.body->'_links')::text, 'cursor=[0-9a-f]+', 'cursor=<cursor>')) AS links
	FROM pg_temp.rest('ada', 'GET', '/api/v2/auditlog?limit=1&spec=proj%2F*%3Aenv%2F*') r;
SELECT s AS spec, t.try(format('SELECT flagplane.list_audit_log(spec => %L)', s)) FROM unnest(ARRAY['', 'proj/*;tag', 'proj/' || chr(10)]) s;
SELECT pg_temp.names(flagplane.list_audit_log(spec => repeat('*a', 499)));
BEGIN READ ONLY;
SELECT pg_temp.names(flagplane.list_audit_log("limit" => 2));
ROLLBACK;
RESET flagplane.account;
