-- SDK apps: changes, new keys, forwarding to ad platforms.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('changing') AS id \gset
SELECT flagplane.create_sdk_app('changing', 'App', 'ios', 'com.example.one') AS app \gset
SELECT :'app'::json->>'appId' AS app_id, :'app'::json->>'apiKey' AS key \gset
SELECT flagplane.create_sdk_app('changing', 'Other', 'ios', 'com.example.two') IS NOT NULL AS made;
SELECT flagplane.create_sdk_app('changing', 'Both', 'expo') ->> 'appId' AS expo_id \gset
-- Nothing given, nothing changed; the documented PATCH; each field alone.
SELECT * FROM t.rest('PATCH', '/v1/projects/' || :'id' || '/sdk-apps/' || :'app_id', '{}');
SELECT * FROM t.rest('PATCH', '/v1/projects/prj_' || :'id' || '/sdk-apps/' || :'app_id',
	'{"name": "Renamed", "bundleId": "com.example.three", "capi": {"meta": {"enabled": true}}}');
SELECT t.try(format('SELECT flagplane.update_sdk_app(%L, %L, capi => %L)->%L', 'changing', :'app_id', '{"tiktok": {"enabled": false}}', 'capi'));
SELECT t.try(format('SELECT flagplane.update_sdk_app(%L, %L, android_package => %L)->>%L', 'changing', :'expo_id', 'com.example', 'androidPackage'));
-- The own identifier again is no conflict; another app's is, and so is one that the platform has not.
SELECT t.try(format('SELECT flagplane.update_sdk_app(%L, %L, bundle_id => %L)->>%L', 'changing', :'app_id', 'com.example.three', 'bundleId'));
SELECT * FROM t.rest('PATCH', '/v1/projects/' || :'id' || '/sdk-apps/' || :'app_id', '{"bundleId": "com.example.two"}');
SELECT * FROM t.rest('PATCH', '/v1/projects/' || :'id' || '/sdk-apps/' || :'app_id', '{"webDomain": "example.com", "androidPackage": "x"}');
SELECT * FROM t.rest('PATCH', '/v1/projects/' || :'id' || '/sdk-apps/' || :'app_id', '{"platform": "web"}');
SELECT * FROM t.rest('PATCH', '/v1/projects/' || :'id' || '/sdk-apps/' || :'app_id',
	'{"name": "", "rotateKey": "yes", "capi": {"google": {"enabled": true}}}');
SELECT t.try(format('SELECT flagplane.update_sdk_app(%L, %L, capi => %L)', 'changing', :'app_id', c))
	FROM unnest(ARRAY['[]', '{"meta": true}', '{"meta": {}}', '{"meta": {"enabled": 1}}', '{"apple": {"enabled": true, "x": 1}}']) c;
SELECT t.try($$SELECT flagplane.update_sdk_app('changing', 'app_000000000000000000000000', 'x')$$);
SELECT t.try($$SELECT flagplane.update_sdk_app('nowhere', 'app_000000000000000000000000', 'x')$$);
-- A new key is shown once; the old one is dead at once. A retry gets the same.
SELECT flagplane.update_sdk_app('changing', :'app_id', rotate_key => true, capi => '{"apple": {"enabled": true}}',
	idempotency_key => '88888888-8888-4888-8888-888888888888') AS rotated \gset
SELECT flagplane.update_sdk_app('changing', :'app_id', rotate_key => true, capi => '{"apple": {"enabled": true}}',
	idempotency_key => '88888888-8888-4888-8888-888888888888')::text = :'rotated' AS same;
SELECT t.shape(:'rotated'::json), :'rotated'::json->>'apiKey' <> :'key' AS another;
SELECT flagplane.authenticate_sdk_app(:'rotated'::json->>'apiKey')->>'appId' = :'app_id' AS new_works;
SELECT t.try(format('SELECT flagplane.authenticate_sdk_app(%L)', :'key'));
SELECT flagplane.get_sdk_app('changing', :'app_id')->'capi', flagplane.get_sdk_app('changing', :'app_id')->>'apiKey' IS NULL AS hidden;
SELECT count(*) FROM flagplane_data.audit_log WHERE after::text || before::text LIKE '%' || right(:'rotated'::json->>'apiKey', 43) || '%';
