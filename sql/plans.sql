-- A plan that was made over an empty table is made anew as the table grows, in the
-- same backend and without ANALYZE: over an empty one any index is as good.
\pset format unaligned
SELECT flagplane.create_project('plans', 'Plans') IS NOT NULL AS made;
BEGIN;
TRUNCATE flagplane_data.idempotency_key;
-- How many rows of the table this transaction has read since it was last asked.
CREATE FUNCTION pg_temp.read_since() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	seen bigint := coalesce(nullif(current_setting('plans.seen', true), ''), '0');
	now_seen bigint := seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = 'flagplane_data.idempotency_key'::regclass;
BEGIN
	PERFORM set_config('plans.seen', now_seen::text, true);
	RETURN now_seen - seen;
END
$$;
CREATE FUNCTION pg_temp.make(n int) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.create_layer('plans', 'l' || n, 'L', '', idempotency_key => lpad(n::text, 32, '0')::uuid)->>'key'
$$;
-- The first replay meets one row; eight uses later there are 1500.
SELECT pg_temp.make(0), pg_temp.make(0);
SELECT count(pg_temp.make(n)) FROM generate_series(1, 1500) n;
SELECT count(pg_temp.make(n)) FROM generate_series(1, 7) n;
SELECT pg_temp.read_since() IS NOT NULL AS asked;
SELECT count(pg_temp.make(n)) FROM generate_series(701, 720) n;
SELECT pg_temp.read_since() AS rows_read_by_twenty_replays;
ROLLBACK;
