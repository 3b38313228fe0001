-- A project says whether it has flags: a new environment looks for some to configure only then.
\set VERBOSITY terse
\pset format unaligned
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE sql AS $$
	SELECT format('has_flags %s; %s', p.has_flags, (SELECT coalesce(string_agg(f.key || ' in ' || e.key, ', ' ORDER BY f.key, e.key), 'nothing configured')
		FROM flagplane_data.environment e JOIN flagplane_data.flag_environment c ON c.environment_id = e.id JOIN flagplane_data.flag f ON f.id = c.flag_id
		WHERE e.project_id = p.id))
	FROM flagplane_data.project p WHERE p.key = 'first'
$$;
CREATE FUNCTION pg_temp.environment(key text) RETURNS text LANGUAGE sql AS $$
	SELECT flagplane.create_environment('first', key, 'E', '000000')->>'key'
$$;
SELECT t.project('first') IS NOT NULL AS made;
SELECT pg_temp.environment('before') AS made;
SELECT pg_temp.state();
-- A flag that is refused, or rolled back, was not the first one.
SELECT flagplane.create_flag('first', 'f', 'F', maintainer_id => 'ffffffffffffffffffffffff');
BEGIN;
SELECT flagplane.create_flag('first', 'f', 'F')->>'key' AS made;
SELECT pg_temp.environment('within') AS made;
SELECT pg_temp.state();
ROLLBACK;
SELECT pg_temp.state();
SELECT flagplane.create_flag('first', 'f', 'F')->>'key' AS made;
SELECT pg_temp.environment('after') AS made;
SELECT pg_temp.state();
-- Nothing else changes it, nor the version of the project with it.
SELECT flagplane.update_project('first', '[{"op": "replace", "path": "/name", "value": "N"}]')->>'name' AS name;
SELECT p.version, pg_temp.state() FROM flagplane_data.project p WHERE p.key = 'first';
SELECT flagplane.delete_flag('first', 'f');
SELECT pg_temp.environment('without') AS made;
SELECT pg_temp.state();
SELECT flagplane.create_flag('first', 'g', 'G')->>'key' AS made;
SELECT pg_temp.state();
-- Flags that come by an import count as well.
SELECT t.project('imported') IS NOT NULL AS made;
SELECT flagplane.import_environment('imported', 'test', '{"flags": {"i": {"key": "i", "version": 1, "on": true, "variations": [true, false], "fallthrough": {"variation": 0}, "offVariation": 1, "salt": "s"}}, "segments": {}}') IS NOT NULL AS imported;
SELECT flagplane.create_environment('imported', 'later', 'Later', '000000') IS NOT NULL AS made;
SELECT flagplane.get_flag('imported', 'i')->'environments'->'later'->>'on' AS "on";
