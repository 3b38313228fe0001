-- Messages that lead on: they say what would be right.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('messages') IS NOT NULL AND flagplane.create_flag('messages', 'f', 'F') IS NOT NULL AS made;
CREATE FUNCTION pg_temp.patch(patch text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', h.status, h.body->>'message') FROM flagplane.handle('PATCH', '/api/v2/flags/messages/f', '{}', patch) h
$$;
-- A setting beside its environments; a member that is there by another name; a rollout beside a variation.
SELECT p, pg_temp.patch(p)
	FROM unnest(ARRAY['{"on": true}', '{"merge": {"rules": [], "targets": []}}',
	'[{"op": "add", "path": "/trackEvents", "value": true}]', '{"nmae": "X"}', '{"environment": {}}', '{"colour": "red"}',
	'{"kind": "multivariate"}', '{"environments": {"test": {"offVaration": 1}}}',
	'{"environments": {"test": {"fallthrough": {"rollout": {"variations": [{"variation": 0, "weight": 100000}]}}}}}',
		'[{"op": "add", "path": "/environments/test/fallthrough/rollout", "value": {"variations": [{"variation": 0, "weight": 100000}]}}]',
	'{"environments": {"test": {"fallthrough": {"variation": null}}}}',
		'{"environments": {"test": {"fallthrough": {"variation": null, "rollout": {"variations": [{"variation": 0, "weight": 100000}]}}}}}']) WITH ORDINALITY u(p,
		n) ORDER BY n;
-- Methods are distinguished by case, as in HTTP.
SELECT m, u, h.status, h.headers->>'Allow' AS allow, h.body->>'message' AS message
	FROM unnest(ARRAY['get', 'Get', 'PUT', 'GET ', 'G3T']) m, unnest(ARRAY['/api/v2/flags/messages', '/api/v2/openapi.json',
	'/nowhere']) u, flagplane.handle(m, u) h;
-- A role without rights learns which it lacks; callers of handle() and PostgREST learn nothing of the server.
CREATE ROLE fp_messages;
GRANT USAGE ON SCHEMA flagplane TO fp_messages;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA flagplane TO fp_messages;
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ': ' || SQLERRM || coalesce(' HINT: ' || nullif(hint, ''), '');
END
$$;
SET ROLE fp_messages;
SELECT s, pg_temp.hint(s) FROM unnest(ARRAY['SELECT flagplane.list_projects()', 'SELECT * FROM flagplane.status()', 'SELECT flagplane.purge()']) s;
SELECT h.status, h.body FROM flagplane.handle('GET', '/api/v2/projects') h;
SELECT set_config('request.method', 'GET', true) IS NOT NULL AS set, pg_temp.hint('SELECT flagplane.list_projects()');
RESET ROLE;
DROP OWNED BY fp_messages;
DROP ROLE fp_messages;
-- The audit log knows the participle of every verb that changes anything.
CREATE TEMP TABLE verb AS SELECT DISTINCT split_part(name, '_', 1) AS verb FROM flagplane.operations() WHERE changes;
SELECT flagplane.create_access_token('messages', '{*}')->>'_id' AS id \gset
SELECT flagplane.set_access_token_tier(:'id', 'pilot') IS NOT NULL AND flagplane.rotate_access_token(:'id') IS NOT NULL
	AND flagplane.reset_access_token(:'id') IS NOT NULL
	AND flagplane.update_access_token(:'id', '[{"op": "replace", "path": "/name", "value": "Messages"}]') IS NOT NULL
	AND flagplane.revoke_access_token(:'id') IS NOT NULL AND flagplane.kill_access_token(:'id') IS NOT NULL AND flagplane.delete_access_token(:'id') IS NULL
	AND flagplane.create_experiment('messages', 'test', 'x', 'X', iteration => t.plan('messages', 'f')) IS NOT NULL
		AND flagplane.start_experiment('messages', 'test', 'x') IS NOT NULL
		AND flagplane.stop_experiment('messages', 'test', 'x') IS NOT NULL AND flagplane.archive_experiment('messages', 'test', 'x') IS NOT NULL
	AND flagplane.touch_environment('messages', 'test') IS NOT NULL
	AND flagplane.import_environment('messages', 'test', '{"flags": {"imported": {"variations": [1, 2], "fallthrough": {"variation": 0}}}}') IS NOT NULL
	AND flagplane.register_integration('messages', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": {}, "emptyState": {}}}}') IS NOT NULL AS changed;
SELECT e->>'titleVerb' AS verb FROM json_array_elements(flagplane.list_audit_log("limit" => 15)->'items') WITH ORDINALITY l(e, n) ORDER BY n DESC;
-- Verbs that no entry above begins with.
SELECT verb FROM verb WHERE verb NOT IN (SELECT split_part(operation, '_', 1) FROM flagplane_data.audit_log) ORDER BY 1;
-- Nouns agree with their number: of findings, and of the seconds to wait.
SELECT flagplane.create_account('messages-1', 'A') IS NOT NULL AS made;
SELECT set_config('flagplane.account', 'messages-1', false) IS NOT NULL AS set;
SELECT flagplane.create_access_token('soon', '{*}', expires_at => now() + interval '1 day') IS NOT NULL AS made;
SELECT regexp_replace(finding, '[0-9a-f]{24}', '<id>') FROM flagplane.doctor() WHERE finding LIKE '%messages-1%token%';
SELECT flagplane.create_access_token('soon', '{*}', expires_at => now() + interval '1 day') IS NOT NULL AS made;
SELECT regexp_replace(finding, '[0-9a-f]{24}', '<id>') FROM flagplane.doctor() WHERE finding LIKE '%messages-1%token%';
RESET flagplane.account;
