-- Functions for those who run the server: the same whether the library is preloaded or not.
\set VERBOSITY terse
\pset format unaligned
SELECT version = (SELECT extversion FROM pg_extension
	WHERE extname = 'flagplane') AS version, preloaded IS NOT NULL AS preloaded, tokens <= tokens_max AS tokens, preloaded
	OR NOT rate_limits AS rate_limits, settings->>'flagplane.account' AS account FROM flagplane.status();
SELECT flagplane.reset_stats();
SELECT t.project('monitor') IS NOT NULL AS made;
SELECT s.calls, s.errors FROM flagplane.status() t LEFT JOIN flagplane.stats s ON s.operation = 'create_project' WHERE t.preloaded EXCEPT SELECT 1, 0;
SELECT count(*) FROM flagplane.status() t JOIN flagplane.stats s ON NOT t.preloaded;
SELECT flagplane.variation('monitor', 'production', 'none', '{"key": "a"}');
SELECT count(*) FROM flagplane.status() t JOIN flagplane.environment_stats s ON NOT t.preloaded;
-- EXECUTE and SELECT alone are not enough: roles that must present a token may have them on all there is.
CREATE ROLE fp_monitor;
GRANT USAGE ON SCHEMA flagplane, t TO fp_monitor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA flagplane TO fp_monitor;
SET ROLE fp_monitor;
SELECT t.try('SELECT flagplane.status()');
SELECT t.try('SELECT count(*) FROM flagplane.doctor()');
SELECT t.try('SELECT count(*) FROM flagplane.operation_stats()');
SELECT t.try('SELECT count(*) FROM flagplane.environment_stats()');
SELECT t.try('SELECT flagplane.reset_stats()');
SELECT t.try('SELECT count(*) FROM flagplane.stats');
SELECT t.try('SELECT count(*) FROM flagplane.environment_stats');
RESET ROLE;
-- A monitoring role may monitor this too, and no more: it acts for nobody and changes nothing.
GRANT pg_monitor TO fp_monitor;
SELECT has_schema_privilege('fp_monitor', 'flagplane_data', 'USAGE') AS rights_on_data;
SET ROLE fp_monitor;
SELECT version IS NOT NULL AS version FROM flagplane.status();
SELECT count(*) >= 0 AS looked FROM flagplane.doctor();
SELECT coalesce(sum(calls), 0) >= 0 AS calls FROM flagplane.stats;
SELECT count(*) = (SELECT count(*) FROM flagplane.stats) AS same FROM flagplane.operation_stats();
SELECT count(*) = (SELECT count(*) FROM flagplane.environment_stats) AS same FROM flagplane.environment_stats();
SELECT t.try('SELECT flagplane.reset_stats()');
SELECT t.try('SELECT flagplane.purge()');
SELECT t.try('SELECT flagplane.list_projects()');
SELECT t.try($$SELECT flagplane.create_project('watched', 'W')$$);
SELECT t.try('SELECT count(*) FROM flagplane_data.account');
RESET ROLE;
REVOKE pg_monitor FROM fp_monitor;
-- Those with rights on the data may do all of it.
GRANT USAGE ON SCHEMA flagplane_data TO fp_monitor;
SET ROLE fp_monitor;
SELECT version IS NOT NULL AS version FROM flagplane.status();
SELECT flagplane.reset_stats();
SELECT coalesce(sum(calls), 0) AS calls FROM flagplane.operation_stats();
SET flagplane.rate_limits = off;
SET flagplane.rate_limit_period = 1;
RESET ROLE;
DROP OWNED BY fp_monitor;
DROP ROLE fp_monitor;
-- Nothing of it stands in the schema of the rows.
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'flagplane_data'::regnamespace ORDER BY 1;
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'flagplane_data'::regnamespace AND c.relkind IN ('v', 'm') ORDER BY 1;
