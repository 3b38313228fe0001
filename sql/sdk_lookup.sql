-- How the environment that a credential opens is found: without a plan, and by a statement where that does not do.
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('lookup') IS NOT NULL AS made;
SELECT flagplane.create_flag('lookup', 'f', 'F') IS NOT NULL AS made;
SELECT e->>'apiKey' AS sdk, e->>'mobileKey' AS mobile, e->>'_id' AS id FROM flagplane.get_environment('lookup', 'test') e \gset
CREATE TEMP TABLE ways (n int, uri text, credential text);
INSERT INTO ways VALUES (1, '/sdk/latest-all', :'sdk'), (2, '/sdk/latest-all', :'mobile'), (3, '/sdk/flags', :'sdk'),
	(4, '/sdk/evalx/' || :'id' || '/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ', NULL),
	(5, '/msdk/evalx/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ', :'mobile'),
	(6, '/msdk/evalx/contexts/eyJraW5kIjoidXNlciIsImtleSI6ImEifQ', :'sdk'),
	(7, '/sdk/latest-all', overlay(:'sdk' PLACING '0000' FROM 33)), (8, '/sdk/goals/' || overlay(:'id' PLACING '0000' FROM 21), NULL);
CREATE FUNCTION pg_temp.responses() RETURNS TABLE (n int, status int, etag text, body text) LANGUAGE sql AS $$
	SELECT w.n, h.status, h.headers->>'ETag', CASE WHEN h.status = 200 THEN md5(h.body::text) END
	FROM ways w, flagplane.handle('GET', uri, jsonb_build_object('authorization', coalesce(credential, '')), NULL) h
$$;
CREATE TEMP TABLE first AS SELECT * FROM pg_temp.responses();
SELECT n, status FROM first ORDER BY n;
-- How often the tables are looked into for a poll of who knows the state already: once for the key, once for the state.
CREATE FUNCTION pg_temp.looked() RETURNS TABLE (relname name, scans bigint) LANGUAGE sql AS $$
	SELECT relname, seq_scan + idx_scan FROM pg_stat_xact_user_tables WHERE schemaname = 'flagplane_data'
$$;
BEGIN;
CREATE TEMP TABLE before ON COMMIT DROP AS SELECT * FROM pg_temp.looked();
SELECT status FROM flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk', 'if-none-match',
	(SELECT etag FROM first WHERE n = 1)), NULL);
SELECT l.relname, l.scans - b.scans AS scans FROM pg_temp.looked() l JOIN before b USING (relname)
	WHERE l.scans > b.scans ORDER BY l.relname;
COMMIT;
-- An index of another name is none of ours: the statement finds the same.
CREATE FUNCTION pg_temp.different() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (TABLE first EXCEPT SELECT * FROM pg_temp.responses()) d
$$;
SELECT pg_temp.different() AS different;
BEGIN;
ALTER INDEX flagplane_data.environment_key_pkey RENAME TO renamed;
SELECT pg_temp.different() AS different;
ALTER INDEX flagplane_data.environment_payload_pkey RENAME TO renamed_too;
SELECT pg_temp.different() AS different;
ROLLBACK;
BEGIN;
ALTER INDEX flagplane_data.environment_pkey RENAME TO renamed;
SELECT pg_temp.different() AS different;
ROLLBACK;
-- A key that has expired, or expires later.
CREATE FUNCTION pg_temp.status() RETURNS int LANGUAGE sql AS $$ SELECT status FROM pg_temp.responses() WHERE n = 1 $$;
BEGIN;
SELECT flagplane.reset_environment_sdk_key('lookup', 'test', extract(epoch FROM now())::bigint * 1000 + 3600000) IS NOT NULL AS reset;
SELECT pg_temp.status();
UPDATE flagplane_data.environment_key SET expires_at = statement_timestamp() WHERE value = :'sdk';
SELECT pg_temp.status();
DELETE FROM flagplane_data.environment_key WHERE value = :'sdk';
SELECT pg_temp.status();
ROLLBACK;
SELECT pg_temp.different() AS different;
-- What the transaction itself has changed counts for it at once.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.different() AS different;
SELECT flagplane.update_flag('lookup', 'f', '{"name": "G", "environments": {"test": {"on": true}}}') IS NOT NULL AS changed;
SELECT n FROM (SELECT n, etag FROM pg_temp.responses() EXCEPT SELECT n, etag FROM first) d ORDER BY n;
ROLLBACK;
SELECT pg_temp.different() AS different;
