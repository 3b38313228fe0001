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

-- Milliseconds of the first evaluation of a flag after a change of another one.
CREATE PROCEDURE first_after_change(rounds int, INOUT milliseconds float8 DEFAULT NULL) LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	took float8[];
BEGIN
	FOR i IN 1..rounds LOOP
		PERFORM flagplane.update_flag('variation', 'plain', format('{"environments": {"test": {"trackEvents": %s}}}', to_json(i % 2 = 0))::jsonb);
		COMMIT;
		started := clock_timestamp();
		PERFORM flagplane.bool_variation('variation', 'test', 'ruled', '{"kind": "user", "key": "a"}', false);
		took := took || extract(epoch FROM clock_timestamp() - started)::float8 * 1000;
	END LOOP;
	milliseconds := (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY t) FROM unnest(took) t);
END
$$;

-- As many flags as are changed in one transaction, each once: what PostgreSQL pays for a row that one
-- transaction changes again and again is none of ours.
SELECT flagplane.create_project('changes', 'Changes', environments => '[{"key": "test", "name": "Test", "color": "000000"}]'),
	flagplane.create_flag('changes', 'first', 'First') \g /dev/null
INSERT INTO flagplane_data.flag SELECT f.account_id, gen_random_uuid(), f.project_id, 'flag-' || i, f.name, f.description, f.kind, f.variations,
	f.temporary, f.tags, f.on_variation, f.off_variation, f.using_environment_id, f.using_mobile_key, f.custom_properties, f.archived,
	f.deprecated, f.maintainer_id, f.version, f.created_at
FROM flagplane_data.flag f, generate_series(1, :changes) i WHERE f.key = 'first';
INSERT INTO flagplane_data.flag_environment (account_id, flag_id, environment_id, is_on, fallthrough, off_variation, targets, rules,
	prerequisites, salt, sel, track_events, version, last_modified)
SELECT f.account_id, f.id, c.environment_id, c.is_on, c.fallthrough, c.off_variation, c.targets, c.rules,
	c.prerequisites, c.salt, c.sel, c.track_events, c.version, c.last_modified
FROM flagplane_data.flag o JOIN flagplane_data.flag_environment c ON c.flag_id = o.id
JOIN flagplane_data.flag f ON f.project_id = o.project_id AND f.id <> o.id WHERE o.key = 'first';
VACUUM ANALYZE;

-- How much longer the last tenth of the changes takes than the first. The machine may be faster at one time than at
-- another: what a tenth takes is told in the time of a fixed piece of work that is done in between.
CREATE FUNCTION last_tenth(changes int) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	started timestamptz;
	of_changes interval;
	of_work interval;
	took float8[];
BEGIN
	FOR tenth IN 0..9 LOOP
		of_changes := '0';
		of_work := '0';
		FOR part IN 0..9 LOOP
			started := clock_timestamp();
			FOR i IN 1..changes / 100 LOOP
				PERFORM flagplane.update_flag('changes', 'flag-' || (tenth * 10 + part) * (changes / 100) + i,
					'{"environments": {"test": {"on": true}}}');
			END LOOP;
			of_changes := of_changes + (clock_timestamp() - started);
			started := clock_timestamp();
			FOR i IN 1..50000 LOOP
				PERFORM hashtext(i::text);
			END LOOP;
			of_work := of_work + (clock_timestamp() - started);
		END LOOP;
		took := took || extract(epoch FROM of_changes)::float8 / extract(epoch FROM of_work)::float8;
	END LOOP;
	RETURN took[10] / took[1];
END
$$;
