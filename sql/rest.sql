-- The one function for the documented paths: rest() under the settings that PostgREST makes.
\set VERBOSITY terse
\pset format unaligned
SELECT t.project('rest') IS NOT NULL AS made;
SELECT id FROM flagplane_data.project WHERE key = 'rest' \gset
CREATE FUNCTION pg_temp.proxied(method text, uri text, sent bytea DEFAULT '',
	given jsonb DEFAULT '{}') RETURNS TABLE (status text, headers text, body text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('request.method', 'POST', true), set_config('request.path', '/rpc/rest', true),
		set_config('request.headers', (jsonb_build_object('x-original-method', method, 'x-original-uri', uri, 'content-type',
			'application/octet-stream') || given)::text, true),
		set_config('response.status', '', true), set_config('response.headers', '', true);
	body := t.mask(flagplane.rest(sent)::text);
	status := current_setting('response.status');
	headers := t.mask(replace(current_setting('response.headers'), '{"Content-Type":"application/json"}', '<type>'));
	PERFORM set_config('request.method', '', true), set_config('request.path', '', true), set_config('request.headers', '', true);
	RETURN NEXT;
END
$$;
-- Each kind of success.
SELECT * FROM pg_temp.proxied('POST', '/api/v2/projects/rest/layers', '{"key": "l", "name": "L", "description": "\\u00fc\\"x"}');
SELECT * FROM pg_temp.proxied('POST', '/api/v2/projects/rest/layers', convert_to('{"key": "u", "name": "Ü€😀", "description": ""}', 'UTF8'));
SELECT * FROM pg_temp.proxied('GET', '/api/v2/projects/rest/layers/l');
SELECT * FROM pg_temp.proxied('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "App", "platform": "expo"}',
	'{"idempotency-key": "00000000-0000-4000-8000-0000000000d1"}');
SELECT * FROM pg_temp.proxied('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"platform": "expo", "name": "App"}',
	'{"idempotency-key": "00000000-0000-4000-8000-0000000000d1"}');
SELECT status, headers FROM pg_temp.proxied('POST', '/api/v2/projects/rest/environments', '{"key": "e", "name": "E", "color": "000000"}');
-- The query string is that of the original URI.
SELECT status, left(body, 60) AS body FROM pg_temp.proxied('GET', '/api/v2/projects/rest/environments?limit=1&sort=-name');
SELECT status, body FROM pg_temp.proxied('GET', '/api/v2/projects/rest/environments?limit=0');
-- 204 has no body and no type.
SELECT * FROM pg_temp.proxied('DELETE', '/api/v2/projects/rest/environments/e');
-- A HEAD is a GET; the HTTP server leaves the body out, and handle(), which is none, does so itself.
SELECT status, headers, left(body, 12) AS body FROM pg_temp.proxied('HEAD', '/api/v2/projects/rest/layers/l');
SELECT status, headers, body IS NULL AS none FROM flagplane.handle('HEAD', '/api/v2/projects/rest/layers/l');
SELECT status, headers, body IS NULL AS none FROM flagplane.handle('HEAD', '/api/v2/projects/rest/layers/nothing');
-- A POST that stands for another method; not for any other, nor anything but a POST.
SELECT status FROM pg_temp.proxied('POST', '/api/v2/projects/rest/environments', '{"key": "e", "name": "E", "color": "000000"}');
SELECT m, o, d.status, d.headers
	FROM (VALUES (1, 'POST', 'GET'), (2, 'POST', 'PURGE'), (3, 'POST', ''), (4, 'GET', 'DELETE'), (5, 'PATCH', 'DELETE'),
	(6, 'POST', 'post'), (7, 'POST', 'Delete'), (8, 'POST', 'DELETE')) v(n, m, o),
	pg_temp.proxied(m, '/api/v2/projects/rest/environments/e', '', jsonb_build_object('x-http-method-override', o)) d ORDER BY n;
SELECT status FROM flagplane.handle('POST', '/api/v2/projects/rest/environments/production', '{"X-HTTP-Method-Override": "DELETE"}');
-- Refusals are answers; in the dialect of the path.
SELECT * FROM pg_temp.proxied('POST', '/api/v2/projects/rest/layers', '{"key": "l", "name": "L", "description": ""}');
SELECT * FROM pg_temp.proxied('PUT', '/api/v2/projects/rest/layers');
SELECT * FROM pg_temp.proxied('GET', '/nowhere');
SELECT * FROM pg_temp.proxied('GET', '/v1/projects/' || :'id' || '/sdk-apps/app_0123456789abcdef01234567');
SELECT * FROM pg_temp.proxied('POST', '/v1/projects/' || :'id' || '/sdk-apps', '{"name": "App", "platform": "ios"}',
	'{"idempotency-key": "00000000-0000-4000-8000-0000000000d2"}');
-- Bytes that are no text.
SELECT d.status, d.body
	FROM unnest(ARRAY['', '\000', '{}\000', '\377', '{"key": "\303"}', '{"key": "\300\257"}', '{"key": "\355\240\200"}',
	'{"key": "\365\200\200\200"}', '\357\273\277{}', '\377\376{\000}\000', '[]', '{']::bytea[]) WITH ORDINALITY u(b, n),
	pg_temp.proxied('POST', '/api/v2/projects/rest/layers', b) d ORDER BY n;
SELECT status, body
	FROM pg_temp.proxied('POST', '/v1/projects/' || :'id' || '/sdk-apps', '\x00ff', '{"idempotency-key": "00000000-0000-4000-8000-0000000000d3"}');
SELECT b, d.status, d.body FROM (VALUES (1048576), (1048577)) v(b),
	pg_temp.proxied('POST', '/api/v2/projects/rest/layers', convert_to('{"key": "l"' || repeat(' ', b - 12) || '}', 'UTF8')) d ORDER BY b;
-- A NULL is an empty body; a body where none is read does not count.
SELECT status, body FROM pg_temp.proxied('POST', '/api/v2/projects/rest/layers', NULL);
SELECT status FROM pg_temp.proxied('GET', '/api/v2/projects/rest/layers/l', '\x00ff');
-- The token as the proxy hands it on.
SELECT flagplane.create_access_token('rest', '{projects:read}')->>'token' AS token \gset
SELECT h, d.status, left(d.body, 40) AS body
	FROM (VALUES (1, 'x-original-authorization', :'token'), (2, 'x-original-authorization', 'Bearer ' || :'token'), (3,
	'x-original-authorization', 'bearer  ' || :'token'), (4, 'x-api-key', :'token'),
	(5, 'authorization', :'token'), (6, 'x-original-authorization', 'Bearer eyJhbGciOiJIUzI1NiJ9.e30.x'), (7,
		'x-original-authorization', 'Basic eDp5')) v(n, h, k), pg_temp.proxied('GET', '/api/v2/projects/rest', '', jsonb_build_object(h, k)) d ORDER BY n;
SELECT status, left(body, 80) AS body
	FROM pg_temp.proxied('POST', '/api/v2/projects/rest/environments', '{}', jsonb_build_object('x-original-authorization', :'token'));
-- Without a token the role decides.
CREATE ROLE fp_rest;
GRANT USAGE ON SCHEMA flagplane, t TO fp_rest;
GRANT EXECUTE ON FUNCTION flagplane.rest(bytea) TO fp_rest;
SET ROLE fp_rest;
SELECT * FROM pg_temp.proxied('GET', '/api/v2/projects/rest');
SELECT * FROM pg_temp.proxied('GET', '/v1/projects/' || :'id' || '/sdk-apps');
SELECT status FROM pg_temp.proxied('GET', '/api/v2/projects/rest', '', jsonb_build_object('x-original-authorization', :'token'));
RESET ROLE;
-- Without the proxy's headers there is nothing to answer.
SELECT set_config('request.headers', '', false), set_config('response.headers', '', false) \g /dev/null
SELECT flagplane.rest('');
SELECT d.status, d.body
	FROM unnest(ARRAY['{"x-original-method": null}', '{"x-original-uri": null}', '{"x-original-uri": ["/"]}']::jsonb[]) h,
	pg_temp.proxied('GET', '/api/v2/projects/rest', '', h) d;
-- Method and URI in one header; the two count first.
SELECT d.status, d.body
	FROM unnest(ARRAY['{"x-original-request": "GET /api/v2/projects/rest/layers/l"}', '{"x-original-request": "GET"}', '{"x-original-request": ["/"]}',
		'{"x-original-request": "GET /api/v2/projects/rest/layers/l", "x-original-uri": "/v1/x", "x-original-method": "GET"}']::jsonb[]) h,
	pg_temp.proxied('GET', '/api/v2/projects/rest', '', '{"x-original-method": null, "x-original-uri": null}' || h) d;
-- Headers that a pre-request set stay, those of ours are replaced.
BEGIN;
SELECT set_config('request.headers', '{"x-original-method": "GET", "x-original-uri": "/v1/x"}', true),
	set_config('response.headers', '[{"X-A": "b"}, {"Content-Type": "text/html"}, {"Allow": "x"}]', true) \g /dev/null
SELECT t.mask(flagplane.rest('')::text);
SELECT current_setting('response.status'), t.mask(current_setting('response.headers'));
COMMIT;
-- Since PostgREST commits whatever comes back: a refusal has left nothing, and a statement that follows in the transaction is fine.
SELECT count(*) AS claims, (SELECT count(*) FROM flagplane_data.audit_log) AS rows FROM flagplane_data.idempotency_key \gset
BEGIN;
ALTER TABLE flagplane_data.environment ADD CONSTRAINT odd CHECK (name <> 'odd');
SELECT k, d.status
	FROM (VALUES ('test', 4), ('odd', 5)) v(k, n), pg_temp.proxied('POST', '/api/v2/projects/rest/environments',
	convert_to(json_build_object('key', k, 'name', k, 'color', '000000')::text, 'UTF8'),
	jsonb_build_object('idempotency-key', '00000000-0000-4000-8000-0000000000d' || n)) d;
SELECT count(*) - :claims AS claims, (SELECT count(*) FROM flagplane_data.audit_log) - :rows AS rows FROM flagplane_data.idempotency_key;
ROLLBACK;
-- What ends the transaction is raised on.
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT status FROM pg_temp.proxied('GET', '/api/v2/projects/rest/layers/l');
ROLLBACK;
BEGIN;
CREATE FUNCTION pg_temp.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON flagplane_data.layer FOR EACH ROW EXECUTE FUNCTION pg_temp.slow();
SET LOCAL statement_timeout = 100;
SELECT status FROM pg_temp.proxied('POST', '/api/v2/projects/rest/layers', '{"key": "slow", "name": "n", "description": ""}');
ROLLBACK;
-- What PostgREST sees: one unnamed bytea, and a domain named after a media type over json.
SELECT p.proargnames, p.proargtypes, p.prorettype::regtype, t.typbasetype::regtype, p.provolatile FROM pg_proc p
	JOIN pg_type t ON t.oid = p.prorettype WHERE p.oid = 'flagplane.rest(bytea)'::regprocedure;
SELECT flagplane."application/json"(s.scalar)::text = s.scalar::text AS cast_as_postgrest_does FROM (SELECT flagplane.rest('') AS scalar) s;
DROP OWNED BY fp_rest;
DROP ROLE fp_rest;
