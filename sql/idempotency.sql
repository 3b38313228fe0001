-- Idempotency keys: replay, conflict, scope, expiry, secrets.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('once') AS id \gset
\set k1 11111111-1111-4111-8111-111111111111
\set k2 22222222-2222-4222-8222-222222222222
\set k3 33333333-3333-4333-8333-333333333333
\set k5 50000000-1d00-4000-8000-000000000005
\set k6 50000000-1d00-4000-8000-000000000006
\set k7 50000000-1d00-4000-8000-000000000007
-- The first answer, verbatim, from SQL and from REST.
SELECT flagplane.create_layer('once', 'a', 'A', '', idempotency_key => :'k1') AS first \gset
SELECT flagplane.create_layer('once', 'a', 'A', '', idempotency_key => :'k1')::text = :'first' AS same;
SELECT h.status, t.mask(h.headers::text), h.body::text = :'first' AS same FROM flagplane.handle('POST', '/api/v2/projects/once/layers',
	'{"idempotency-key": "11111111-1111-4111-8111-111111111111"}', '{"description": "", "name": "A", "key": "a"}') h;
SELECT h.status, h.body::text = :'first' AS same FROM flagplane.handle('POST', '/api/v2/projects/once/layers',
	'{"Idempotency-Key": "\"11111111-1111-4111-8111-111111111111\""}', '{"key": "a", "name": "A", "description": ""}') h;
-- Another request under the same key, by either way.
SELECT t.try($$SELECT flagplane.create_layer('once', 'b', 'A', '', idempotency_key => '11111111-1111-4111-8111-111111111111')$$);
SELECT t.try($$SELECT flagplane.create_layer('once', 'a', 'A', '', 'user', '11111111-1111-4111-8111-111111111111')$$);
SELECT * FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "b", "name": "A", "description": ""}',
	'{"Idempotency-Key": "11111111-1111-4111-8111-111111111111"}');
SELECT count(*) FROM flagplane_data.layer l JOIN flagplane_data.project p ON p.id = l.project_id WHERE p.key = 'once';
SELECT count(*) FROM flagplane_data.audit_log WHERE target LIKE 'proj/once:layer/%';
-- A key's scope: account and actor. For another operation it is a conflict too, whichever came first and by either way.
SELECT t.try($$SELECT flagplane.create_flag('once', 'a', 'A', idempotency_key => '11111111-1111-4111-8111-111111111111')->>'key'$$);
SELECT flagplane.create_access_token('once', role => 'admin')->>'token' AS token \gset
SELECT status FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "b", "name": "A", "description": ""}',
	json_build_object('Idempotency-Key', :'k1', 'Authorization', :'token')::jsonb);
-- What is not a UUID is an invalid value, in both dialects.
SELECT * FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "c", "name": "A", "description": ""}', '{"Idempotency-Key": "x"}');
SELECT * FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "c", "name": "A", "description": ""}', '{"Idempotency-Key": ""}');
SELECT status FROM t.rest('GET', '/api/v2/projects/once/layers', NULL, '{"Idempotency-Key": "x"}');
-- An error leaves no claim: the corrected request may use the key.
SELECT t.try($$SELECT flagplane.create_layer('once', 'a', 'Taken', '', idempotency_key => '22222222-2222-4222-8222-222222222222')$$);
SELECT t.try($$SELECT flagplane.create_layer('once', 'c', 'Free', '', idempotency_key => '22222222-2222-4222-8222-222222222222')->>'key'$$);
SELECT status
	FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "a", "name": "A", "description": ""}',
	'{"Idempotency-Key": "33333333-3333-4333-8333-333333333333"}');
SELECT status, headers
	FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "d", "name": "A", "description": ""}',
	'{"Idempotency-Key": "33333333-3333-4333-8333-333333333333"}');
-- Order of keys, white space and the spelling of numbers do not count in documents.
SELECT t.try($$SELECT flagplane.create_flag('once', 'v', 'V', variations => '[{"value": 1.0, "name": "x"}, {"value": {"a": 1, "b": 2}}]',
	idempotency_key => '50000000-1d00-4000-8000-000000000004')->>'key'$$);
SELECT status, headers->>'Idempotent-Replayed'
	FROM flagplane.handle('POST', '/api/v2/flags/once', '{"Idempotency-Key": "50000000-1d00-4000-8000-000000000004"}',
	'{"name": "V", "key": "v", "variations": [{"name": "x", "value": 1}, {"value": {"b": 2, "a": 1.00}}]}');
SELECT status FROM flagplane.handle('POST', '/api/v2/flags/once', '{"Idempotency-Key": "50000000-1d00-4000-8000-000000000004"}',
	'{"name": "V", "key": "v", "variations": [{"name": "x", "value": "1"}, {"value": {"b": 2, "a": 1.00}}]}');
-- Status, Location, ETag and the keys of an environment come back too.
SELECT h.headers, h.body::text AS env
	FROM flagplane.handle('POST', '/api/v2/projects/once/environments', '{"Idempotency-Key": "50000000-1d00-4000-8000-000000000005"}',
	'{"key": "e", "name": "E", "color": "000000", "tags": ["x"]}') h \gset
SELECT h.status, h.headers, h.body::text = :'env' AS same
	FROM flagplane.handle('POST', '/api/v2/projects/once/environments', '{"Idempotency-Key": "50000000-1d00-4000-8000-000000000005"}',
	'{"tags": ["x"], "color": "000000", "name": "E", "key": "e"}') h;
SELECT flagplane.create_environment('once', 'e', 'E', '000000', tags => '{x}', idempotency_key => :'k5')::text = :'env' AS same;

-- The secret shown once is shown again to a retry, and stored nowhere.
SELECT flagplane.create_sdk_app('once', 'App', 'expo', idempotency_key => :'k6') AS app \gset
SELECT flagplane.create_sdk_app('once', 'App', 'expo', idempotency_key => :'k6')::text = :'app' AS by_key,
	flagplane.create_sdk_app('prj_' || :'id', 'App', 'expo', idempotency_key => :'k6')::text = :'app' AS by_id;
SELECT h.status, t.mask(h.headers::text), h.body::text = :'app' AS by_rest FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps',
	'{"Idempotency-Key": "50000000-1d00-4000-8000-000000000006"}', '{"platform": "expo", "name": "App"}') h;
SELECT flagplane.create_access_token('replayed', role => 'reader', idempotency_key => :'k7') AS answer \gset
SELECT flagplane.create_access_token('replayed', role => 'reader', idempotency_key => :'k7')::text = :'answer' AS same;
SELECT status FROM t.rest('GET', '/api/v2/projects/once', NULL, json_build_object('Authorization', :'answer'::json->>'token')::jsonb);
CREATE FUNCTION pg_temp.found(secret text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	c regclass;
	n bigint;
	total bigint := 0;
BEGIN
	FOR c IN SELECT oid FROM pg_class WHERE relnamespace = 'flagplane_data'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('SELECT count(*) FROM %s x WHERE x::text LIKE %L', c, '%' || secret || '%') INTO n;
		total := total + n;
	END LOOP;
	RETURN total;
END
$$;
SELECT pg_temp.found(right(:'app'::json->>'apiKey', 43)) AS app_key, pg_temp.found(right(:'answer'::json->>'token', 43)) AS token,
	pg_temp.found(:'k6') + pg_temp.found(:'k7') AS idempotency_key, pg_temp.found('App') > 0 AS control;
-- An expired key is taken over at once: the request runs again, with another secret.
SELECT now() AS before \gset
UPDATE flagplane_data.idempotency_key SET expires_at = now() - interval '1 second' WHERE operation = 'create_sdk_app';
SELECT a->>'apiKey' <> :'app'::json->>'apiKey' AS another, a->>'appId' <> :'app'::json->>'appId' AS another_app
FROM flagplane.create_sdk_app('once', 'App', 'expo', idempotency_key => :'k6') a;
SELECT count(*) AS alive, count(*) FILTER (WHERE expires_at BETWEEN :'before'::timestamptz + interval '24 hours'
	AND now() + interval '24 hours') AS for_a_day FROM flagplane_data.idempotency_key WHERE operation = 'create_sdk_app' AND expires_at > now();
-- Purge: expired rows only, at most so many.
UPDATE flagplane_data.idempotency_key SET expires_at = now() WHERE operation = 'create_layer';
SELECT count(*) AS expired FROM flagplane_data.idempotency_key WHERE expires_at <= now() \gset
SELECT flagplane.purge(1), flagplane.purge(2), :expired - 3 = flagplane.purge() AS the_rest, flagplane.purge();
SELECT t.try('SELECT flagplane.purge(0)');
SELECT t.try('SELECT flagplane.purge(NULL)');
SELECT t.try($$SELECT flagplane.create_layer('once', 'a', 'A', '', idempotency_key => '11111111-1111-4111-8111-111111111111')$$);
-- How a key may be written; a UUID in upper case is the same key.
SELECT left(k, 45) AS key, r.status, r.headers->>'Idempotent-Replayed' AS replayed
	FROM unnest(ARRAY['abababab-1111-4111-8111-111111111111', 'ABABABAB-1111-4111-8111-111111111111', '"ABABABAB-1111-4111-8111-111111111111"',
	'{abababab-1111-4111-8111-111111111111}', 'abababab111141118111111111111111',
		'''abababab-1111-4111-8111-111111111111''', ' abababab-1111-4111-8111-111111111111', '"', '""',
		'"abababab-1111-4111-8111-111111111111']) WITH ORDINALITY u(k, n),
	flagplane.handle('POST', '/api/v2/projects/once/layers', jsonb_build_object('Idempotency-Key', k),
		'{"key": "forms", "name": "n", "description": ""}') r ORDER BY n;
-- The first answer, whatever has become of the layer since.
UPDATE flagplane_data.layer SET name = 'Changed' WHERE key = 'forms';
SELECT body->>'name'
	FROM flagplane.handle('POST', '/api/v2/projects/once/layers',
	'{"Idempotency-Key": "abababab-1111-4111-8111-111111111111"}', '{"key": "forms", "name": "n", "description": ""}');
-- A null, folded and doubled values are the same request; another value is not, nor is a value in place of none.
SELECT n, r.status
	FROM (VALUES (1, '{"name": "s", "platform": "web", "webDomain": "Same.Example.COM"}'), (2,
	'{"webDomain": "same.example.com", "platform": "web", "name": "s", "bundleId": null}'),
	(3, '{"name": "s", "platform": "web", "webDomain": "other.example.com"}')) v(n, b), flagplane.handle('POST',
		'/v1/projects/' || :'id' || '/sdk-apps', '{"Idempotency-Key": "cdcdcdcd-1111-4111-8111-111111111111"}', b) r ORDER BY n;
SELECT n, r.status
	FROM (VALUES (1, '{"key": "same", "name": "n", "color": "000000", "tags": ["a", "b", "a"]}'), (2,
	'{"key": "same", "name": "n", "color": "000000", "tags": ["a", "b"], "source": null}'),
	(3, '{"key": "same", "name": "n", "color": "000000", "tags": ["b", "a"]}'), (4,
		'{"key": "same", "name": "n", "color": "000000", "tags": ["a", "b"], "defaultTtl": 0}')) v(n, b),
	flagplane.handle('POST', '/api/v2/projects/once/environments', '{"Idempotency-Key": "dcdcdcdc-1111-4111-8111-111111111111"}', b) r ORDER BY n;
-- A key is the token's that used it: revoked, it replays nothing.
SELECT flagplane.create_access_token('replayer', '{layers:write}')->>'token' AS replayer \gset
SELECT g, r.status, r.headers->>'Idempotent-Replayed' AS replayed FROM generate_series(1, 2) g, flagplane.handle('POST', '/api/v2/projects/once/layers',
	jsonb_build_object('Idempotency-Key', 'efefefef-1111-4111-8111-111111111111', 'Authorization', :'replayer'),
		'{"key": "replayer", "name": "n", "description": ""}' || repeat(' ', g)) r ORDER BY g;
UPDATE flagplane_data.access_token SET revoked_at = now() WHERE name = 'replayer';
SELECT status
	FROM t.rest('POST', '/api/v2/projects/once/layers', '{"key": "replayer", "name": "n", "description": ""}',
	jsonb_build_object('Idempotency-Key', 'efefefef-1111-4111-8111-111111111111', 'Authorization', :'replayer'));
-- A token that is limited to projects gets the same response again when its project is gone; a key of its own finds nothing there.
SELECT t.project('reach') IS NOT NULL AS made;
SELECT flagplane.create_access_token('reach', role => 'writer', projects => '{reach}')->>'token' AS reach \gset
SELECT n, r.status, r.headers->>'Idempotent-Replayed' AS replayed FROM (VALUES
	(1, 'POST', '/layers', '1', '{"key": "l", "name": "L", "description": ""}'), (2, 'DELETE', '', '2', NULL), (3, 'DELETE', '', '2', NULL),
	(4, 'POST', '/layers', '1', '{"key": "l", "name": "L", "description": ""}'), (5, 'POST', '/layers', '1', '{"key": "m", "name": "L", "description": ""}'),
	(6, 'POST', '/layers', '3', '{"key": "l", "name": "L", "description": ""}'), (7, 'GET', '', '4', NULL)) v(n, method, path, key, body),
	flagplane.handle(method, '/api/v2/projects/reach' || path, jsonb_build_object('Idempotency-Key',
		'abcdabcd-1111-4111-8111-11111111111' || key, 'Authorization', :'reach'), body) r ORDER BY n;
-- One key serves one operation: the second is refused and does nothing.
SELECT a.name, b.name, t.try(a.call) LIKE '{%' AS first, t.try(b.call) AS second FROM (VALUES
	(1, 'create_flag', $$SELECT flagplane.create_flag('once', 'pair', 'P', idempotency_key => '50000000-aaaa-4000-8000-000000000001')$$),
	(2, 'create_project', $$SELECT flagplane.create_project('pair', 'P', idempotency_key => '50000000-aaaa-4000-8000-000000000002')$$)) a(n, name, call)
JOIN (VALUES (1, 'delete_flag', $$SELECT flagplane.delete_flag('once', 'pair', '50000000-aaaa-4000-8000-000000000001')$$),
	(2, 'update_project',
		$$SELECT flagplane.update_project('pair', '[{"op": "replace", "path": "/name", "value": "Q"}]', '50000000-aaaa-4000-8000-000000000002')$$)) b(n,
		name, call) USING (n) ORDER BY n;
SELECT count(*) AS still_there FROM flagplane_data.flag WHERE key = 'pair';
-- A key that has expired serves another operation.
UPDATE flagplane_data.idempotency_key SET expires_at = now() WHERE operation = 'create_flag';
SELECT t.try($$SELECT flagplane.delete_flag('once', 'pair', '50000000-aaaa-4000-8000-000000000001')$$);
SELECT operation FROM flagplane_data.idempotency_key WHERE key_hash = sha256('\x50000000aaaa40008000000000000001');
-- Where a secret is generated, by its operation, the key must be random; anywhere else any UUID will do.
SELECT o, left(t.try(format(c, k)), 90) AS answer, count(*) AS keys
	FROM (VALUES (1, 'create_access_token', $$SELECT flagplane.create_access_token('versions', '{flags:read}', idempotency_key => %L)->>'name'$$),
	(2, 'rotate_access_token',
		$$SELECT flagplane.rotate_access_token((SELECT id FROM flagplane_data.access_token WHERE name = 'reach'), idempotency_key => %L)->>'name'$$),
	(3, 'create_sdk_app', $$SELECT flagplane.create_sdk_app('once', 'Versions', 'expo', idempotency_key => %L)->>'name'$$),
	(4, 'update_sdk_app',
		$$SELECT flagplane.update_sdk_app('once', (SELECT e->>'appId' FROM json_array_elements(flagplane.list_sdk_apps('once')->'items') e LIMIT 1), rotate_key => true, idempotency_key => %L)->>'name'$$),
	(5, 'create_layer', $$SELECT flagplane.create_layer('once', 'v' || replace(%1$L, '-', ''), 'L', '', idempotency_key => %1$L)->>'name'$$)) v(n, o, c),
	unnest(ARRAY['00000000-0000-0000-0000-000000000000', 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
		'5df41881-3aed-3515-88a7-2f4a814cf09e', '2ed6657d-e927-568b-95e1-2665a8aea6a2', '017f22e2-79b0-6cc3-98c4-dc0c0c07398f',
		'017f22e2-79b0-7cc3-18c4-dc0c0c07398f', '919108f7-52d1-4320-dbac-f847db4148a8']) k GROUP BY n, o, 2 ORDER BY n;
SELECT o, k, left(t.try(format(c, k)), 90)
	FROM (VALUES (1, 'create_access_token', $$SELECT flagplane.create_access_token('versions', '{flags:read}', idempotency_key => %L)->>'name'$$),
	(2, 'create_sdk_app', $$SELECT flagplane.create_sdk_app('once', 'Versions', 'expo', idempotency_key => %L)->>'name'$$)) v(n, o, c),
	unnest(ARRAY['919108f7-52d1-4320-9bac-f847db4148a8', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f']) WITH ORDINALITY u(k, i) WHERE n = i ORDER BY n;
SELECT r.status, r.body->'error'->>'code' AS code, r.body->'error'->>'message' AS message
	FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps',
	'{"Idempotency-Key": "2ed6657d-e927-568b-95e1-2665a8aea6a2"}', '{"platform": "expo", "name": "App"}') r;
-- By the salt, the key and all that the tables hold the secret cannot be computed where a token called: its
-- own secret is part of it. Where a role called the key is all that is secret.
CREATE FUNCTION pg_temp.padded(key bytea, pad int) RETURNS bytea LANGUAGE sql AS $$
	SELECT string_agg(set_byte('\x00', 0, CASE WHEN i < length(key) THEN get_byte(key, i) ELSE 0 END # pad), '' ORDER BY i) FROM generate_series(0, 63) i
$$;
CREATE FUNCTION pg_temp.hmac(key bytea, message bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT sha256(pg_temp.padded(key, 92) || sha256(pg_temp.padded(key, 54) || message))
$$;
-- The number that a secret's 43 digits are, without the account's four bytes.
CREATE FUNCTION pg_temp.number(secret text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	n numeric := 0;
BEGIN
	FOR i IN 1..length(secret) LOOP
		n := n * 62 + position(substr(secret, i, 1) IN '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz') - 1;
	END LOOP;
	RETURN mod(n, 2::numeric ^ 224);
END
$$;
CREATE FUNCTION pg_temp.number(bytes bytea) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	n numeric := 0;
BEGIN
	FOR i IN 0..31 LOOP
		n := n * 256 + get_byte(bytes, i);
	END LOOP;
	RETURN mod(n, 2::numeric ^ 224);
END
$$;
SELECT flagplane.create_sdk_app('once', 'By role', 'expo', idempotency_key => '50000000-bbbb-4000-8000-000000000001')->>'apiKey' AS by_role \gset
SELECT flagplane.create_access_token('secretive', '{*}')->>'token' AS secretive \gset
SELECT body->>'apiKey' AS by_token
	FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps', jsonb_build_object('Idempotency-Key',
	'50000000-bbbb-4000-8000-000000000001', 'Authorization', :'secretive'), '{"platform": "expo", "name": "By token"}') \gset
SELECT k.actor LIKE 'role:%' AS role, pg_temp.number(right(CASE WHEN k.actor LIKE 'role:%' THEN :'by_role' ELSE :'by_token' END,
	43)) = pg_temp.number(pg_temp.hmac('\x50000000bbbb40008000000000000001' || part, k.salt)) AS computed, part = '' AS by_key_alone
FROM flagplane_data.idempotency_key k, unnest(ARRAY[''::bytea, right(:'secretive', 43)::bytea]) part
	WHERE k.key_hash = sha256('\x50000000bbbb40008000000000000001') ORDER BY 1, 3;
-- A retry is shown the same secret; with another secret of the token, after a rotation, it is a conflict, and not another secret.
SELECT body->>'apiKey' = :'by_token' AS same
	FROM flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps', jsonb_build_object('Idempotency-Key',
	'50000000-bbbb-4000-8000-000000000001', 'Authorization', :'secretive'), '{"platform": "expo", "name": "By token"}');
SELECT flagplane.rotate_access_token((SELECT id FROM flagplane_data.access_token WHERE name = 'secretive'), '1 hour')->>'token' AS rotated \gset
SELECT who, r.status, r.body->>'apiKey' = :'by_token' AS same, r.body->'error'->>'message' AS message
	FROM (VALUES (1, 'old', :'secretive'), (2, 'new', :'rotated')) v(n, who, token),
	flagplane.handle('POST', '/v1/projects/' || :'id' || '/sdk-apps', jsonb_build_object('Idempotency-Key',
		'50000000-bbbb-4000-8000-000000000001', 'Authorization', token), '{"platform": "expo", "name": "By token"}') r ORDER BY n;
-- Where no secret is shown the rotation makes no difference.
SELECT who, r.status, r.headers->>'Idempotent-Replayed' AS replayed FROM (VALUES (1, 'old', :'secretive'), (2, 'new', :'rotated')) v(n, who, token),
	flagplane.handle('POST', '/api/v2/projects/once/layers', jsonb_build_object('Idempotency-Key',
		'50000000-bbbb-4000-8000-000000000002', 'Authorization', token), '{"key": "rotated", "name": "n", "description": ""}') r ORDER BY n;
