-- Deletes, resets, and look-ups by a bare credential.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('gone') AS id \gset
SELECT t.project('stays') IS NOT NULL AS made;
SELECT flagplane.create_flag('gone', 'f', 'F') IS NOT NULL AS made;
SELECT flagplane.create_flag('gone', 'needed', 'Needed') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('gone', 'f', 'k') IS NOT NULL AS made;
SELECT flagplane.create_flag_link('gone', 'f', 'k2') IS NOT NULL AS made;

-- Keys of environments: the current ones open theirs; a reset kills the old one, or lets it live on.
SELECT flagplane.get_environment('gone', 'test')->>'apiKey' AS sdk, flagplane.get_environment('gone', 'test')->>'mobileKey' AS mobile \gset
SELECT flagplane.resolve_environment_key(:'sdk')->>'key' AS by_sdk, flagplane.resolve_environment_key(:'mobile')->>'key' AS by_mobile;
SELECT (extract(epoch FROM now()) * 1000)::bigint + 3600000 AS later \gset
SELECT flagplane.reset_environment_sdk_key('gone', 'test', :later)->>'apiKey' AS sdk2 \gset
SELECT flagplane.resolve_environment_key(:'sdk')->>'key' AS old, flagplane.resolve_environment_key(:'sdk2')->>'key' AS new, :'sdk' <> :'sdk2' AS another;
SELECT status, headers, body::json->>'apiKey' AS sdk FROM t.rest('POST', '/api/v2/projects/gone/environments/test/apiKey');
SELECT t.try(format('SELECT flagplane.resolve_environment_key(%L)', :'sdk2'));
SELECT flagplane.resolve_environment_key(:'sdk')->>'key' AS still_until_then;
UPDATE flagplane_data.environment_key SET expires_at = now() WHERE value = :'sdk';
SELECT t.try(format('SELECT flagplane.resolve_environment_key(%L)', :'sdk'));
SELECT status FROM t.rest('POST', '/api/v2/projects/gone/environments/test/mobileKey?expiry=' || :later);
SELECT flagplane.resolve_environment_key(:'mobile')->>'key' AS old_mobile, flagplane.get_environment('gone', 'test')->>'mobileKey' <> :'mobile' AS another;
SELECT t.try($$SELECT flagplane.reset_environment_sdk_key('gone', 'test', 1)$$);
SELECT t.try($$SELECT flagplane.reset_environment_sdk_key('gone', 'nothing')$$);
SELECT t.try($$SELECT flagplane.reset_environment_mobile_key('nowhere', 'test')$$);
SELECT status, body FROM t.rest('POST', '/api/v2/projects/gone/environments/test/apiKey?expiry=x');
SELECT t.try($$SELECT flagplane.resolve_environment_key('sdk-x')$$);
SELECT t.try($$SELECT flagplane.resolve_environment_key('sdk-00000000-0000-4000-8000-000000000000')$$);
-- A retry of a reset does not reset again.
SELECT flagplane.reset_environment_sdk_key('gone', 'test', idempotency_key => '66666666-6666-4666-8666-666666666666')::text
	= flagplane.reset_environment_sdk_key('gone', 'test', idempotency_key => '66666666-6666-4666-8666-666666666666')::text AS same;

-- Keys of SDK apps.
SELECT flagplane.create_sdk_app('gone', 'App', 'expo') AS app \gset
SELECT a->>'appId' = :'app'::json->>'appId' AS found, a->>'apiKey' IS NULL AS without_key FROM flagplane.authenticate_sdk_app(:'app'::json->>'apiKey') a;
SELECT t.try($$SELECT flagplane.authenticate_sdk_app('sk_app_x')$$);
SELECT t.try(format('SELECT flagplane.authenticate_sdk_app(%L)', 'sk_app_' || repeat('z', 43)));
SELECT t.try(format('SELECT flagplane.authenticate_sdk_app(%L)', regexp_replace(:'app'::json->>'apiKey', '.$', '~')));
SELECT * FROM t.rest('DELETE', '/v1/projects/' || :'id' || '/sdk-apps/' || (:'app'::json->>'appId'));
SELECT status FROM t.rest('DELETE', '/v1/projects/' || :'id' || '/sdk-apps/' || (:'app'::json->>'appId'));
SELECT t.try(format('SELECT flagplane.authenticate_sdk_app(%L)', :'app'::json->>'apiKey'));

-- Flag links, by key and by id.
SELECT * FROM t.rest('DELETE', '/api/v2/flag-links/projects/gone/flags/f/k');
SELECT t.try($$SELECT flagplane.delete_flag_link('gone', 'f', 'k')$$);
SELECT t.try($$SELECT flagplane.delete_flag_link('gone', 'nothing', 'k')$$);
SELECT flagplane.delete_flag_link('gone', 'f', flagplane.get_flag_link('gone', 'f', 'k2')->>'_id') IS NULL AS deleted;
SELECT json_array_length(flagplane.list_flag_links('gone', 'f')->'items');

-- Flags: one that another needs stays.
UPDATE flagplane_data.flag_environment c SET prerequisites = '[{"key": "needed", "variation": 0}]'
	FROM flagplane_data.flag f WHERE f.id = c.flag_id AND f.key = 'f';
SELECT t.try($$SELECT flagplane.delete_flag('gone', 'needed')$$);
SELECT * FROM t.rest('DELETE', '/api/v2/flags/gone/needed');
SELECT * FROM t.rest('DELETE', '/api/v2/flags/gone/f');
SELECT status FROM t.rest('DELETE', '/api/v2/flags/gone/needed');
SELECT t.try($$SELECT flagplane.delete_flag('gone', 'f')$$);
SELECT t.try($$SELECT flagplane.delete_flag('nowhere', 'f')$$);
SELECT flagplane.create_flag('gone', 'f', 'The key is free again')->>'key';

-- Environments: the last one stays.
SELECT * FROM t.rest('DELETE', '/api/v2/projects/gone/environments/test');
SELECT t.try($$SELECT flagplane.delete_environment('gone', 'test')$$);
SELECT t.try($$SELECT flagplane.delete_environment('gone', 'production')$$);
SELECT * FROM t.rest('DELETE', '/api/v2/projects/gone/environments/production');
SELECT t.try($$SELECT flagplane.delete_environment('nowhere', 'production')$$);
SELECT count(*) FROM flagplane_data.flag_environment c JOIN flagplane_data.flag f ON f.id = c.flag_id
	JOIN flagplane_data.project p ON p.id = f.project_id WHERE p.key = 'gone';

-- Projects go with all that is theirs; a token limited to one is valid for nothing then.
SELECT flagplane.create_access_token('limited', ARRAY['*'], projects => '{gone}')->>'token' AS token \gset
SELECT status FROM t.rest('GET', '/api/v2/projects/gone', NULL, json_build_object('Authorization', :'token')::jsonb);
SELECT * FROM t.rest('DELETE', '/api/v2/projects/gone');
SELECT t.try($$SELECT flagplane.delete_project('gone')$$);
SELECT count(*) FROM flagplane_data.environment WHERE project_id = :'id';
SELECT status FROM t.rest('GET', '/api/v2/projects/stays', NULL, json_build_object('Authorization', :'token')::jsonb);
SELECT body::json->'totalCount' FROM t.rest('GET', '/api/v2/projects', NULL, json_build_object('Authorization', :'token')::jsonb);
-- The last project of an account stays.
SELECT flagplane.create_account('single', 'Single') IS NOT NULL AS made;
SET flagplane.account = 'single';
SELECT t.project('single') IS NOT NULL AS made;
SELECT t.try($$SELECT flagplane.delete_project('single')$$);
SELECT * FROM t.rest('DELETE', '/api/v2/projects/single');
RESET flagplane.account;
-- What was there before is in the audit log, without its keys.
SELECT operation, t.mask(target) AS target, t.mask(before::text) AS before, after IS NULL AS gone FROM flagplane_data.audit_log
WHERE operation LIKE 'delete%' ORDER BY epoch, xid, ordinal;
SELECT operation, before->>'apiKey' AS before, after->>'apiKey' AS after FROM flagplane_data.audit_log
	WHERE operation LIKE 'reset%' ORDER BY epoch, xid, ordinal;
