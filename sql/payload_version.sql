-- The version of what SDKs are sent of an environment, and what is cached by it.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('payload') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.versions() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(e.key || ' ' || v.version, ', ' ORDER BY e.key)
	FROM flagplane_data.environment_payload v JOIN flagplane_data.environment e ON e.id = v.environment_id
	WHERE e.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'payload')
$$;
CREATE FUNCTION pg_temp.stamps() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(v.stamp::text, ', ' ORDER BY e.key) FROM flagplane_data.environment_payload v JOIN flagplane_data.environment e ON e.id = v.environment_id
	WHERE e.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'payload')
$$;
CREATE FUNCTION pg_temp.flag_version(flag text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', flagplane.payload('payload', 'production')->'flags'->flag->>'version', flagplane.payload('payload', 'test')->'flags'->flag->>'version')
$$;
SELECT pg_temp.versions() AS a_new_project;
SELECT flagplane.create_flag('payload', 'f', 'F') IS NOT NULL AS made, flagplane.create_flag('payload', 'needed', 'N') IS NOT NULL AS made;
-- What raises it, where, and what that makes of the flag's own version there.
CREATE TEMP TABLE change (id int GENERATED ALWAYS AS IDENTITY, patch jsonb);
INSERT INTO change (patch) VALUES ('[{"op": "replace", "path": "/environments/test/on", "value": true}]'), ('{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}]}'), ('{"environments": {"test": {"trackEvents": true}}}'),
	('{"merge": {"environments": {"production": {"on": true}, "test": {"on": true}}}}'), ('{"patch": [{"op": "copy", "from": "/environments/test/trackEvents", "path": "/environments/production/trackEvents"}], "comment": "c"}'),
	('{"archived": true}'), ('{"instructions": [{"kind": "restoreFlag"}]}'), ('{"clientSideAvailability": {"usingMobileKey": false, "usingEnvironmentId": true}}'), ('[{"op": "add", "path": "/variations/-", "value": {"value": "x"}}]'),
	('{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}, {"kind": "archiveFlag"}]}'), ('{"archived": false, "environments": {"test": {"on": true}}}'),
	-- Nothing that SDKs see, and nothing at all.
	('{"name": "G", "tags": ["t"], "temporary": false, "deprecated": true, "defaults": {"onVariation": 1, "offVariation": 0}}'), ('{"environmentKey": "test", "instructions": [{"kind": "updateName", "value": "H"}]}'), ('[{"op": "replace", "path": "/environments/test/on", "value": true}]'), ('{"environmentKey": "test", "instructions": []}');
CREATE FUNCTION pg_temp.change(patch jsonb) RETURNS text LANGUAGE plpgsql AS $$ BEGIN
	PERFORM flagplane.update_flag('payload', 'f', patch);
	RETURN format('%s: f %s', pg_temp.versions(), pg_temp.flag_version('f'));
END $$;
SELECT format('SELECT %L AS patch, pg_temp.change(%L) AS after', patch, patch) FROM change ORDER BY id \gexec
-- One raise a transaction and environment, whatever it changes.
BEGIN;
SELECT pg_temp.versions() AS before;
SELECT count(flagplane.update_flag('payload', 'f', format('{"environmentKey": "%s", "instructions": [{"kind": "%s"}]}', e, k)::jsonb)) AS changes
	FROM unnest(ARRAY['test', 'production']) e, unnest(ARRAY['turnFlagOff', 'turnFlagOn', 'turnFlagOff']) k;
SELECT flagplane.update_flag('payload', 'f', '{"archived": true}') IS NOT NULL AS archived,
	flagplane.create_flag('payload', 'more', 'M') IS NOT NULL AS made, flagplane.touch_environment('payload', 'test') AS touched;
SELECT pg_temp.versions() AS after;
ROLLBACK;
-- One that is rolled back with its subtransaction is made again, and one from before stays.
BEGIN;
SELECT pg_temp.versions() AS before;
SAVEPOINT s;
SELECT flagplane.touch_environment('payload', 'test')->'payloadVersion' AS raised;
ROLLBACK TO s;
SELECT pg_temp.versions() AS rolled_back;
SELECT flagplane.touch_environment('payload', 'test')->'payloadVersion' AS again;
SAVEPOINT s;
SELECT flagplane.touch_environment('payload', 'production')->'payloadVersion' AS other, flagplane.touch_environment('payload', 'test')->'payloadVersion' AS the_same;
SAVEPOINT inner_one;
SELECT flagplane.update_flag('payload', 'f', '{"archived": true}') IS NOT NULL AS changed, pg_temp.versions();
RELEASE inner_one;
RELEASE s;
SELECT flagplane.touch_environment('payload', 'production')->'payloadVersion' AS the_same, flagplane.update_flag('payload', 'f', '{"archived": false}') IS NOT NULL AS changed, pg_temp.versions();
SAVEPOINT s;
SAVEPOINT inner_one;
SELECT flagplane.create_environment('payload', 'new', 'N', '000000') IS NOT NULL AS made, flagplane.touch_environment('payload', 'new')->'payloadVersion' AS raised;
RELEASE inner_one;
ROLLBACK TO s;
SELECT flagplane.create_environment('payload', 'new', 'N', '000000') IS NOT NULL AS made, flagplane.touch_environment('payload', 'new')->'payloadVersion' AS raised;
ROLLBACK;
SELECT pg_temp.versions() AS rolled_back;
-- A version that was rolled back and one that is made instead have the same number and other stamps.
BEGIN;
SELECT flagplane.touch_environment('payload', 'test')->'payloadVersion' AS version, pg_temp.stamps() AS stamps \gset lost_
ROLLBACK;
SELECT flagplane.touch_environment('payload', 'test')->'payloadVersion' AS version, pg_temp.stamps() AS stamps \gset
SELECT :'lost_version' = :'version' AS same_version, :'lost_stamps' <> :'stamps' AS other_stamp;
-- Creation, clones, deletion; a flag goes on from the version that it had when it was deleted, in each environment.
SELECT pg_temp.flag_version('f') AS before, flagplane.delete_flag('payload', 'f') AS deleted;
SELECT flagplane.create_flag('payload', 'f', 'F') IS NOT NULL AS made;
SELECT pg_temp.flag_version('f') AS version, pg_temp.versions() AS after;
SELECT flagplane.delete_flag('payload', 'f') AS deleted;
SELECT flagplane.create_flag('payload', 'f', 'F', clone => 'needed') IS NOT NULL AS made;
SELECT pg_temp.flag_version('f') AS version;
SELECT flagplane.create_environment('payload', 'clone', 'C', '000000', source => '{"key": "test"}') IS NOT NULL AS made;
SELECT pg_temp.versions() AS after, flagplane.payload('payload', 'clone')->'flags'->'f'->'version' AS version;
SELECT flagplane.delete_environment('payload', 'clone') AS deleted;
SELECT pg_temp.versions() AS after;
-- A dry run raises nothing.
SELECT flagplane.update_flag('payload', 'f', '{"archived": true}', dry_run => true)->'archived' AS archived, pg_temp.versions();

-- What is cached: an environment at a version, so what is changed by hand is seen when somebody says so.
CREATE FUNCTION pg_temp.by_hand(value boolean) RETURNS bigint LANGUAGE sql AS $$
	WITH changed AS (UPDATE flagplane_data.flag_environment c SET is_on = value FROM flagplane_data.flag f
		WHERE f.id = c.flag_id AND f.key = 'f' AND f.project_id = (SELECT id FROM flagplane_data.project WHERE key = 'payload') RETURNING 1)
	SELECT count(*) FROM changed
$$;
CREATE FUNCTION pg_temp.is_on() RETURNS boolean LANGUAGE sql AS $$ SELECT flagplane.bool_variation('payload', 'test', 'f', '{"key": "a"}', NULL) $$;
SELECT pg_temp.is_on() AS off;
SELECT pg_temp.by_hand(true) AS changed;
SELECT pg_temp.is_on() AS still_off, flagplane.all_flags_state('payload', 'test', '{"key": "a"}')->'f' AS still_off, flagplane.payload('payload', 'test')->'flags'->'f'->'on' AS is_on;
SELECT flagplane.touch_environment('payload', 'test') IS NOT NULL AS touched;
SELECT pg_temp.is_on() AS is_on, flagplane.all_flags_state('payload', 'test', '{"key": "a"}')->'f' AS is_on;
-- Without a cache it is seen at once.
SET flagplane.payload_cache = 0;
SELECT pg_temp.is_on() AS is_on;
SELECT pg_temp.by_hand(false) AS changed;
SELECT pg_temp.is_on() AS off;
RESET flagplane.payload_cache;
SELECT flagplane.touch_environment('payload', 'test') IS NOT NULL AS touched;
-- A flag that there was not is cached too, until there is one.
SELECT flagplane.variation_detail('payload', 'test', 'later', '{"key": "a"}')->'reason' AS missing;
SELECT flagplane.create_flag('payload', 'later', 'L', is_flag_on => true) IS NOT NULL AS made;
SELECT flagplane.variation_detail('payload', 'test', 'later', '{"key": "a"}')->'reason' AS there;

-- What a transaction has changed it sees, and nobody after its rollback.
BEGIN;
SELECT pg_temp.is_on() AS off;
SELECT flagplane.update_flag('payload', 'f', '{"environments": {"test": {"on": true}}}') IS NOT NULL AS changed;
SELECT pg_temp.is_on() AS is_on;
SAVEPOINT s;
SELECT flagplane.update_flag('payload', 'f', '{"environments": {"test": {"on": false}}}') IS NOT NULL AS changed;
SELECT pg_temp.is_on() AS off;
ROLLBACK TO s;
SELECT pg_temp.is_on() AS is_on;
ROLLBACK;
SELECT pg_temp.is_on() AS off;
-- An expression that goes on after a change, as in a loop; and a cursor, which sees what was there when it was opened.
DO $$
DECLARE
	seen text := '';
BEGIN
	FOR i IN 1..4 LOOP
		PERFORM flagplane.update_flag('payload', 'f', format('{"environments": {"test": {"on": %s}}}', to_json(i % 2 = 1))::jsonb);
		seen := seen || flagplane.bool_variation('payload', 'test', 'f', '{"key": "a"}', NULL)::text || ' ';
		BEGIN
			PERFORM flagplane.update_flag('payload', 'f', format('{"environments": {"test": {"on": %s}}}', to_json(i % 2 = 0))::jsonb);
			seen := seen || flagplane.bool_variation('payload', 'test', 'f', '{"key": "a"}', NULL)::text || ' ';
			RAISE division_by_zero;
		EXCEPTION WHEN division_by_zero THEN
			seen := seen || flagplane.bool_variation('payload', 'test', 'f', '{"key": "a"}', NULL)::text || ', ';
		END;
	END LOOP;
	RAISE WARNING '%', seen;
END
$$;
BEGIN;
DECLARE c CURSOR FOR SELECT flagplane.bool_variation('payload', 'test', 'f', '{"key": "a"}', NULL) FROM generate_series(1, 3);
FETCH c;
SELECT flagplane.update_flag('payload', 'f', '{"environments": {"test": {"on": true}}}') IS NOT NULL AS changed;
FETCH c;
SELECT pg_temp.is_on() AS is_on;
FETCH c;
ROLLBACK;
-- In parallel workers, also of a transaction that has changed the flag.
CREATE TABLE payload_user AS SELECT flagplane.user_context('user-' || i) AS context FROM generate_series(1, 20000) i;
ANALYZE payload_user;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET parallel_leader_participation = off;
CREATE FUNCTION pg_temp.in_parallel() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXPLAIN SELECT count(*) FROM payload_user WHERE flagplane.bool_variation('payload', 'test', 'f', context, NULL) LOOP
		IF line ~ 'Parallel Seq Scan' THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
SELECT pg_temp.in_parallel();
SELECT count(*) AS off FROM payload_user WHERE flagplane.bool_variation('payload', 'test', 'f', context, NULL);
BEGIN;
SELECT flagplane.update_flag('payload', 'f', '{"environments": {"test": {"on": true}}}') IS NOT NULL AS changed;
SELECT count(*) AS is_on FROM payload_user WHERE flagplane.bool_variation('payload', 'test', 'f', context, NULL);
ROLLBACK;
SELECT count(*) AS off FROM payload_user WHERE flagplane.bool_variation('payload', 'test', 'f', context, NULL);
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET parallel_leader_participation;
DROP TABLE payload_user;
-- The extension goes and another one comes, with a project and a flag of the same keys.
SET client_min_messages = error;
BEGIN;
DROP EXTENSION flagplane CASCADE;
CREATE EXTENSION flagplane;
SELECT flagplane.create_project('payload', 'P') IS NOT NULL AS made;
SELECT flagplane.create_flag('payload', 'f', 'F', is_flag_on => true) IS NOT NULL AS made;
SELECT pg_temp.is_on() AS is_on, pg_temp.versions() AS versions;
ROLLBACK;
SELECT pg_temp.is_on() AS off;
RESET client_min_messages;
-- A cache that is too small for one environment, and one for some: what is served is the same.
SELECT flagplane.create_flag('payload', 'f' || i, 'F', is_flag_on => i % 2 = 0) IS NOT NULL AS made FROM generate_series(1, 100) i \g /dev/null
SELECT k AS kilobytes, set_config('flagplane.payload_cache', k, false) AS set, flagplane.bool_variation('payload', e, 'f' || i, '{"key": "a"}', NULL) AS is_on, count(*), sum(i % 2) AS odd
FROM unnest(ARRAY['16', '100', '16384']) k, generate_series(1, 100) i, unnest(ARRAY['test', 'production']) e GROUP BY 1, 2, 3 ORDER BY 1, 3;
RESET flagplane.payload_cache;
