-- How much calls read, over tables without statistics, and that our new plans are no one else's business.
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('work') IS NOT NULL AS made;
-- Plans of the session's own statements stay: a function of constants is computed once for each plan.
SET work.plans = 0;
CREATE FUNCTION pg_temp.planned() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('work.plans', (current_setting('work.plans')::integer + 1)::text, false);
	RETURN 1;
END
$$;
CREATE TEMP TABLE own (i integer);
INSERT INTO own VALUES (1);
SET plan_cache_mode = force_generic_plan;
PREPARE mine(integer) AS SELECT count(*) FROM own WHERE i = $1 * pg_temp.planned();
EXECUTE mine(1);
SELECT count(flagplane.create_layer('work', 'l' || n, 'L', '')) FROM generate_series(1, 300) n;
EXECUTE mine(1);
SELECT current_setting('work.plans') AS plans_of_mine;
DEALLOCATE mine;
RESET plan_cache_mode;
-- How many rows of a table a statement reads, and how often it looks into the table's indexes; how many blocks it touches.
CREATE TYPE pg_temp.reads AS (rows bigint, scans bigint);
CREATE FUNCTION pg_temp.so_far(name regclass) RETURNS pg_temp.reads LANGUAGE sql AS $$
	SELECT (seq_tup_read + idx_tup_fetch, seq_scan + idx_scan)::pg_temp.reads FROM pg_stat_xact_user_tables WHERE relid = name
$$;
CREATE FUNCTION pg_temp.reads(name regclass, statement text) RETURNS pg_temp.reads LANGUAGE plpgsql AS $$
DECLARE
	before pg_temp.reads := pg_temp.so_far(name);
	after pg_temp.reads;
BEGIN
	EXECUTE statement;
	after := pg_temp.so_far(name);
	RETURN (after.rows - before.rows, after.scans - before.scans)::pg_temp.reads;
END
$$;
CREATE FUNCTION pg_temp.blocks(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE statement;
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || statement INTO plan;
	RETURN (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
END
$$;
-- 300 flags in 20 environments, 6,000 settings.
BEGIN;
TRUNCATE flagplane_data.flag, flagplane_data.environment CASCADE;
SELECT count(flagplane.create_environment('work', 'e' || n, 'E', '000000')) FROM generate_series(1, 20) n;
SELECT count(flagplane.create_flag('work', 'f' || n, 'F')) FROM generate_series(1, 300) n;
SELECT flagplane.update_flag('work', 'f300',
	'[{"op": "add", "path": "/environments/e1/prerequisites/0", "value": {"key": "f7", "variation": 0}}]') IS NOT NULL AS changed;
SELECT (r).rows <= 100 AS few_settings_are_read_by_a_creation
	FROM pg_temp.reads('flagplane_data.flag_environment', $$SELECT flagplane.create_flag('work', 'new', 'F')$$) r;
SELECT (r).rows <= 100 AS few_settings_are_read_by_a_deletion
	FROM pg_temp.reads('flagplane_data.flag_environment', $$SELECT flagplane.delete_flag('work', 'f1')$$) r;
SELECT (r).rows <= 100 AS few_are_read_by_one_that_is_refused
	FROM pg_temp.reads('flagplane_data.flag_environment', $$SELECT t.try('SELECT flagplane.delete_flag(''work'', ''f7'')')$$) r;
SELECT t.try($$SELECT flagplane.delete_flag('work', 'f7')$$);
SELECT (r).rows = 300 * 20 AS each_is_read_once_by_a_list
	FROM pg_temp.reads('flagplane_data.flag_environment', $$SELECT flagplane.list_flags('work', 1000)$$) r;
SELECT (r).scans <= 3 AS environments_are_read_for_all FROM pg_temp.reads('flagplane_data.environment', $$SELECT flagplane.list_flags('work', 1000)$$) r;
ROLLBACK;
-- An environment that is deleted, or shown, takes its own settings, whatever others there are.
BEGIN;
SELECT count(flagplane.create_environment('work', 'e' || n, 'E', '000000')) FROM generate_series(1, 20) n;
SELECT count(flagplane.create_flag('work', 'f' || n, 'F')) FROM generate_series(1, 100) n;
SELECT (r).rows <= 3 * 100 AS its_own_settings FROM pg_temp.reads('flagplane_data.flag_environment', $$SELECT flagplane.delete_environment('work', 'e3')$$) r;
ROLLBACK;
-- The audit log is entered where a page begins, however much is newer or older, and no call looks at all of it.
BEGIN;
SELECT flagplane.create_account('worklog', 'Work') IS NOT NULL AS made;
SET LOCAL flagplane.account = 'worklog';
SELECT t.project('worklog') IS NOT NULL AS made, flagplane.create_access_token('t', '{audit:read}', projects => '{worklog}')->>'token' AS token \gset
INSERT INTO flagplane_data.audit_log (account_id, epoch, xid, ordinal, at, actor, operation, subject, target, after, request_id)
	SELECT a.id, 1, n::text::xid8, 0, '2020-01-01Z'::timestamptz + n * interval '1 second', 'role:somebody',
		'create_layer', 'layer', 'proj/work:layer/l' || n, json_build_object('name', 'Layer ' || n), ''
	FROM flagplane_data.account a, generate_series(1, 40000) n WHERE a.key = 'worklog';
CREATE FUNCTION pg_temp.at(n integer) RETURNS bigint LANGUAGE sql AS $$ SELECT 1577836800000 + n * 1000::bigint $$;
SELECT n, pg_temp.blocks(format('SELECT flagplane.list_audit_log(before => %s)', pg_temp.at(n))) < 2000 AS few_blocks FROM unnest(ARRAY[40001, 20000, 20]) n;
SELECT pg_temp.blocks(format('SELECT flagplane.list_audit_log(after => %s)', pg_temp.at(39999))) < 2000 AS few_blocks;
SELECT pg_temp.blocks('SELECT flagplane.changes("limit" => 10)') < 2000 AS few_blocks;
SELECT e->>'name' AS first_before FROM json_array_elements(flagplane.list_audit_log(before => pg_temp.at(20000), "limit" => 1)->'items') e;
-- A filter that matches nothing, or the oldest entry: how many calls it takes to come to the end, and what they have found.
CREATE FUNCTION pg_temp.walk(query text) RETURNS TABLE (calls integer, names text) LANGUAGE plpgsql AS $$
DECLARE
	answer json;
	href text := '/api/v2/auditlog?' || query;
BEGIN
	calls := 0;
	WHILE href IS NOT NULL LOOP
		SELECT h.body INTO answer FROM flagplane.handle('GET', href) h;
		SELECT concat_ws(', ', nullif(names, ''), string_agg(e->>'name', ', ' ORDER BY n)) INTO names
			FROM json_array_elements(answer->'items') WITH ORDINALITY i(e, n);
		href := answer->'_links'->'next'->>'href';
		calls := calls + 1;
	END LOOP;
	RETURN NEXT;
END
$$;
SELECT q, w.*
	FROM unnest(ARRAY['limit=1000&before=' || pg_temp.at(9), 'spec=proj/none', 'spec=proj/work:layer/l1',
	'spec=proj/work:layer/l1&after=' || pg_temp.at(15000),
	'q=Layer%203999&limit=3&after=' || pg_temp.at(39990) || '&before=' || pg_temp.at(39999)]) q, pg_temp.walk(q) w;
SELECT w.calls BETWEEN 4 AND 100 AS some_calls, w.names FROM pg_temp.walk('q=layer/l1x') w;
SELECT w.calls BETWEEN 4 AND 100 AS some_calls, w.names FROM pg_temp.walk('q=LAYER%2039999') w;
-- Of larger entries fewer are looked at: the place where the next call begins is above the 2,000th.
UPDATE flagplane_data.audit_log l SET after = json_build_object('name', 'N', 'filler', (SELECT string_agg(md5(l.xid::text || i), '')
	FROM generate_series(1, 60) i))
	WHERE l.account_id = (SELECT id FROM flagplane_data.account WHERE key = 'worklog') AND l.xid >= '38001' AND l.xid <= '40000' AND l.actor = 'role:somebody';
SELECT json_array_length(a->'items') AS found,
	('x' || substr(substring(a->'_links'->'next'->>'href' from 'cursor=([0-9a-f]*)'), 29, 12))::bit(48)::bigint > 38000 AS fewer
	FROM flagplane.list_audit_log(pg_temp.at(40001), filter => 'nothing') a;
-- A token that is limited to projects looks at no more than that either.
SELECT h.status, json_array_length(h.body->'items') AS found, h.body->'_links'->'next' IS NOT NULL AS more
	FROM flagplane.handle('GET', '/api/v2/auditlog', json_build_object('Authorization', :'token')::jsonb) h;
ROLLBACK;
