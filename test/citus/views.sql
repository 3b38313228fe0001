-- What the roles of deploy/roles.sql, which have no right on the rows, read of the views: run after calls.sql on a plain database
-- and on each node, whose sorted answers must be the same.
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
\set ON_ERROR_STOP off
SELECT flagplane.create_access_token('all', '{*}')->>'token' AS everything, flagplane.create_access_token('q', '{*}', projects => '{q}')->>'token' AS limited,
	flagplane.create_access_token('flags', '{flags:read}')->>'token' AS flags \gset
SET ROLE flagplane_anonymous;
SELECT set_config('request.method', 'GET', false);
\set views 'SELECT format(\'SELECT %L, %L, v.* FROM flagplane.%I v\', relname, :\'who\', relname) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \'flagplane\') AND relkind = \'v\' AND relname <> \'stats\' ORDER BY relname'
\set who all
SELECT set_config('request.headers', json_build_object('x-api-key', :'everything')::text, false) IS NOT NULL;
:views
\gexec
\set who limited
SELECT set_config('request.headers', json_build_object('x-api-key', :'limited')::text, false) IS NOT NULL;
:views
\gexec
\set who flags
SELECT set_config('request.headers', json_build_object('x-api-key', :'flags')::text, false) IS NOT NULL;
:views
\gexec
\set who nobody
SELECT set_config('request.headers', '{}', false) IS NOT NULL;
:views
\gexec
\set who invalid
SELECT set_config('request.headers', json_build_object('x-api-key', overlay(:'everything' placing '0000000000' from 40))::text, false) IS NOT NULL;
:views
\gexec
-- As reports and PostgREST ask: joined, filtered, grouped, in pages, prepared, within a transaction that changes something.
SELECT set_config('request.headers', json_build_object('x-api-key', :'everything')::text, false) IS NOT NULL;
SELECT 'joined', p.key, e.key, l.key FROM flagplane.projects p JOIN flagplane.environments e ON e.account_id = p.account_id AND e.project_id = p.id
	LEFT JOIN flagplane.layers l ON l.account_id = p.account_id AND l.project_id = p.id WHERE p.key IN ('p', 'q');
SELECT 'grouped', p.key, count(a.target), json_agg(DISTINCT a.operation) FROM flagplane.projects p, LATERAL (SELECT * FROM flagplane.audit a WHERE a.project_id = p.id) a GROUP BY p.key;
SELECT 'page', key, tags FROM flagplane.projects ORDER BY key DESC LIMIT 1 OFFSET 1;
PREPARE by_key(text) AS SELECT 'prepared', key, name FROM flagplane.projects WHERE key = $1;
EXECUTE by_key('p');
EXECUTE by_key('q');
EXECUTE by_key('none');
BEGIN;
SELECT flagplane.create_project('seen-at-once', 'S') IS NOT NULL;
SELECT 'at once', key, version FROM flagplane.projects WHERE key = 'seen-at-once';
SAVEPOINT s;
SELECT flagplane.update_project('seen-at-once', '[{"op": "replace", "path": "/name", "value": "Other"}]') IS NOT NULL;
SELECT 'within', key, name FROM flagplane.projects WHERE key = 'seen-at-once';
ROLLBACK TO s;
SELECT 'taken back', key, name FROM flagplane.projects WHERE key = 'seen-at-once';
ROLLBACK;
SELECT 'gone', count(*) FROM flagplane.projects WHERE key = 'seen-at-once';
UPDATE flagplane.projects SET name = 'x';
SELECT count(*) FROM flagplane_data.project;
-- A role with rights on the data needs no token, and cannot read the tables either.
SELECT set_config('request.headers', NULL, false), set_config('request.method', NULL, false);
RESET ROLE;
SET ROLE flagplane_backend;
\set who backend
:views
\gexec
SELECT count(*) FROM flagplane_data.project;
RESET ROLE;
SET ROLE flagplane_evaluator;
SELECT count(*) FROM flagplane.projects;
RESET ROLE;
