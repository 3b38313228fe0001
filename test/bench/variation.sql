-- A thousand flags of an environment, and contexts to evaluate them for. The flags have a rule and a
-- rollout, but for the plain one.
SELECT flagplane.create_project('variation', 'Variation') \g /dev/null
SELECT flagplane.create_flag('variation', 'plain', 'Plain', is_flag_on => true),
	flagplane.create_flag('variation', 'ruled', 'Ruled', is_flag_on => true) \g /dev/null
SELECT flagplane.update_flag('variation', 'ruled', '{"environments": {"test": {
	"rules": [{"variation": 0, "clauses": [{"attribute": "country", "op": "in", "values": ["de", "fr", "it"]}]}],
	"fallthrough": {"variation": null, "rollout": {"variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000}]}}}}}') \g /dev/null
SELECT flagplane.create_flag('variation', 'flag-' || i, 'Flag', clone => 'ruled') FROM generate_series(3, 1000) i \g /dev/null
CREATE TABLE context AS SELECT i AS id, flagplane.user_context('user-' || i,
	jsonb_build_object('country', (ARRAY['de', 'us', 'gb', 'es'])[i % 4 + 1], 'email', 'user-' || i || '@example.com')) AS context
FROM generate_series(1, :contexts) i;
VACUUM ANALYZE;

-- Nanoseconds a row that an expression takes over all contexts.
CREATE FUNCTION nanoseconds(expression text) RETURNS float8 LANGUAGE plpgsql
SET max_parallel_workers_per_gather = 0 SET jit = off AS $$
DECLARE
	started timestamptz := clock_timestamp();
	rows bigint;
BEGIN
	EXECUTE format('SELECT count(%s) FROM context', expression) INTO rows;
	RETURN extract(epoch FROM clock_timestamp() - started) * 1e9 / rows;
END
$$;

-- Net of the same scan without the call.
CREATE FUNCTION net(flag text, rounds int) RETURNS float8 LANGUAGE sql AS $$
	SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY nanoseconds(
		format('flagplane.bool_variation(%L, %L, %L, context, false)', 'variation', 'test', flag)) - nanoseconds('context'))
	FROM generate_series(1, rounds)
$$;

-- Milliseconds that a statement takes after another one (NULL: none) has been committed: the median.
CREATE PROCEDURE milliseconds(statement text, before text, rounds int, INOUT median float8 DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	took float8[];
BEGIN
	FOR i IN 1..rounds LOOP
		IF before IS NOT NULL THEN
			EXECUTE replace(before, ':odd', to_json(i % 2 = 1)::text);
			COMMIT;
		END IF;
		started := clock_timestamp();
		EXECUTE replace(statement, ':odd', to_json(i % 2 = 1)::text);
		took := took || extract(epoch FROM clock_timestamp() - started)::float8 * 1000;
		COMMIT;
	END LOOP;
	median := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(took) t);
END
$$;

-- As many flags as are changed in one transaction, each once: a row that one transaction changes again and again
-- leaves versions behind that nobody can remove before its end, and PostgreSQL goes through all of them each time.
SELECT flagplane.create_project('changes', 'Changes', environments => '[{"key": "test", "name": "Test", "color": "000000"}]'),
	flagplane.create_flag('changes', 'first', 'First') \g /dev/null
CREATE FUNCTION copies(project_key text, flags int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO flagplane_data.flag SELECT r.* FROM flagplane_data.flag f, generate_series(1, flags) i,
		LATERAL jsonb_populate_record(f, jsonb_build_object('id', gen_random_uuid(), 'key', 'flag-' || i)) r
	WHERE f.key = 'first' AND f.project_id = (SELECT p.id FROM flagplane_data.project p WHERE p.key = project_key);
	INSERT INTO flagplane_data.flag_environment SELECT r.* FROM flagplane_data.flag o
		JOIN flagplane_data.flag_environment c ON c.flag_id = o.id
		JOIN flagplane_data.flag f ON f.project_id = o.project_id AND f.id <> o.id,
		LATERAL jsonb_populate_record(c, jsonb_build_object('flag_id', f.id)) r
	WHERE o.key = 'first' AND o.project_id = (SELECT p.id FROM flagplane_data.project p WHERE p.key = project_key)
$$;
SELECT copies('changes', :changes) \g /dev/null
VACUUM ANALYZE;

-- Processor time of the backend, in hundredths of a second: what else the machine does has less part in it. It tells
-- how many milliseconds a statement takes in the mean, and how much longer the last tenth of the changes takes than
-- the first.
CREATE FUNCTION processor_time() RETURNS float8 LANGUAGE sql AS $$
	SELECT s[14]::float8 + s[15]::float8 FROM string_to_array(pg_read_file('/proc/self/stat'), ' ') s
$$;
CREATE PROCEDURE processor_milliseconds(statement text, rounds int, INOUT mean float8 DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	started float8 := processor_time();
BEGIN
	FOR i IN 1..rounds LOOP
		EXECUTE replace(statement, ':odd', to_json(i % 2 = 1)::text);
		COMMIT;
	END LOOP;
	mean := (processor_time() - started) * 10 / rounds;
END
$$;
CREATE FUNCTION last_tenth(changes int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started float8;
	took float8[];
BEGIN
	FOR tenth IN 0..9 LOOP
		started := processor_time();
		FOR i IN 1..changes / 10 LOOP
			PERFORM flagplane.update_flag('changes', 'flag-' || tenth * (changes / 10) + i, '{"environments": {"test": {"on": true}}}');
		END LOOP;
		took := took || processor_time() - started;
	END LOOP;
	RETURN took[10] / nullif(took[1], 0);
END
$$;

-- The same flag, alone, among 1,000, and among 1,000 in 50 environments.
SELECT flagplane.create_project(key, 'Changes', environments => (SELECT jsonb_agg(jsonb_build_object('key',
	CASE i WHEN 1 THEN 'test' ELSE 'environment-' || i END, 'name', 'Test', 'color', '000000')) FROM generate_series(1, environments) i)),
	flagplane.create_flag(key, 'first', 'First') FROM (VALUES ('small', 1), ('flags', 1), ('large', 50)) v(key, environments) \g /dev/null
SELECT copies('flags', 999), copies('large', 999) \g /dev/null
VACUUM ANALYZE;
