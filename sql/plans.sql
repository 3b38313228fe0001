-- Plans that were made over empty tables are made anew as the tables grow, in the same
-- transaction and without ANALYZE: over an empty one any index is as good.
\pset format unaligned
SELECT t.project('plans') IS NOT NULL AS made;
BEGIN;
TRUNCATE flagplane_data.idempotency_key, flagplane_data.flag CASCADE;
-- How many rows of a table this transaction has read since that was last asked.
CREATE FUNCTION pg_temp.read_since(name regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	setting text := 'plans.' || replace(name::text, '.', '_');
	last bigint := coalesce(nullif(current_setting(setting, true), ''), '0');
	now bigint := seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = name;
BEGIN
	PERFORM set_config(setting, now::text, true);
	RETURN now - last;
END
$$;
-- Keys: the first replay meets one row, the last ones 1501.
CREATE FUNCTION pg_temp.make(n int) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.create_layer('plans', 'l' || n, 'L', '', idempotency_key => lpad(n::text, 32, '0')::uuid)->>'key'
$$;
SELECT pg_temp.make(0), pg_temp.make(0);
SELECT count(pg_temp.make(n)) FROM generate_series(1, 1500) n;
SELECT pg_temp.read_since('flagplane_data.idempotency_key') IS NOT NULL AS asked;
SELECT count(pg_temp.make(n)) FROM generate_series(701, 720) n;
SELECT pg_temp.read_since('flagplane_data.idempotency_key') AS keys_read_by_twenty_replays;
-- Foreign keys: an environment's settings of each flag look the flag up.
SELECT count(flagplane.create_flag('plans', 'f' || n, 'F')) FROM generate_series(1, 1100) n;
SELECT pg_temp.read_since('flagplane_data.flag') IS NOT NULL AS asked;
SELECT flagplane.create_environment('plans', 'another', 'E', '000000') IS NOT NULL AS made;
SELECT pg_temp.read_since('flagplane_data.flag') <= 1100 * 4 AS flags_are_read_a_few_times_each;
ROLLBACK;
