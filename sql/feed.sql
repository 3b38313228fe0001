-- The feed of changes: each once and in order, pages, cursors, projects that a token is not for, other servers.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT flagplane.create_account('feed', 'Feed') IS NOT NULL AS made;
SET flagplane.account = 'feed';
-- Transactions of other databases count too: all that have a change before them must have ended.
CREATE FUNCTION pg_temp.settle() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	WHILE (SELECT max(l.xid) FROM flagplane_data.audit_log l JOIN flagplane_data.audit_epoch g ON g.account_id = l.account_id AND g.number = l.epoch
		WHERE g.system_identifier = (SELECT system_identifier FROM pg_control_system())) >= pg_snapshot_xmin(pg_current_snapshot()) LOOP
		PERFORM pg_sleep(0.01);
	END LOOP;
END
$$;
CREATE FUNCTION pg_temp.what(page json) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(coalesce(e->'after'->>'key', e->>'operation'), ' '
		ORDER BY n), '-') || CASE WHEN (page->>'hasMore')::boolean THEN ' and more' ELSE '' END
	FROM json_array_elements(page->'items') WITH ORDINALITY i(e, n)
$$;
-- Before the first change: nothing, and a cursor to begin with.
SELECT pg_temp.what(c), c->>'nextCursor' = lpad(to_hex(id), 8, '0') || repeat('0', 24) AS beginning
	FROM flagplane.changes() c, flagplane_data.account WHERE key = 'feed';
SELECT flagplane.changes()->>'nextCursor' AS beginning \gset
SELECT t.project('feed') AS project \gset
SELECT pg_temp.settle() \g /dev/null
SELECT t.shape(e), t.mask((e::jsonb - 'after')::text) FROM flagplane.changes(:'beginning') c, json_array_elements(c->'items') e;
SELECT pg_temp.what(flagplane.changes()), pg_temp.what(flagplane.changes(NULL, NULL)), pg_temp.what(flagplane.changes(flagplane.changes()->>'nextCursor'));
SELECT flagplane.changes()->>'nextCursor' AS start \gset
-- Many changes of one transaction come in the order they were made in, also over what was taken back in between.
BEGIN;
SELECT count(flagplane.create_layer('feed', 'l' || g, 'L', '')) FROM generate_series(1, 12) g;
SAVEPOINT s;
SELECT flagplane.create_layer('feed', 'undone', 'L', '') IS NOT NULL AS made;
ROLLBACK TO s;
SELECT t.try($$SELECT flagplane.create_layer('feed', 'l1', 'L', '')$$);
SELECT status FROM t.rest('POST', '/api/v2/projects/feed/layers', '{"key": "l13", "name": "L", "description": ""}');
SELECT t.project('feed2') IS NOT NULL AS made;
SELECT flagplane.delete_project('feed');
-- Their own transaction does not see them.
SELECT pg_temp.what(flagplane.changes(:'start'));
COMMIT;
SELECT pg_temp.settle() \g /dev/null
SELECT pg_temp.what(flagplane.changes(:'start'));
-- What is in a project says so after its end too.
SELECT e->>'operation' AS operation, e->>'projectId' = 'prj_' || :'project' AS this_project, count(*)
	FROM json_array_elements(flagplane.changes(:'start')->'items') e GROUP BY 1, 2 ORDER BY 1, 2;
-- Pages: 0, 1, page - 1, page, page + 1; walking them returns each once.
SELECT p, pg_temp.what(c) FROM unnest(ARRAY[1, 14, 15, 16, 1000]) p, flagplane.changes(:'start', p) c;
CREATE FUNCTION pg_temp.walk(start text, page int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	c json;
	told text := '';
BEGIN
	LOOP
		c := flagplane.changes(start, page);
		told := told || pg_temp.what(c) || '; ';
		EXIT WHEN NOT (c->>'hasMore')::boolean;
		start := c->>'nextCursor';
	END LOOP;
	RETURN told || pg_temp.what(flagplane.changes(c->>'nextCursor'));
END
$$;
SELECT p, pg_temp.walk(:'start', p) FROM unnest(ARRAY[1, 4, 5, 14, 15, 16]) p;
-- Limits, and cursors that are none, or another account's.
SELECT l, t.try(format('SELECT flagplane.changes("limit" => %L)->%L', l, 'hasMore')) FROM unnest(ARRAY[-1, 0, 1, 1000, 1001]) l;
SELECT n, t.try(format('SELECT flagplane.changes(%L)', c))
	FROM (VALUES ('empty', ''), ('short', left(:'start', 31)), ('long', :'start' || '0'), ('not hexadecimal', left(:'start', 31) || 'g'),
	('upper case', left(:'start', -1) || 'A'), ('ordinal too large', left(:'start', 24) || 'ffffffff'), ('another account',
		CASE WHEN :'start' LIKE '0%' THEN '1' ELSE '0' END || substr(:'start', 2)), ('letters', 'newest')) v(n, c);
SELECT pg_temp.what(flagplane.changes(left(:'start', 8) || 'ffff' || repeat('f', 12) || '7fffffff')) AS after_all_that_can_be;
SELECT flagplane.changes() ->> 'nextCursor' AS theirs \gset
RESET flagplane.account;
SELECT t.try(format('SELECT flagplane.changes(%L)', :'theirs'));
SELECT t.try(format('SELECT flagplane.changes(%L, 0)', :'theirs'));
SET flagplane.account = 'feed';
-- Tokens: the scope, and the projects. A page counts what it leaves out, so that it is never more to read.
CREATE FUNCTION pg_temp.as_token(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.headers', json_build_object('x-api-key', token)::text, true);
	answer := t.try(statement);
	PERFORM set_config('request.method', '', true), set_config('request.headers', '', true);
	RETURN answer;
END
$$;
SELECT flagplane.create_access_token('auditor', '{audit:read}')->>'token' AS auditor,
	flagplane.create_access_token('no auditor',
	array_remove('{projects:read,projects:write,flags:read,flags:write,layers:read,layers:write,tokens:admin,audit:read}',
	'audit:read'))->>'token' AS other,
	flagplane.create_access_token('limited', '{audit:read}', projects => '{feed2}')->>'token' AS limited \gset
SELECT t.project('feed3') IS NOT NULL AS made;
SELECT flagplane.create_layer('feed3', 'in-feed3', 'L', '') IS NOT NULL AS made;
SELECT flagplane.create_layer('feed2', 'in-feed2', 'L', '') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('feed2', 'App', 'expo')->>'name' AS made;
SELECT flagplane.create_sdk_app('feed3', 'App', 'expo')->>'name' AS made;
SELECT pg_temp.settle() \g /dev/null
SELECT pg_temp.as_token(:'other', 'SELECT flagplane.changes()');
SELECT pg_temp.as_token(:'auditor', 'SELECT pg_temp.what(flagplane.changes())');
SELECT pg_temp.as_token(:'limited', 'SELECT pg_temp.what(flagplane.changes())');
SELECT p, pg_temp.as_token(:'limited', format('SELECT pg_temp.walk(NULL, %s)', p)) FROM unnest(ARRAY[5, 22, 23, 24]) p;
SELECT pg_temp.as_token(:'limited', format('SELECT pg_temp.what(c), c->>%L = %L FROM flagplane.changes(NULL, 2) c',
	'nextCursor', flagplane.changes(NULL, 2)->>'nextCursor')) AS nothing_yet,
	pg_temp.as_token(:'limited', format('SELECT flagplane.changes(NULL, 2)->>%L = %L', 'nextCursor', flagplane.changes(NULL, 2)->>'nextCursor')) AS goes_on;
-- A read-only transaction and a repeatable read one: the same answer again and again.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_temp.what(flagplane.changes(NULL, 3));
SELECT flagplane.changes()::text = flagplane.changes()::text AS same;
COMMIT;
-- Rows of another server, where transaction ids were far ahead: all returned, before anything new.
BEGIN;
UPDATE flagplane_data.audit_epoch SET system_identifier = 1 WHERE account_id = (SELECT id FROM flagplane_data.account WHERE key = 'feed');
UPDATE flagplane_data.audit_log SET xid = (xid::text::bigint + 1000000000000)::text::xid8 WHERE account_id = (SELECT id
	FROM flagplane_data.account WHERE key = 'feed');
COMMIT;
SELECT pg_temp.what(flagplane.changes()), left(flagplane.changes()->>'nextCursor', 12) = left(:'start', 8) || '0001' AS first_epoch;
SELECT flagplane.changes()->>'nextCursor' AS restored \gset
SELECT count(flagplane.create_layer('feed2', 'after-' || g, 'L', '')) FROM generate_series(1, 2) g;
SELECT pg_temp.settle() \g /dev/null
SELECT pg_temp.what(flagplane.changes(:'restored')), pg_temp.what(flagplane.changes());
-- Back on the first server, whose ids are lower again: a third epoch, not the first.
UPDATE flagplane_data.audit_epoch SET system_identifier = (SELECT system_identifier FROM pg_control_system()) - 1
	WHERE number = 2 AND account_id = (SELECT id FROM flagplane_data.account WHERE key = 'feed');
UPDATE flagplane_data.audit_epoch SET system_identifier = (SELECT system_identifier FROM pg_control_system())
	WHERE number = 1 AND account_id = (SELECT id FROM flagplane_data.account WHERE key = 'feed');
UPDATE flagplane_data.audit_log SET xid = (xid::text::bigint - 1000000000000)::text::xid8 WHERE account_id = (SELECT id
	FROM flagplane_data.account WHERE key = 'feed') AND epoch = 1;
SELECT flagplane.changes()->>'nextCursor' AS moved \gset
SELECT flagplane.create_layer('feed2', 'back', 'L', '') IS NOT NULL AS made;
SELECT pg_temp.settle() \g /dev/null
SELECT pg_temp.what(flagplane.changes(:'moved')), right(pg_temp.what(flagplane.changes()), 42) AS all_of_them;
-- A promoted standby goes on in another timeline of the same system.
UPDATE flagplane_data.audit_epoch SET timeline = timeline - 1 WHERE number = 3 AND account_id = (SELECT id FROM flagplane_data.account WHERE key = 'feed');
SELECT flagplane.changes()->>'nextCursor' AS promoted \gset
SELECT flagplane.create_layer('feed2', 'promoted', 'L', '') IS NOT NULL AS made;
SELECT pg_temp.settle() \g /dev/null
SELECT pg_temp.what(flagplane.changes(:'promoted'));
SELECT number, system_identifier = c.s AS here, count(l.xid) FROM flagplane_data.audit_epoch g
	JOIN flagplane_data.audit_log l ON l.account_id = g.account_id AND l.epoch = g.number, (SELECT system_identifier AS s FROM pg_control_system()) c
WHERE g.account_id = (SELECT id FROM flagplane_data.account WHERE key = 'feed') GROUP BY 1, 2 ORDER BY 1;
RESET flagplane.account;
-- No secret is in the feed.
SELECT flagplane.changes()::text ~ '(sdk|mob)-[0-9a-f]{8}-|sk_app_[0-9A-Za-z]{43}|fp_[0-9a-f]{8}_[0-9a-f]{16}_[0-9A-Za-z]{43}' AS secret;
