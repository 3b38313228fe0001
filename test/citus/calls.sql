-- Every operation, function and view once or more, as the account in flagplane.account: run on a plain database, on the coordinator
-- and on a worker, whose answers must be the same. citus.sh finds what is not called here.
\pset format unaligned
\pset tuples_only on
\set VERBOSITY terse
\set ON_ERROR_STOP off

-- The caller.
SELECT flagplane.whoami() IS NOT NULL, flagplane.get_caller_identity() IS NOT NULL;

-- Projects; the conflicts, and what is not there.
SELECT flagplane.create_project('p', 'P', tags => '{b,a,b}', idempotency_key => '00000000-0000-4000-8000-000000000001') AS answer \gset
SELECT :'answer';
SELECT flagplane.create_project('p', 'P', tags => '{b,a,b}', idempotency_key => '00000000-0000-4000-8000-000000000001')::text = :'answer' AS replayed;
SELECT flagplane.create_project('p', 'Other', idempotency_key => '00000000-0000-4000-8000-000000000001');
\echo :SQLSTATE
SELECT flagplane.create_project('p', 'P');
\echo :SQLSTATE
SELECT flagplane.create_project('q', 'Q', environments => '[{"key": "only", "name": "Only", "color": "000000", "tags": ["t"]}]', naming_convention => '{"case": "camelCase"}');
SELECT flagplane.create_project('gone', 'Gone');
SELECT flagplane.get_project('p', expand => 'environments');
SELECT flagplane.get_project('none');
\echo :SQLSTATE
SELECT flagplane.list_projects();
SELECT flagplane.list_projects(sort => '-name', filter => 'tags:a', expand => 'environments', "limit" => 1);
SELECT flagplane.update_project('p', '[{"op": "replace", "path": "/name", "value": "Named"}, {"op": "add", "path": "/tags/-", "value": "aa"}]');
SELECT flagplane.update_project('p', '[{"op": "test", "path": "/name", "value": "P"}]');
\echo :SQLSTATE
SELECT flagplane.get_project('p')->>'_id' AS short_id \gset
SELECT id AS project FROM flagplane.projects WHERE key = 'p' \gset
SELECT flagplane.get_partner_project('prj_' || :'project');
SELECT flagplane.list_partner_projects("limit" => 1)->>'nextCursor' AS cursor \gset
SELECT flagplane.list_partner_projects(cursor => :'cursor', "limit" => 1)->'items'->0->>'name';
SELECT flagplane.list_partner_projects(search => 'amed');

-- Environments.
SELECT flagplane.create_environment('p', 'staging', 'Staging', 'abcdef', tags => '{x,y}', idempotency_key => '00000000-0000-4000-8000-000000000002');
SELECT flagplane.create_environment('p', 'staging', 'Staging', 'abcdef', tags => '{x,y}', idempotency_key => '00000000-0000-4000-8000-000000000002')->>'key' AS replayed;
SELECT flagplane.create_environment('p', 'staging', 'Staging', 'abcdef');
\echo :SQLSTATE
SELECT flagplane.create_environment('none', 'staging', 'Staging', 'abcdef');
\echo :SQLSTATE
SELECT flagplane.get_environment('p', 'staging');
SELECT flagplane.list_environments('p', filter => 'query:s', sort => '-name');
SELECT flagplane.update_environment('p', 'staging', '[{"op": "replace", "path": "/color", "value": "000000"}, {"op": "replace", "path": "/approvalSettings/required", "value": true}]');
SELECT flagplane.reset_environment_sdk_key('p', 'staging', expiry => 4102444800000);
SELECT flagplane.reset_environment_sdk_key('p', 'staging')->>'apiKey' AS sdk_key \gset
SELECT flagplane.reset_environment_mobile_key('p', 'staging');
SELECT flagplane.create_sdk_key('p', 'staging', 'batch', expiry => 4102444800000)->>'apiKey' AS batch_key \gset
SELECT flagplane.create_sdk_key('p', 'staging', 'batch');
\echo :SQLSTATE
SELECT flagplane.list_sdk_keys('p', 'staging');
SELECT flagplane.resolve_environment_key(:'batch_key')->>'key';
SELECT flagplane.delete_sdk_key('p', 'staging', 'batch');
SELECT flagplane.resolve_environment_key(:'sdk_key');
SELECT flagplane.resolve_environment_key('sdk-none');
\echo :SQLSTATE

-- Members and access tokens.
SELECT flagplane.create_member('ada@example.com', 'admin', 'Ada', 'L') AS member \gset
SELECT :'member'::json->>'_id' AS member \gset
SELECT flagplane.create_member('ada@example.com');
\echo :SQLSTATE
SELECT flagplane.create_members('[{"email": "b@example.com", "role": "reader"}, {"email": "c@example.com", "role": "writer"}]');
SELECT flagplane.get_member(:'member');
SELECT flagplane.list_members(filter => 'query:example', sort => '-displayName');
SELECT flagplane.create_access_token('limited', scopes => '{projects:read,layers:write,flags:read,layers:read}', projects => '{q,p}', member_id => :'member') AS token \gset
SELECT flagplane.create_access_token('all', scopes => '{*}', idempotency_key => '00000000-0000-4000-8000-000000000003') AS everything \gset
SELECT flagplane.create_access_token('all', scopes => '{*}', idempotency_key => '00000000-0000-4000-8000-000000000003')::text = :'everything' AS replayed;
SELECT :'token'::json->>'_id' AS token_id, :'token'::json->>'token' AS token, :'everything'::json->>'token' AS everything, :'everything'::json->>'_id' AS everything_id \gset
SELECT flagplane.get_access_token(:'token_id');
SELECT flagplane.list_access_tokens();
SELECT flagplane.update_access_token(:'token_id', '[{"op": "replace", "path": "/name", "value": "renamed"}]');
SELECT flagplane.set_access_token_tier(:'token_id', 'pilot');
SELECT status, body FROM flagplane.handle('GET', '/api/v2/projects', jsonb_build_object('Authorization', :'token'));
SELECT status, body FROM flagplane.handle('POST', '/api/v2/projects/q/layers', jsonb_build_object('Authorization', :'token'), '{"key": "by-token", "name": "By token", "description": ""}');
SELECT status, body->>'code' FROM flagplane.handle('POST', '/api/v2/projects', jsonb_build_object('Authorization', :'token'), '{"key": "no", "name": "No"}');
SELECT status, body->>'code' FROM flagplane.handle('POST', '/api/v2/projects/gone/layers', jsonb_build_object('Authorization', :'token'), '{"key": "l", "name": "L", "description": ""}');
SELECT flagplane.rotate_access_token(:'token_id', '1 day')->>'token' AS rotated \gset
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'token'));
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'rotated'));
SELECT flagplane.reset_access_token(:'token_id')->>'token' AS rotated \gset
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'token'));
-- The token's end counts at once, within the transaction that ends it too.
BEGIN;
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'rotated'));
SELECT flagplane.kill_access_token(:'token_id') IS NOT NULL;
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'rotated'));
SELECT flagplane.revoke_access_token(:'token_id') IS NOT NULL;
SELECT status FROM flagplane.handle('GET', '/v1/whoami', jsonb_build_object('Authorization', 'Bearer ' || :'rotated'));
COMMIT;
SELECT flagplane.create_access_token('deleted', role => 'reader')->>'_id' AS deleted \gset
SELECT flagplane.delete_access_token(:'deleted');
SELECT flagplane.get_access_token(:'deleted');
\echo :SQLSTATE

-- Flags and their links.
SELECT flagplane.create_flag('p', 'f', 'F', tags => '{t,s}', maintainer_id => :'member', variations => '[{"value": {"a": 1}}, {"value": null}]', idempotency_key => '00000000-0000-4000-8000-000000000004');
SELECT flagplane.create_flag('p', 'f', 'F');
\echo :SQLSTATE
SELECT flagplane.create_flag('q', 'not-camel', 'F');
\echo :SQLSTATE
SELECT flagplane.create_flag('p', 'copy', 'Copy', clone => 'f');
SELECT flagplane.create_flag('p', 'needs', 'Needs', initial_prerequisites => json_build_array(json_build_object('key', 'f',
	'variationId', flagplane.get_flag('p', 'f')->'variations'->0->>'_id'))::jsonb);
SELECT flagplane.get_flag('p', 'f');
SELECT flagplane.get_flag('p', 'needs', env => 'test');
SELECT flagplane.list_flags('p', env => 'test', sort => '-name', filter => 'tags:t');
SELECT flagplane.list_flags('p');
SELECT flagplane.update_flag('p', 'f', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}');
SELECT flagplane.update_flag('p', 'f', '[{"op": "replace", "path": "/environments/test/rules", "value": [{"clauses": [{"attribute": "key", "op": "in", "values": ["u"]}], "variation": 1}]}, {"op": "replace", "path": "/tags", "value": ["u"]}]');
SELECT flagplane.update_flag('p', 'f', '{"merge": {"description": "d"}}');
-- Segments, and a rule that names one.
SELECT flagplane.create_segment('p', 'test', 's', 'Segment', 'Those', '{t}') IS NOT NULL;
SELECT flagplane.update_segment('p', 'test', 's', '[{"op": "add", "path": "/included/-", "value": "v"}]');
SELECT flagplane.get_segment('p', 'test', 's');
SELECT flagplane.list_segments('p', 'test', sort => 'name');
SELECT flagplane.update_flag('p', 'f', '[{"op": "add", "path": "/environments/test/rules/-", "value": {"clauses": [{"attribute": "segmentMatch", "op": "segmentMatch", "values": ["s"]}], "variation": 0}}]') IS NOT NULL;
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "v"}');
SELECT flagplane.delete_segment('p', 'test', 's');
\echo :SQLSTATE
SELECT flagplane.create_segment('p', 'test', 'gone', 'Gone') IS NOT NULL, flagplane.delete_segment('p', 'test', 'gone');
SELECT flagplane.delete_flag('p', 'f');
\echo :SQLSTATE

-- What they serve: as SDKs are sent it, and evaluated.
SELECT flagplane.payload('p', 'test');
SELECT flagplane.variation('p', 'test', 'f', '{"key": "a"}', '0'), flagplane.bool_variation('p', 'test', 'f', '{"key": "a"}', true), flagplane.text_variation('p', 'test', 'f', '{"key": "a"}', 't'), flagplane.numeric_variation('p', 'test', 'f', '{"key": "a"}', 1);
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "u"}'), flagplane.explain_variation('p', 'test', 'needs', '{"key": "u"}'), flagplane.all_flags_state('p', 'test', '{"key": "u"}', with_reasons => true);
-- It comes back in: alone what says something new is stored, new flags and what replaces others.
SELECT flagplane.import_environment('p', 'test', flagplane.payload('p', 'test')::jsonb);
SELECT flagplane.import_environment('p', 'production', '{"flags": {"came": {"version": 4, "on": true, "variations": ["a", "b"], "fallthrough": {"variation": 0}, "prerequisites": [{"key": "in", "variation": 1}]}, "in": {"version": 2, "variations": [1, 2], "fallthrough": {"variation": 1}}}, "segments": {"in": {"version": 3, "included": ["u"]}}}');
SELECT flagplane.import_environment('p', 'production', '{"flags": {"in": {"version": 2, "on": true, "variations": [1, 2], "fallthrough": {"variation": 1}}}, "segments": {"in": {"included": ["v"]}}}');
SELECT flagplane.variation_detail('p', 'production', 'came', '{"key": "u"}'), flagplane.get_segment('p', 'production', 'in')->'version';
SELECT flagplane.import_environment('p', 'production', '{"flags": {"in": {"variations": [1, 3], "fallthrough": {"variation": 1}}}}');
\echo :SQLSTATE
SELECT flagplane.evaluate_all(flagplane.payload('p', 'test')::jsonb, '{"key": "u"}', with_reasons => true);
SELECT flagplane.touch_environment('p', 'test');
SELECT flagplane.touch_environment('p', 'none');
\echo :SQLSTATE
SELECT flagplane.variation_detail('p', 'none', 'f', '{"key": "u"}');
\echo :SQLSTATE
-- What a transaction changes it sees, and what it rolls back nobody.
BEGIN;
SELECT flagplane.update_flag('p', 'f', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOff"}]}') IS NOT NULL;
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "u"}');
SAVEPOINT s;
SELECT flagplane.update_flag('p', 'f', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}') IS NOT NULL;
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "u"}');
ROLLBACK TO s;
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "u"}');
ROLLBACK;
SELECT flagplane.variation_detail('p', 'test', 'f', '{"key": "u"}');
SELECT flagplane.create_flag('p', 'again', 'Again') IS NOT NULL, flagplane.delete_flag('p', 'again');
SELECT flagplane.create_flag('p', 'again', 'Again')->'environments'->'test'->'version', flagplane.delete_flag('p', 'again');
SELECT flagplane.create_environment('p', 'clone', 'Clone', '000000', source => '{"key": "test"}');
SELECT flagplane.get_flag('p', 'f', env => 'clone')->'environments'->'clone'->'on';
-- What SDKs are served: also of what the own transaction changes and takes back.
SELECT flagplane.create_flag('p', 'text', 'Text', variations => '[{"value": "a"}, {"value": "b"}]', defaults => '{"onVariation": 0, "offVariation": 1}') IS NOT NULL;
SELECT flagplane.create_flag('p', 'number', 'Number', variations => '[{"value": 1}, {"value": 2}]', defaults => '{"onVariation": 0, "offVariation": 1}') IS NOT NULL;
SELECT flagplane.create_flag('p', 'bool', 'Bool') IS NOT NULL;
SELECT flagplane.text_variation('p', 'test', 'text', '{"kind": "user", "key": "u"}', 'none'), flagplane.numeric_variation('p', 'test', 'number', '{"kind": "user", "key": "u"}', 0),
	flagplane.bool_variation('p', 'test', 'bool', '{"kind": "user", "key": "u"}', true), flagplane.variation('p', 'test', 'f', '{"kind": "user", "key": "u"}'),
	flagplane.variation_detail('p', 'test', 'f', '{"kind": "user", "key": "u"}'), flagplane.explain_variation('p', 'test', 'f', '{"kind": "user", "key": "u"}') IS NOT NULL;
BEGIN;
SELECT flagplane.text_variation('p', 'test', 'text', '{"kind": "user", "key": "u"}', 'none');
SAVEPOINT before;
SELECT flagplane.update_flag('p', 'text', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}') IS NOT NULL;
SELECT flagplane.text_variation('p', 'test', 'text', '{"kind": "user", "key": "u"}', 'none');
ROLLBACK TO before;
SELECT flagplane.text_variation('p', 'test', 'text', '{"kind": "user", "key": "u"}', 'none');
COMMIT;
SELECT flagplane.update_flag('p', 'text', '{"environmentKey": "test", "instructions": [{"kind": "turnFlagOn"}]}') IS NOT NULL;
SELECT flagplane.text_variation('p', 'test', 'text', '{"kind": "user", "key": "u"}', 'none');
SELECT flagplane.touch_environment('p', 'test') IS NOT NULL;
SELECT flagplane.payload('p', 'test');
SELECT flagplane.all_flags_state('p', 'test', '{"kind": "user", "key": "u"}');
SELECT flagplane.register_integration('acme', '{"capabilities": {"flagLink": {"uiBlocks": {}, "header": "h", "emptyState": "e"}}}');
SELECT flagplane.create_flag_link('p', 'f', 'k', 'github', deep_link => 'https://example.com/1', metadata => '{"prNumber": "1"}')->>'_id' AS link \gset
SELECT flagplane.create_flag_link('p', 'f', 'k', 'github', metadata => '{"prNumber": "1"}');
\echo :SQLSTATE
SELECT flagplane.create_flag_link('p', 'f', 'other', 'acme');
SELECT flagplane.get_flag_link('p', 'f', :'link');
SELECT flagplane.list_flag_links('p', 'f');
SELECT flagplane.update_flag_link('p', 'f', :'link', '[{"op": "replace", "path": "/title", "value": "T"}]');
SELECT flagplane.delete_flag_link('p', 'f', 'other');

-- Layers and experiments.
SELECT flagplane.create_layer('p', 'l', 'L', 'd', idempotency_key => '00000000-0000-4000-8000-000000000005');
SELECT flagplane.create_layer('p', 'l', 'L', 'd', idempotency_key => '00000000-0000-4000-8000-000000000005')->>'key' AS replayed;
SELECT flagplane.create_layer('p', 'l', 'L', 'd');
\echo :SQLSTATE
SELECT flagplane.create_layer('none', 'l', 'L', 'd');
\echo :SQLSTATE
SELECT flagplane.create_layer('p', 'empty', 'Empty', '', 'user');
SELECT flagplane.create_experiment('p', 'test', 'a', 'A', flag_key => 'f', maintainer_id => :'member', iteration => (SELECT jsonb_build_object('treatments', jsonb_agg(jsonb_build_object('name', i::text, 'baseline', i = 1, 'allocationPercent', '50',
	'parameters', jsonb_build_array(jsonb_build_object('flagKey', 'f', 'variationId', v->>'_id'))))) FROM jsonb_array_elements(flagplane.get_flag('p', 'f')::jsonb->'variations') WITH ORDINALITY u(v, i) WHERE i <= 2));
SELECT flagplane.create_experiment('p', 'test', 'b', 'B', description => 'b');
SELECT flagplane.create_experiment('p', 'test', 'b', 'B');
\echo :SQLSTATE
SELECT flagplane.create_experiment('p', 'test', 'c', 'C', flag_key => 'none');
\echo :SQLSTATE
SELECT flagplane.create_experiment('p', 'test', 'gone', 'Gone');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateName", "name": "Renamed"}]');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "a", "reservationPercent": 40}]', 'test');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "b", "reservationPercent": 60}]', 'test');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "gone", "reservationPercent": 1}]', 'test');
\echo :SQLSTATE
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "b", "reservationPercent": 20}]', 'test');
SELECT flagplane.update_layer('p', 'l', '[{"kind": "updateExperimentReservation", "experimentKey": "gone", "reservationPercent": 30}]', 'test');
SELECT flagplane.get_layer('p', 'l');
SELECT flagplane.list_layers('p');
SELECT flagplane.list_layers('p', filter => 'reservations.experimentKey contains a');
SELECT count(*) > 0, count(flagplane.assign('p', 'test', 'l', 'u' || n, true)) BETWEEN 60 AND 120, bool_and(flagplane.bucket('s', 'u' || n) BETWEEN 0 AND 99999) FROM generate_series(1, 100) n;
SELECT count(*), count(experiment_key) FROM flagplane.assign_many('p', 'test', 'l', (SELECT array_agg('u' || n) FROM generate_series(1, 100) n));
-- What the own transaction changes, and takes back, is seen at once.
DO $$
DECLARE
	assigned text[];
BEGIN
	assigned := ARRAY[(SELECT count(DISTINCT flagplane.assign('p', 'test', 'l', 'u' || n, true)) FROM generate_series(1, 1000) n)];
	PERFORM flagplane.update_layer('p', 'l', '[{"kind": "removeExperiment", "experimentKey": "b"}]', 'test');
	assigned := assigned || (SELECT count(DISTINCT flagplane.assign('p', 'test', 'l', 'u' || n, true)) FROM generate_series(1, 1000) n)::text;
	BEGIN
		PERFORM flagplane.update_layer('p', 'l', '[{"kind": "removeExperiment", "experimentKey": "a"}]', 'test');
		assigned := assigned || (SELECT count(DISTINCT flagplane.assign('p', 'test', 'l', 'u' || n, true)) FROM generate_series(1, 1000) n)::text;
		RAISE SQLSTATE 'P0001';
	EXCEPTION WHEN SQLSTATE 'P0001' THEN
		assigned := assigned || (SELECT count(DISTINCT flagplane.assign('p', 'test', 'l', 'u' || n, true)) FROM generate_series(1, 1000) n)::text;
	END;
	RAISE NOTICE '%', assigned;
END
$$;
SELECT flagplane.draw_layer('p', 'test', 'l') ~ 'a', flagplane.layer_svg('p', 'test', 'l') ~ '<svg';
SELECT flagplane.start_experiment('p', 'test', 'a');
SELECT flagplane.stop_experiment('p', 'test', 'a');
SELECT flagplane.archive_experiment('p', 'test', 'a');
SELECT flagplane.update_experiment('p', 'test', 'b', '[{"kind": "updateName", "value": "Bee"}]', comment => 'why');
SELECT flagplane.get_experiment('p', 'test', 'b');
SELECT flagplane.list_experiments('p', 'test', lifecycle_state => 'active,archived', sort => '-name');
SELECT flagplane.delete_experiment('p', 'test', 'gone');
SELECT flagplane.delete_layer('p', 'empty');
SELECT flagplane.delete_layer('p', 'none');
\echo :SQLSTATE

-- SDK apps.
SELECT flagplane.create_sdk_app(:'project', 'App', 'ios', 'com.acme', idempotency_key => '00000000-0000-4000-8000-000000000006') AS app \gset
SELECT flagplane.create_sdk_app(:'project', 'App', 'ios', 'com.acme', idempotency_key => '00000000-0000-4000-8000-000000000006')::text = :'app' AS replayed;
SELECT flagplane.create_sdk_app(:'project', 'App', 'ios', 'com.acme');
\echo :SQLSTATE
SELECT :'app'::json->>'appId' AS app, :'app'::json->>'apiKey' AS app_key \gset
SELECT flagplane.get_sdk_app(:'project', :'app');
SELECT flagplane.authenticate_sdk_app(:'app_key');
SELECT flagplane.update_sdk_app(:'project', :'app', name => 'Renamed', rotate_key => true);
SELECT flagplane.authenticate_sdk_app(:'app_key');
\echo :SQLSTATE
SELECT flagplane.create_sdk_app('p', 'Second', 'expo')->>'appId' AS second \gset
SELECT flagplane.list_sdk_apps(:'project', "limit" => 1)->>'nextCursor' AS cursor \gset
SELECT flagplane.list_sdk_apps(:'project', cursor => :'cursor');
SELECT flagplane.list_sdk_apps(:'project', platform => 'ios');
SELECT flagplane.delete_sdk_app(:'project', :'second');

-- The views, each column; the caller's account alone.
SELECT format('SELECT %L, count(*) > 0 FROM (SELECT * FROM %s v) v', c.oid::regclass, c.oid::regclass) FROM pg_class c
	WHERE c.relnamespace = 'flagplane'::regnamespace AND c.relkind = 'v' ORDER BY 1
\gexec
SELECT count(DISTINCT account_id) FROM flagplane.audit;
SELECT key, tags FROM flagplane.projects ORDER BY key;
SELECT p.key, e.key, color FROM flagplane.projects p JOIN flagplane.environments e ON e.account_id = p.account_id AND e.project_id = p.id ORDER BY p.key, e.key;
SELECT key, name FROM flagplane.layers ORDER BY key;
SELECT flag_key, key, title FROM flagplane.flag_links ORDER BY key;
SELECT name, platform FROM flagplane.sdk_apps ORDER BY name;
SELECT operation, target, before IS NULL, comment FROM flagplane.audit ORDER BY epoch, xid, ordinal;

-- Deletions, of what has much below it too.
SELECT flagplane.delete_flag('p', 'copy');
SELECT flagplane.delete_flag('p', 'needs');
SELECT flagplane.delete_environment('p', 'clone');
SELECT flagplane.delete_environment('q', 'only');
\echo :SQLSTATE
SELECT flagplane.delete_project('gone');
SELECT flagplane.delete_project('gone');
\echo :SQLSTATE

-- The audit log and the feed, in pieces: all of it, each change once, in the order of the changes.
SELECT flagplane.list_audit_log("limit" => 3);
SELECT flagplane.list_audit_log(spec => 'proj/p:env/*')->'totalCount', json_array_length(flagplane.list_audit_log(filter => 'layer')->'items');
SELECT json_array_length(flagplane.list_audit_log(before => 4102444800000, after => 0, "limit" => 20)->'items');
SELECT flagplane.list_audit_log("limit" => 1)->'items'->0->>'_id' AS entry \gset
SELECT flagplane.get_audit_log_entry(:'entry');
WITH RECURSIVE feed(page) AS (SELECT flagplane.changes("limit" => 7)
	UNION ALL SELECT flagplane.changes(page->>'nextCursor', 7) FROM feed WHERE (page->>'hasMore')::boolean)
SELECT count(*), count(DISTINCT c->>'_id') FROM feed, json_array_elements(page->'items') c;
SELECT c->>'operation', c->>'target' FROM json_array_elements(flagplane.changes("limit" => 1000)->'items') c;

-- Accounts, upkeep, and what needs no rows.
SELECT flagplane.create_account('made-by-' || current_setting('flagplane.account'), 'Made');
SELECT flagplane.create_account('made-by-' || current_setting('flagplane.account'), 'Made');
\echo :SQLSTATE
SELECT count(*) >= 2 FROM json_array_elements(flagplane.list_accounts()->'items');
SELECT finding, severity FROM flagplane.doctor() WHERE finding !~ '^(not_preloaded|rate_limits_off|crash_unsafe|role_without_token|asynchronous_commit|account_without_project)';
SELECT flagplane.purge() >= 0;
SELECT flagplane.evaluate(json_build_object('flags', json_build_object(), 'segments', json_build_object())::jsonb, 'f', flagplane.user_context('u'), '1')->>'value';
SELECT flagplane.openapi() IS NOT NULL, (flagplane.status()).version IS NOT NULL, flagplane.json_patch('{"a": 1}', '[{"op": "remove", "path": "/a"}]');
BEGIN;
SELECT set_config('request.headers', json_build_object('authorization', :'everything')::text, true) IS NOT NULL, set_config('request.method', 'GET', true);
SELECT flagplane.authenticate();
SELECT limited_to IS NULL FROM flagplane.current_caller('projects:read');
SELECT count(*) FROM flagplane.projects;
SELECT set_config('request.headers', json_build_object('x-original-authorization', :'everything', 'x-original-request', 'GET /api/v2/projects/p')::text, true) IS NOT NULL;
SELECT flagplane.rest(''::bytea)->>'key';
COMMIT;
BEGIN;
SELECT set_config('request.headers', json_build_object('x-original-authorization', :'sdk_key', 'x-original-request', 'GET /sdk/latest-all')::text, true) IS NOT NULL, set_config('request.method', 'GET', true);
SELECT jsonb_object_keys(flagplane.sdk(''::bytea)::jsonb);
SELECT set_config('request.headers', json_build_object('x-original-authorization', :'sdk_key', 'x-original-request', 'GET /all')::text, true) IS NOT NULL;
SELECT flagplane.sdk_stream(''::bytea) ~ 'event: *put';
COMMIT;
