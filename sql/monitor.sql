-- What is for those who run the server: the same whether the library is preloaded or not.
\set VERBOSITY terse
\pset format unaligned
SELECT version = (SELECT extversion FROM pg_extension WHERE extname = 'flagplane') AS version, preloaded IS NOT NULL AS preloaded, tokens <= tokens_max AS tokens, preloaded OR NOT rate_limits AS rate_limits, settings->>'flagplane.account' AS account FROM flagplane.status();
SELECT flagplane.reset_stats();
SELECT t.project('monitor') IS NOT NULL AS made;
SELECT s.calls, s.errors FROM flagplane.status() t LEFT JOIN flagplane.stats s ON s.operation = 'create_project' WHERE t.preloaded EXCEPT SELECT 1, 0;
SELECT count(*) FROM flagplane.status() t JOIN flagplane.stats s ON NOT t.preloaded;
-- Neither is for those without rights on the data.
CREATE ROLE fp_monitor;
GRANT USAGE ON SCHEMA flagplane, t TO fp_monitor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane, t TO fp_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA flagplane TO fp_monitor;
SET ROLE fp_monitor;
SELECT t.try('SELECT flagplane.status()');
SELECT t.try('SELECT flagplane.reset_stats()');
SELECT t.try('SELECT count(*) FROM flagplane.stats');
RESET ROLE;
-- Those who have them may; the counters want a GRANT.
GRANT USAGE ON SCHEMA flagplane_data TO fp_monitor;
GRANT EXECUTE ON FUNCTION flagplane_data.operation_stats() TO fp_monitor;
SET ROLE fp_monitor;
SELECT version IS NOT NULL AS version FROM flagplane.status();
SELECT flagplane.reset_stats();
SELECT coalesce(sum(calls), 0) AS calls FROM flagplane.stats;
SET flagplane.rate_limits = off;
SET flagplane.rate_limit_period = 1;
RESET ROLE;
DROP OWNED BY fp_monitor;
DROP ROLE fp_monitor;
