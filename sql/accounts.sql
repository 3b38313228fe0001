-- Two accounts with the same keys: neither sees, changes or replays anything of the other, by any operation.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('shared') AS id \gset
SELECT t.project('mine') AS mine \gset
SELECT flagplane.create_flag('mine', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_layer('mine', 'l', 'L', '') IS NOT NULL AS made;
SELECT flagplane.create_layer('mine', 'empty', 'Empty', '') IS NOT NULL AS made;
SELECT flagplane.create_experiment('mine', 'test', e, 'E', iteration => t.plan('mine', 'of-' || e)) IS NOT NULL AS made FROM unnest('{e,running}'::text[]) e;
SELECT flagplane.start_experiment('mine', 'test', 'running') IS NOT NULL AS made;
SELECT flagplane.update_layer('mine', 'l',
	'[{"kind": "updateExperimentReservation", "experimentKey": "e", "reservationPercent": 10}]', 'test') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('mine', 'f', 'k') IS NOT NULL AS made;
SELECT flagplane.create_segment('mine', 'test', 's', 'S') IS NOT NULL AS made;
SELECT flagplane.create_sdk_key('mine', 'test', 'k') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('mine', 'A', 'expo')->>'appId' AS app \gset
SELECT flagplane.create_member('accounts@example.com')->>'_id' AS member \gset
SELECT flagplane.register_integration('accounts', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}') IS NOT NULL AS made;
SELECT flagplane.create_access_token('accounts', '{*}')->>'token' AS token \gset
SELECT flagplane.create_account('accounts', 'Accounts') IS NOT NULL AS made;
-- A call that leaves nothing behind.
CREATE FUNCTION pg_temp.undone(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'UNDOS';
EXCEPTION
	WHEN SQLSTATE 'UNDOS' THEN RETURN answer;
	WHEN OTHERS THEN RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;
-- Every operation about a project, with that of the first account: not found. None may be missing here.
CREATE TEMP TABLE call (operation text, arguments text);
INSERT INTO call VALUES ('get_project', $$'mine'$$), ('create_environment', $$'mine', 'e', 'E', '000000'$$), ('get_environment', $$'mine', 'test'$$), ('touch_environment', $$'mine', 'test'$$),
	('import_environment', $$'mine', 'test', '{"flags": {}}'$$), ('payload', $$'mine', 'test'$$), ('all_flags_state', $$'mine', 'test', '{"key": "a"}'$$),
	('list_environments', $$'mine'$$), ('create_flag', $$'mine', 'g', 'G'$$), ('get_flag', $$'mine', 'f'$$), ('list_flags', $$'mine'$$),
	('create_flag_link', $$'mine', 'f', 'j'$$), ('get_flag_link', $$'mine', 'f', 'k'$$), ('list_flag_links', $$'mine', 'f'$$),
	('create_segment', $$'mine', 'test', 'other', 'O'$$), ('get_segment', $$'mine', 'test', 's'$$), ('list_segments', $$'mine', 'test'$$), ('update_segment', $$'mine', 'test', 's', '{"name": "C"}'$$), ('delete_segment', $$'mine', 'test', 's'$$),
	('create_layer', $$'mine', 'm', 'M', ''$$), ('get_layer', $$'mine', 'l'$$), ('list_layers', $$'mine'$$),
	('assign', $$'mine', 'test', 'l', 'unit'$$), ('draw_layer', $$'mine', 'test', 'l'$$), ('layer_svg', $$'mine', 'test', 'l'$$),
	('update_layer', $$'mine', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "e", "reservationPercent": 20}]', 'test'$$),
		('delete_layer', $$'mine', 'empty'$$),
	('create_experiment', $$'mine', 'test', 'x', 'X'$$), ('get_experiment', $$'mine', 'test', 'e'$$), ('list_experiments', $$'mine', 'test'$$),
	('update_experiment', $$'mine', 'test', 'e', '[{"kind": "updateName", "value": "F"}]'$$), ('start_experiment', $$'mine', 'test', 'e'$$),
	('stop_experiment', $$'mine', 'test', 'running'$$), ('archive_experiment', $$'mine', 'test', 'e'$$), ('delete_experiment', $$'mine', 'test', 'e'$$),
	('create_sdk_app', quote_literal(:'mine') || $$, 'B', 'expo'$$), ('get_sdk_app', quote_literal(:'mine') || ', ' || quote_literal(:'app')),
	('list_sdk_apps', quote_literal(:'mine')), ('create_sdk_app', $$'mine', 'B', 'expo'$$),
	('delete_project', $$'mine'$$), ('update_project', $$'mine', '[{"op": "replace", "path": "/name", "value": "C"}]'$$),
		('get_partner_project', quote_literal(:'mine')), ('delete_environment', $$'mine', 'test'$$), ('update_environment',
		$$'mine', 'test', '[{"op": "replace", "path": "/name", "value": "C"}]'$$), ('reset_environment_sdk_key', $$'mine', 'test'$$),
	('create_sdk_key', $$'mine', 'test', 'other'$$), ('list_sdk_keys', $$'mine', 'test'$$), ('delete_sdk_key', $$'mine', 'test', 'k'$$),
	('reset_environment_mobile_key', $$'mine', 'test'$$), ('delete_flag', $$'mine', 'f'$$), ('update_flag',
		$$'mine', 'f', '{"name": "C"}'$$), ('delete_flag_link', $$'mine', 'f', 'k'$$), ('update_flag_link',
		format('%L, %L, %L, %L', 'mine', 'f', flagplane.get_flag_link('mine', 'f', 'k')->>'_id', '[{"op": "add", "path": "/title", "value": "C"}]')),
	('update_sdk_app', quote_literal(:'mine') || ', ' || quote_literal(:'app') || $$, name => 'C'$$), ('delete_sdk_app',
		quote_literal(:'mine') || ', ' || quote_literal(:'app'));
SELECT name AS not_listed FROM flagplane.operations() WHERE arguments ~ '^project_(key|id) ' AND name NOT IN (SELECT operation FROM call);
-- The calls are good ones: the first account may make them all.
SELECT operation, answer AS refused FROM (SELECT operation, pg_temp.undone(format('SELECT flagplane.%I(%s)', operation, arguments)) AS answer
	FROM call) c WHERE answer ~ '^[0-9A-Z]{5}: ';
SET flagplane.account = 'accounts';
SELECT left(t.try(format('SELECT flagplane.%I(%s)', operation, arguments)), 5) AS answer, count(*) FROM call GROUP BY 1;
-- The same of the project's id where the account has a project with the same key.
SELECT flagplane.create_project('shared', 'Shared') IS NOT NULL AS made;
SELECT t.try(format('SELECT flagplane.list_sdk_apps(%L)', 'prj_' || :'id'));
SELECT t.try($$SELECT flagplane.list_sdk_apps('shared')$$);
-- Nor are members, integrations and tokens of the other account to be named.
SELECT t.try(format('SELECT flagplane.create_access_token(%L, %L, member_id => %L)', 'x', '{flags:read}', :'member'));
SELECT t.try($$SELECT flagplane.create_access_token('x', '{flags:read}', projects => '{mine}')$$);
SELECT flagplane.create_flag('shared', 'f', 'F') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.create_flag_link('shared', 'f', integration_key => 'accounts')$$);
SELECT flagplane.list_members()->'totalCount', flagplane.list_access_tokens()->'totalCount', flagplane.list_projects()->'totalCount';
-- The same idempotency key and the same request in both: each has its own answer.
SELECT flagplane.create_sdk_app('shared', 'Once', 'expo', idempotency_key => '77777777-7777-4777-8777-777777777777') AS second \gset
RESET flagplane.account;
SELECT flagplane.create_sdk_app('shared', 'Once', 'expo', idempotency_key => '77777777-7777-4777-8777-777777777777') AS first \gset
SELECT :'first'::json->>'appId' <> :'second'::json->>'appId' AS other_app, :'first'::json->>'apiKey' <> :'second'::json->>'apiKey' AS other_key;
-- A token acts for its own account, whatever the setting says.
SET flagplane.account = 'accounts';
SELECT status FROM t.rest('GET', '/api/v2/projects/mine', NULL, json_build_object('Authorization', :'token')::jsonb);
SET flagplane.account = 'nowhere';
SELECT status FROM t.rest('GET', '/api/v2/projects/mine', NULL, json_build_object('Authorization', :'token')::jsonb);
RESET flagplane.account;
-- A token whose account is exchanged is no token.
SELECT * FROM t.rest('GET', '/api/v2/projects/mine', NULL, json_build_object('Authorization',
	(SELECT regexp_replace(:'token', '^fp_[0-9a-f]{8}', 'fp_' || lpad(to_hex(id), 8, '0'))
	FROM flagplane_data.account WHERE key = 'accounts'))::jsonb);
-- Every row is its account's own.
SELECT DISTINCT a.key FROM flagplane_data.audit_log l JOIN flagplane_data.account a ON a.id = l.account_id WHERE l.target LIKE 'proj/mine%';
