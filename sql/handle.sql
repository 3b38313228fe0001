-- REST requests: routes, headers, bodies, both dialects of errors.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('wire') AS id \gset
\set layers '''/api/v2/projects/wire/layers'''
-- Unknown paths and wrong methods, in the dialect of the path.
SELECT u, r.* FROM unnest(ARRAY['', '/', '/api', '/api/v2', '/api/v2/projects/wire/layer', '/api/v2/projects/wire/layers/', '/api/v2//layers',
	'/v1/x', 'x', '/v1/projects//sdk-apps']) u, t.rest('GET', u) r;
SELECT m, r.* FROM unnest(ARRAY['PUT', 'OPTIONS', 'get', '', 'DELETE']) m, t.rest(m, '/api/v2/projects/wire/layers') r;
SELECT * FROM t.rest('TRACE', '/v1/projects/x/sdk-apps');
SELECT * FROM t.rest(NULL, NULL, NULL, NULL);
SELECT status FROM t.rest('GET', 'https://app.launchdarkly.com/api/v2/projects/wire/layers?filter=#c');
SELECT * FROM t.rest('POST', :layers, NULL, '{"X-HTTP-Method-Override": "PATCH"}');
-- Percent-encoding.
SELECT u, r.* FROM unnest(ARRAY['wi%72e', 'a%2Fb', 'a+b', 'a%20b', '%00', '%ff', '%', '%4', '%zz', 'w%C3%BC']) u, t.rest('GET', '/api/v2/projects/' || u) r;
SELECT status, CASE WHEN status >= 400 THEN left(body, 70) END AS body
	FROM unnest(ARRAY['limit=%31', 'limit=1&limit=2', 'limit', 'limit=', '&&', 'limit=%zz', 'limit=1.5', 'limit=99999999999', '%zz=1', 'limit=+1']) q,
	t.rest('GET', '/api/v2/projects?' || q) r;

-- Bodies.
SELECT left(b, 40) AS sent, r.status, left(r.body, 200) AS body
	FROM unnest(ARRAY[NULL, '', ' ', '[]', '[{"key": "a"}]', '"x"', '1', 'null', 'true', '{', '{}x', '{"a"}', '{"a":}', '{a: 1}',
	'{"key": "a", }', '{"key": "a" "name": 1}', '{"key": "\u0000"}', '{"key": "\ud800"}', '{"key": "\x"}', '{"key": "a', '{"key": 1e1000000}',
	'{"key": "a", "key": "b"}', repeat('[', 100000), repeat('{"a":', 100000), '{"x":' || repeat('[', 63) || repeat(']',
		63) || '}']) WITH ORDINALITY b(b, n), t.rest('POST', :layers, b) r ORDER BY n;
SELECT * FROM t.rest('POST', :layers, '{"key": 1, "name": true, "description": [], "randomizationUnit": {}, "randomisationUnit": 1, "zzzzzzzz": 1}');
SELECT * FROM t.rest('POST', '/api/v2/projects/wire/environments',
	'{"key": null, "name": "n", "color": "000000", "defaultTtl": "5", "secureMode": 1, "tags": [1], "source": 1, "critical": null}');
SELECT * FROM t.rest('POST', '/api/v2/projects/wire/environments', '{"key": "k", "name": "n", "color": "000000", "defaultTtl": 5.0, "tags": "x"}');
SELECT * FROM t.rest('POST', '/api/v2/projects/wire/environments',
	'{"key": "k", "name": "n", "color": "000000", "defaultTtl": 99999999999999999999, "source": {"key": "a", "key": "b"}}');
SELECT length(body) < 400, status FROM t.rest('POST', :layers, json_build_object(repeat('é', 100000), 1)::text);
SELECT * FROM t.rest('POST', :layers, '{"key": "big", "name": "n", "description": "' || repeat('x', 1048576) || '"}');
-- A null is as good as absent where the field is optional.
SELECT * FROM t.rest('POST', :layers, E' \n{"randomizationUnit": null, "description": "\\u00e9\\n", "name": "N", "key": "l1"}\t');
-- A refused request leaves nothing behind.
SELECT count(*) FROM flagplane_data.audit_log WHERE target = 'proj/wire:layer/l1';
SELECT status FROM t.rest('POST', :layers, '{"key": "l1", "name": "N", "description": ""}', '{"Idempotency-Key": "00000000-0000-4000-8000-00000000000a"}');
SELECT count(*) FROM flagplane_data.audit_log WHERE target = 'proj/wire:layer/l1';
SELECT status FROM t.rest('POST', :layers, '{"key": "l2", "name": "N", "description": ""}', '{"Idempotency-Key": "00000000-0000-4000-8000-00000000000a"}');
-- Headers: names in either case, the token raw or after Bearer, the first place counts.
SELECT flagplane.create_access_token('wire', ARRAY['layers:read'])->>'token' AS token \gset
SELECT h, r.status
	FROM unnest(ARRAY['{"authorization": "TOKEN"}', '{"AUTHORIZATION": "Bearer TOKEN"}', '{"Authorization": "bearer  TOKEN"}', '{"X-Api-Key": "TOKEN"}',
	'{"X-Original-Authorization": "Bearer TOKEN"}', '{"Authorization": "x", "X-Api-Key": "TOKEN"}',
		'{"Authorization": "TOKENx"}', '{"Authorization": "Basic TOKEN"}',
	'{"Authorization": "Bearer x"}', '{"Authorization": ""}', '{"Authorization": 1}', '[]', '"x"',
		'{"X-Api-Key": "fp_00000000_0000000000000000_' || repeat('0', 43) || '"}']) h,
	t.rest('GET', :layers, NULL, replace(h, 'TOKEN', :'token')::jsonb) r;
SELECT * FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps', NULL, json_build_object('Authorization', 'Bearer ' || :'token')::jsonb);
SELECT * FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps', NULL, '{"Authorization": "Bearer x"}');
SELECT * FROM t.rest('POST', :layers, '{"key": "l3"}', json_build_object('Authorization', :'token')::jsonb);
-- An unexpected error is a 500 with the request's id alone; the log has the rest.
BEGIN;
ALTER TABLE flagplane_data.layer ADD CONSTRAINT secret_rule CHECK (name <> 'odd');
SELECT status, t.mask(regexp_replace(body, 'request req_\w+', 'request <request>')) AS body
	FROM t.rest('POST', :layers, '{"key": "l4", "name": "odd", "description": ""}');
SELECT status, body FROM t.rest('POST', :layers, '{"key": "l4", "name": "even", "description": ""}');
ROLLBACK;
-- What ends the caller's transaction is raised on.
CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = TG_ARGV[0]; END $$;
BEGIN;
CREATE TRIGGER fail BEFORE INSERT ON flagplane_data.layer FOR EACH ROW EXECUTE FUNCTION pg_temp.fail('40001');
SELECT t.try($$SELECT status FROM t.rest('POST', '/api/v2/projects/wire/layers', '{"key": "l5", "name": "n", "description": ""}')$$);
ROLLBACK;
BEGIN;
CREATE TRIGGER fail BEFORE INSERT ON flagplane_data.layer FOR EACH ROW EXECUTE FUNCTION pg_temp.fail('57P01');
SELECT t.try($$SELECT status FROM t.rest('POST', '/api/v2/projects/wire/layers', '{"key": "l5", "name": "n", "description": ""}')$$);
ROLLBACK;
-- The answer's form.
SELECT headers->>'X-Request-Id' ~ '^req_[0-9A-HJKMNP-TV-Z]{26}$' AS ulid, headers->>'Content-Type' AS type FROM flagplane.handle('GET', '/v1/x');
-- A bad path comes before a bad body, whatever is wrong with that.
SELECT b, r.status, r.body FROM unnest(ARRAY[NULL, 'not json', '[]', '{"appId": "app_1"}', '{"nmae": 1}', repeat(' ', 1048577)]) WITH ORDINALITY u(b, n),
	t.rest('POST', '/v1/projects/no-uuid/sdk-apps', b) r WHERE length(coalesce(b, '')) < 100 OR r.body NOT LIKE '%projectId must be a UUID%' ORDER BY n;
SELECT b, left(r.body, 90) AS body FROM unnest(ARRAY['not json', '{"key": "a b"}']) b, t.rest('POST', '/api/v2/projects/%ff/layers', b) r;
-- Then the body, the idempotency key, the project, the rules that need it.
SELECT b, k, r.status, left(r.body, 75) AS body
	FROM (VALUES ('{"key": "a b", "name": "n", "description": ""}', 'x'), ('{"key": "ab", "name": "n", "description": ""}', 'x'),
	('{"key": "ab", "name": "n", "description": ""}', '00000000-0000-4000-8000-00000000000b')) v(b, k), t.rest('POST',
		'/api/v2/projects/nowhere/layers', b, json_build_object('Idempotency-Key', k)::jsonb) r;
SELECT status, left(body, 70) AS body FROM t.rest('POST', '/v1/projects/00000000-0000-4000-8000-000000000000/sdk-apps', '{"name": "x", "platform": "expo"}');
-- What comes back of a request is bounded, whatever was sent, and whole characters.
SELECT status, octet_length(body) < 10000 AS short, length(body::json->>'message') <= 2000 AS message, json_array_length(body::json->'errors') AS told
FROM t.rest('POST', :layers, (SELECT json_object_agg('ü' || g, 1)::text FROM generate_series(1, 20000) g));
SELECT status, octet_length(body) < 10000 AS short, length(body::json->'error'->>'message') <= 2000 AS message
FROM t.rest('POST', '/v1/projects/' || :'id' || '/sdk-apps', (SELECT json_object_agg('ü' || g, 1)::text FROM generate_series(1, 20000) g));
SELECT status, octet_length(body) < 3000 AS short FROM t.rest('GET', '/api/v2/projects/' || repeat('%C3%BC', 50000));
SELECT status, octet_length(body) < 3000 AS short FROM t.rest(repeat('X', 100000), '/api/v2/projects');
-- A refused request leaves neither claim nor row, a failed one neither.
SELECT count(*) AS claims, (SELECT count(*) FROM flagplane_data.audit_log) AS rows FROM flagplane_data.idempotency_key \gset
BEGIN;
ALTER TABLE flagplane_data.environment ADD CONSTRAINT odd CHECK (name <> 'odd');
SELECT key, name, r.status FROM (VALUES ('test', 'taken'), ('odd', 'odd')) v(key, name), t.rest('POST', '/api/v2/projects/wire/environments',
	json_build_object('key', key, 'name', name, 'color', '000000')::text, '{"Idempotency-Key": "00000000-0000-4000-8000-00000000000c"}') r;
SELECT count(*) - :claims AS claims, (SELECT count(*) FROM flagplane_data.audit_log) - :rows AS rows FROM flagplane_data.idempotency_key;
SELECT count(*) FROM flagplane_data.environment WHERE key = 'odd';
ROLLBACK;
-- A column that is gone is a 500 in the other dialect too; once it is back the plan is made anew.
BEGIN;
ALTER TABLE flagplane_data.sdk_app RENAME COLUMN last_event_at TO gone;
SELECT status, regexp_replace(body, 'request req_\w+|<request>', 'id', 'g') AS body FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps');
ROLLBACK;
SELECT status FROM t.rest('GET', '/v1/projects/' || :'id' || '/sdk-apps');
-- A timeout is the caller's.
BEGIN;
CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON flagplane_data.layer FOR EACH ROW EXECUTE FUNCTION pg_temp.slow();
SET LOCAL statement_timeout = 100;
SELECT status FROM t.rest('POST', :layers, '{"key": "slow", "name": "n", "description": ""}');
ROLLBACK;
SELECT count(*) FROM flagplane_data.layer WHERE key = 'slow';
-- Headers are strings, or null where they are absent: a token in a list is not passed over.
SELECT x, h.status, h.body->>'message' AS message FROM unnest(ARRAY['{"Authorization": ["fp_x"]}', '{"authorization": {"a": 1}}', '{"X-Api-Key": 1}',
	'{"If-Match": false}', '[{"Authorization": "fp_x"}]', '"Authorization"', 'null', '{"X-Other": ["x"]}', '{"Authorization": null}', '{}'])
	WITH ORDINALITY u(x, n), flagplane.handle('GET', '/api/v2/caller-identity', x::jsonb) h ORDER BY n;
SELECT h.status, h.body->'error'->>'code' AS code FROM flagplane.handle('GET', '/v1/whoami', '{"Authorization": ["fp_x"]}') h;
