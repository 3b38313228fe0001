-- An empty database: reads answer, a refused change leaves no trace, the first change makes the default account.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
BEGIN;
TRUNCATE flagplane_data.account CASCADE;
SELECT t.try('SELECT flagplane.list_projects()');
SELECT t.try('SELECT flagplane.list_accounts()');
SELECT t.try($$SELECT flagplane.get_project('x')$$);
SELECT * FROM t.rest('GET', '/api/v2/projects/x/layers');
SELECT t.try($$SELECT flagplane.create_layer('x', 'l', 'L', '')$$);
SELECT * FROM t.rest('POST', '/api/v2/projects', '{"key": "x"}');
SELECT * FROM t.rest('POST', '/api/v2/projects', '{"key": "x", "name": "X"}',
	'{"Authorization": "fp_00000001_0000000000000000_0000000000000000000000000000000000000000000"}');
SELECT count(*) AS accounts FROM flagplane_data.account;
SELECT t.try($$SELECT flagplane.create_project('x', 'X')->>'key'$$);
SELECT key, name, id BETWEEN 1 AND 4294967295 AS id FROM flagplane_data.account;
SELECT t.try($$SELECT flagplane.create_account('default', 'Default')$$);
-- Other accounts are made, not assumed.
SET LOCAL flagplane.account = 'other';
SELECT t.try($$SELECT flagplane.create_project('x', 'X')$$);
SET LOCAL flagplane.account = '';
SELECT t.try('SELECT flagplane.list_projects()');
ROLLBACK;
-- A standby or a read-only transaction reads, by SQL and by REST.
SELECT t.project('readonly') IS NOT NULL AS made;
BEGIN READ ONLY;
SELECT flagplane.get_project('readonly')->>'key';
SELECT status FROM t.rest('GET', '/api/v2/projects/readonly/layers');
SELECT t.try($$SELECT flagplane.create_layer('readonly', 'l', 'L', '')$$);
ROLLBACK;
-- What changes is refused there, in the caller's own words, after who calls and before the rest.
BEGIN READ ONLY;
SELECT * FROM t.rest('POST', '/api/v2/projects/readonly/layers', '{"key": "l", "name": "L", "description": ""}');
SELECT * FROM t.rest('DELETE', '/api/v2/projects/readonly');
SELECT * FROM t.rest('POST', '/api/v2/projects/readonly/environments/test/apiKey');
SELECT * FROM t.rest('POST', '/v1/projects/x/sdk-apps', 'x');
SELECT * FROM t.rest('POST', '/api/v2/projects', 'x', '{"Authorization": "fp_x"}');
SET LOCAL flagplane.account = 'other';
SELECT status FROM t.rest('POST', '/api/v2/projects', 'x');
ROLLBACK;
BEGIN READ ONLY;
SET LOCAL request.method = 'GET';
SELECT t.try($$SELECT flagplane.create_layer('readonly', 'l', 'L', '')$$);
ROLLBACK;
