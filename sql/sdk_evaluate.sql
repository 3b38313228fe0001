-- What client-side SDKs ask for: flags evaluated for a context.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('sdk-evaluate') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk-evaluate', 'web', 'W', client_side_availability =>
	'{"usingEnvironmentId": true, "usingMobileKey": false}') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk-evaluate', 'mobile', 'M', client_side_availability =>
	'{"usingEnvironmentId": false, "usingMobileKey": true}') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk-evaluate', 'server', 'S', client_side_availability =>
	'{"usingEnvironmentId": false, "usingMobileKey": false}') IS NOT NULL AS made;
SELECT flagplane.create_flag('sdk-evaluate', 'rule', 'R', variations => '[{"value": {"a": 1}}, {"value": null}]',
	client_side_availability => '{"usingEnvironmentId": true, "usingMobileKey": true}') IS NOT NULL AS made;
SELECT flagplane.update_flag('sdk-evaluate', 'rule', '[
	{"op": "replace", "path": "/environments/test/on", "value": true},
	{"op": "replace", "path": "/environments/test/rules", "value": [{"variation": 1, "trackEvents": true, "clauses":
		[{"attribute": "country", "op": "in", "values": ["fr"]}]}]},
	{"op": "replace", "path": "/environments/test/prerequisites", "value": [{"key": "web", "variation": 1}]}]') IS NOT NULL AS changed;
SELECT flagplane.update_flag('sdk-evaluate', 'web',
	'[{"op": "replace", "path": "/environments/test/on", "value": true}, {"op": "replace", "path": "/environments/test/fallthrough", "value": {"variation": 1}}, {"op": "replace", "path": "/environments/test/trackEvents", "value": true}]')
	IS NOT NULL AS changed;
SELECT e->>'apiKey' AS sdk, e->>'mobileKey' AS mobile, e->>'_id' AS id FROM flagplane.get_environment('sdk-evaluate', 'test') e \gset
CREATE FUNCTION t.base64(context text) RETURNS text LANGUAGE sql AS $$ SELECT
	rtrim(translate(encode(convert_to(context, 'UTF8'), 'base64'), E'+/\n', '-_'), '=') $$;
CREATE FUNCTION t.evaluated(method text, uri text, credential text DEFAULT NULL, body text DEFAULT NULL) RETURNS TABLE
	(status int, headers text, body text) LANGUAGE sql AS $$
	SELECT h.status, t.mask(h.headers::text), regexp_replace(t.mask(h.body::text), '"version":\d+',
		'"version":<version>', 'g') FROM flagplane.handle(method, uri, CASE WHEN credential IS NULL THEN '{}' ELSE
		jsonb_build_object('authorization', credential) END, body) h
$$;
\set ada '{"kind": "user", "key": "ada", "country": "fr", "name": "Ä?>"}'
SELECT '/' || t.base64(:'ada') AS path \gset
-- Each sees the flags that are for it, with the version of the payload.
SELECT * FROM t.evaluated('GET', '/sdk/evalx/' || :'id' || '/contexts' || :'path');
SELECT body FROM t.evaluated('GET', '/msdk/evalx/contexts' || :'path', :'mobile');
SELECT body FROM t.evaluated('GET', '/sdk/evalx/contexts' || :'path', :'sdk');
SELECT DISTINCT e.value->>'version' = split_part((SELECT headers->>'ETag' FROM flagplane.handle('GET',
	'/sdk/latest-all', jsonb_build_object('authorization', :'sdk'))), '-', 2) AS of_the_payload
FROM flagplane.handle('GET', '/sdk/evalx/contexts' || :'path', jsonb_build_object('authorization', :'sdk')) h, json_each(h.body) e;
-- The values are those of variation(), with and without reasons, for users of the old form and several kinds too.
SELECT c, count(*) AS flags, bool_and(e.value->'value' IS NOT DISTINCT FROM d->'value' AND e.value->'variation' IS NOT
	DISTINCT FROM d->'variationIndex' AND e.value->'reason' IS NOT DISTINCT FROM d->'reason') AS same
FROM unnest(ARRAY[:'ada', '{"kind": "user", "key": "bob"}', '{"key": "old", "country": "fr"}',
	'{"kind": "multi", "user": {"key": "m", "country": "fr"}, "org": {"key": "o"}}', '{"kind": "org", "key": "o"}']) WITH
	ORDINALITY u(c, n),
	flagplane.handle('POST', '/sdk/evalx/context?x=1&withReasons=true', jsonb_build_object('authorization', :'sdk'), c)
		h, jsonb_each(h.body::jsonb) e,
	LATERAL (SELECT flagplane.variation_detail('sdk-evaluate', 'test', e.key, c::jsonb)::jsonb) v(d) GROUP BY c, n ORDER BY n;
-- Each path and method gives the same.
SELECT m, p, s.status, s.body = (SELECT body FROM t.evaluated('GET', '/sdk/evalx/' || :'id' || '/contexts' || :'path')) AS same
FROM (VALUES (1, 'GET', '/users' || :'path', NULL), (2, 'GET', '/contexts' || :'path' || '=', NULL), (3, 'GET',
	'/contexts' || :'path' || '%3D%3D', NULL), (4, 'REPORT', '/context', :'ada'), (5, 'POST', '/context', :'ada'), (6,
	'REPORT', '/user', :'ada'), (7, 'POST', '/user', :'ada')) v(n, m, p, b),
	t.evaluated(m, '/sdk/evalx/' || :'id' || p, NULL, b) s ORDER BY n;
SELECT m, p, s.status, s.body = (SELECT body FROM t.evaluated('GET', '/msdk/evalx/contexts' || :'path', :'mobile')) AS same
FROM (VALUES (1, 'GET', '/users' || :'path', NULL), (2, 'REPORT', '/context', :'ada'), (3, 'POST', '/user', :'ada'))
	v(n, m, p, b), t.evaluated(m, '/msdk/evalx' || p, :'mobile', b) s ORDER BY n;
SELECT m, left(p, 6), s.status, s.headers, left(s.body, 60) AS body FROM (VALUES (1, 'GET', '/eval/' || :'id' ||
	:'path', NULL), (2, 'REPORT', '/eval/' || :'id', :'ada'), (3, 'GET', '/meval' || :'path', NULL), (4, 'POST',
	'/meval', :'ada')) v(n, m, p, b), t.evaluated(m, p, :'mobile', b) s ORDER BY n;
-- Contexts that are none.
SELECT c, s.status, s.body FROM unnest(ARRAY['', '{', '[]', '"x"', '{}', '{"kind": "user"}',
	'{"kind": "user", "key": ""}', '{"kind": "multi"}', '{"kind": "kind", "key": "x"}', '{"key": "\u0000"}']) WITH
	ORDINALITY u(c, n), t.evaluated('POST', '/sdk/evalx/' || :'id' || '/context', NULL, c) s ORDER BY n;
SELECT p, s.status, s.body FROM unnest(ARRAY['%ff', '****', 'A', 'e30', '=', 'gICA', 'eyJr=ZXki']) WITH ORDINALITY
	u(p, n), t.evaluated('GET', '/sdk/evalx/' || :'id' || '/contexts/' || p) s ORDER BY n;
-- Credentials: each opens its own paths.
SELECT w, s.status FROM (VALUES ('id', :'id'), ('mobile', :'mobile'), ('sdk', :'sdk')) c(w, credential),
	t.evaluated('GET', '/msdk/evalx/contexts' || :'path', credential) s ORDER BY w;
SELECT status FROM t.evaluated('GET', '/sdk/evalx/' || repeat('0', 24) || '/contexts' || :'path');
-- Secure mode: browsers prove with a hash; what is made with a former key is good while that is.
SELECT flagplane.update_environment('sdk-evaluate', 'test',
	'[{"op": "replace", "path": "/secureMode", "value": true}]')->>'secureMode' AS secure;
SELECT status, body FROM t.evaluated('GET', '/sdk/evalx/' || :'id' || '/contexts' || :'path');
SELECT h, s.status, s.body FROM unnest(ARRAY['', 'x', repeat('0', 64), repeat('F', 64)]) WITH ORDINALITY u(h, n),
	t.evaluated('GET', '/sdk/evalx/' || :'id' || '/contexts' || :'path' || '?withReasons=false&h=' || h) s ORDER BY n;
CREATE FUNCTION t.hmac(key text, message text) RETURNS text LANGUAGE sql AS $$
	WITH k AS (SELECT rpad(encode(convert_to(key, 'UTF8'), 'hex'), 128, '0') AS k), pad AS (
		SELECT string_agg(lpad(to_hex(get_byte(decode(k, 'hex'), i) # 54), 2, '0'), '' ORDER BY i) AS inner_key,
			string_agg(lpad(to_hex(get_byte(decode(k, 'hex'), i) # 92), 2, '0'), '' ORDER BY i) AS outer_key FROM k,
			generate_series(0, 63) i GROUP BY k)
	SELECT encode(sha256(decode(outer_key, 'hex') || sha256(decode(inner_key, 'hex') || convert_to(message, 'UTF8'))), 'hex') FROM pad
$$;
SELECT t.hmac('sdk-test', 'vip') = 'ca156c2710fcbb312423f718d522e6481da4fcc401868c6514477a6fb64ae3f5' AS known;
SELECT k, s.status FROM (VALUES (1, '{"key": "vip"}', 'vip'), (2, '{"kind": "user", "key": "a:b%c"}', 'a:b%c'), (3,
	'{"kind": "org", "key": "a:b%c"}', 'org:a%3Ab%25c'), (4,
	'{"kind": "multi", "user": {"key": "u:"}, "b": {"key": "y"}, "aaaa": {"key": "x"}}', 'aaaa:x:b:y:user:u%3A'), (5,
	'{"kind": "multi", "org": {"key": "x"}}', 'org:x'), (6, '{"key": "vip"}', 'vip2')) v(n, c, k),
	t.evaluated('REPORT', '/sdk/evalx/' || :'id' || '/context?h=' || t.hmac(:'sdk', k), NULL, c) s ORDER BY n;
SELECT flagplane.reset_environment_sdk_key('sdk-evaluate', 'test', (extract(epoch FROM now()) * 1000)::bigint +
	3600000)->>'apiKey' AS next \gset
SELECT k, s.status FROM (VALUES ('former', :'sdk'), ('next', :'next')) v(k, key), t.evaluated('GET', '/eval/' || :'id'
	|| '/' || t.base64('{"key": "vip"}') || '?h=' || t.hmac(key, 'vip')) s ORDER BY k;
UPDATE flagplane_data.environment_key SET expires_at = now() - interval '1 second' WHERE value = :'sdk';
SELECT status FROM t.evaluated('GET', '/eval/' || :'id' || '/' || t.base64('{"key": "vip"}') || '?h=' || t.hmac(:'sdk', 'vip'));
SELECT status FROM t.evaluated('GET', '/msdk/evalx/contexts' || :'path', :'mobile');
-- A change in the same transaction is seen, and by it alone.
BEGIN;
SELECT flagplane.update_flag('sdk-evaluate', 'mobile',
	'[{"op": "replace", "path": "/environments/test/offVariation", "value": 0}]') IS NOT NULL AS changed;
SELECT body::json#>>'{mobile,value}' AS mobile FROM flagplane.handle('GET', '/msdk/evalx/contexts' || :'path',
	jsonb_build_object('authorization', :'mobile'));
ROLLBACK;
SELECT body::json#>>'{mobile,value}' AS mobile FROM flagplane.handle('GET', '/msdk/evalx/contexts' || :'path',
	jsonb_build_object('authorization', :'mobile'));
