-- A backend keeps one state of an environment, however often it is changed.
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('memory') IS NOT NULL AS made;
SELECT flagplane.create_flag('memory', 'f', 'F') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.served(environment text) RETURNS boolean LANGUAGE sql AS $$
	SELECT flagplane.bool_variation('memory', environment, 'f', '{"kind": "user", "key": "a"}', false)
$$;
CREATE PROCEDURE pg_temp.change(environment text, times int) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..times LOOP
		PERFORM flagplane.update_flag('memory', 'f', jsonb_build_object('environments', jsonb_build_object(environment,
			jsonb_build_object('on', i % 2 = 1))));
		COMMIT;
		IF pg_temp.served(environment) <> (i % 2 = 1) THEN
			RAISE 'an old state was served';
		END IF;
		COMMIT;
	END LOOP;
END
$$;
CREATE VIEW pg_temp.kept AS SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'flagplane payload';
SELECT pg_temp.served('test'), pg_temp.served('production');
SELECT count - 2 AS of_others FROM pg_temp.kept \gset
CALL pg_temp.change('test', 9);
CALL pg_temp.change('production', 4);
SELECT count - :of_others AS kept FROM pg_temp.kept;
-- A query that began before a change goes on with what it has.
BEGIN;
DECLARE c CURSOR FOR SELECT n, flagplane.bool_variation('memory', 'test', 'f', '{"kind": "user", "key": "a"}', false) FROM generate_series(1, 4) n;
FETCH 2 FROM c;
SELECT flagplane.update_flag('memory', 'f', '{"environments": {"test": {"on": false}}}') IS NOT NULL AS changed;
SELECT pg_temp.served('test');
FETCH 2 FROM c;
ROLLBACK;
SELECT pg_temp.served('test');
SELECT count - :of_others AS kept FROM pg_temp.kept;
