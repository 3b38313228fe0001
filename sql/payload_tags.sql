-- Entity tags of what a transaction has changed itself: it may change again at the same version, so no tag is given twice.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('tags') IS NOT NULL AS made, flagplane.create_flag('tags', 'f', 'F') IS NOT NULL AS made;
SELECT e->>'apiKey' AS sdk FROM flagplane.get_environment('tags', 'test') e \gset
CREATE FUNCTION pg_temp.turn(value boolean) RETURNS boolean LANGUAGE sql AS $$
	SELECT flagplane.update_flag('tags', 'f', jsonb_build_object('environments', jsonb_build_object('test', jsonb_build_object('on', value)))) IS NOT NULL
$$;
CREATE FUNCTION pg_temp.poll(credential text, known text DEFAULT '"x"', OUT status int, OUT etag text, OUT is_on text) LANGUAGE sql AS $$
	SELECT h.status, h.headers->>'ETag', h.body->'flags'->'f'->>'on' FROM flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('authorization', credential, 'if-none-match', known)) h
$$;
SELECT etag AS before, status, is_on FROM pg_temp.poll(:'sdk') \gset
BEGIN;
SELECT pg_temp.turn(true) AS changed;
SELECT etag AS first, is_on FROM pg_temp.poll(:'sdk') \gset
SELECT pg_temp.turn(false) AS changed;
SELECT status, is_on, etag <> :'first' AS other FROM pg_temp.poll(:'sdk', :'first');
SAVEPOINT s;
SELECT pg_temp.turn(true) AS changed;
SELECT etag AS second, is_on FROM pg_temp.poll(:'sdk') \gset
ROLLBACK TO s;
SELECT status, is_on, etag <> :'second' AS other FROM pg_temp.poll(:'sdk', :'second');
COMMIT;
-- Nobody is told that what came in the middle is what there is now.
SELECT tag, status, is_on FROM unnest(ARRAY[:'before', :'first', :'second']) WITH ORDINALITY u(known, tag), pg_temp.poll(:'sdk', known) ORDER BY tag;
-- What has been committed has its tag for everybody, in other transactions and in subtransactions.
SELECT etag AS now FROM pg_temp.poll(:'sdk') \gset
BEGIN;
SAVEPOINT s;
SELECT status FROM pg_temp.poll(:'sdk', :'now');
ROLLBACK TO s;
SELECT etag = :'now' AS same FROM pg_temp.poll(:'sdk');
COMMIT;
-- A change that is rolled back gives the tag of before again.
BEGIN;
SELECT pg_temp.turn(true) AS changed;
ROLLBACK;
SELECT status, etag = :'now' AS same FROM pg_temp.poll(:'sdk', :'now');
