-- assign(): who is in which experiment.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('assign') IS NOT NULL AS made;
SELECT flagplane.create_layer('assign', 'layer-a', 'A', '')->>'key' AS a, flagplane.create_layer('assign', 'layer-b',
	'B', '')->>'key' AS b, flagplane.create_layer('assign', 'empty', 'Empty', '')->>'key' AS empty;
-- Seeds are random; these tests want the same answers every time.
UPDATE flagplane_data.layer SET seed = array_position('{layer-a,layer-b,empty}', key::text) + 1000 WHERE key IN ('layer-a', 'layer-b', 'empty');
-- A reservation by hand: every segment that is one of these modulo 10.
CREATE FUNCTION t.reserve(layer text, environment text, experiment text, tenths int[]) RETURNS void LANGUAGE sql AS $$
	WITH made AS (INSERT INTO flagplane_data.experiment (account_id, id, environment_id, key, name, description, randomization_unit, status, version, created_at)
		SELECT e.account_id, left(md5(experiment || e.id), 24), e.id, experiment, 'Experiment', '', 'user', 'running', 1, now()
		FROM flagplane_data.environment e JOIN flagplane_data.project p ON p.id = e.project_id WHERE p.key = 'assign'
			AND e.key = environment RETURNING account_id, id, environment_id)
	INSERT INTO flagplane_data.layer_reservation (account_id, id, layer_id, environment_id, experiment_id, segments, created_at)
	SELECT m.account_id, m.id, l.id, m.environment_id, m.id, (SELECT coalesce(range_agg(int4range(s, s + 1)), '{}')
		FROM generate_series(0, 999) s WHERE s % 10 = ANY (tenths)), now()
	FROM made m, flagplane_data.layer l WHERE l.key = layer
$$;
SELECT t.reserve('layer-a', 'production', 'half', '{0,1,2,3,4}'), t.reserve('layer-a', 'production', 'fifth', '{5,6}'),
	t.reserve('layer-a', 'production', 'tenth', '{7}'), t.reserve('layer-a', 'production', 'nothing', '{}');
SELECT t.reserve('layer-b', 'production', 'other', '{0,2,4,6,8}');

-- The unit's segment decides: the thousandth of its bucket.
SELECT unit, flagplane.bucket('1001', unit) AS bucket, flagplane.assign('assign', 'production', 'layer-a', unit)
	FROM unnest('{ann,bob,cyd,dan,eve,fay}'::text[]) unit;
SELECT count(*) AS units, count(*) FILTER (WHERE flagplane.assign('assign', 'production', 'layer-a', i::text) IS DISTINCT FROM
	CASE WHEN flagplane.bucket('1001', i::text) / 100 % 10 < 5 THEN 'half' WHEN flagplane.bucket('1001', i::text) / 100 % 10 < 7 THEN 'fifth'
	WHEN flagplane.bucket('1001', i::text) / 100 % 10 < 8 THEN 'tenth' END) AS wrong FROM generate_series(1, 10000) i;
-- Another environment has reservations of its own; an empty layer has none.
SELECT flagplane.assign('assign', 'test', 'layer-a', 'ann'), flagplane.assign('assign', 'production', 'empty', 'ann');
-- An experiment that has not started has nobody; who will be in one that has not started is told on request.
SELECT t.reserve('layer-b', 'test', 'later', '{0,1,2,3,4,5,6,7,8,9}');
SELECT flagplane.assign('assign', 'test', 'layer-b', 'ann') AS running;
UPDATE flagplane_data.experiment SET status = 'not_started' WHERE key = 'later';
SELECT flagplane.assign('assign', 'test', 'layer-b', 'ann') AS not_started, flagplane.assign('assign', 'test', 'layer-b',
	'ann', true) AS included, flagplane.assign('assign', 'test', 'layer-b', 'ann', include_not_started => NULL) AS null_is_false,
	flagplane.assign('assign', 'test', 'layer-b', NULL, true) AS no_unit;
SELECT * FROM flagplane.assign_many('assign', 'test', 'layer-b', '{ann}');
-- A list that a driver sends as a text is one unit, and no wrong answer for many.
SELECT t.try($$SELECT flagplane.assign_many('assign', 'test', 'layer-b', 'ann,bob')::text$$);
SELECT t.try($$SELECT flagplane.assign('assign', 'test', 'layer-b', '{ann}'::text[])$$);
-- NULLs and names that are not there.
SELECT flagplane.assign('assign', 'production', 'layer-a', NULL) IS NULL AS no_unit, flagplane.assign('assign', 'production', 'layer-a', '') AS empty_unit;
SELECT t.try($$SELECT flagplane.assign(NULL, NULL, NULL, 'ann')$$);
SELECT t.try($$SELECT flagplane.assign('assign', NULL, 'layer-a', 'ann')$$);
SELECT t.try($$SELECT flagplane.assign('nowhere', 'production', 'layer-a', 'ann')$$);
SELECT t.try($$SELECT flagplane.assign('assign', 'nowhere', 'layer-a', 'ann')$$);
SELECT t.try($$SELECT flagplane.assign('assign', 'production', 'nothing', 'ann')$$);
-- A layer that is not there is refused whether or not there is a unit.
SELECT t.try($$SELECT flagplane.assign('assign', 'production', 'nothing', NULL)$$);
SELECT t.try($$SELECT flagplane.assign_many('assign', 'production', 'nothing', NULL::text[])::text$$);

-- Many at once: a row each, in their order, doubles and NULLs too; of no units no rows.
SELECT * FROM flagplane.assign_many('assign', 'production', 'layer-a', ARRAY['eve', 'ann', NULL, 'ann', '', 'cyd']);
SELECT * FROM flagplane.assign_many('assign', 'production', 'layer-a', unit_keys => '{{ann,bob},{cyd,dan}}');
SELECT count(*) FROM flagplane.assign_many('assign', 'production', 'layer-a', '{}'::text[]);
SELECT count(*) FROM flagplane.assign_many('assign', 'production', 'layer-a', NULL::text[]);
SELECT count(*) AS units, count(*) FILTER (WHERE a.experiment_key IS DISTINCT
	FROM flagplane.assign('assign', 'production', 'layer-a', a.unit_key)) AS otherwise
FROM flagplane.assign_many('assign', 'production', 'layer-a', ARRAY(SELECT 'unit ' || i FROM generate_series(1, 5000) i)) a;

-- 200,000 units: the shares are those reserved, to 1 %; chi-square with 3 degrees of freedom is below 11.34 (p > 0.01).
CREATE TABLE t.unit AS SELECT 'user-' || i AS key FROM generate_series(1, 200000) i;
ANALYZE t.unit;
CREATE TEMP TABLE share AS SELECT coalesce(flagplane.assign('assign', 'production', 'layer-a', key), 'nobody') AS experiment, count(*) AS units
	FROM t.unit GROUP BY 1;
SELECT experiment, percent AS reserved, abs(100.0 * units / 200000 - percent) < 0.01 * percent AS within_1_percent
FROM share JOIN (VALUES ('half', 50), ('fifth', 20), ('tenth', 10), ('nobody', 20)) v(experiment, percent) USING (experiment)
	ORDER BY percent DESC, experiment;
SELECT count(*) AS cells, sum((units - 2000.0 * percent) ^ 2 / (2000.0 * percent)) < 11.34 AS not_significant
FROM share JOIN (VALUES ('half', 50), ('fifth', 20), ('tenth', 10), ('nobody', 20)) v(experiment, percent) USING (experiment);
-- Two layers whose keys and seeds differ in one digit are independent: chi-square of the 4 by 2 table, 3 degrees of freedom.
WITH cell AS (SELECT flagplane.assign('assign', 'production', 'layer-a', key) AS a, flagplane.assign('assign',
	'production', 'layer-b', key) AS b, count(*)::float8 AS n FROM t.unit GROUP BY 1, 2),
expected AS (SELECT n, sum(n) OVER (PARTITION BY a) * sum(n) OVER (PARTITION BY b) / sum(n) OVER () AS e FROM cell)
SELECT count(*) AS cells, sum((n - e) ^ 2 / e) < 11.34 AS independent FROM expected;

-- A parallel plan gives the answers of a serial one.
CREATE FUNCTION t.digest() RETURNS text LANGUAGE sql AS $$
	SELECT md5(sum(hashtextextended(key || coalesce(flagplane.assign('assign', 'production', 'layer-a', key), '-'), 0))::text) FROM t.unit
$$;
SET max_parallel_workers_per_gather = 0;
SELECT t.digest() AS serial \gset
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT count(flagplane.assign('assign', 'production', 'layer-a', key)) FROM t.unit;
SELECT md5(sum(hashtextextended(key || coalesce(flagplane.assign('assign', 'production', 'layer-a', key), '-'), 0))::text) = :'serial' AS same FROM t.unit;
-- Refusals come from the workers as they are.
SELECT count(flagplane.assign('assign', 'production', 'nothing', key)) FROM t.unit;

-- By tokens: layers:read is what it takes, and the project.
SELECT flagplane.create_access_token('assign', ARRAY['layers:read'])->>'token' AS reader \gset
SELECT flagplane.create_access_token('assign', ARRAY['layers:read'], projects => '{assign}')->>'token' AS limited \gset
SELECT t.project('assign-not') IS NOT NULL AS made;
SELECT flagplane.create_access_token('assign', ARRAY['layers:read'], projects => '{assign-not}')->>'token' AS elsewhere \gset
SELECT flagplane.create_access_token('assign', ARRAY['layers:write'])->>'token' AS writer \gset
CREATE FUNCTION t.as(token text) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('request.method', CASE WHEN token IS NULL THEN '' ELSE 'POST' END, false),
		set_config('request.headers', json_build_object('x-api-key', token)::text, false)
$$;
SELECT t.as(:'reader');
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
SELECT md5(sum(hashtextextended(key || coalesce(flagplane.assign('assign', 'production', 'layer-a', key), '-'),
	0))::text) = :'serial' AS same_in_workers FROM t.unit;
SELECT t.as(:'limited');
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
SELECT t.try($$SELECT flagplane.assign('assign-not', 'production', 'layer-a', 'ann')$$);
SELECT t.as(:'elsewhere');
SELECT t.try($$SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann')$$);
SELECT t.as(:'writer');
SELECT t.try($$SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann')$$);
SELECT t.try($$SELECT flagplane.assign_many('assign', 'production', 'layer-a', '{ann}'::text[])::text$$);
SELECT count(flagplane.assign('assign', 'production', 'layer-a', key)) FROM t.unit;
SELECT t.as(NULL);
-- Who calls is looked at in every call, not only when the snapshot is another one: each setting alone, within one function and one statement.
CREATE ROLE fp_assign;
GRANT USAGE ON SCHEMA flagplane, t TO fp_assign;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_assign;
SELECT flagplane.create_account('assign-other', 'Other')->>'key' AS other;
CREATE FUNCTION t.twice(setting text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before text := flagplane.assign('assign', 'production', 'layer-a', 'ann');
BEGIN
	PERFORM set_config(setting, value, true);
	RETURN format('before %s, after %s', before, flagplane.assign('assign', 'production', 'layer-a', 'ann'));
END
$$;
BEGIN;
SELECT t.twice('flagplane.account', 'assign-other');
ROLLBACK;
BEGIN;
SELECT t.twice('role', 'fp_assign');
ROLLBACK;
BEGIN;
SET LOCAL request.headers = '{"x-api-key": "fp_00000001_0000000000000000_x"}';
SELECT t.twice('request.method', 'POST');
ROLLBACK;
BEGIN;
SET LOCAL request.headers = '{}';
SET LOCAL request.method = 'POST';
SELECT t.twice('request.headers', '{"x-api-key": "fp_00000001_0000000000000000_x"}');
ROLLBACK;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS role, set_config('request.method', 'POST', true) AS method,
	set_config('request.headers', '{"x-api-key": "fp_00000001_0000000000000000_x"}', true) IS NOT NULL AS headers,
		flagplane.assign('assign', 'production', 'layer-a', 'ann') AS token;
-- Another role, another account.
BEGIN;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
SET LOCAL ROLE fp_assign;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
ROLLBACK;
BEGIN;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
SET LOCAL flagplane.account = 'assign-other';
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
ROLLBACK;
DROP OWNED BY fp_assign;
DROP ROLE fp_assign;
-- A token that is revoked is dead at the next statement.
SELECT id AS reader_id FROM flagplane_data.access_token WHERE scopes = '{layers:read}' AND all_projects AND name = 'assign' \gset
SELECT t.as(:'reader');
BEGIN;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
UPDATE flagplane_data.access_token SET revoked_at = now() WHERE id = :'reader_id';
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
ROLLBACK;
SELECT t.as(NULL);

-- One that expires is dead at the next statement too, though the snapshot is the same.
SELECT t.as(:'reader');
UPDATE flagplane_data.access_token SET expires_at = clock_timestamp() + interval '1 second' WHERE id = :'reader_id';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
SELECT pg_sleep(extract(epoch FROM expires_at - clock_timestamp())) FROM flagplane_data.access_token WHERE id = :'reader_id';
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann');
ROLLBACK;
SELECT t.as(NULL);

-- One's own changes: seen by the next statement, not by the one that makes them, and gone when they are undone.
BEGIN;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS at_first;
SAVEPOINT s;
UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS released;
ROLLBACK TO s;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS back_again;
WITH gone AS (UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0 RETURNING 1)
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS same_statement, count(*) > 0 AS released FROM gone;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS next_statement;
ROLLBACK;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS after_rollback;
-- Under REPEATABLE READ the snapshot is the same all the time, but for the command.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS at_first;
SAVEPOINT s;
UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS released;
ROLLBACK TO s;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS back_again;
ROLLBACK;
-- The same inside one function, where the snapshots differ by no more than the command, and an exception block undoes a change.
CREATE FUNCTION t.undone() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN NEXT flagplane.assign('assign', 'production', 'layer-a', 'ann');
	BEGIN
		UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
		RETURN NEXT flagplane.assign('assign', 'production', 'layer-a', 'ann');
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN NULL;
	END;
	RETURN NEXT flagplane.assign('assign', 'production', 'layer-a', 'ann');
	UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
	RETURN NEXT flagplane.assign('assign', 'production', 'layer-a', 'ann');
END
$$;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT coalesce(undone, '(nobody)') AS undone FROM t.undone();
ROLLBACK;
SELECT coalesce(undone, '(nobody)') AS undone FROM t.undone();
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS released;
UPDATE flagplane_data.layer_reservation SET released_at = NULL WHERE released_at IS NOT NULL AND segments @> 0;
-- A cursor goes on with what it began with.
BEGIN;
DECLARE c CURSOR FOR SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') FROM generate_series(1, 2);
FETCH c;
UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
SELECT flagplane.assign('assign', 'production', 'layer-a', 'ann') AS meanwhile;
FETCH c;
ROLLBACK;
-- A procedure that commits in between.
CREATE PROCEDURE t.committed() LANGUAGE plpgsql AS $$
BEGIN
	RAISE WARNING 'before: %', flagplane.assign('assign', 'production', 'layer-a', 'ann');
	UPDATE flagplane_data.layer_reservation SET released_at = now() WHERE released_at IS NULL AND segments @> 0;
	COMMIT;
	RAISE WARNING 'after: %', flagplane.assign('assign', 'production', 'layer-a', 'ann');
	UPDATE flagplane_data.layer_reservation SET released_at = NULL WHERE released_at IS NOT NULL AND segments @> 0;
	ROLLBACK;
	RAISE WARNING 'undone: %', flagplane.assign('assign', 'production', 'layer-a', 'ann');
END
$$;
CALL t.committed();
UPDATE flagplane_data.layer_reservation SET released_at = NULL WHERE released_at IS NOT NULL AND segments @> 0;
-- More layers in a query than are kept, each right; what is kept stays small and goes with the transaction.
SELECT count(flagplane.create_layer('assign', 'many-' || i, 'Many', '')) AS layers FROM generate_series(1, 150) i;
BEGIN;
SELECT count(*) AS calls, count(flagplane.assign('assign', 'production',
	CASE WHEN i % 3 = 0 THEN 'layer-a' ELSE 'many-' || i % 150 + 1 END, 'ann')) AS assigned FROM generate_series(1, 900) i;
SELECT count(*) AS contexts, sum(total_bytes) < 1000000 AS small FROM pg_backend_memory_contexts WHERE name = 'flagplane assign';
COMMIT;
SELECT count(*) AS contexts FROM pg_backend_memory_contexts WHERE name = 'flagplane assign';
DELETE FROM flagplane_data.layer WHERE key LIKE 'many-%';
DELETE FROM flagplane_data.audit_log WHERE target LIKE 'proj/assign:layer/many-%';
DROP TABLE t.unit;
