-- Further SDK keys of an environment, each with a name and perhaps an expiry.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('sdk-keys') IS NOT NULL AS made;
SELECT flagplane.create_environment('sdk-keys', 'other', 'Other', '000000') IS NOT NULL AS made;
SELECT e->>'apiKey' AS sdk, e->>'_id' AS id FROM flagplane.get_environment('sdk-keys', 'test') e \gset
SELECT (extract(epoch FROM now()) * 1000)::bigint + 3600000 AS later \gset
CREATE FUNCTION t.opens(key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', h.status, h.headers->>'X-LD-EnvID' = (SELECT flagplane.get_environment('sdk-keys', 'test')->>'_id'))
	FROM flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('authorization', key)) h
$$;
-- The document, by each way in.
SELECT t.mask(flagplane.create_sdk_key('sdk-keys', 'test', 'batch')::text) AS key;
SELECT t.mask(flagplane.create_sdk_key('sdk-keys', 'test', 'mobile-gateway_1.0', :later)::text) AS key;
SELECT status, headers, body FROM t.rest('POST', '/api/v2/projects/sdk-keys/environments/test/sdk-keys', '{"name": "rest", "expiry": ' || :later || '}');
SELECT t.mask(flagplane.list_sdk_keys('sdk-keys', 'test')::text) AS keys;
SELECT status, body = t.mask(flagplane.list_sdk_keys('sdk-keys', 'test')::text) AS same
	FROM t.rest('GET', '/api/v2/projects/sdk-keys/environments/test/sdk-keys');
SELECT flagplane.list_sdk_keys('sdk-keys', 'other') AS keys;
-- Each opens what the environment's own opens, which stays as it is; a reset of that leaves them alone.
SELECT e->>'apiKey' = :'sdk' AS own_stays FROM flagplane.get_environment('sdk-keys', 'test') e;
SELECT k->>'apiKey' AS batch FROM json_array_elements(flagplane.list_sdk_keys('sdk-keys', 'test')->'items') k WHERE k->>'name' = 'batch' \gset
SELECT k->>'apiKey' AS rest FROM json_array_elements(flagplane.list_sdk_keys('sdk-keys', 'test')->'items') k WHERE k->>'name' = 'rest' \gset
SELECT left(:'batch', 13) = left(:'sdk', 13) AS carries_the_account, t.opens(:'sdk') AS own, t.opens(:'batch') AS batch, t.opens(:'rest') AS rest;
SELECT flagplane.resolve_environment_key(:'batch')->>'_id' = :'id' AS resolved;
SELECT status FROM flagplane.handle('GET', '/msdk/evalx/contexts/eyJrZXkiOiJ4In0', jsonb_build_object('authorization', :'batch'));
SELECT flagplane.reset_environment_sdk_key('sdk-keys', 'test')->>'apiKey' AS next \gset
SELECT t.opens(:'sdk') AS former, t.opens(:'next') AS own, t.opens(:'batch') AS batch;
SELECT flagplane.reset_environment_sdk_key('sdk-keys', 'test', :later)->>'apiKey' AS last \gset
SELECT t.opens(:'next') AS former, t.opens(:'last') AS own, t.opens(:'batch') AS batch,
	json_array_length(flagplane.list_sdk_keys('sdk-keys', 'test')->'items') AS named;
SELECT count(*) AS findings FROM flagplane.doctor() WHERE finding LIKE 'environment_without_key%';
-- A hash of secure mode may be made with any of them.
BEGIN;
SELECT flagplane.update_environment('sdk-keys', 'test', '[{"op": "replace", "path": "/secureMode", "value": true}]') IS NOT NULL AS secure;
SELECT k, h.status FROM (VALUES (1, 'own', :'last'), (2, 'named', :'batch'), (3, 'former', :'sdk')) v(n, k, key), LATERAL (SELECT encode(sha256(
	decode((SELECT string_agg(lpad(to_hex(get_byte(b, i) # 92), 2, '0'), '' ORDER BY i) FROM generate_series(0, 63) i), 'hex') || sha256(
	decode((SELECT string_agg(lpad(to_hex(get_byte(b, i) # 54), 2, '0'), '' ORDER BY i) FROM generate_series(0, 63) i), 'hex') || 'ada')), 'hex')
	FROM decode(rpad(encode(convert_to(key, 'UTF8'), 'hex'), 128, '0'), 'hex') b) m(hash),
	flagplane.handle('POST', '/sdk/evalx/' || :'id' || '/context?h=' || hash, '{}', '{"kind": "user", "key": "ada"}') h ORDER BY n;
ROLLBACK;
-- An expired one opens nothing, is not listed, and its name is free.
UPDATE flagplane_data.environment_key SET expires_at = now() - interval '1 second' WHERE value = :'rest';
SELECT t.opens(:'rest') AS rest, (SELECT string_agg(k->>'name', ' ')
	FROM json_array_elements(flagplane.list_sdk_keys('sdk-keys', 'test')->'items') k) AS named;
SELECT t.try($$SELECT flagplane.delete_sdk_key('sdk-keys', 'test', 'rest')$$);
SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'rest')->>'apiKey' <> :'rest' AS another;
SELECT count(*) AS rows FROM flagplane_data.environment_key WHERE value = :'rest';
-- The same idempotency key gives the same key; the audit log has none.
SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'once', idempotency_key => '44444444-dddd-4444-8444-444444444444')::text
	= flagplane.create_sdk_key('sdk-keys', 'test', 'once', idempotency_key => '44444444-dddd-4444-8444-444444444444')::text AS same;
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'twice', idempotency_key => '44444444-dddd-4444-8444-444444444444')$$);
SELECT operation, subject, target, before, t.mask(after::text) AS after FROM flagplane_data.audit_log
	WHERE target LIKE 'proj/sdk-keys:env/test:sdk-key/%' ORDER BY ordinal, at LIMIT 2;
-- Refusals.
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'batch')$$);
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'other', 'batch') IS NOT NULL$$) AS another_environment;
SELECT n, t.try(format('SELECT flagplane.create_sdk_key(%L, %L, %L)', 'sdk-keys', 'test', n))
	FROM (VALUES (1, ''), (2, 'a b'), (3, '.a'), (4, NULL)) v(o, n) ORDER BY o;
SELECT t.try(format('SELECT flagplane.create_sdk_key(%L, %L, %L)', 'sdk-keys', 'test', repeat('a', 257)));
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'past', 1)$$);
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'test', 'past', -1)$$);
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'nothing', 'a')$$);
SELECT t.try($$SELECT flagplane.create_sdk_key('nothing', 'test', 'a')$$);
SELECT t.try($$SELECT flagplane.list_sdk_keys('sdk-keys', 'nothing')$$);
SELECT t.try($$SELECT flagplane.list_sdk_keys('nothing', 'test')$$);
SELECT t.try($$SELECT flagplane.delete_sdk_key('sdk-keys', 'test', 'nothing')$$);
SELECT t.try($$SELECT flagplane.delete_sdk_key('sdk-keys', 'nothing', 'batch')$$);
SELECT status, body FROM t.rest('POST', '/api/v2/projects/sdk-keys/environments/test/sdk-keys', '{"nam": "x", "expiry": "soon"}');
SELECT status, body FROM t.rest('DELETE', '/api/v2/projects/sdk-keys/environments/test/sdk-keys/nothing');
SELECT status, headers FROM t.rest('PUT', '/api/v2/projects/sdk-keys/environments/test/sdk-keys');
-- The environment's own keys have no name, and are not to be deleted.
SELECT t.try(format('SELECT flagplane.delete_sdk_key(%L, %L, NULL)', 'sdk-keys', 'test'));
-- Rights: reading shows them, writing makes and deletes them.
SELECT s, o, h.status
	FROM unnest(ARRAY['projects:read', 'projects:write', 'flags:write']) WITH ORDINALITY u(s, n),
	LATERAL (SELECT flagplane.create_access_token('sdk-keys ' || s, ARRAY[s])->>'token') k(token),
	(VALUES ('GET', ''), ('POST', ''), ('DELETE', '/once')) v(o, p), flagplane.handle(o,
		'/api/v2/projects/sdk-keys/environments/test/sdk-keys' || p, jsonb_build_object('authorization', token), '{"name": "by-' || n || '"}') h ORDER BY n, o;
-- At most so many, of those that have not expired.
SELECT count(flagplane.create_sdk_key('sdk-keys', 'other', 'n' || n)) AS made FROM generate_series(1, 99) n;
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'other', 'n100')$$);
UPDATE flagplane_data.environment_key SET expires_at = now() - interval '1 second' WHERE name = 'n1';
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'other', 'n100')->>'name'$$);
SELECT t.try($$SELECT flagplane.create_sdk_key('sdk-keys', 'other', 'n101')$$);
-- A deleted one opens nothing; a copy of the environment has none of them.
SELECT flagplane.delete_sdk_key('sdk-keys', 'test', 'batch') AS deleted;
SELECT t.opens(:'batch') AS batch, t.opens(:'last') AS own;
SELECT flagplane.create_environment('sdk-keys', 'copy', 'Copy', '000000', source => '{"key": "test"}') IS NOT NULL AS copied;
SELECT json_array_length(flagplane.list_sdk_keys('sdk-keys', 'copy')->'items') AS of_the_copy;
-- They go with the environment, and when they have expired by purge().
SELECT flagplane.purge() IS NOT NULL AS purged;
SELECT count(*) FILTER (WHERE expires_at < now()) AS expired, count(*) FILTER (WHERE name = 'n2') AS others FROM flagplane_data.environment_key;
SELECT flagplane.delete_environment('sdk-keys', 'other') IS NULL AS deleted;
SELECT count(*) AS left_over FROM flagplane_data.environment_key WHERE name ~ '^n\d';
