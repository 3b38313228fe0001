-- What OpenFeature's providers ask for, by handle(): flags evaluated for a context, and every refusal.
\set VERBOSITY terse
\pset format unaligned
SET client_min_messages = warning;
SELECT t.project('ofrep') IS NOT NULL AS made;
SELECT count(flagplane.create_flag('ofrep', k, k, variations => v::jsonb, client_side_availability => a::jsonb)) AS made FROM (VALUES
	('boolean', '[{"value": true, "name": "On ü"}, {"value": false}]', '{"usingEnvironmentId": true, "usingMobileKey": true}'),
	('text', '[{"value": "a"}, {"value": "\"\\"}, {"value": ""}]', '{"usingEnvironmentId": true, "usingMobileKey": false}'),
	('number', '[{"value": 0}, {"value": -1.5}, {"value": 1e20}]', '{"usingEnvironmentId": false, "usingMobileKey": true}'),
	('json', '[{"value": {"a": [1, null, true]}}, {"value": []}, {"value": null}]', '{"usingEnvironmentId": false, "usingMobileKey": false}'),
	('off', '[{"value": 1}, {"value": 2}]', '{"usingEnvironmentId": true, "usingMobileKey": true}')) f(k, v, a);
SELECT count(flagplane.update_flag('ofrep', k, '[{"op": "replace", "path": "/environments/test/on", "value": true}]')) AS changed FROM
	unnest(ARRAY['boolean', 'text', 'number', 'json']) k;
SELECT flagplane.update_flag('ofrep', 'text', '[
	{"op": "replace", "path": "/environments/test/targets", "value": [{"variation": 2, "values": ["ada"]}, {"variation": 1, "contextKind": "org", "values": ["acme"]}]},
	{"op": "replace", "path": "/environments/test/rules", "value": [
		{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["fr"]}]},
		{"variation": 2, "clauses": [{"attribute": "/address/city", "op": "in", "values": ["Köln"]}]},
		{"variation": 1, "clauses": [{"attribute": "anonymous", "op": "in", "values": [true]}]},
		{"variation": 1, "clauses": [{"attribute": "targetingKey", "op": "in", "values": ["eve"]}]},
		{"variation": 2, "clauses": [{"attribute": "name", "op": "in", "values": ["Eve", 5]}]},
		{"rollout": {"variations": [{"variation": 0, "weight": 0}, {"variation": 1, "weight": 100000}, {"variation": 2, "weight": 0}]},
			"clauses": [{"attribute": "plan", "op": "in", "values": ["pro"]}]}]}]') IS NOT NULL AS changed;
SELECT flagplane.update_flag('ofrep', 'number', '[
	{"op": "replace", "path": "/environments/test/fallthrough", "value": {"rollout": {"variations": [
		{"variation": 0, "weight": 0}, {"variation": 1, "weight": 100000}, {"variation": 2, "weight": 0}]}}}]') IS NOT NULL AS changed;
SELECT flagplane.update_flag('ofrep', 'json', '[{"op": "replace", "path": "/environments/test/prerequisites", "value": [{"key": "off", "variation": 0}]},
	{"op": "replace", "path": "/environments/test/offVariation", "value": 1}]') IS NOT NULL AS changed;
SELECT e->>'apiKey' AS sdk, e->>'mobileKey' AS mobile, e->>'_id' AS id FROM flagplane.get_environment('ofrep', 'test') e \gset
SELECT flagplane.create_access_token('ofrep', '{*}')->>'token' AS token \gset
CREATE FUNCTION t.ofrep_mask(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(t.mask(answer), '-\d+-[0-9a-f]{16}-[0-9a-f]{16}', '-<version>-<context>', 'g'),
		'"version":\d+\}\}$', '"version":<version>}}')
$$;
CREATE FUNCTION t.ofrep(path text, credential text, body text, more jsonb DEFAULT '{}', method text DEFAULT 'POST')
RETURNS TABLE (status int, headers text, body text) LANGUAGE sql AS $$
	SELECT h.status, t.ofrep_mask(h.headers::text), t.ofrep_mask(h.body::text) FROM flagplane.handle(method, '/ofrep/v1/evaluate/flags' || path,
		more || CASE WHEN credential IS NULL THEN '{}' ELSE jsonb_build_object('authorization', 'Bearer ' || credential) END, body) h
$$;
CREATE FUNCTION t.ofrep_context(attributes text) RETURNS text LANGUAGE sql AS $$ SELECT '{"context": ' || attributes || '}' $$;
\set bob '{"context": {"targetingKey": "bob"}}'
-- One flag, and all flags.
SELECT * FROM t.ofrep('/boolean', :'sdk', :'bob');
SELECT * FROM t.ofrep('', :'sdk', :'bob');
-- Every kind of flag has the value of variation(), for the context as it is read; a null is no value. One flag is the same as
-- among all flags.
CREATE TEMP TABLE contexts (n int, given text, read jsonb);
INSERT INTO contexts VALUES
	(1, '{"targetingKey": "bob"}', '{"kind": "user", "key": "bob"}'),
	(2, '{"key": "bob"}', '{"kind": "user", "key": "bob"}'),
	(3, '{"targetingKey": "ada", "key": "bob"}', '{"kind": "user", "key": "ada"}'),
	(4, '{"targetingKey": "bob", "country": "fr"}', '{"kind": "user", "key": "bob", "country": "fr"}'),
	(5, '{"targetingKey": "bob", "kind": null, "address": {"city": "Köln"}}', '{"kind": "user", "key": "bob", "address": {"city": "Köln"}}'),
	(6, '{"targetingKey": "bob", "anonymous": true, "kind": "user"}', '{"kind": "user", "key": "bob", "anonymous": true}'),
	(7, '{"targetingKey": "eve"}', '{"kind": "user", "key": "eve"}'),
	(8, '{"targetingKey": "bob", "name": "Eve"}', '{"kind": "user", "key": "bob", "name": "Eve"}'),
	(9, '{"targetingKey": "bob", "name": 5}', '{"kind": "user", "key": "bob"}'),
	(10, '{"targetingKey": "bob", "plan": "pro", "privateAttributes": ["plan"]}', '{"kind": "user", "key": "bob", "plan": "pro"}'),
	(11, '{"targetingKey": "acme", "kind": "org"}', '{"kind": "org", "key": "acme"}'),
	(12, '{"kind": "multi", "targetingKey": "x", "user": {"targetingKey": "bob", "country": "fr"}, "org": {"key": "acme"}, "plan": "pro", "n": null}',
		'{"kind": "multi", "user": {"key": "bob", "country": "fr"}, "org": {"key": "acme"}}'),
	(13, '{"kind": "multi", "org": {"targetingKey": "acme"}}', '{"kind": "org", "key": "acme"}'),
	(14, '{"targetingKey": "", "key": "bob", "list": [{"targetingKey": "y"}]}', '{"kind": "user", "key": "bob"}');
SELECT n, count(*) AS flags, bool_and(coalesce(f->'value', 'null') = coalesce(d->'value', 'null')) AS values,
	string_agg(format('%s %s', f->>'reason', f->>'variant'), ', ' ORDER BY f->>'key') AS reasons, bool_and(o.status = 200 AND f = o.body::jsonb) AS same
FROM contexts, flagplane.handle('POST', '/ofrep/v1/evaluate/flags', jsonb_build_object('x-api-key', :'sdk'), t.ofrep_context(given)) h,
	jsonb_array_elements(h.body::jsonb->'flags') f, LATERAL (SELECT flagplane.variation_detail('ofrep', 'test', f->>'key', read)::jsonb) v(d),
	LATERAL flagplane.handle('POST', '/ofrep/v1/evaluate/flags/' || (f->>'key'), jsonb_build_object('authorization', :'sdk'), t.ofrep_context(given)) o
		GROUP BY n ORDER BY n;
-- What the caller's default is for has no value: no off variation, a null. Units in an experiment are told so.
UPDATE flagplane_data.flag_environment c SET off_variation = NULL FROM flagplane_data.flag f, flagplane_data.project p WHERE f.account_id = c.account_id
	AND f.id = c.flag_id AND p.account_id = f.account_id AND p.id = f.project_id AND p.key = 'ofrep' AND f.key = 'off' AND c.environment_id = :'id';
SELECT flagplane.update_flag('ofrep', 'json', '[{"op": "replace", "path": "/environments/test/offVariation", "value": 2}]') IS NOT NULL AS changed;
SELECT flagplane.create_experiment('ofrep', 'test', 'x', 'X', iteration => t.plan('ofrep', 'of-experiment')) IS NOT NULL
	AND flagplane.start_experiment('ofrep', 'test', 'x') IS NOT NULL AS started;
SELECT flagplane.update_flag('ofrep', 'of-experiment', '[{"op": "replace", "path": "/environments/test/on", "value": true}]') IS NOT NULL AS changed;
SELECT k, o.status, o.body FROM unnest(ARRAY['off', 'json']) WITH ORDINALITY u(k, n), t.ofrep('/' || k, :'sdk', :'bob') o ORDER BY n;
SELECT body->'reason' AS reason, body->'metadata'->'inExperiment' AS in_experiment FROM flagplane.handle('POST',
	'/ofrep/v1/evaluate/flags/of-experiment', jsonb_build_object('authorization', :'sdk'), :'bob');
-- Each credential sees what is for it; others are not there.
SELECT w, string_agg(o.status || ' ' || k, ', ' ORDER BY k) AS one, (SELECT string_agg(f->>'key', ', ')
	FROM flagplane.handle('POST', '/ofrep/v1/evaluate/flags',
	jsonb_build_object('x-api-key', c), :'bob') h, json_array_elements(h.body->'flags') f) AS all_flags
FROM (VALUES ('sdk', :'sdk'), ('mobile', :'mobile'), ('id', :'id')) v(w, c), unnest(ARRAY['boolean', 'text', 'number',
	'json']) k, t.ofrep('/' || k, c, :'bob') o
GROUP BY w, c ORDER BY w;
-- Credentials that are none. Each way to show one is as good.
SELECT w, o.*
	FROM (VALUES (1, 'nothing', NULL), (2, 'a token', :'token'), (3, 'unknown', 'sdk-' || left(:'id',
	8) || '-0000-4000-8000-000000000000'), (4, 'unknown mobile key',
	'mob-' || left(:'id', 8) || '-0000-4000-8000-000000000000'), (5, 'unknown id', left(:'id', 8) || repeat('0', 16)), (6,
		'no form', 'x'), (7, 'upper', upper(:'id')))
	v(n, w, c), t.ofrep('', c, :'bob') o ORDER BY n;
SELECT h::text, o.status FROM (VALUES (1, jsonb_build_object('Authorization', 'bearer ' || :'sdk')), (2, jsonb_build_object('authorization', :'sdk')),
	(3, jsonb_build_object('X-API-Key', :'sdk')), (4, jsonb_build_object('x-original-authorization', 'Bearer ' || :'sdk'))) v(n, header),
	LATERAL (SELECT t.mask(header::text)) m(h), t.ofrep('', NULL, :'bob', header) o ORDER BY n;
-- Bodies and contexts that are none: the credential comes first, then the context, then the flag.
SELECT b, o.status, o.body FROM unnest(ARRAY['', '{', '[]', '"x"', '{} {}', '{}', '{"context": null}', '{"context": 1}', '{"context": []}', '{"context": {}}',
	'{"context": {"country": "fr"}}', '{"context": {"targetingKey": ""}}', '{"context": {"targetingKey": null}}', '{"context": {"targetingKey": 5}}',
	'{"context": {"targetingKey": "x", "kind": 5}}', '{"context": {"targetingKey": "x", "kind": "a b"}}',
		'{"context": {"targetingKey": "x", "kind": ""}}', '{"context": {"targetingKey": "x", "kind": "kind"}}',
	'{"context": {"kind": "multi", "targetingKey": "x"}}', '{"context": {"kind": "multi", "user": {}}}', '{"context": {"kind": "multi", "user": {"key": 1}}}',
	'{"context": {"kind": "multi", "a b": {"key": "x"}}}', '{"context": {"targetingKey": "\u0000"}}',
		'{"context": {"targetingKey": "x", "n": 1e999}}', :'bob']) WITH ORDINALITY u(b, n),
	t.ofrep('/nothing', :'sdk', b) o ORDER BY n;
SELECT b, o.status, o.body FROM unnest(ARRAY['{', '{"context": {}}', '{"context": 1}']) WITH ORDINALITY u(b, n), t.ofrep('', :'sdk', b) o ORDER BY n;
SELECT n, o.status, left(o.body, 80) AS body
	FROM (VALUES (1024 * 1024), (1024 * 1024 + 1)) v(n), t.ofrep('', :'sdk', rpad('{"context": {"key": "x"}}', n)) o ORDER BY n;
SELECT status, body FROM t.ofrep('/nothing', 'x', '{');
-- Flags that are not there, or not for anybody; the one that is not text is not named.
SELECT left(k, 20) AS k, o.status, left(o.body, 60) AS body, length(o.body) AS length
	FROM unnest(ARRAY['/nothing', '/%ff', '/%22%5c%0a%c3%bc', '/a%2Fb', '/' || repeat('%c3%bc', 300)]) WITH ORDINALITY u(k, n),
	t.ofrep(k, :'sdk', :'bob') o ORDER BY n;
SELECT flagplane.update_flag('ofrep', 'number', '[{"op": "replace", "path": "/archived", "value": true}]') IS NOT NULL AS archived;
SELECT status, body FROM t.ofrep('/number', :'sdk', :'bob');
-- Paths and methods that are none.
SELECT m, p, h.status, h.headers, h.body
	FROM (VALUES (1, 'GET', '/ofrep/v1/evaluate/flags'), (2, 'GET', '/ofrep/v1/evaluate/flags/boolean'), (3, 'POST', '/ofrep/v1/evaluate'),
	(4, 'POST', '/ofrep'), (5, 'POST', '/ofrep/v1/evaluate/flags/'), (6, 'GET', '/ofrep/v1/configuration'), (7, 'POST', '/ofreps')) v(n, m, p),
	flagplane.handle(m, p, jsonb_build_object('authorization', :'sdk'), :'bob') h ORDER BY n;
-- A flag that is malformed is a failure of its own.
BEGIN;
UPDATE flagplane_data.flag_environment c SET fallthrough = '{"variation": 9}'
	FROM flagplane_data.flag f, flagplane_data.project p WHERE f.account_id = c.account_id
	AND f.id = c.flag_id AND p.account_id = f.account_id AND p.id = f.project_id AND p.key = 'ofrep' AND f.key = 'boolean' AND c.environment_id = :'id';
SELECT flagplane.touch_environment('ofrep', 'test') IS NOT NULL AS touched;
SELECT status, body FROM t.ofrep('/boolean', :'sdk', :'bob');
SELECT status, left(body, 150) AS body FROM t.ofrep('', :'sdk', :'bob');
ROLLBACK;
-- Secure mode: a client-side id opens nothing, the keys do.
BEGIN;
SELECT flagplane.update_environment('ofrep', 'test', '[{"op": "replace", "path": "/secureMode", "value": true}]')->>'secureMode' AS secure;
SELECT w, o.status, o.body
	FROM (VALUES (1, 'id', :'id', ''), (2, 'id', :'id', '/boolean'), (3, 'mobile', :'mobile', '/boolean'), (4, 'sdk',
	:'sdk', '/boolean')) v(n, w, c, p), t.ofrep(p, c, :'bob') o ORDER BY n;
ROLLBACK;
-- The entity tag: of the state, the credential and the whole context, in whichever order it is written.
CREATE FUNCTION t.ofrep_etag(credential text, body text) RETURNS text LANGUAGE sql AS $$ SELECT headers->>'ETag' FROM
	flagplane.handle('POST', '/ofrep/v1/evaluate/flags', jsonb_build_object('x-api-key', credential), body) $$;
SELECT t.ofrep_etag(:'sdk', '{"context": {"targetingKey": "bob", "a": 1, "b": {"c": [1]}}}') AS etag \gset
SELECT :'etag' ~ ('^"' || :'id' || '-\d+-[0-9a-f]{16}-[0-9a-f]{16}"$') AS tag, left(:'etag', -18) || '"' = headers->>'ETag' AS of_the_payload
	FROM flagplane.handle('GET', '/sdk/latest-all', jsonb_build_object('authorization', :'sdk'));
SELECT n, w, t.ofrep_etag(c, t.ofrep_context(b)) = :'etag' AS same
	FROM (VALUES (1, 'order', :'sdk', '{"b": {"c": [1]}, "a": 1, "targetingKey": "bob"}'), (2, 'an attribute', :'sdk',
	'{"targetingKey": "bob", "a": 2, "b": {"c": [1]}}'),
	(3, 'a nested one', :'sdk', '{"targetingKey": "bob", "a": 1, "b": {"c": [2]}}'), (4, 'one more', :'sdk',
		'{"targetingKey": "bob", "a": 1, "b": {"c": [1]}, "c": null}'), (5, 'kind', :'sdk',
	'{"targetingKey": "bob", "kind": "org", "a": 1, "b": {"c": [1]}}'), (6, 'credential', :'mobile',
		'{"targetingKey": "bob", "a": 1, "b": {"c": [1]}}')) v(n, w, c, b) ORDER BY n;
SELECT n, o.status, o.headers, o.body IS NULL AS none
	FROM (VALUES (1, :'etag'), (2, 'W/' || :'etag'), (3, '"x", W/' || :'etag'), (4, '*'), (5, '"x"'), (6, left(:'etag', -18) || '"')) v(n, tag),
	t.ofrep('?flagConfigEtag=x&%', :'sdk', '{"context": {"targetingKey": "bob", "a": 1, "b": {"c": [1]}}}', jsonb_build_object('if-none-match', tag)) o
		ORDER BY n;
-- A change is another state, a new name of a variation too.
SELECT flagplane.update_flag('ofrep', 'boolean', '[{"op": "replace", "path": "/variations/0/name", "value": "Yes"}]') IS NOT NULL AS renamed;
SELECT status FROM t.ofrep('', :'sdk', '{"context": {"targetingKey": "bob", "a": 1, "b": {"c": [1]}}}', jsonb_build_object('if-none-match', :'etag'));
SELECT body FROM t.ofrep('/boolean', :'sdk', :'bob');
-- SDKs are not sent the names.
SELECT flagplane.payload('ofrep', 'test')::text ~ 'variationNames' AS payload, h.body::text ~ 'variationNames' AS flag FROM
	flagplane.handle('GET', '/sdk/flags/boolean', jsonb_build_object('authorization', :'sdk')) h;
-- What is given in their place is passed over, as all that is unknown.
SELECT flagplane.evaluate(jsonb_build_object('flags', jsonb_build_object('f', f || jsonb_build_object('variationNames',
	v))), 'f', '{"kind": "user", "key": "x"}') FROM
	(SELECT flagplane.payload('ofrep', 'test')::jsonb->'flags'->'boolean') p(f), unnest(ARRAY['1', '[]', '["a", {}]', '{"a": 1}']::jsonb[]) v;
-- Nothing is written by any of them.
BEGIN READ ONLY;
SELECT status FROM t.ofrep('', :'sdk', :'bob');
SELECT status FROM t.ofrep('/boolean', :'sdk', :'bob');
COMMIT;
-- An accident is 503, never a refusal of the credential or of the flag.
ALTER TABLE flagplane_data.environment_payload RENAME TO gone;
SELECT status, headers - 'X-Flagplane' AS headers, t.mask(body::text) AS body
	FROM flagplane.handle('POST', '/ofrep/v1/evaluate/flags/boolean', jsonb_build_object('authorization', :'sdk'), :'bob');
ALTER TABLE flagplane_data.gone RENAME TO environment_payload;
-- Under PostgREST's settings a refusal is in the header too, where nginx finds it.
BEGIN;
SELECT set_config('request.method', 'POST', true), set_config('request.path', '/rpc/sdk', true), set_config('request.headers',
	jsonb_build_object('x-original-request', 'POST /ofrep/v1/evaluate/flags/n%22%c3%bc',
		'x-original-authorization', 'Bearer ' || :'sdk')::text, true) IS NOT NULL AS asked;
SELECT flagplane.authenticate() IS NOT NULL AS admitted, flagplane.sdk(convert_to(:'bob', 'UTF8')) AS body;
SELECT current_setting('response.status') AS status, e->>'X-Flagplane' AS mark
	FROM jsonb_array_elements(current_setting('response.headers')::jsonb) e WHERE e ? 'X-Flagplane';
ROLLBACK;
-- Client-side SDKs of the second data protocol are sent to the first one.
SELECT m, t.mask(p) AS p, o.status, t.mask(o.headers::text) AS headers, o.body
	FROM (VALUES (1, 'GET', '/sdk/poll/eval/eyJrZXkiOiJ4In0?auth=' || :'id', NULL), (2, 'POST', '/sdk/poll/eval?h=x&auth=' || :'id', NULL),
	(3, 'GET', '/sdk/stream/eval/eyJrZXkiOiJ4In0?auth=' || :'id', NULL), (4, 'POST', '/sdk/stream/eval?auth=' || :'id',
		NULL), (5, 'POST', '/sdk/poll/eval', :'mobile'),
	(6, 'GET', '/sdk/poll/eval/x?auth=' || left(:'id', 8) || repeat('0', 16), NULL), (7, 'GET', '/sdk/poll/eval/x', NULL),
		(8, 'GET', '/sdk/poll/eval/x', 'mob-x'), (9, 'REPORT', '/sdk/poll/eval?auth=' || :'id', NULL))
	v(n, m, p, c), flagplane.handle(m, p, CASE WHEN c IS NULL THEN '{}' ELSE jsonb_build_object('authorization', c) END, '{"key": "x"}') o ORDER BY n;
